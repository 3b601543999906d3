"""When the model is saved, and what its note then says."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .note import Consumed, Note, Written
from .plan import SessionError

if TYPE_CHECKING:
    from ..learner import Learner
    from ..streams import Batch
    from .layout import Layout
    from .listener import Listener
    from .model_file import ModelFile
    from .plan import Plan


class Keeper:
    """Keeps account of what was taken, and saves the model with it.

    Parameters
    ----------
    plan : Plan
    model : ModelFile, optional
    learner : Learner
    layout : Layout
    consumed : Consumed, optional
        What was taken of the source before; None if it cannot be read again.
    listener : Listener
        Is told of a model that could not be saved, if that is not to end the run.
    """

    def __init__(
        self,
        plan: Plan,
        model: ModelFile | None,
        learner: Learner,
        layout: Layout,
        consumed: Consumed | None,
        listener: Listener,
    ) -> None:
        self._plan, self._learner, self._layout = plan, learner, layout
        self._model, self._listener = model, listener
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

    def save(self, written: Written | None, rejects: Written | None, is_last: bool = False) -> None:
        """Save the model, if it is to be saved at all.

        Parameters
        ----------
        written, rejects : Written, optional
            How far the run's files have come.
        is_last : bool
            Whether there is no later chance.
        """
        if not self._plan.saves or self._model is None:
            return
        source = str(Path(self._plan.source).resolve()) if self._consumed is not None else None
        note = Note(source, self._consumed, written, rejects, self._plan.every)
        self._learner.session = note.to_dict()
        self._rows, self._saved = 0, time.monotonic()
        try:
            self._model.save(self._learner.to_bytes())
        except OSError as error:
            trouble = f"the model cannot be saved: {error.filename or self._plan.model}: {error.strerror}"
            if is_last or self._plan.on_checkpoint_error == "stop":
                raise SessionError(trouble) from error
            self._listener.warn(f"{trouble}; the stream goes on")
