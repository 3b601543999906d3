"""Many streams whose rows are learned together: each stream finds its gradient, and their mean makes one update."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from .keys import KeyedReference
from .learner import ReferenceLearner, RefRecord


class BatchedReference(KeyedReference):
    def __init__(self, make: Callable[[], ReferenceLearner], most: int, batch: int) -> None:
        self.batch = batch
        self.waiting: list[tuple[Hashable, ReferenceLearner]] = []
        self.updates = self.skipped = 0
        super().__init__(make, most)

    def begin(self) -> ReferenceLearner:
        learner = super().begin()
        learner.waits = 1
        learner.sweep_and_update = lambda: self.wait(learner)  # type: ignore[method-assign]
        return learner

    def wait(self, learner: ReferenceLearner) -> None:
        if learner.slopes:
            key = next(key for key, other in self.learners.items() if other is learner)
            self.waiting.append((key, learner))
            learner.since = 0

    def step(
        self,
        key: Hashable,
        values: Sequence[float],
        learn: bool = True,
        boundary: bool = False,
        codes: Sequence[int] = (),
    ) -> RefRecord:
        is_skipped = learn and not self.settle(key, boundary)
        record = super().step(key, values, learn, boundary, codes)
        if is_skipped:
            record.event.add("update-skipped")
        return record

    def settle(self, key: Hashable, boundary: bool) -> bool:
        """Learn what waits, if there is enough of it or if this row is of a stream that waits; False if it failed."""
        gives_way = key not in self.learners and len(self.learners) == self.most
        stream = next(iter(self.learners)) if gives_way else key
        if (gives_way or boundary) and stream in self.learners and not self.is_waiting(stream):
            self.wait(self.use(stream))
        if not self.is_waiting(stream) and len(self.waiting) < self.batch:
            return True
        streams = [(key, learner) for key, learner in self.waiting if self.learners.get(key) is learner]
        gradients = [learner.gradient for key, learner in streams if self.use(key).sweep()]
        self.waiting = []
        if not gradients:
            return True
        mean = {
            name: np.mean([gradient[name] for gradient in gradients if gradient], axis=0) for name in gradients[0] or {}
        }
        self.shared.guard.keep_first(self.shared.parameters)
        is_finite = self.shared.optimizer.update(self.shared.parameters, mean, len(gradients))
        self.updates, self.skipped = self.updates + is_finite, self.skipped + (not is_finite)
        return is_finite

    def is_waiting(self, key: Hashable) -> bool:
        return any(self.learners.get(key) is learner for _, learner in self.waiting)
