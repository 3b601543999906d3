"""Rows whose time lies before that of the row before them, of the same key: counted, and told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..intake.keys import Keys
from ..rows.tables import Cells, cells_of, plain
from ..times import MISSING, TimeError
from ..times.reader import TimeReader

if TYPE_CHECKING:
    import pyarrow

    from ..settings import Settings
    from ..streams import Batch


class TimeOrder:
    """Watches the time column of a run; does nothing without one, or if it holds no times that can be read.

    A new sequence may begin at any time, and so may a new key. As many keys are remembered as the learner keeps.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    backward : int
        How many rows went back.
    first_key : object
        The key of the first of them, None without keys.
    """

    def __init__(self, settings: Settings) -> None:
        self.backward = 0
        self.first_key: Any = None
        self._key, self._sequence = settings.key, settings.sequence
        self._reader = TimeReader(settings.time, settings.time_format) if settings.time else None
        self._keys = Keys(settings.max_keys if settings.key else None)

    def watch(self, batch: Batch, steps: Sequence[int] | np.ndarray | None = None) -> int:
        """Look at the next rows; return how many of them went back.

        Parameters
        ----------
        batch : Batch
        steps : sequence of int, optional
            The places of those that are no labels of earlier rows; by default all.
        """
        if self._reader is None or not batch.rows.num_rows:
            return 0
        before = self.backward
        try:
            if batch.few_rows is None:
                self._watch_table(self._reader, batch.table if steps is None else batch.table.take(steps))
            else:
                for place in range(len(batch.few_rows)) if steps is None else steps:
                    self._watch_row(self._reader, batch.few_rows[place])
        except TimeError:
            self._reader = None
        return self.backward - before

    def _watch_table(self, reader: TimeReader, table: pyarrow.RecordBatch) -> None:
        keys, sequences = (cells_of(table[name]) if name else Cells(None, None) for name in (self._key, self._sequence))
        times = reader.read(table[reader.name])
        if not len(times):
            return
        arrivals = self._keys.take_rows(keys, sequences, len(times))
        before = arrivals.times_before(times)
        backward = np.flatnonzero((times < before) & (times != MISSING))
        if len(backward):
            self._count(len(backward), keys.value(int(backward[0])))
        arrivals.take()

    def _watch_row(self, reader: TimeReader, row: Mapping[str, Any]) -> None:
        key, sequence = (plain(row[name]) if name else None for name in (self._key, self._sequence))
        time = reader.read_one(row[reader.name])
        state, _ = self._keys.look(key)
        before = MISSING if state.starts(sequence) else state.time
        self._keys.take(key, state)
        if MISSING != time < before:
            self._count(1, key)
        state.take(sequence, before if time == MISSING else time)

    def _count(self, rows: int, first_key: Any) -> None:
        if not self.backward:
            self.first_key = first_key
        self.backward += rows
