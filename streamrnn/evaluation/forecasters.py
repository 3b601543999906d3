"""Who forecasts: the learner, and everything that its forecasts are held against, side by side over the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..settings import Settings
from .watching import WatchedLearner

if TYPE_CHECKING:
    import pyarrow

LAST_VALUE, NETWORK = "last value", "network"


class Observed(NamedTuple):
    """Some rows of the stream, and what every forecaster said at each of them.

    Attributes
    ----------
    values : numpy.ndarray
        (rows, targets) float64: the truth, NaN where none came.
    breaks : numpy.ndarray
        (rows, targets) bool: forecasts made before this row are void.
    taken : numpy.ndarray
        (rows, targets) bool: the row's value grades what was forecast of it.
    forecasts : numpy.ndarray
        (forecasters, rows, targets, horizons) float64; NaN where there is none.
    bounds : numpy.ndarray
        (rows, targets, horizons, intervals, 2) float64: of the learner's intervals.
    records : pyarrow.Table
        Of the learner.
    """

    values: np.ndarray
    breaks: np.ndarray
    taken: np.ndarray
    forecasts: np.ndarray
    bounds: np.ndarray
    records: pyarrow.Table


class Forecasters:
    """The learner and its baselines.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    names : tuple of str
        Of the forecasters; the last one is the learner itself, the first one the last value.
    intervals : tuple of float
        Nominal coverages of the learner's intervals, ascending.
    learner : Learner
    """

    def __init__(self, settings: Settings) -> None:
        self.learner = WatchedLearner(**settings.to_dict())
        self.names = (LAST_VALUE, NETWORK)
        self._pairs = _interval_pairs(settings.levels)
        self.intervals = tuple(round(settings.levels[high] - settings.levels[low], 10) for low, high in self._pairs)
        self._middle = settings.levels.index(0.5)

    def take(self, table: Any) -> Observed:
        """Let all of them see the rows of a table, and forecast.

        Parameters
        ----------
        table : pyarrow.RecordBatch
            With at least one row.
        """
        records, seen = self.learner.watch(table)
        point = seen.forecasts[..., self._middle]
        last = np.broadcast_to(seen.last_values[:, :, None], point.shape)
        bounds = np.empty((*point.shape, len(self._pairs), 2))
        for place, pair in enumerate(self._pairs):
            bounds[..., place, :] = seen.forecasts[..., pair]
        return Observed(
            values=seen.values,
            breaks=seen.shifted | seen.begins[:, None],
            taken=np.isfinite(seen.values) & ~seen.shifted,
            forecasts=np.stack([last, point]),
            bounds=bounds,
            records=records,
        )


def _interval_pairs(levels: tuple[float, ...]) -> list[tuple[int, int]]:
    """Places of two quantiles that leave out equally much on both sides, the narrowest interval first."""
    pairs = []
    for low in range(len(levels) // 2, -1, -1):
        for high in range(low + 1, len(levels)):
            if abs(levels[low] + levels[high] - 1.0) < 1e-9:
                pairs.append((low, high))
    return pairs
