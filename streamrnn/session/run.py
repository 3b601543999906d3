"""The run: rows come, the learner takes them, their records are written before the next rows are waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from ..settings import SettingsError
from ..streams.bad_rows import BadRows
from ..streams.signals import Signals
from .keeping import Keeper
from .layout import Layout
from .learning import alerts_of, lost_labels_of, records_of, steps_of
from .listener import NOBODY, Listener
from .model_file import ModelFile
from .outcome import Outcome, first_trouble
from .output import open_records, open_rejects, output_of, rejects_of
from .pieces import ROWS, ROWS_OF_SHARDS, Piece, pieces
from .plan import Plan, SessionError
from .reading import Reading
from .start import kernels_are_kept, start_of
from .time_order import TimeOrder

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    from ..shards.sharded import AnyLearner
    from ..streams import Batch, Source
    from ..streams.rejects import Rejects, Unused
    from .records import Records


class Session:
    """One run of a learner over a source.

    Opening it reads the first row and the model file, and checks everything that can be checked; `run` does the rest.

    Parameters
    ----------
    plan : Plan
    is_dry : bool
        Whether it is only to be looked at: then nothing on the disk changes.

    Attributes
    ----------
    start : streamrnn.session.start.Start
        Settings, and what the model file held.
    layout : streamrnn.session.layout.Layout
        The columns of the records.
    learner : Learner or ShardedLearner
        Once it runs.

    Raises
    ------
    StreamError, CheckpointError, SessionError
        If the source or the model cannot be read.
    SettingsError
        If the plan cannot be carried out with this source and this model.
    """

    learner: AnyLearner
    _listener: Listener
    _keeper: Keeper
    _records: Records
    _rejects: Rejects | None
    _schema: pyarrow.Schema

    def __init__(self, plan: Plan, is_dry: bool = False) -> None:
        self.plan = plan
        plan.check_files()
        plan.check_model()
        with ExitStack() as opened:
            self._model: ModelFile | None = None
            if plan.model is not None:
                self._model = ModelFile(plan.model, plan.save and not is_dry)
                opened.callback(self._model.release)
            self._reading = Reading(plan)
            opened.callback(self._reading.close)
            self.start = start_of(plan, self._model.content if self._model else None, self.source)
            self.plan = replace(plan, every=plan.every or self.start.note.every)
            if self.plan.every is not None:
                self._reading.put_on_grid(self.plan.every, self.start.settings)
            if plan.only_alerts and self.start.settings.alert is None:
                raise SettingsError("--only-alerts needs --alert: the score from which a row is told, as 0.999")
            self.layout = Layout(self.start.settings, self.source, plan.echo, plan.emit)
            self._opened = opened.pop_all()
        self.outcome = Outcome()
        self._bad_rows = BadRows(plan.on_bad, plan.max_bad)
        self._time_order = TimeOrder(self.start.settings)
        self._all_written = True

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
        SessionError
            If there are no rows, or too many bad ones.
        """
        self._listener = listener
        try:
            for warning in self._model.warnings if self._model else ():
                listener.warn(warning)
            self._pass_on_warnings()
            batches = self._reading.batches(self.layout, self.start.note, listener.warn)
            first = next(batches, None)
            self.outcome.resumed = self._reading.resumed
            if first is not None:
                self._take_all(chain([first], batches))
            elif not self.outcome.resumed:
                raise SessionError(f"{self.source.name} has no rows")
        finally:
            self._pass_on_warnings()
            self.close()
        return self.outcome

    @property
    def source(self) -> Source:
        """Where the rows come from."""
        return self._reading.source

    def close(self) -> None:
        """Close the source and let others write the model; `run` does it at its end."""
        self._opened.close()

    # --- rows -> records --------------------------------------------------------------------------------------------

    def _take_all(self, batches: Iterator[Batch]) -> None:
        settings = self.start.settings
        if not kernels_are_kept(settings):
            self._listener.say("compiling the kernels, once on this machine ...")
        self.learner = self.start.learner(self.plan.model or "model")
        if settings.key:
            self._listener.say(f"memory for {settings.max_keys:,} keys: {self.learner.nbytes:,} bytes")
        if self.plan.reset_state:
            self.learner.begin_sequence()
        self._open_outputs()
        started = time.monotonic()
        most_rows = ROWS if self.start.shards is None else ROWS_OF_SHARDS
        with Signals() as signals:
            try:
                for piece in pieces(batches, signals, self._reading.is_live, self._rows_wanted, most_rows):
                    self._take(piece)
                    self._pass_on_warnings()
                    self._listener.advance(piece.batch.arrivals, self.learner)
                    if self._keeper.is_due() and self._records.can_be_left:
                        self._sync()
                        self._save()
            finally:
                self._end()
                self.outcome.signal = signals.received
                self.outcome.seconds = time.monotonic() - started
                self.outcome.complete = not self.source.ended_early
        if self._bad_rows.too_many:
            raise SessionError(f"{self.source.name}: {self._bad_rows}")

    def _open_outputs(self) -> None:
        """Open the files to write; the model is saved first, so that a run that is killed here can go on."""
        note, resumed = self.start.note, self.outcome.resumed
        self._written = output_of(self.plan, self.layout.names, note.written, resumed)
        self._rejected = rejects_of(self.plan, note.rejects, resumed)
        self._keeper = Keeper(self.plan, self._model, self.learner, self._reading, self._listener)
        self._keeper.save(self._written, self._rejected)
        self._schema = self.layout.schema()
        self._records = open_records(self.plan, self._schema, self._written)
        self._rejects = open_rejects(self.plan, self._rejected)

    def _rows_wanted(self) -> int:
        limit, due = self.plan.limit, self._keeper.rows_until_due()
        wanted = [] if limit is None else [limit - self.outcome.rows]
        return min([*wanted, *([] if due is None else [due])], default=ROWS_OF_SHARDS)

    def _take(self, piece: Piece) -> None:
        number = self.learner.rows
        allowed = self._bad_rows.allowed(piece.batch)
        batch = piece.batch.slice(0, allowed)
        self.outcome.count(batch, number)
        self._all_written = False
        admitted = self._bad_rows.admitted(batch)
        if self._reading.begins_again:
            self.learner.begin_sequence()
        records = records_of(admitted, self.learner, self.plan.learn, self.layout, self._schema)
        steps, lost = steps_of(records, admitted, number), lost_labels_of(admitted, self.learner, number)
        if self.start.settings.alert is not None:
            alerts = alerts_of(records)
            self.outcome.count_alerts(alerts["row"].to_pylist())
            records = alerts if self.plan.only_alerts else records
        if self._rejects is not None:
            self._rejects.write(batch, number, lost)
        if records.num_rows or piece.ends_batch:
            self._records.write(records, piece.ends_batch)
        self._reading.count(batch, self.layout)  # from here on nobody waits
        self._all_written = True
        self._keeper.count(batch)
        self._tell_of_lost_labels(lost)
        self._tell_of_time_order(admitted, number, steps)
        if allowed < piece.batch.arrivals:
            rest = piece.batch.slice(allowed, piece.batch.arrivals)
            raise SessionError(f"{self.source.name}: {first_trouble(rest, number + allowed)}; {self._bad_rows}")

    def _pass_on_warnings(self) -> None:
        """Tell what the source has found out since it was asked last."""
        for warning in self._reading.new_warnings():
            self._listener.warn(warning)

    def _tell_of_lost_labels(self, lost: list[Unused]) -> None:
        if lost and not self.outcome.lost_labels:
            delay = self.start.settings.max_delay
            self._listener.warn(
                f"{self.source.name}: row {lost[0].row:,}: {lost[0].reason}, {delay:,} rows back; such labels are "
                "counted, and left"
            )
        self.outcome.lost_labels += len(lost)

    def _tell_of_time_order(self, batch: Batch, number: int, steps: np.ndarray | None) -> None:
        if self._time_order.watch(batch, steps) and self._time_order.backward and not self.outcome.backward:
            of_key = f" of key {self._time_order.first_key!r}" if self.start.settings.key else ""
            self._listener.warn(
                f"{self.source.name}: among rows {number:,} to {number + batch.arrivals - 1:,} the time{of_key} goes "
                "back; such rows are counted, and taken as they come"
            )
        self.outcome.backward = self._time_order.backward

    # --- what is kept -----------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """Finish the output, then save the model.

        Unless some records could not be written: what can be read again will then be taken again, from where the model
        was saved last.
        """
        try:
            if self._all_written:
                self._all_written = False
                self._records.finish()
                if self._rejects is not None:
                    self._rejects.close()
                self._all_written = True
        finally:
            if self._all_written or not self._reading.is_file:
                self._save(is_last=True)

    def _sync(self) -> None:
        """Have on the disk what the model's note will count on."""
        self._records.sync()
        if self._rejects is not None:
            self._rejects.sync()

    def _save(self, is_last: bool = False) -> None:
        written, rejected = self._written, self._rejected
        if written is not None:
            written = replace(written, position=self._records.position, held=self._records.held())
        if rejected is not None and self._rejects is not None:
            rejected = replace(rejected, position=self._rejects.position)
        self._keeper.save(written, rejected, is_last)
