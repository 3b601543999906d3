"""Page's cumulative sum of how far log losses lie above their mean, with every loss since the last drift in a list."""

from __future__ import annotations

import math

import numpy as np

WARM_UP, MEMORY, SLACK, MOST, THRESHOLD = 200, 2000, 0.5, 3.0, 12.0


def drifts(losses: np.ndarray, horizon: int) -> list[int]:
    """The rows at which a drift is told; losses: NaN where a row revealed nothing."""
    found: list[int] = []
    levels: list[float] = []
    sum_, lowest = 0.0, 0.0  # the sum that is never cut, and the least that it has been (Hinkley's form)
    for row, loss in enumerate(losses.tolist()):
        if math.isnan(loss):
            continue
        level = math.log(max(loss, 1e-12))
        if len(levels) >= WARM_UP:
            mean, variance = moments(levels)
            sum_ += min((level - mean) / max(math.sqrt(variance), 0.1), MOST) - SLACK
            lowest = min(lowest, sum_)
        if sum_ - lowest > THRESHOLD * math.sqrt(max(horizon, 1)):
            found.append(row)
            levels, sum_, lowest = [], 0.0, 0.0
        else:
            levels.append(level)
    return found


def moments(levels: list[float]) -> tuple[float, float]:
    """Mean and variance; of more than `MEMORY` numbers the older ones count less and less."""
    parts = 1.0 / np.minimum(np.arange(1, len(levels) + 1), MEMORY)
    left = np.append(np.cumprod(1.0 - parts[:0:-1])[::-1], 1.0)  # of each number's part, after those that follow it
    weights = parts * left
    numbers = np.array(levels)
    mean = float(weights @ numbers)
    return mean, float(weights @ (numbers - mean) ** 2)
