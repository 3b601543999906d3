"""Many streams, one reference learner for each, whose parameters, moments and guard are the same objects.

A new stream begins with some values that are typical of those before it, as many as the empirical Bayes weight says:
the variance of one value's evidence over the variance between streams (Efron & Morris 1973).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from .categories import CategoryReference
from .gate import AGES, MEDIAN_TO_DEVIATION, Column, Scale
from .learner import ReferenceLearner, RefRecord

TOLD_AT = 60  # values that a stream has had when it tells how it is
MOST_LENT = 10
OF_ONE_SIZE = 1.25  # variance of the log of one value's size
SCEPTICS = 2  # streams that would disagree


def variance(values: Sequence[float], of_one: float) -> float:
    return (len(values) * float(np.var(values)) + SCEPTICS * of_one) / len(values)


def weight(of_one: float, between: float) -> int:
    """An even number of values."""
    return 2 * (min(math.floor(of_one / between), MOST_LENT) // 2)


class KeyedReference:
    def __init__(self, make: Callable[[], ReferenceLearner], most: int) -> None:
        self.make, self.most = make, most
        self.shared = make()
        self.learners: dict[Hashable, ReferenceLearner] = {}  # the least recently seen first
        self.gone: list[ReferenceLearner] = []
        self.returns_seen: dict[Hashable, int] = {}
        self.told: set[tuple[int, str, int, int]] = set()
        self.columns: dict[int, list[tuple[float, float]]] = {}  # mean and log of the deviation of each stream
        self.sizes: dict[tuple[int, int], list[float]] = {}  # log of the scale of each
        self.agreement = np.tile([0.0, 100.0], (len(self.shared.horizons), len(self.shared.targets), 1 + len(AGES), 1))
        self.lend_trust(self.shared)

    def step(
        self,
        key: Hashable,
        values: Sequence[float],
        learn: bool = True,
        boundary: bool = False,
        codes: Sequence[int] = (),
    ) -> RefRecord:
        evicted = False
        if key in self.learners:
            self.learners[key] = self.learners.pop(key)
        else:
            evicted = len(self.learners) == self.most
            if evicted:
                self.evict(learn)
            self.learners[key] = self.begin()
            self.returns_seen[key] = self.shared.guard.returns
        learner = self.use(key)
        if isinstance(learner, CategoryReference):
            record = learner.step_coded(values, codes, learn, boundary)
        else:
            record = learner.step(values, learn, boundary)
        self.shared.parameters = learner.parameters
        if learn:
            self.listen(learner)
        self.returns_seen[key] = self.shared.guard.returns
        if evicted:
            record.event.add("evicted")
        return record

    def use(self, key: Hashable) -> ReferenceLearner:
        """A stream's learner, with the parameters of now; if they were gone back to since, its past is void."""
        learner = self.learners[key]
        learner.parameters = self.shared.parameters
        if self.returns_seen[key] != self.shared.guard.returns:
            learner.renew()
            self.returns_seen[key] = self.shared.guard.returns
        return learner

    def evict(self, learn: bool) -> None:
        oldest = next(iter(self.learners))
        learner = self.use(oldest)
        learner.now = len(learner.steps)
        learner.record = RefRecord(set(), math.nan, np.empty(0), np.empty(0))
        learner.start_sequence(learn)
        self.gone.append(self.learners.pop(oldest))

    def begin(self) -> ReferenceLearner:
        learner = self.make()
        learner.optimizer, learner.guard = self.shared.optimizer, self.shared.guard
        if isinstance(learner, CategoryReference) and isinstance(self.shared, CategoryReference):
            learner.share_codes(self.shared)
        for number, known in self.columns.items():
            self.lend_values(learner.columns[number], known)
        for (k, j), known in self.sizes.items():
            self.lend_changes(learner.scales[k][j], known)
        self.lend_trust(learner)
        return learner

    def lend_trust(self, learner: ReferenceLearner) -> None:
        for horizon, evidence in zip(learner.scales, self.agreement, strict=True):
            for scale, pooled in zip(horizon, evidence, strict=True):
                scale.pooled = pooled

    def lend_values(self, column: Column, known: list[tuple[float, float]]) -> None:
        means, logs = np.transpose(known)
        unit = math.exp(np.mean(logs))
        column.n = min(weight(OF_ONE_SIZE, variance(logs, OF_ONE_SIZE)), weight(unit**2, variance(means, unit**2)))
        column.mean, column.m2 = float(np.mean(means)), unit**2 * column.n
        away = unit / MEDIAN_TO_DEVIATION
        column.first = [column.mean + away, column.mean - away] * (column.n // 2)

    def lend_changes(self, scale: Scale, logs: list[float]) -> None:
        unit = math.exp(np.mean(logs))
        scale.n = weight(OF_ONE_SIZE, variance(logs, OF_ONE_SIZE))
        scale.first = [unit / MEDIAN_TO_DEVIATION] * scale.n
        scale.sum2 = unit**2 * scale.n

    def listen(self, learner: ReferenceLearner) -> None:
        """Each stream tells once how its columns and changes are."""
        for number, column in enumerate(learner.columns):
            if column.n >= TOLD_AT and self.is_new(learner, "column", number, 0) and column.deviation > 0:
                self.columns.setdefault(number, []).append((column.mean, math.log(column.deviation)))
        for k, horizon in enumerate(learner.scales):
            for j, scale in enumerate(horizon):
                if scale.n >= TOLD_AT and self.is_new(learner, "change", k, j) and scale.value > 0:
                    self.sizes.setdefault((k, j), []).append(math.log(scale.value))

    def is_new(self, learner: ReferenceLearner, kind: str, k: int, j: int) -> bool:
        what = (id(learner), kind, k, j)
        if what in self.told:
            return False
        self.told.add(what)
        return True
