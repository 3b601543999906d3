"""Is one forecaster better than another, or was it chance?"""

from __future__ import annotations

import math

import numpy as np


def diebold_mariano(losses: np.ndarray, other: np.ndarray, horizon: int) -> tuple[float, float]:
    """Test that two forecasters are as good as each other (Diebold & Mariano 1995).

    losses, other: (origins,) what each forecast cost. Returns the statistic, positive where the first one is better,
    and its two-sided p-value. The variance is that of Newey & West (1987), with twice the horizon of lags at least:
    forecasts that overlap have errors that hang together.
    """
    difference = other - losses
    count, mean = len(difference), float(difference.mean())
    centered = difference - mean
    lags = max(2 * horizon, round(4 * (count / 100) ** (2 / 9)))
    variance = float(centered @ centered) / count
    for lag in range(1, min(lags, count - 1) + 1):
        variance += 2.0 * (1.0 - lag / (lags + 1)) * float(centered[lag:] @ centered[:-lag]) / count
    if variance <= 0.0:
        return 0.0, 1.0
    statistic = mean / math.sqrt(variance / count)
    return statistic, math.erfc(abs(statistic) / math.sqrt(2.0))
