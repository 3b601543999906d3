"""Adaptive conformal intervals, with every value and error that ever came in a list."""

from __future__ import annotations

import math

import numpy as np

WINDOW, FEWEST, RATE, RATE_OF_HORIZON = 800, 20, 0.045, 2.2
LOWEST, HIGHEST, GIVES, DOUBT = 1e-9, 0.98, 0.3, 8.0
LATELY_STEPS, LATELY_ERRORS, LONG, SETTLED = 1 / 30, 1 / 150, 1 / 450, 20
STEP_POWER, ERROR_POWER, SEASON_POWER = 0.25, 0.2, 0.7
MOST, LEAST = 8.0, 0.1
PLACES, PROFILE_SHARE, NO_ERROR, TYPICAL_LOG = 168, 0.03, 0.05, -0.4


class Sizes:
    """Mean sizes, of late and for long, in each of which the first sizes weigh the same; what is too large is cut."""

    def __init__(self, lately: float) -> None:
        self.shares = np.array([lately, LONG])
        self.means, self.count = np.zeros(2), 0

    def add(self, size: float) -> None:
        if self.count >= SETTLED and self.means[1] > 0:
            size = min(size, MOST * self.means[1])
        self.count += 1
        shares = np.maximum(self.shares, 1 / self.count)
        self.means = (1 - shares) * self.means + shares * size

    def ratio(self) -> float:
        return max(self.means[0] / self.means[1], LEAST) if self.means[1] > 0 else 1.0


class ReferenceBounds:
    """The intervals of one target, which has a value in each row, at one horizon."""

    def __init__(self, horizon: int, intervals: tuple[float, ...]) -> None:
        self.horizon, self.rate = horizon, min(RATE, RATE_OF_HORIZON / horizon)
        self.wanted = [1.0 - share for share in intervals]
        self.levels, self.floors = list(self.wanted), [wanted / (4.0 - 3.0 * wanted) for wanted in self.wanted]
        self.values: list[float] = []
        self.errors: list[float] = []  # over the sizes that were expected
        self.step_sizes, self.error_sizes = Sizes(LATELY_STEPS), Sizes(LATELY_ERRORS)
        self.forecasts: list[tuple[float, float, list[float]]] = []  # of each row, its expected size, its bounds
        self.season, self.profile = 0, np.zeros(PLACES)
        self.missed, self.graded = [0] * (2 * len(intervals)), 0

    def step(self, truth: float, forecast: float, season: int = 0) -> list[float]:
        """A row: its value, what is forecast at it, the season that is known of; gives the bounds of the forecast."""
        if season != self.season:
            self.season, self.profile = season, np.full(PLACES, TYPICAL_LOG)
        if self.values:
            self.step_sizes.add(abs(truth - self.values[-1]))
        self.values.append(truth)
        if len(self.values) > self.horizon:
            self._reveal(*self.forecasts[-self.horizon], truth)
        size = self._expected_size()
        self.forecasts.append((forecast, size, self._bounds(forecast, size)))
        return self.forecasts[-1][2]

    def _reveal(self, forecast: float, size: float, bounds: list[float], truth: float) -> None:
        if not math.isnan(bounds[0]):
            self.graded += 1
            for i, (low, high) in enumerate(zip(bounds[::2], bounds[1::2], strict=True)):
                self.missed[2 * i] += truth < low
                self.missed[2 * i + 1] += truth > high
                self._steer(i, not low <= truth <= high)
        self.errors.append((truth - forecast) / size)
        self.error_sizes.add(abs(truth - forecast))
        if self.season and self.error_sizes.means[1] > 0:
            place = self._place(len(self.values))
            log_size = math.log(min(abs(truth - forecast) / self.error_sizes.means[1], MOST) + NO_ERROR)
            self.profile[place] += PROFILE_SHARE * (log_size - self.profile[place])

    def _steer(self, i: int, missed: bool) -> None:
        logit = math.log(self.levels[i] / (1 - self.levels[i])) + self.rate * (self.wanted[i] - missed)
        level = 1 / (1 + math.exp(-logit))
        if level < self.floors[i]:
            given = (1 - GIVES) * math.log(self.floors[i]) + GIVES * math.log(level)
            level = self.floors[i] = max(math.exp(given), LOWEST)
        self.levels[i] = min(level, HIGHEST)

    def _place(self, row: int) -> int:
        return row % self.season * min(self.season, PLACES) // self.season

    def _expected_size(self) -> float:
        size = self.step_sizes.ratio() ** STEP_POWER * self.error_sizes.ratio() ** ERROR_POWER
        if self.season:
            size *= math.exp(SEASON_POWER * self.profile[self._place(len(self.values) + self.horizon)])
        return size

    def _bounds(self, forecast: float, size: float) -> list[float]:
        """The lower and upper bound of each interval, each within the next."""
        if len(self.errors) < FEWEST or math.isnan(forecast):
            return [math.nan] * (2 * len(self.levels))
        errors = np.array(self.errors[-WINDOW:])
        bounds: list[float] = []
        for level in self.levels:
            quantiles = np.array([-upper_quantile(-errors, level / 2), upper_quantile(errors, level / 2)])
            absolute = upper_quantile(np.abs(errors), level)
            middle, half = quantiles.mean(), (quantiles[1] - quantiles[0]) / 2
            chance = DOUBT * half**2 * self.horizon / len(errors)
            skewed = max(0.0, 1.0 - chance / middle**2) if middle else 0.0
            low, high = forecast + size * (skewed * quantiles + (1.0 - skewed) * absolute * np.array([-1.0, 1.0]))
            low, high = self._within_ends(low, high)
            bounds += [min([low, *bounds[-2:-1]]), max([high, *bounds[-1:]])]
        return bounds

    def _within_ends(self, low: float, high: float) -> tuple[float, float]:
        """Values that at least one in twenty is, and at least a hundred are, and none beyond."""
        least, greatest = min(self.values), max(self.values)
        needed = max(100, len(self.values) / 20)
        if self.values.count(least) >= needed and high >= least:
            low = max(low, least)
        if self.values.count(greatest) >= needed and low <= greatest:
            high = min(high, greatest)
        return low, high


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
