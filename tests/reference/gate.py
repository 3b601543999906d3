"""What a column knows about its values, what an output knows about its errors, and which values are refused.

The first 20 values are judged by their median and absolute deviations, which no single odd value can move; from then
on mean and variance run (Welford 1962).
"""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass, field

import numpy as np

from .cells import Array

SEED_VALUES = 20  # values that seed the statistics, and far values in a row that make a level shift
FAR = 100.0  # deviations
LARGEST = 1e30
MEDIAN_TO_DEVIATION = 1.4826  # of a normal distribution
AGES = (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64)  # at which a stream's outputs come to be of another kind


def robust(values: list[float], center: float | None = None) -> tuple[float, float]:
    """Median (unless a center is given) and a deviation that one odd value cannot set.

    Where more than half of the values are the same the median deviation is zero; then it is the mean absolute
    deviation leaving out the largest.
    """
    if center is None:
        center = float(np.median(values))
    away = [abs(value - center) for value in values]
    deviation = MEDIAN_TO_DEVIATION * float(np.median(away))
    if deviation == 0 and len(values) > 1:
        deviation = (sum(away) - max(away)) / (len(values) - 1)
    return center, deviation


@dataclass
class Column:
    """Running statistics of one column, and the last value it accepted."""

    counts: dict[str, int]  # nulls, invalid, far: shared by all columns of a learner
    n: int = 0
    first: list[float] = field(default_factory=list)
    mean: float = 0.0
    m2: float = 0.0
    far_run: list[float] = field(default_factory=list)
    held: float = math.nan
    last_step: float = 0.0  # between two constants; 0: there was none
    settled: bool = True  # the held value is part of the statistics

    @property
    def deviation(self) -> float:
        return math.sqrt(self.m2 / self.n) if self.n > 0 else 0.0

    @property
    def last(self) -> float:
        """The value that a forecaster without a model would repeat."""
        return self.middle if math.isnan(self.held) else self.held

    @property
    def middle(self) -> float:
        return self.mean if self.n > 0 else math.nan

    def observe(self, value: float, learn: bool) -> tuple[float, bool]:
        """The accepted value, or NaN, and whether it completes a level shift."""
        if math.isnan(value):
            self.counts["nulls"] += 1
            return math.nan, False
        if math.isinf(value) or abs(value) > LARGEST:
            self.counts["invalid"] += 1
            return math.nan, False
        if self.n < SEED_VALUES:
            if learn:
                self.seed(value)
            return self.hold(value), False
        if self.deviation > 0 and abs(value - self.mean) > FAR * self.deviation:
            return self.observe_far(value, learn)
        self.far_run = []
        if learn and self.deviation == 0 and value != self.mean:
            return self.observe_beside_constant(value), False
        if learn:
            self.add(value)
        return self.hold(value), False

    def seed(self, value: float) -> None:
        self.first.append(value)
        self.n += 1
        self.mean, deviation = robust(self.first)
        self.m2 = deviation * deviation * self.n

    def observe_far(self, value: float, learn: bool) -> tuple[float, bool]:
        self.counts["far"] += 1
        if not learn:
            return math.nan, False
        self.far_run = [*self.far_run, value][-SEED_VALUES:]
        center, deviation = robust(self.far_run)
        agree = all(abs(each - center) <= FAR * deviation for each in self.far_run)
        if len(self.far_run) < SEED_VALUES or not agree:
            return math.nan, False
        self.n = SEED_VALUES
        self.mean = center
        self.m2 = deviation * deviation * SEED_VALUES
        self.far_run = []
        return self.hold(value), True

    def observe_beside_constant(self, value: float) -> float:
        """One odd value does not make a scale, a second one does, and it is a new column.

        But one that stands still after two steps has half of the larger one as its scale, at most five of the smaller.
        """
        constant, odd = self.mean, None if math.isnan(self.held) or self.held == self.mean else self.held
        if odd is None:
            self.settled = False
            self.held = value
            return value
        self.first, self.n = [], 0
        self.seed(odd)
        self.seed(value)
        if value == odd:
            smaller, larger = sorted([self.last_step, abs(value - constant)])
            if smaller > 0:
                self.n = SEED_VALUES
                self.m2 = SEED_VALUES * (min(larger, 10 * smaller) / 2) ** 2
            self.last_step = abs(value - constant)
        return self.hold(value)

    def hold(self, value: float) -> float:
        self.held = value
        self.settled = True
        return value

    def add(self, value: float) -> None:
        self.n += 1
        delta = value - self.mean
        self.mean += delta / self.n
        self.m2 += delta * (value - self.mean)

    def standardise(self, accepted: float) -> float:
        """A null is filled with the held value; without one it is the mean."""
        value = self.held if math.isnan(accepted) else accepted
        if math.isnan(value) or self.deviation == 0:
            return 0.0
        return min(max((value - self.mean) / self.deviation, -FAR), FAR)

    def start_sequence(self) -> None:
        self.held = math.nan
        self.settled = True


@dataclass
class Scale:
    """Running root mean square of y - base, for one target at one horizon, and how far its outputs are believed."""

    n: int = 0
    first: list[float] = field(default_factory=list)
    sum2: float = 0.0
    agreed: float = 0.0
    proposed: float = 0.0
    pooled: Array | None = None  # (ages, 2) the same sums of all streams, of steps that are so old, or older

    @property
    def value(self) -> float:
        return math.sqrt(self.sum2 / self.n) if self.n > 0 else 0.0

    def add(self, difference: float) -> None:
        if self.n > SEED_VALUES and self.sum2 == 0 and difference != 0:
            if any(self.first):
                difference = min(abs(difference), max(self.first))
            else:
                self.n, self.first = 0, []
        self.n += 1
        if self.n <= SEED_VALUES:
            self.first.append(abs(difference))
            _, size = robust(self.first, center=0.0)
            self.sum2 = size * size * self.n
        else:
            self.sum2 += difference * difference

    def distrust(self) -> None:
        """Outputs have to be right about ten squared units before they are believed."""
        self.agreed, self.proposed = 0.0, 10.0

    def trust(self, step: int) -> float:
        """The least-squares slope of what came on what was proposed, within [0, 1]."""
        agreed, proposed = self.agreed, self.proposed
        if self.pooled is not None:
            agreed, proposed = np.add([agreed, proposed], self.pooled[bisect(AGES, step)] / 10)
        return min(max(agreed / proposed, 0.0), 1.0) if proposed > 0 else 1.0

    def agree(self, step: int, output: float, change: float) -> None:
        output, change = min(max(output, -10.0), 10.0), min(max(change, -10.0), 10.0)
        if self.pooled is not None:
            younger = self.pooled[: 1 + bisect(AGES, step)]
            younger[:] = 0.997 * younger + (output * change, output * output)
        self.agreed = 0.9998 * self.agreed + output * change
        self.proposed = 0.9998 * self.proposed + output * output
