"""The run: rows come, the learner takes them, their records are written before the next rows are waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..kernels.cache import is_kept
from ..streams import open_source
from .layout import Layout
from .listener import NOBODY, Listener
from .note import Consumed, Note, Written, behind
from .outcome import Outcome
from .output import open_output
from .plan import Plan, SessionError
from .signals import Interrupted, Signals
from .start import start_of

if TYPE_CHECKING:
    import pyarrow

    from ..learner import Learner
    from ..streams import Batch, Sink, Source

ENTRY = "learn_rows"  # the kernel that a run needs
ROWS = 1024  # taken at once: a signal waits no longer than these need


class Session:
    """One run of a learner over a source.

    Opening it reads the first row and the model file, and checks everything that can be checked; `run` does the rest.

    Parameters
    ----------
    plan : Plan

    Attributes
    ----------
    source : streamrnn.streams.Source
    start : streamrnn.session.start.Start
        Settings, and what the model file held.
    layout : streamrnn.session.layout.Layout
        The columns of the records.
    learner : Learner
        Once it runs.

    Raises
    ------
    StreamError, CheckpointError, SessionError
        If the source or the model cannot be read.
    SettingsError
        If the plan cannot be carried out with this source and this model.
    """

    learner: Learner
    _sink: Sink
    _schema: pyarrow.Schema

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        plan.check_files()
        self.source: Source = open_source(plan.source, plan.input_format)
        try:
            self.start = start_of(plan, self.source)
            self.layout = Layout(self.start.settings, self.source, plan.echo, plan.emit)
        except BaseException:
            self.source.close()
            raise
        self.outcome = Outcome()
        self._consumed = Consumed()
        self._is_file = plan.source != "-" and Path(plan.source).is_file()
        self._all_written = True
        self._saved = (0, 0.0)  # rows and time of the last checkpoint

    def run(self, listener: Listener = NOBODY) -> Outcome:
        """Take every row that was not taken before.

        Parameters
        ----------
        listener : Listener
            Is told what goes on.

        Returns
        -------
        Outcome

        Raises
        ------
        BrokenPipeError
            If the reader of the output has gone.
        StreamError
            If the source is damaged or the output cannot be written; what was done until then is saved.
        """
        try:
            batches = self._new_batches(listener)
            first = next(batches, None)
            if first is not None:
                self._take_all(chain([first], batches), listener)
            elif not self.outcome.resumed:
                raise SessionError(f"{self.source.name} has no rows")
        finally:
            self.source.close()
        return self.outcome

    # --- what is new ------------------------------------------------------------------------------------------------

    def _new_batches(self, listener: Listener) -> Iterator[Batch]:
        """The source's rows; without those that the model has taken before, if they are still there."""
        batches = self.source.batches(self.layout.numbers, self.layout.others)
        known = self.start.note.consumed
        if not self._is_file or known is None or self.start.note.source != _identity(self.plan.source):
            return batches
        rest = behind(batches, known, self.layout.numbers, self.layout.roles)
        if rest is not None:
            self.outcome.resumed, self._consumed = True, known
            return rest
        listener.warn(
            f"{self.source.name} has changed within the {known.rows:,} rows that {self.plan.model} has read: "
            "all its rows are taken as new"
        )
        self.source.close()
        self.source = open_source(self.plan.source, self.plan.input_format)
        return self.source.batches(self.layout.numbers, self.layout.others)

    # --- rows -> records --------------------------------------------------------------------------------------------

    def _take_all(self, batches: Iterator[Batch], listener: Listener) -> None:
        self._schema = self.layout.schema()
        self._sink = open_output(self.plan, self._schema, self.start.note.written, self.outcome.resumed)
        if not is_kept(ENTRY):
            listener.say("compiling the kernels, once on this machine ...")
        self.learner = self.start.learner(self.plan.model or "model")
        started = time.monotonic()
        self._saved = (0, started)
        with Signals() as signals:
            try:
                for batch in self._pieces(batches, signals):
                    self._take(batch)
                    listener.advance(batch.arrivals, self.learner)
                    self._save_if_due()
            finally:
                self._end()
                self.outcome.signal = signals.received
                self.outcome.seconds = time.monotonic() - started
                self.outcome.complete = not self.source.ended_early

    def _pieces(self, batches: Iterator[Batch], signals: Signals) -> Iterator[Batch]:
        """Cut batches, so that checkpoints and the limit fall where they should, and signals need not wait."""
        try:
            while True:
                with signals.waiting():
                    batch = next(batches, None)
                if batch is None:
                    return
                while batch.arrivals:
                    if signals.received is not None or self._rows_wanted() == 0:
                        return
                    piece, batch = batch.split(self._rows_wanted())
                    yield piece
                if self._rows_wanted() == 0:
                    return
        except Interrupted:
            return
        except Exception:
            if signals.received is None:
                raise

    def _rows_wanted(self) -> int:
        wanted = [ROWS]
        if self.plan.limit is not None:
            wanted.append(self.plan.limit - self.outcome.rows)
        if isinstance(self.plan.checkpoint_every, int):
            wanted.append(self._saved[0] + self.plan.checkpoint_every - self.outcome.rows)
        return min(wanted)

    def _take(self, batch: Batch) -> None:
        self.outcome.count(batch, self.learner.rows)
        self._all_written = False
        records = self.learner.run(batch.table, learn=self.plan.learn)
        self.learner.refuse(len(batch.refused))
        if self.plan.saves:
            self._consumed.add(batch, self.layout.numbers, self.layout.roles)
        self._sink.write(self.layout.arrange(records, batch, self._schema))
        self._all_written = True

    # --- what is kept -----------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """Finish the output, then save the model.

        Unless some records could not be written: what can be read again will then be taken again, from where the model
        was saved last.
        """
        try:
            if self._all_written:
                self._all_written = False
                self._sink.close()
                self._all_written = True
        finally:
            if self._all_written or not self._is_file:
                self._save()

    def _save_if_due(self) -> None:
        every, (rows, moment) = self.plan.checkpoint_every, self._saved
        if isinstance(every, timedelta):
            due = time.monotonic() - moment >= every.total_seconds()
        else:
            due = every is not None and self.outcome.rows - rows >= every
        if due:
            self._save()
            self._saved = (self.outcome.rows, time.monotonic())

    def _save(self) -> None:
        if not self.plan.saves or self.plan.model is None:
            return
        written = None
        if self.plan.output != "-":
            path, sink = _identity(self.plan.output), self._sink
            written = Written(path, sink.format, self.layout.names, sink.position)
        source = _identity(self.plan.source) if self._is_file else None
        self.learner.session = Note(source, self._consumed if self._is_file else None, written).to_dict()
        self.learner.save(self.plan.model)


def _identity(path: str) -> str:
    return str(Path(path).resolve())
