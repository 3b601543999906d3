"""A learner that is watched row by row: what it took for a value, and what each of its experts says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine import Portion
from ..kernels.arrays.places import BOUNDARY, EXPECTED, GOES_ON, LANE, STEPS
from ..kernels.arrays.state import State, named_view
from ..learner import Learner
from ..settings import Settings


class Watched(NamedTuple):
    """What was seen of some rows.

    Attributes
    ----------
    values : numpy.ndarray
        (rows, targets) float64: what the learner took for the truth, NaN where it took nothing.
    shifted : numpy.ndarray
        (rows, targets) bool: a level shift, behind which earlier forecasts are void.
    begins : numpy.ndarray
        (rows,) bool: the row begins a sequence, or a key.
    lanes : numpy.ndarray
        (rows,) int64: of each row's key; 0 without keys.
    last_values : numpy.ndarray
        (rows, targets) float64: what the last value forecasts for every horizon.
    forecasts : numpy.ndarray
        (rows, targets, horizons, quantiles) float64, as in the records.
    bounds : numpy.ndarray
        (rows, targets, horizons, intervals, 2) float64, as in the records.
    of_experts : numpy.ndarray
        (rows, targets, experts, horizons) float64; no experts where the network forecasts alone.
    weights : numpy.ndarray
        (rows, horizons, experts) float64: how far each expert is believed, mean over targets.
    """

    values: np.ndarray
    shifted: np.ndarray
    begins: np.ndarray
    lanes: np.ndarray
    last_values: np.ndarray
    forecasts: np.ndarray
    bounds: np.ndarray
    of_experts: np.ndarray
    weights: np.ndarray


class Late(NamedTuple):
    """Labels that came after their rows, in the order in which they came.

    Attributes
    ----------
    lanes : numpy.ndarray
        (n,) int64: of each label's key; 0 without keys.
    made : numpy.ndarray
        (n,) int64: how many rows of that lane there were before the label's row.
    rows : numpy.ndarray
        (n,) int64: how many rows there were, of all lanes, since the last call, when it came.
    values : numpy.ndarray
        (n, targets) float64: what they grade, NaN where they grade nothing.
    pairs : tuple of dict of str to tuple
        By categorical target: the category that came, and the one that had been forecast.
    """

    lanes: np.ndarray
    made: np.ndarray
    rows: np.ndarray
    values: np.ndarray
    pairs: tuple[dict[str, tuple[str | None, str | None]], ...]

    def of_lane(self, lane: int) -> Late:
        """Those of one key, without the categories."""
        chosen = self.lanes == lane
        return Late(self.lanes[chosen], self.made[chosen], self.rows[chosen], self.values[chosen], ())


class WatchedLearner(Learner):
    """A learner whose kernels are asked after every row of a table for what its records do not show."""

    def _build(self, settings: Settings) -> None:
        self._seen: list[Watched] = []
        self._late: list[tuple[Any, ...]] = []
        self._rows_of: Counter[int] = Counter()  # by lane, since the first
        self._rows_now = 0  # since the last call of `watch`
        super()._build(settings)
        self._intake.call, self._intake.grade = self._watch_rows, self._watch_labels
        self._of_targets = named_view(self._state, "target_columns")
        self._views: dict[int, list[_LaneView]] = {}
        self._mixes: dict[int, _MixView] = {}

    def _watch_rows(self, portion: Portion) -> KeyboardInterrupt | None:
        heard = None
        marks, answers, count, targets = portion.marks, portion.answers, len(portion.rows), self._of_targets
        values, last_values = np.empty((2, count, len(targets)))
        shifted = np.empty((count, len(targets)), bool)
        experts = len(self.settings.expert_names) if self.settings.mixes else 0
        of_experts = np.empty((count, len(targets), experts, len(self.settings.horizons)))
        weights = np.empty((count, len(self.settings.horizons), experts))
        for i, number in enumerate(marks[:, LANE].tolist()):
            networks = self._networks(number)
            heard = self._engine.take(portion.part(slice(i, i + 1))) or heard
            self._rows_of[number] += 1
            newest = zip(*(network.newest() for network in networks), strict=True)
            values[i], shifted[i], last_values[i] = map(np.concatenate, newest)
            if experts:
                self._mix(number).read(of_experts[i], weights[i])
        forecasts = self._intake.layout.forecasts(answers).copy()
        bounds = (
            self._intake.layout.bounds(answers).copy().reshape(*forecasts.shape[:-1], len(self.settings.intervals), 2)
        )
        begins, lanes = marks[:, BOUNDARY] != GOES_ON, marks[:, LANE].copy()
        weights /= max(1, len(targets))
        self._rows_now += count
        self._seen.append(Watched(values, shifted, begins, lanes, last_values, forecasts, bounds, of_experts, weights))
        return heard

    def _watch_labels(self, labels: Portion, numbers: Sequence[int] = ()) -> None:
        self._intake.grade_labels(labels, numbers)
        rows, codes, marks, _, answers = labels
        graded = np.isfinite(answers[:, EXPECTED : EXPECTED + len(self._of_targets)])
        values = np.where(graded, rows[:, self._of_targets], np.nan)
        columns = [*self._intake.vocabularies]
        for label, (lane, age) in enumerate(marks.tolist()):
            pairs = {
                target: (self._intake.vocabularies[target].category(codes[label, columns.index(target)]), expected)
                for target, expected in self._intake.layout.categories.expected(answers[label]).items()
            }
            self._late.append((lane, self._rows_of[lane] - age, self._rows_now, values[label], pairs))

    def take_late(self) -> Late:
        """Return the labels of the last call of `watch` that came after their rows."""
        late, self._late = self._late, []
        values = np.array([label[3] for label in late], float).reshape(len(late), len(self._of_targets))
        lanes, made, rows = np.array([label[:3] for label in late], np.int64).reshape(-1, 3).T
        return Late(lanes, made, rows, values, tuple(label[4] for label in late))

    def _networks(self, number: int) -> list[_LaneView]:
        """Views onto what each network that leads knows of a key."""
        if number not in self._views:
            self._views[number] = [_lane_view(network, number) for network in self._engine.arrays.leading]
        return self._views[number]

    def _mix(self, number: int) -> _MixView:
        """Views onto a key's experts."""
        if number not in self._mixes:
            self._mixes[number] = _MixView(self, number)
        return self._mixes[number]

    def watch(self, table: Any) -> tuple[Any, Watched | None]:
        """Take every row of a table; return the records, and what was seen: None if all are labels of earlier ones.

        Parameters
        ----------
        table : pyarrow.RecordBatch
            With at least one row.
        """
        self._seen, self._late, self._rows_now = [], [], 0
        records = self.run(table)
        if not self._seen:
            return records, None
        return records, Watched(*(np.concatenate(parts) for parts in zip(*self._seen, strict=True)))


