"""When the model is saved, and what its note then says."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from .note import Note, Written
from .plan import SessionError

if TYPE_CHECKING:
    from ..shards.sharded import AnyLearner
    from ..streams import Batch
    from .listener import Listener
    from .model_file import ModelFile
    from .plan import Plan
    from .reading import Reading


class Keeper:
    """Saves the model when it is due.

    Parameters
    ----------
    plan : Plan
    model : ModelFile, optional
    learner : Learner or ShardedLearner
    reading : Reading
    listener : Listener
        Is told of a model that could not be saved, if that is not to end the run.
    """

    def __init__(
        self, plan: Plan, model: ModelFile | None, learner: AnyLearner, reading: Reading, listener: Listener
    ) -> None:
        self._plan, self._model, self._learner = plan, model, learner
        self._reading, self._listener = reading, listener
        self._rows = 0  # taken since the model was saved
        self._saved = time.monotonic()

    def count(self, batch: Batch) -> None:
        """Take note of rows that were taken."""
        self._rows += batch.arrivals

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
        reading = self._reading
        note = Note(reading.identity, reading.consumed, written, rejects, self._plan.every, reading.passes)
        self._learner.session = note.to_dict()
        self._rows, self._saved = 0, time.monotonic()
        try:
            self._model.save(self._learner.to_bytes())
        except OSError as error:
            trouble = f"the model cannot be saved: {error.filename or self._plan.model}: {error.strerror}"
            if is_last or self._plan.on_checkpoint_error == "stop":
                raise SessionError(trouble) from error
            self._listener.warn(f"{trouble}; the stream goes on")
