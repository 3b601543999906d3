"""Adaptive conformal intervals, with every error that was ever revealed in a list."""

from __future__ import annotations

import math

import numpy as np

WINDOW, LEAST, RATE, LOWEST, HIGHEST, DOUBT = 600, 20, 0.018, 1e-9, 0.98, 4.0


class ReferenceBounds:
    """The intervals of one target at one horizon."""

    def __init__(self, horizon: int, intervals: tuple[float, ...]) -> None:
        self.horizon, self.rate = horizon, min(RATE, 1.0 / horizon)
        self.wanted = [1.0 - share for share in intervals]
        self.levels = list(self.wanted)
        self.errors: list[float] = []
        self.missed, self.graded = [0] * (2 * len(intervals)), 0

    def reveal(self, forecast: float, bounds: list[float], truth: float) -> None:
        """A truth arrives that a forecast and its bounds were made of."""
        if not math.isnan(bounds[0]):
            self.graded += 1
            for i, (low, high) in enumerate(zip(bounds[::2], bounds[1::2], strict=True)):
                self.missed[2 * i] += truth < low
                self.missed[2 * i + 1] += truth > high
                outside = not low <= truth <= high
                level = math.exp(math.log(self.levels[i]) + self.rate * (self.wanted[i] - outside))
                self.levels[i] = float(np.clip(level, LOWEST, HIGHEST))
        self.errors.append(truth - forecast)

    def bounds(self, forecast: float) -> list[float]:
        """The bounds of a forecast: lower and upper of each interval, each within the next."""
        errors = np.array(self.errors[-WINDOW:])
        if len(errors) < LEAST or math.isnan(forecast):
            return [math.nan] * (2 * len(self.levels))
        bounds: list[float] = []
        for level in self.levels:
            quantiles = np.array([-upper_quantile(-errors, level / 2), upper_quantile(errors, level / 2)])
            absolute = upper_quantile(np.abs(errors), level)
            middle, half = quantiles.mean(), (quantiles[1] - quantiles[0]) / 2
            chance = DOUBT * half**2 * self.horizon / len(errors)
            skewed = max(0.0, 1.0 - chance / middle**2) if middle else 0.0
            low, high = forecast + skewed * quantiles + (1.0 - skewed) * absolute * np.array([-1.0, 1.0])
            bounds += [min([low, *bounds[-2:-1]]), max([high, *bounds[-1:]])]
        return bounds


def upper_quantile(values: np.ndarray, level: float) -> float:
    """Beyond it lies this share: linear between the values; beyond all of them an exponential tail, through the
    greatest one and that below a tenth of them."""
    count, descending = len(values), np.sort(values)[::-1]
    place = level * (count + 1) - 1.0
    if place < 0.0:
        tenth = count // 10
        per_log = (descending[0] - descending[tenth]) / (math.log(tenth + 1) - math.log(1))
        return float(descending[0] + per_log * math.log(1.0 / (level * (count + 1))))
    return float(np.interp(place, np.arange(count), descending))
