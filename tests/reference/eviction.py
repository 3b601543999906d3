"""Categories that give their codes to new ones: which, and what has to be forgotten of them, everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .categories import GONE, CategoryReference, ClassForecast
from .keys import KeyedReference

RESERVED = 0


class LeastRecentlySeen:
    """The codes of one column, from 1, in the order in which their categories were last seen."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.codes: dict[str, int] = {}  # the least recently seen first

    def see(self, category: str | None) -> tuple[int, bool]:
        """Its code, -1 if there is no category; and whether it was another one's before."""
        if category is None:
            return -1, False
        takes_over = category not in self.codes and len(self.codes) == self.most
        oldest = next(iter(self.codes), None)
        self.codes[category] = code = self.codes.pop(oldest if takes_over else category, len(self.codes) + 1)
        return code, takes_over


def forget_in_all(keyed: KeyedReference, forget: Callable[[CategoryReference], None]) -> None:
    """Forget in the stream of every key, and in what a new one begins with."""
    for reference in (keyed.shared, *keyed.learners.values()):
        assert isinstance(reference, CategoryReference), "it has categories"
        reference.parameters = keyed.shared.parameters
        forget(reference)


def forget_feature(reference: CategoryReference, feature: int, code: int, embedding: np.ndarray) -> None:
    """Let a code stand for something new among the inputs; what was seen of the old one gets no gradient any more."""
    _write_row(reference, f"{reference.tables[feature]}.weight", code, embedding)
    for codes in reference.codes_of.values():
        codes[feature] = -1 if codes[feature] == code else codes[feature]


def forget_label(reference: CategoryReference, t: int, code: int) -> None:
    """Let a code stand for something new among the labels; what was forecast of the old one was of something else."""
    for k, heads in enumerate(reference.heads):
        for what in ("weight", "bias"):
            _write_row(reference, f"{heads[t]}.{what}", code, 0.0)
        for slopes in reference.slopes.values():
            reference.logits(slopes, k, t, code + 1)[code] = 0.0
    for forecast in _waiting(reference, t):
        for logits in {id(array): array for array in (forecast.logits, forecast.network)}.values():
            if code < len(logits):
                logits[RESERVED] = np.logaddexp(logits[RESERVED], logits[code])
                logits[code] = GONE
    seen, naive = reference.seen[t], reference.naive[t]
    seen.pop(code, None)
    if naive[0] == code:
        naive[0] = max(sorted(seen), key=seen.__getitem__, default=RESERVED)
    naive[1] = RESERVED if naive[1] == code else naive[1]


def _write_row(reference: CategoryReference, name: str, code: int, row: np.ndarray | float) -> None:
    guard, optimizer = reference.guard, reference.optimizer
    for weights in (reference.parameters, guard.good, guard.at_last_check):
        if weights is not None:
            weights[name][code] = row
    for moments in (optimizer.first_moment, optimizer.second_moment):
        if name in moments:
            moments[name][code] = 0.0


def _waiting(reference: CategoryReference, t: int) -> Iterator[ClassForecast]:
    for step in reference.steps:
        for (_, j), forecast in step.pending.items():
            if j == len(reference.targets) + t:
                yield forecast
