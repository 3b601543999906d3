"""Who forecasts: the learner, and everything that its forecasts are held against, side by side over the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..learner import Learner
from ..schema import numeric_targets
from ..settings import Settings
from .watching import WatchedLearner

if TYPE_CHECKING:
    import pyarrow

LAST_VALUE, NETWORK = "last value", "network"
MIX, MIX_WITHOUT_NETWORK = "mix", "mix without network"


class Observed(NamedTuple):
    """Some rows of the stream, and what every forecaster said at each of them.

    Attributes
    ----------
    lanes : numpy.ndarray
        (rows,) int64: which key's rows they are; 0 without keys.
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
    weights : numpy.ndarray
        (rows, horizons, experts) float64: how far each expert of the learner's mix is believed.
    records : pyarrow.Table
        Of the learner.
    """

    lanes: np.ndarray
    values: np.ndarray
    breaks: np.ndarray
    taken: np.ndarray
    forecasts: np.ndarray
    bounds: np.ndarray
    weights: np.ndarray
    records: pyarrow.Table

    def of_lane(self, lane: int) -> tuple[np.ndarray, Observed]:
        """Return the places of one key's rows, and those rows alone, with all records."""
        chosen = self.lanes == lane
        if chosen.all():
            return np.arange(len(chosen)), self
        part = self._replace(
            lanes=self.lanes[chosen],
            values=self.values[chosen],
            breaks=self.breaks[chosen],
            taken=self.taken[chosen],
            forecasts=self.forecasts[:, chosen],
            bounds=self.bounds[chosen],
            weights=self.weights[chosen],
        )
        return np.flatnonzero(chosen), part


class Forecasters:
    """The learner, its experts each alone, and, if it has some, a second learner without a network in its mix.

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
        self._settings = settings
        self._without_network: Learner | None = None
        self.names: tuple[str, ...] = (LAST_VALUE, NETWORK)
        if settings.mixes:
            self.names = (LAST_VALUE, *settings.expert_names[1:], MIX)
            if settings.mix_network:
                others = {"mix_network": False, "intervals": (), "lr_pool": (), "channels": "joint"}
                self._without_network = Learner(**{**settings.to_dict(), **others})
                self.names = (*self.names[:-1], MIX_WITHOUT_NETWORK, MIX)
        self._pairs = [] if settings.intervals else _interval_pairs(settings.levels)
        between = (round(settings.levels[high] - settings.levels[low], 10) for low, high in self._pairs)
        self.intervals = settings.intervals or tuple(between)
        self._middle = settings.levels.index(0.5)

    def take(self, table: Any) -> Observed | None:
        """Let all of them see the rows of a table, and forecast; None if all rows are labels of earlier ones.

        Parameters
        ----------
        table : pyarrow.RecordBatch
            With at least one row.
        """
        records, seen = self.learner.watch(table)
        if seen is None:
            return None
        point = seen.forecasts[..., self._middle]
        others = [np.broadcast_to(seen.last_values[:, :, None], point.shape)]
        if self._settings.mixes:
            others = list(np.moveaxis(seen.of_experts, 2, 0))
        if self._without_network is not None:
            others.append(self._forecasts_of(self._without_network.run(table)))
        bounds = [seen.bounds, *(seen.forecasts[..., None, pair] for pair in self._pairs)]
        return Observed(
            lanes=seen.lanes,
            values=seen.values,
            breaks=seen.shifted | seen.begins[:, None],
            taken=np.isfinite(seen.values) & ~seen.shifted,
            forecasts=np.stack([*others, point]),
            bounds=np.concatenate(bounds, axis=3),
            weights=seen.weights,
            records=records,
        )

    def _forecasts_of(self, records: pyarrow.Table) -> np.ndarray:
        """Forecasts in a learner's records, (rows, targets, horizons)."""
        horizons = self._settings.horizons
        columns = [
            [records[f"{target}_h{horizon}"].to_numpy() for horizon in horizons]
            for target in numeric_targets(self._settings)
        ]
        return np.moveaxis(np.array(columns, float), 2, 0)


def _interval_pairs(levels: tuple[float, ...]) -> list[tuple[int, int]]:
    """Places of two quantiles that leave out equally much on both sides, the narrowest interval first."""
    pairs = []
    for low in range(len(levels) // 2, -1, -1):
        for high in range(low + 1, len(levels)):
            if abs(levels[low] + levels[high] - 1.0) < 1e-9:
                pairs.append((low, high))
    return pairs
