"""How good everybody was: sums over the graded forecasts, and the figures that follow from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .diebold_mariano import LossDifferences, Verdict, lags_for
from .grading import Graded
from .selection import chosen

MOST_TESTED = 12  # horizons


@dataclass(frozen=True)
class Score:
    """How good one forecaster was at one target and horizon.

    Attributes
    ----------
    target, forecaster : str
    horizon : int
    count : int
        Forecasts graded: the same ones for every forecaster.
    mae, rmse : float
        Mean absolute and root mean squared error; NaN if nothing was graded.
    mase : float
        The mean absolute error in units of the naive forecast's, see ``naive_scale.py``; NaN if nothing has moved.
    skill : float
        1 - MAE / MAE of the last value.
    verdict : Verdict
        Of the learner against this forecaster, in squared error: negative speaks for the learner. NaN for the learner
        itself, and where it was not tested.
    """

    target: str
    horizon: int
    forecaster: str
    count: int
    mae: float
    rmse: float
    mase: float
    skill: float
    verdict: Verdict


@dataclass(frozen=True)
class IntervalScore:
    """How good the learner's intervals were at one target and horizon.

    Attributes
    ----------
    target : str
    horizon, count : int
    nominal : float
        The share of truths that should lie in it.
    coverage, width : float
        The share that did; the mean width.
    score : float
        The interval score: the mean width, and 2 / (1 - nominal) for each unit by which a truth lies outside.

    References
    ----------
    T. Gneiting & A. E. Raftery (2007), Strictly proper scoring rules, prediction, and estimation. Journal of the
    American Statistical Association 102.
    """

    target: str
    horizon: int
    nominal: float
    count: int
    coverage: float
    width: float
    score: float


class Scores:
    """Adds up what is graded.

    Parameters
    ----------
    targets : sequence of str
    horizons : sequence of int
    forecasters : sequence of str
        The learner is the last one, the last value the first.
    intervals : sequence of float
        Nominal coverages.
    overlap : int or None
        Rows over which forecasts overlap beyond their horizon; None if nothing is to be tested.
    """

    def __init__(
        self,
        targets: tuple[str, ...],
        horizons: tuple[int, ...],
        forecasters: tuple[str, ...],
        intervals: tuple[float, ...],
        overlap: int | None = 0,
    ) -> None:
        self._targets, self._horizons, self._forecasters, self._nominal = targets, horizons, forecasters, intervals
        pairs = len(targets), len(horizons)
        self._counts = np.zeros(pairs, np.int64)
        self._sums = np.zeros((*pairs, len(forecasters), 2))
        self._interval_sums = np.zeros((*pairs, len(intervals), 4))
        self._differences = {
            (t, horizons.index(horizon)): LossDifferences(len(forecasters) - 1, lags_for(horizon + (overlap or 0)))
            for t in range(len(targets))
            for horizon in chosen(horizons, MOST_TESTED)
            if overlap is not None
        }

    def add(self, graded: Graded) -> None:
        """Count graded forecasts."""
        if not len(graded.rows):
            return
        pair, errors = (graded.target, graded.place), graded.errors
        squares = errors * errors
        self._counts[pair] += errors.shape[1]
        self._sums[pair] += np.stack([np.abs(errors).sum(axis=1), squares.sum(axis=1)], axis=1)
        if pair in self._differences:
            self._differences[pair].add(squares[-1] - squares[:-1])
        if self._nominal:
            self._add_intervals(pair, graded)

    def _add_intervals(self, pair: tuple[int, int], graded: Graded) -> None:
        low, high = graded.bounds[..., 0], graded.bounds[..., 1]
        known = np.isfinite(low) & np.isfinite(high)
        low, high = np.where(known, low, 0.0), np.where(known, high, 0.0)
        values = graded.values[:, None]
        outside = np.maximum(low - values, 0.0) + np.maximum(values - high, 0.0)
        parts = known, known & (outside == 0.0), high - low, np.where(known, outside, 0.0)
        self._interval_sums[pair] += np.stack([part.sum(axis=0) for part in parts], axis=1)

    def table(self, scales: np.ndarray) -> list[Score]:
        """Return a score for each target, horizon and forecaster, in this order.

        Parameters
        ----------
        scales : numpy.ndarray
            (targets,) float64: the unit of MASE.
        """
        return [
            score
            for t in range(len(self._targets))
            for k in range(len(self._horizons))
            for score in self._of_pair(t, k, float(scales[t]))
        ]

    def _of_pair(self, t: int, k: int, scale: float) -> list[Score]:
        count = int(self._counts[t, k])
        absolute, squared = (self._sums[t, k] / count).T if count else np.full((2, len(self._forecasters)), np.nan)
        unknown = Verdict(math.nan, math.nan)
        tested = (t, k) in self._differences and count
        verdicts = self._differences[t, k].verdicts(self._horizons[k]) if tested else [unknown] * (len(absolute) - 1)
        figures = zip(self._forecasters, absolute.tolist(), squared.tolist(), [*verdicts, unknown], strict=True)
        last = float(absolute[0])
        return [
            Score(
                self._targets[t], self._horizons[k], name, count, mae, math.sqrt(square),
                mase=mae / scale, skill=1.0 - mae / last if last > 0.0 else math.nan, verdict=verdict,
            )
            for name, mae, square, verdict in figures
        ]  # fmt: skip

    def intervals(self) -> list[IntervalScore]:
        """Return a score for each target, horizon and interval, in this order."""
        scores = []
        for t, target in enumerate(self._targets):
            for k, horizon in enumerate(self._horizons):
                for nominal, sums in zip(self._nominal, self._interval_sums[t, k], strict=True):
                    count = int(sums[0])
                    covered, width, outside = sums[1:].tolist() if count else [math.nan] * 3
                    each = max(1, count)
                    score = (width + 2.0 / (1.0 - nominal) * outside) / each
                    scores.append(IntervalScore(target, horizon, nominal, count, covered / each, width / each, score))
        return scores
