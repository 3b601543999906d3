"""Forecasts wait until their truth comes, then every forecaster is graded by it: the same forecasts of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..schema import numeric_targets
from ..settings import Settings
from .forecasters import Observed
from .watching import Late


class Graded(NamedTuple):
    """Forecasts of one target at one horizon whose truth has come.

    Attributes
    ----------
    target, place : int
        Index of the target, and of the horizon among the horizons.
    rows : numpy.ndarray
        (n,) int64: the row that brought the truth, counted from the first of all.
    values : numpy.ndarray
        (n,) float64: the truth.
    errors : numpy.ndarray
        (forecasters, n) float64: the truth less the forecast.
    bounds : numpy.ndarray
        (n, intervals, 2) float64.
    """

    target: int
    place: int
    rows: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    bounds: np.ndarray


class Grader:
    """Keeps the forecasts of one key's stream as long as they can be graded, and grades them when their truth comes.

    Parameters
    ----------
    settings : Settings
        Decides what a horizon counts, and how long a forecast waits.

    """

    def __init__(self, settings: Settings) -> None:
        self._rows = 0
        self._horizons = settings.horizons
        self._by_value = settings.horizon_unit == "values" and settings.horizons != (0,)
        self._grades_newest_alone = self._by_value and settings.mixes  # as the mix does it
        self._reach = settings.horizons[-1] + settings.delay
        self._begun, self._clock = np.zeros((2, len(numeric_targets(settings))), np.int64)
        self._kept: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def take(self, observed: Observed, numbers: np.ndarray) -> Iterator[Graded]:
        """Take the next rows; yield what they grade, horizon by horizon for each target.

        Parameters
        ----------
        observed : Observed
        numbers : numpy.ndarray
            (rows,) int64: their numbers in the whole stream.
        """
        count, targets = observed.values.shape
        rows = self._rows + np.arange(count)
        begun = np.maximum.accumulate(np.where(observed.breaks, rows[:, None], self._begun), axis=0)
        clocks = self._clocks(rows, observed.values)
        forecasts, bounds, waiting = self._with_kept(observed, clocks)
        first = self._rows + count - len(waiting)
        for t in range(targets):
            arrived = np.flatnonzero(observed.taken[:, t])
            for place, horizon in enumerate(self._horizons):
                made, came = _matches(waiting[:, t], clocks[arrived, t] - horizon, arrived)
                if self._grades_newest_alone:
                    newest = np.diff(came, append=-1) != 0
                    made, came = made[newest], came[newest]
                age = rows[came] - (first + made)
                errors = observed.values[came, t] - forecasts[:, made, t, place]
                known = (first + made >= begun[came, t]) & (age <= self._reach) & np.isfinite(errors).all(axis=0)
                made, came = made[known], came[known]
                yield Graded(
                    t, place, numbers[came], observed.values[came, t], errors[:, known], bounds[made, t, place]
                )
        self._rows += count
        self._begun, self._clock = begun[-1], clocks[-1]

    def late(self, late: Late, numbers: np.ndarray) -> Iterator[Graded]:
        """Grade labels that came after their rows, all of them rows that were taken.

        Parameters
        ----------
        late : Late
            Of this key.
        numbers : numpy.ndarray
            (n,) int64: of the row, in the whole stream, that came last before each label.
        """
        if self._kept is None:
            return
        forecasts, bounds, waiting = self._kept
        made = late.made - (self._rows - len(waiting))
        for t in range(late.values.shape[1]):
            errors = late.values[:, t] - forecasts[:, made, t, 0]
            known = np.isfinite(errors).all(axis=0) & (made >= 0)
            values, rows = late.values[known, t], numbers[known]
            yield Graded(t, 0, rows, values, errors[:, known], bounds[made[known], t, 0])

    def _clocks(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """What horizons count, (rows, targets): rows, or each target's values, that of the row itself among them."""
        clocks: np.ndarray = np.broadcast_to(rows[:, None], values.shape)
        if self._by_value:
            clocks = self._clock + np.cumsum(np.isfinite(values), axis=0)
        return clocks

    def _with_kept(self, observed: Observed, clocks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Put what waits before what is new; keep what can still be graded later."""
        new = observed.forecasts, observed.bounds, clocks
        if self._kept is not None:
            axes = 1, 0, 0
            pairs = zip(self._kept, new, axes, strict=True)
            new = tuple(np.concatenate([old, more], axis=axis) for old, more, axis in pairs)  # type: ignore[assignment]
        forecasts, bounds, waiting = new
        now = len(observed.values) if self._horizons == (0,) else 0  # late labels of these rows are still to be graded
        start = max(0, len(waiting) - self._reach - 1 - now)
        self._kept = forecasts[:, start:].copy(), bounds[start:].copy(), waiting[start:].copy()
        return forecasts, bounds, waiting


def _matches(waiting: np.ndarray, wanted: np.ndarray, arrived: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which waiting forecasts are of which arrival.

    waiting: (window,) ascending clocks of the rows that forecast; wanted: (n,) ascending, the clock of the rows whose
    forecasts each arrival grades; arrived: (n,) its row. Returns indices into the window and rows, one for each match.
    """
    if not len(wanted):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    places = np.searchsorted(wanted, waiting)
    known = places < len(wanted)
    known[known] = wanted[places[known]] == waiting[known]
    made = np.flatnonzero(known)
    return made, arrived[places[made]]
