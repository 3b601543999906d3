"""When the model is saved, and what its note then says."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .note import Consumed, Note, Written

if TYPE_CHECKING:
    from ..learner import Learner
    from ..streams import Batch
    from .layout import Layout
    from .plan import Plan


class Keeper:
    """Keeps account of what was taken, and saves the model with it.

    Parameters
    ----------
    plan : Plan
    learner : Learner
    layout : Layout
    consumed : Consumed, optional
        What was taken of the source before; None if it cannot be read again.
    """

    def __init__(self, plan: Plan, learner: Learner, layout: Layout, consumed: Consumed | None) -> None:
        self._plan, self._learner, self._layout = plan, learner, layout
        self._consumed = replace(consumed) if consumed else None
        self._rows = 0  # taken since the model was saved
        self._saved = time.monotonic()

    def count(self, batch: Batch) -> None:
        """Take note of rows that were taken."""
        self._rows += batch.arrivals
        if self._plan.saves and self._consumed is not None:
            self._consumed.add(batch, self._layout.numbers, self._layout.roles)

    def rows_until_due(self) -> int | None:
        """How many rows may be taken before the model has to be saved, if rows decide that."""
        every = self._plan.checkpoint_every
        return max(1, every - self._rows) if self._plan.saves and isinstance(every, int) else None

    def is_due(self) -> bool:
        """Whether the model should be saved now."""
        every = self._plan.checkpoint_every
        if every is None or not self._plan.saves:
            return False
        if isinstance(every, timedelta):
            return time.monotonic() - self._saved >= every.total_seconds()
        return self._rows >= every

    def save(self, written: Written | None, rejects: Written | None) -> None:
        """Save the model, if it is to be saved at all.

        Parameters
        ----------
        written, rejects : Written, optional
            How far the run's files have come.
        """
        if not self._plan.saves or self._plan.model is None:
            return
        source = str(Path(self._plan.source).resolve()) if self._consumed is not None else None
        note = Note(source, self._consumed, written, rejects, self._plan.every)
        self._learner.session = note.to_dict()
        self._learner.save(self._plan.model)
        self._rows, self._saved = 0, time.monotonic()