class _LaneView(NamedTuple):
    """Views onto what a network knows of one key."""

    columns: np.ndarray
    arrived: np.ndarray
    shifted: np.ndarray
    last: np.ndarray
    counts: np.ndarray

    def newest(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the newest row brought, which levels it shifted, and what the last value forecasts after it."""
        last_values = self.last[(self.counts[STEPS] - 1) % len(self.last)]
        return self.arrived[self.columns], self.shifted[self.columns], last_values


def _lane_view(network: State, lane: int) -> _LaneView:
    names = ("target_columns", "arrived", "shifted", "last", "lane_counts")
    return _LaneView(*(named_view(network, name, lane) for name in names))


class _MixView:
    """Views onto the arrays of one key's experts."""

    def __init__(self, learner: Learner, lane: int) -> None:
        state, experts, horizons = learner._state, len(learner.settings.expert_names), len(learner.settings.horizons)
        self._ticks = named_view(state, "ticks", lane)
        pending = named_view(state, "expert_forecasts", lane)
        targets = len(self._ticks)
        self._pending = pending.reshape(experts, -1, horizons, targets)
        self._weights = named_view(state, "mix_weights", lane).reshape(horizons, targets, experts)
        self._targets = np.arange(targets)

    def read(self, forecasts: np.ndarray, weights: np.ndarray) -> None:
        """Write what the experts said at the newest row, (targets, experts, horizons), and (horizons, experts) sums."""
        slots = self._ticks % self._pending.shape[1]
        forecasts[:] = self._pending[:, slots, :, self._targets]
        forecasts[self._ticks == 0] = np.nan  # nothing has come yet: there is nothing to go on
        self._weights.sum(axis=1, out=weights)
