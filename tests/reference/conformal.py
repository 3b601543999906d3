"""Adaptive conformal intervals, with every error that was ever revealed in a list."""

from __future__ import annotations

import math

import numpy as np

WINDOW, LEAST, RATE, LOWEST, HIGHEST, STRETCH = 500, 20, 0.005, -0.05, 0.5, 2.0


class ReferenceBounds:
    """The intervals of one target at one horizon."""

    def __init__(self, horizon: int, intervals: tuple[float, ...]) -> None:
        self.rate = RATE / math.sqrt(horizon)
        self.wanted = [(1.0 - share) / 2.0 for share in intervals for _ in range(2)]
        self.levels = list(self.wanted)
        self.errors: list[float] = []
        self.missed, self.graded = [0] * len(self.levels), 0

    def reveal(self, forecast: float, bounds: list[float], truth: float) -> None:
        """A truth arrives that a forecast and its bounds were made of."""
        if not math.isnan(bounds[0]):
            self.graded += 1
            for side, bound in enumerate(bounds):
                missed = truth > bound if side % 2 else truth < bound
                self.missed[side] += missed
                level = self.levels[side] + self.rate * (self.wanted[side] - missed)
                self.levels[side] = min(max(level, LOWEST), HIGHEST)
        self.errors.append(truth - forecast)

    def bounds(self, forecast: float) -> list[float]:
        """The bounds of a forecast: lower and upper of each interval, each within the next."""
        errors = np.array(self.errors[-WINDOW:])
        if len(errors) < LEAST or math.isnan(forecast):
            return [math.nan] * len(self.levels)
        bounds: list[float] = []
        for side, level in enumerate(self.levels):
            if side % 2:
                bound = forecast - quantile(np.sort(-errors), level)
                bounds.append(max(bound, bounds[side - 2]) if side >= 2 else bound)
            else:
                bound = forecast + quantile(np.sort(errors), level)
                bounds.append(min(bound, bounds[side - 2]) if side >= 2 else bound)
        return bounds


def quantile(ascending: np.ndarray, level: float) -> float:
    """Linear between the errors; below all of them on the line through the outermost tenth."""
    place = level * (len(ascending) + 1) - 1.0
    if place < 0.0:
        tenth = len(ascending) // 10
        return float(ascending[0] + place * STRETCH * (ascending[tenth] - ascending[0]) / tenth)
    return float(np.interp(place, np.arange(len(ascending)), ascending))
