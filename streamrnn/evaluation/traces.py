"""What the pictures of an evaluation are drawn from, in memory that does not grow with the stream."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from ..rows.tables import scalar_value
from ..schema import numeric_targets
from ..settings import Settings
from .course import BUCKETS, Course
from .forecasters import Observed
from .grading import Graded
from .stretch import ROWS, Stretch

if TYPE_CHECKING:
    import pyarrow

MOST_TARGETS = 8
MOST_EVENTS = 200


class Times:
    """What the time column says at some rows, evenly spread over a stream of any length, and at its last rows."""

    def __init__(self) -> None:
        self._rows = 0
        self._span = 1
        self._marks: dict[int, str] = {}
        self._last: deque[str] = deque(maxlen=ROWS)

    def add(self, column: pyarrow.ChunkedArray) -> None:
        """Take the times of the next rows."""
        count = len(column)
        for row in range(-(-self._rows // self._span) * self._span, self._rows + count, self._span):
            self._marks[row] = str(scalar_value(column[row - self._rows]))
        self._last += (str(scalar_value(column[row])) for row in range(max(0, count - ROWS), count))
        self._rows += count
        while len(self._marks) > BUCKETS:
            self._span *= 2
            self._marks = {row: text for row, text in self._marks.items() if row % self._span == 0}

    def at(self, row: float) -> str:
        """Return the time of a row, as nearly as it is known."""
        if row >= self._rows - len(self._last):
            return self._last[int(row) - self._rows]
        return self._marks[min(self._marks, key=lambda known: abs(known - row))]


class Traces:
    """Everything that is drawn; decimated, or of the last rows only.

    Parameters
    ----------
    settings : Settings
    forecasters, intervals : int
        How many there are.

    Attributes
    ----------
    targets : range
        Indices of the targets that are drawn.
    places : tuple of int
        Indices of the horizons that are drawn: the first and the last.
    errors : dict
        By target and horizon, as indices: the `Course` of every forecaster's absolute error.
    coverage : Course
        Whether truths lay in the learner's intervals.
    weights : dict of int to Course
        By horizon, as index: how far each expert is believed.
    anomaly : Course, optional
        The highest anomaly score, if there are scores.
    alerts : list of int
        The rows with an alert, the first of them if there are many.
    highs, lows : Course
        Of the drawn targets.
    stretch : Stretch
    times : Times
    events : dict of str to list of int
        By what happened: the rows, the first of them if there are many.
    """

    def __init__(self, settings: Settings, forecasters: int, intervals: int) -> None:
        self.targets = range(min(MOST_TARGETS, len(numeric_targets(settings))))
        self.places = tuple(sorted({0, len(settings.horizons) - 1}))
        self.errors = {(t, place): Course(forecasters) for t in self.targets for place in self.places}
        self.coverage = Course(intervals)
        self.weights = {place: Course(len(settings.expert_names)) for place in self.places if settings.mixes}
        self.anomaly = None if settings.alert is None else Course(1, np.maximum)
        self.alerts: list[int] = []
        self.highs, self.lows = ([Course(1, fold) for _ in self.targets] for fold in (np.maximum, np.minimum))
        self.stretch = Stretch(len(self.targets), len(self.places), forecasters, intervals)
        self.times = Times()
        self.events: dict[str, list[int]] = {}
        self._time, self._has_keys = settings.time, settings.key is not None
        self._rows = 0

    def begin(self, observed: Observed) -> None:
        """Take rows; what they grade follows by `add`."""
        rows = self._rows + np.arange(len(observed.values))
        if not self._has_keys:  # rows of many keys make no stretch
            self.stretch.begin(observed.values)
        for t in self.targets:
            present = np.isfinite(observed.values[:, t])
            for course in (self.highs[t], self.lows[t]):
                course.add(rows[present], observed.values[None, present, t])
        for place, course in self.weights.items():
            course.add(rows, observed.weights[:, place].T)
        self._note_events(observed.records["event"])
        if self.anomaly is not None:
            self._note_anomalies(self.anomaly, observed.records)
        if self._time is not None:
            self.times.add(observed.records[self._time])
        self._rows += len(rows)

    def add(self, graded: Graded) -> None:
        """Take graded forecasts."""
        if graded.place not in self.places:
            return
        known = np.isfinite(graded.bounds).all(axis=(1, 2))
        values, (low, high) = graded.values[known, None], np.moveaxis(graded.bounds[known], -1, 0)
        self.coverage.add(graded.rows[known], ((low <= values) & (values <= high)).T)
        if graded.target in self.targets:
            self.errors[graded.target, graded.place].add(graded.rows, np.abs(graded.errors))
            if not self._has_keys:
                self.stretch.add(graded, self.places.index(graded.place))

    def _note_anomalies(self, course: Course, records: pyarrow.Table) -> None:
        scores = records["anomaly"].to_numpy()
        known = np.flatnonzero(np.isfinite(scores))
        course.add(self._rows + known, scores[None, known])
        alerts = np.flatnonzero(records["alert"].fill_null(False).to_numpy())
        self.alerts += (self._rows + alerts[: MOST_EVENTS - len(self.alerts)]).tolist()

    def _note_events(self, column: Any) -> None:
        if column.null_count == len(column):
            return
        for row, text in enumerate(column.to_pylist()):
            for event in text.split(",") if text else ():
                rows = self.events.setdefault(event, [])
                if len(rows) < MOST_EVENTS:
                    rows.append(self._rows + row)
