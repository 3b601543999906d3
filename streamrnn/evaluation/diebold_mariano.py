"""Is one forecaster better than another, or was it luck? The test of Diebold & Mariano, in bounded memory.

With d_t the difference of two forecasters' losses, its mean is held against its long-run variance,

    statistic = mean(d) / sqrt(V / n)        V = g_0 + 2 sum_{l=1..L} (1 - l / (L + 1)) g_l

g_l is the autocovariance at lag l. Forecasts h rows ahead have errors that overlap, so d is correlated over h - 1 rows
at least; without the other lags nearly every difference would look like more than luck. A negative statistic speaks for
the first forecaster.

References
----------
F. X. Diebold & R. S. Mariano (1995), Comparing predictive accuracy. Journal of Business & Economic Statistics 13.
W. K. Newey & K. D. West (1987), A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent
covariance matrix. Econometrica 55. The weights 1 - l / (L + 1) are theirs: V is never negative.
D. Harvey, S. Leybourne & P. Newbold (1997), Testing the equality of prediction mean squared errors. International
Journal of Forecasting 13. The factor for few forecasts, and Student's t in place of the normal distribution.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .student import two_sided_probability

LEAST_LAGS = 24
ROUNDING = 1e-12  # of a variance that is none, in squared means
FORECASTS_PER_LAG = 2  # with fewer forecasts the variance is not known well enough to say anything


class Verdict(NamedTuple):
    """What the test says.

    Attributes
    ----------
    statistic : float
        Negative where the first forecaster has less loss; NaN where nothing can be said.
    p : float
        Probability of a statistic so far from 0, if both are equally good.
    """

    statistic: float
    p: float


def lags_for(overlap: int) -> int:
    """How many lags: twice the rows over which forecasts overlap, so that the last of them still has half its weight.

    Losses of real streams keep their size for a while, also where forecasts do not overlap: there are never few.
    """
    return max(LEAST_LAGS, 2 * overlap)


class LossDifferences:
    """Several series of loss differences, and their autocovariances, in memory for `lags` numbers of each.

    Parameters
    ----------
    series : int
        How many series; all of them grow together.
    lags : int
        L of the long-run variance.
    """

    def __init__(self, series: int, lags: int) -> None:
        self.count = 0
        self._lags = lags
        self._sums = np.zeros(series)
        self._products = np.zeros((series, lags + 1))  # of each number with the one so many before it
        self._first = np.zeros((series, lags))
        self._last = np.zeros((series, lags))  # zeros before the first: their products are nothing

    def add(self, differences: np.ndarray) -> None:
        """Take the next differences: (series, n), in their order."""
        n = differences.shape[1]
        known = min(self._lags, self.count)
        taken = min(self._lags - known, n)
        self._first[:, known : known + taken] = differences[:, :taken]
        numbers = np.concatenate([self._last, differences], axis=1)
        before = sliding_window_view(numbers, self._lags + 1, axis=1)[:, :, ::-1]  # (series, n, lags + 1)
        self._products += np.einsum("sn,snl->sl", differences, before)
        self._sums += differences.sum(axis=1)
        self._last = numbers[:, n:].copy()
        self.count += n

    def autocovariances(self) -> np.ndarray:
        """Return (series, lags + 1): those of all numbers so far, around their mean, divided by how many there are."""
        n, lags = self.count, np.arange(self._lags + 1)
        means = (self._sums / n)[:, None]
        nothing = np.zeros((len(self._sums), 1))
        head = np.concatenate([nothing, np.cumsum(self._first, axis=1)], axis=1)
        tail = np.concatenate([nothing, np.cumsum(self._last[:, ::-1], axis=1)], axis=1)
        sums = self._sums[:, None]
        centred = self._products - means * (2.0 * sums - head - tail) + (n - lags) * means * means
        return np.where(lags < n, centred / n, 0.0)

    def verdicts(self, horizon: int) -> list[Verdict]:
        """Return what the test says of each series; `horizon` is that of the forecasts."""
        n = self.count
        if n < FORECASTS_PER_LAG * self._lags:
            return [Verdict(math.nan, math.nan)] * len(self._sums)
        covariances = self.autocovariances()
        weights = 1.0 - np.arange(self._lags + 1) / (self._lags + 1)
        variances = 2.0 * covariances @ weights - covariances[:, 0]
        few = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
        return [
            _verdict(mean, variance, n, few) for mean, variance in zip(self._sums / n, variances.tolist(), strict=True)
        ]


def _verdict(mean: float, variance: float, n: int, few: float) -> Verdict:
    if not variance > ROUNDING * mean * mean or not few > 0.0:  # no difference at all, or always the same one
        return Verdict(math.nan, math.nan)
    statistic = float(mean) / math.sqrt(variance / n) * math.sqrt(few)
    return Verdict(statistic, two_sided_probability(statistic, n - 1))
