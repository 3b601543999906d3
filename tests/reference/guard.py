"""Has the network diverged? And which weights to go back to.

Judged over a stretch of graded forecasts by the size of the errors of the network's own outputs, unshrunk and in
scaled units, beside those of the last value: a hard stretch is hard for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .cells import Parameters

SKIPPED_TOO_OFTEN = 10  # in a row
WILD_RATE = 0.02


def copy(parameters: Parameters) -> Parameters:
    return {name: value.copy() for name, value in parameters.items()}


def tamed(parameters: Parameters) -> Parameters:
    """No row of a matrix longer than 1, no bias or gain beyond 1, only numbers, and heads that say nothing."""
    result = {}
    for name, value in parameters.items():
        if name.startswith(("head.", "classifier.")):
            result[name] = np.zeros_like(value)
        elif name.startswith(("bias", "gain")):
            result[name] = np.where(np.isfinite(value), np.clip(value, -1.0, 1.0), 0.0)
        else:
            usual = np.sqrt(value.shape[1]) if name.startswith("embedding") else 1.0
            length = np.maximum(np.linalg.norm(value, axis=1, keepdims=True) / usual, 1.0)
            rows = value / length
            result[name] = np.where(np.isfinite(rows), rows, 0.0)
    return result


@dataclass
class Guard:
    on: bool
    stretch: int  # forecasts
    ours: float = 0.0
    last: float = 0.0
    graded: int = 0
    good: Parameters | None = None
    at_last_check: Parameters | None = None
    proven: bool = False  # since they were last gone back to
    returns: int = 0

    def keep_first(self, parameters: Parameters) -> None:
        if self.good is None:
            self.good, self.at_last_check, self.proven = copy(parameters), copy(parameters), True

    def weigh(self, output: float, label: float, last: float) -> None:
        """All in scaled units; `last` is 0 where a forecast starts from the last value."""
        output, label, last = (min(max(number, -10.0), 10.0) for number in (output, label, last))
        self.ours += (output - label) ** 2
        self.last += max((last - label) ** 2, label**2)
        self.graded += 1

    def weigh_loss(self, loss: float, uniform: float) -> None:
        """What a category cost, beside what it costs to find all equally probable."""
        self.ours += min(loss, 100.0)
        self.last += uniform
        self.graded += 1

    def has_diverged(self, skipped_in_a_row: int) -> bool:
        return self.ours > 2.0 * (self.last + self.stretch) or skipped_in_a_row >= SKIPPED_TOO_OFTEN

    def check(self, parameters: Parameters) -> bool:
        """At the end of a stretch: the weights from before it were good if it went well, which is returned."""
        if self.graded < self.stretch:
            return False
        went_well = self.ours <= self.last + 0.1 * self.graded
        if went_well:
            self.good, self.proven = self.at_last_check, True
        self.at_last_check = copy(parameters)
        self.begin()
        return went_well

    def begin(self) -> None:
        self.ours, self.last, self.graded = 0.0, 0.0, 0

    def go_back(self, parameters: Parameters, rate: float) -> Parameters:
        """The weights to go on with. What was gone back to in vain, or learned at a wild rate, is tamed."""
        weights = copy(parameters if self.good is None else self.good)
        if not self.proven or rate > WILD_RATE:
            weights = tamed(weights)
        self.good, self.at_last_check, self.proven = copy(weights), copy(weights), False
        self.begin()
        return weights
