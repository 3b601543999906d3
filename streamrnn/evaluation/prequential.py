"""Prequential evaluation: one pass over a stream, in which every row is first forecast by everybody, then learned from.

A. P. Dawid (1984), Present position and potential developments: the prequential approach. Journal of the Royal
Statistical Society A 147.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from ..schema import numeric_targets
from ..session.layout import Layout
from ..session.learning import alerts_of
from ..session.listener import NOBODY, Listener
from ..session.note import Note
from ..session.outcome import Outcome, first_trouble
from ..session.pieces import ROWS, Piece, pieces
from ..session.plan import Plan, SessionError
from ..session.reading import Reading
from ..session.start import Start, kernels_are_kept, start_of
from ..session.time_order import TimeOrder
from ..settings import Settings
from ..streams.bad_rows import BadRows
from ..streams.errors import StreamError
from ..streams.signals import Signals
from .confusion import Confusion
from .forecasters import Forecasters
from .grading import Grader
from .naive_scale import NaiveScale
from .results import Evaluation
from .scores import Scores
from .traces import Traces
from .watching import Late

if TYPE_CHECKING:
    from ..streams import Source


class Prequential:
    """One evaluation. Opening it checks everything that can be checked; `run` does the rest.

    Parameters
    ----------
    plan : Plan
        Its source, settings and ways of reading; an evaluation keeps no model and writes no records.

    Attributes
    ----------
    start : streamrnn.session.start.Start
    layout : streamrnn.session.layout.Layout
    learner : Learner
        Once it runs.

    Raises
    ------
    StreamError
        If the source cannot be read.
    SettingsError
        If the settings cannot be used with it.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        with ExitStack() as opened:
            self._reading = Reading(plan)
            opened.callback(self._reading.close)
            self.start: Start = start_of(plan, None, self.source)
            if plan.every is not None:
                self._reading.put_on_grid(plan.every, self.start.settings)
            self.layout = Layout(self.start.settings, self.source, (), ())
            self._opened = opened.pop_all()
        self._outcome = Outcome()
        self._bad_rows = BadRows(plan.on_bad, plan.max_bad)
        self._time_order = TimeOrder(self.start.settings)

    @property
    def source(self) -> Source:
        """Where the rows come from."""
        return self._reading.source

    def run(self, listener: Listener = NOBODY) -> Evaluation:
        """Take every row.

        Parameters
        ----------
        listener : Listener
            Is told what goes on.

        Raises
        ------
        StreamError
            If the source is damaged before its first row; later the listener is warned, and what came is evaluated.
        SessionError
            If there are no rows, or too many bad ones.
        """
        settings = self.start.settings
        targets = numeric_targets(settings)
        try:
            if not kernels_are_kept(settings):
                listener.say("compiling the kernels, once on this machine ...")
            self._forecasters = forecasters = Forecasters(settings)
            self.learner = forecasters.learner
            self._rows, self._scales = 0, NaiveScale(len(targets))
            self._graders: dict[int, Grader] = {}
            self._scores = Scores(
                targets, settings.horizons, forecasters.names, forecasters.intervals, _overlap(settings)
            )
            self._confusion = Confusion(settings)
            self._traces = Traces(settings, len(forecasters.names), len(forecasters.intervals))
            self._take_all(listener)
        finally:
            for warning in self._reading.new_warnings():
                listener.warn(warning)
            self._opened.close()
        return self._result()

    def _take_all(self, listener: Listener) -> None:
        started = time.monotonic()
        batches = self._reading.batches(self.layout, Note(), listener.warn)
        with Signals() as signals:
            try:
                for piece in pieces(batches, signals, False, self._rows_wanted):
                    self._take(piece, listener)
                    listener.advance(piece.batch.arrivals, self.learner)
                self._outcome.complete = not self.source.ended_early
            except StreamError as error:
                if not self._outcome.rows:
                    raise
                self._outcome.complete = False
                listener.warn(str(error))
        self._outcome.signal = signals.received
        self._outcome.seconds = time.monotonic() - started
        if self._bad_rows.too_many:
            raise SessionError(f"{self.source.name}: {self._bad_rows}")
        if not self._outcome.rows and signals.received is None:
            raise SessionError(f"{self.source.name} has no rows")

    def _rows_wanted(self) -> int:
        return ROWS if self.plan.limit is None else min(ROWS, self.plan.limit - self._outcome.rows)

    def _take(self, piece: Piece, listener: Listener) -> None:
        number = self.learner.rows
        allowed = self._bad_rows.allowed(piece.batch)
        batch, rest = piece.batch.split(allowed)
        self._outcome.count(batch, number)
        admitted = self._bad_rows.admitted(batch)
        steps = self._grade(admitted.table) if admitted.table.num_rows else None
        self.learner.refuse(len(admitted.refused))
        for warning in self._reading.new_warnings():
            listener.warn(warning)
        self._time_order.watch(admitted, steps)
        self._outcome.backward = self._time_order.backward
        if rest.arrivals:
            raise SessionError(f"{self.source.name}: {first_trouble(rest, number + allowed)}; {self._bad_rows}")

    def _grade(self, table: Any) -> np.ndarray:
        """Let everybody forecast, and be graded; return the places of the rows that are no labels."""
        first = self.learner.rows
        observed = self._forecasters.take(table)
        self._outcome.lost_labels += len(self.learner.lost_labels)
        self.learner.lost_labels.clear()
        late = self._forecasters.learner.take_late()
        if observed is None:
            self._grade_late(late)
            return np.empty(0, np.int64)
        if self.start.settings.alert is not None:
            self._outcome.count_alerts(alerts_of(observed.records)["row"].to_pylist())
        self._confusion.add(observed.records)
        self._traces.begin(observed)
        for lane in np.unique(observed.lanes).tolist():
            places, part = observed.of_lane(lane)
            self._scales.add(lane, part.values, part.breaks)
            grader = self._graders.setdefault(lane, Grader(self.start.settings))
            for graded in grader.take(part, self._rows + places):
                self._scores.add(graded)
                self._traces.add(graded)
        self._grade_late(late)
        self._rows += len(observed.values)
        steps: np.ndarray = observed.records["row"].to_numpy() - first
        return steps

    def _grade_late(self, late: Late) -> None:
        """Grade labels that came after their rows, whose forecasts wait until then."""
        self._confusion.add_late(late)
        for lane in np.unique(late.lanes).tolist():
            part = late.of_lane(lane)
            self._scales.add(lane, part.values, np.zeros(part.values.shape, bool))
            for graded in self._graders[lane].late(part, np.maximum(self._rows + part.rows - 1, 0)):
                self._scores.add(graded)
                self._traces.add(graded)

    def _result(self) -> Evaluation:
        return Evaluation(
            source=self.source.name,
            settings=self.start.settings,
            forecasters=self._forecasters.names,
            scores=tuple(self._scores.table(self._scales.scales())),
            intervals=tuple(self._scores.intervals()),
            metrics=self.learner.metrics,
            health=self.learner.health,
            outcome=self._outcome,
            confusion=self._confusion.tables(),
            traces=self._traces,
        )


def _overlap(settings: Settings) -> int | None:
    """Rows over which forecasts overlap beyond their horizon; None with keys, whose rows lie anyhow in the stream."""
    return settings.delay if settings.key is None else None
