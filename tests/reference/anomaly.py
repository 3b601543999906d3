"""How surprising a row is: ranks of errors, the likelihood of a run of them, values out of range; all are kept.

V. Vovk, A. Gammerman, G. Shafer (2005), Algorithmic learning in a random world.
S. Ahmad, A. Lavin, S. Purdy, Z. Agha (2017), Unsupervised real-time anomaly detection for streaming data.
Neurocomputing 262.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

FEWEST_ERRORS = 20
RANKED = 2000  # errors among which a new one is ranked, and means that the spread remembers
TOGETHER = 40  # surprises that are judged together
FEWEST_MEANS = 60
LEAST_DEVIATION = 0.02
MARGIN = 0.05
QUIET_ROWS = 70


@dataclass
class Likelihood:
    """A stream of surprises, and how usual the mean of the latest ones is."""

    surprises: list[float] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    center: float = 0.0
    variance: float = 0.0
    known: int = 0

    @property
    def is_warm(self) -> bool:
        """Whether one more than the fewest means is known, with the one that the newest surprise has set free."""
        return len(self.means) > TOGETHER + FEWEST_MEANS

    def tail(self, surprise: float) -> float:
        """How likely a mean as high as this one is; NaN while too few are known."""
        self.surprises.append(surprise)
        if len(self.surprises) < TOGETHER:
            return math.nan
        self.means.append(float(np.mean(self.surprises[-TOGETHER:])))
        tail = math.nan
        if self.is_warm:
            deviation = max(math.sqrt(self.variance), LEAST_DEVIATION)
            tail = 0.5 * math.erfc((self.means[-1] - self.center) / deviation / math.sqrt(2.0))
        if len(self.means) > TOGETHER:  # the newest mean that shares no value with this one
            self.learn(self.means[-1 - TOGETHER])
        return tail

    def learn(self, mean: float) -> None:
        self.known += 1
        rate = 1.0 / min(self.known, RANKED)
        before = self.center
        self.center += rate * (mean - before)
        self.variance += rate * ((mean - before) * (mean - self.center) - self.variance)


@dataclass
class Watched:
    """One target."""

    errors: list[float] = field(default_factory=list)
    low: float = math.nan
    high: float = math.nan
    likelihood: Likelihood = field(default_factory=Likelihood)

    def surprise(self, error: float) -> float:
        before = np.array(self.errors[-RANKED:])
        self.errors.append(error)
        if len(before) < FEWEST_ERRORS:
            return math.nan
        as_large = np.sum(before > error) + 0.5 * np.sum(before == error) + 0.5
        return -math.log(as_large / (len(before) + 1))

    def is_outside(self, value: float) -> bool:
        if math.isnan(self.low):
            self.low = self.high = value
            return False
        length = self.high - self.low
        is_outside = value > self.high + MARGIN * length or value < self.low - MARGIN * length
        most = length if length > 0 else math.inf
        self.low, self.high = max(min(self.low, value), self.low - most), min(max(self.high, value), self.high + most)
        return is_outside

    def take(self, value: float, expected: float) -> tuple[float, float]:
        """The surprise of a value and its tail."""
        if not abs(value) <= 1e30:
            return math.nan, math.nan
        is_outside = self.is_outside(value)
        surprise = math.nan if math.isnan(expected) else self.surprise(abs(value - expected))
        tail = math.nan if math.isnan(surprise) else self.likelihood.tail(surprise)
        return surprise, 0.0 if is_outside and self.likelihood.is_warm else tail


class ReferenceWatch:
    """All targets of one stream."""

    def __init__(self, targets: int, alert: float) -> None:
        self.targets = [Watched() for _ in range(targets)]
        self.joint = Likelihood() if targets > 1 else self.targets[0].likelihood
        self.alert = alert
        self.quiet = QUIET_ROWS  # rows since the last event was told or went on

    def step(self, values: Sequence[float], expected: Sequence[float]) -> tuple[list[float], float, float]:
        """Scores of the targets, their joint one, and 1 where an event begins; NaN where not known."""
        pairs = [target.take(*pair) for target, *pair in zip(self.targets, values, expected, strict=True)]
        tails = [tail for _, tail in pairs]
        surprises = [surprise for surprise, _ in pairs if not math.isnan(surprise)]
        if len(self.targets) > 1 and surprises:
            tails.append(self.joint.tail(float(np.mean(surprises))))
        known = [tail for tail in tails if not math.isnan(tail)]
        count = len(self.targets) + (len(self.targets) > 1)
        score = 1.0 - min(1.0, count * min(known)) if known else math.nan
        return [1.0 - tail for _, tail in pairs], score, self.tell(score)

    def tell(self, score: float) -> float:
        is_over = self.quiet >= QUIET_ROWS
        begins = is_over and score >= self.alert
        goes_on = not is_over and 1.0 - score <= (1.0 - self.alert) ** (2.0 / 3.0)
        self.quiet = 0 if begins or goes_on else self.quiet + 1
        return math.nan if math.isnan(score) and not self.joint.is_warm else float(begins)
