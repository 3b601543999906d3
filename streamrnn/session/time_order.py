"""Rows whose time lies before that of the row before them: counted, and told once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tables import scalar_value, sequence_starts
from ..times.order import Clock

if TYPE_CHECKING:
    import pyarrow

    from ..settings import Settings
    from ..streams import Batch


class TimeOrder:
    """Watches the time column of a run; does nothing without one, or if it holds no times that can be read.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._time, self._sequence = settings.time, settings.sequence
        self._clock = Clock(settings.time, settings.time_format) if settings.time else None
        self._last_sequence: Any = None

    @property
    def backward(self) -> int:
        """How many rows went back."""
        return self._clock.backward if self._clock else 0

    def watch(self, batch: Batch) -> int:
        """Look at the next rows; return how many of them went back."""
        if self._clock is None or not batch.rows.num_rows:
            return 0
        before = self._clock.backward
        if batch.few_rows is None:
            self._clock.watch(batch.table[self._time], self._starts(batch.table))
        for row in batch.few_rows or ():
            self._clock.watch_one(row[self._clock.name], self._begins_sequence(row))
        return self._clock.backward - before

    def _begins_sequence(self, row: Mapping[str, Any]) -> bool:
        if self._sequence is None:
            return False
        before, self._last_sequence = self._last_sequence, row[self._sequence]
        return bool(before != self._last_sequence)

    def _starts(self, table: pyarrow.RecordBatch) -> np.ndarray | None:
        """Where a sequence begins, whose times may begin anew."""
        if self._sequence is None:
            return None
        sequences = table[self._sequence]
        starts = sequence_starts(sequences)
        starts[0] = scalar_value(sequences[0]) != self._last_sequence
        self._last_sequence = scalar_value(sequences[len(sequences) - 1])
        return starts
