"""Categories in the slow learner: embeddings as inputs and, as outputs, a softmax over what has come so far.

Several heads are one tall head, so the plain network of `cells` does all the work.

J. S. Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.
Y. Bengio et al. (2003), A neural probabilistic language model.
T.-Y. Lin et al. (2017), Focal loss for dense object detection.
C. Guo et al. (2017), On calibration of modern neural networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .cells import Array, Parameters, head_forward
from .counts import Context, Counts
from .learner import ReferenceLearner, RefRecord, Step

GONE = -1e30  # logit of a code that has been given to another category since


@dataclass
class ClassForecast:
    """A pending forecast of a category, over the codes that were known when it was made."""

    logits: Array  # (known,): of the mix, if there are counts
    network: Array  # (known,)
    counted: Array  # (known,): logarithms of probabilities
    context: Context
    clock: int
    majority: int
    last: int
    sharpness: float


def softmax(logits: Array) -> Array:
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())


def cross_entropy(logits: Array, truth: int) -> float:
    largest = logits.max()
    return float(largest + math.log(np.exp(logits - largest).sum()) - logits[truth])


class CategoryReference(ReferenceLearner):
    """Codes stand in the order: features first. Code 0 is reserved, -1 is a null."""

    def __init__(
        self,
        *,
        tables: list[str],
        heads: list[list[str]],
        coded_targets: list[int],
        coded: int,
        order: int,
        focal: float = 0.0,
        balanced: bool = False,
        named: Callable[[int, int], float] | None = None,  # target, code -> how much a label of it counts
        temperature: float | str = 1.0,
        **more: Any,
    ) -> None:
        self.order, self.focal, self.balanced, self.temperature = order, focal, balanced, temperature
        self.named = named
        self.tables, self.heads = tables, heads  # names without .weight; heads by horizon and target
        self.coded_targets, self.coded = coded_targets, coded
        super().__init__(**more)
        self.guard.stretch = 1000 * self.stride * len(self.horizons) * (len(self.targets) + len(coded_targets))

    def start(self, columns: int) -> None:
        super().start(columns)
        targets = len(self.coded_targets)
        self.accepted += [0] * targets
        self.codes_of: dict[int, list[int]] = {}  # by step
        self.known = [1] * self.coded
        self.seen: list[dict[int, int]] = [{} for _ in range(targets)]
        self.history: list[Context] = [() for _ in range(targets)]  # the newest first
        pairs = [(k, t) for k in range(len(self.horizons)) for t in range(targets)]
        self.counts_of = {pair: Counts(self.order) for pair in pairs}
        self.weights_of = {pair: np.full(2, 0.5) for pair in pairs}  # of network and counts
        begins = 1.0 if self.temperature == "auto" else 1.0 / float(self.temperature)
        self.sharpness = dict.fromkeys(pairs, begins)
        self.curvature = dict.fromkeys(pairs, 0.0)
        self.untempered = dict.fromkeys(pairs, 0.0)  # sums of losses
        self.means = [np.zeros(0) for _ in range(targets)]  # sums of the probabilities of a sequence's rows
        self.naive = [[0, 0] for _ in range(targets)]  # most frequent, last
        self.graded: dict[tuple[int, int], list[tuple[float, int, bool, bool]]] = {}

    @property
    def losses(self) -> int:
        return self.outputs + len(self.horizons) * len(self.coded_targets)

    def share_codes(self, other: CategoryReference) -> None:
        """Know a category as soon as the other one does."""
        self.known = other.known

    # ---- the network as one

    def head_names(self) -> list[str]:
        return [*(["head"] if self.targets else []), *(name for horizon in self.heads for name in horizon)]

    @property
    def network(self) -> Parameters:
        return self.as_one(self.parameters)

    def as_one(self, parameters: Parameters) -> Parameters:
        names = self.head_names()
        one = {name: value for name, value in parameters.items() if name.startswith(("weight_", "bias_", "gain_"))}
        return one | {
            "head.weight": np.vstack([parameters[f"{name}.weight"] for name in names]),
            "head.bias": np.concatenate([parameters[f"{name}.bias"] for name in names]),
        }

    def embedded(self, parameters: Parameters, codes: list[int]) -> list[Array]:
        """The embedding of each category; zeros for a null."""
        tables = [parameters[f"{name}.weight"] for name in self.tables]
        return [table[code] if code >= 0 else 0.0 * table[0] for table, code in zip(tables, codes, strict=False)]

    def gradient_of(self, d_network: Parameters, d_inputs: list[Array], numbers: range) -> Parameters:
        gradient = {name: value for name, value in d_network.items() if not name.startswith("head.")}
        for name in self.tables:
            gradient[f"{name}.weight"] = np.zeros_like(self.parameters[f"{name}.weight"])
        for number, d_input in zip(numbers, d_inputs, strict=True):
            lags = len(self.targets) if self.sees_season else 0
            of_tables = d_input[2 * len(self.features) : len(d_input) - lags]
            parts = np.split(of_tables, len(self.tables)) if self.tables else []
            for name, code, d_row in zip(self.tables, self.codes_of[number], parts, strict=False):
                if code >= 0:
                    gradient[f"{name}.weight"][code] += d_row
        row = 0
        for name in self.head_names():
            rows = len(self.parameters[f"{name}.bias"])
            gradient[f"{name}.weight"] = d_network["head.weight"][row : row + rows]
            gradient[f"{name}.bias"] = d_network["head.bias"][row : row + rows]
            row += rows
        return gradient

    def logits(self, outputs: Array, k: int, t: int, known: int) -> Array:
        classes = len(self.parameters[f"{self.heads[0][0]}.bias"])
        first = self.outputs + (k * len(self.coded_targets) + t) * classes
        return outputs[first : first + known]

    # ---- one row

    def step_coded(self, values: Any, codes: Any, learn: bool = True, boundary: bool = False) -> RefRecord:
        self.codes = [int(code) for code in codes]
        self.expected_codes = [0] * len(self.coded_targets)
        return self.step(values, learn, boundary)

    def inputs(self, accepted: dict[int, float]) -> Array:
        self.codes_of[len(self.steps)] = self.codes
        return np.concatenate([super().inputs(accepted), *self.embedded(self.parameters, self.codes)])

    def reveal(self, accepted: dict[int, float], learn: bool) -> None:
        super().reveal(accepted, learn)
        for t, column in enumerate(self.coded_targets):
            if self.codes[column] >= 0:
                self.reveal_code(t, self.codes[column], learn)
        self.known[:] = [max(known, code + 1) for known, code in zip(self.known, self.codes, strict=True)]

    def reveal_code(self, t: int, code: int, learn: bool) -> None:
        j = len(self.targets) + t
        self.accepted[j] += 1
        for number, k in self.graded_by_value(j):
            forecast = self.steps[number].pending.pop((k, j))
            truth = code if code < len(forecast.logits) and forecast.logits[code] > GONE else 0
            self.grade_code(forecast, k, t, truth)
            if learn:
                self.learn_counts(forecast, k, t, truth, code)
                self.learn_sharpness(forecast, k, t, truth)
            if learn and number >= self.renewed:
                self.write_code_slopes(number, k, t, truth, len(forecast.logits))
                loss = cross_entropy(forecast.network, truth)
                self.guard.weigh_loss(loss, math.log(len(forecast.logits)))
        if code:
            self.seen[t][code] = self.seen[t].get(code, 0) + 1
            if self.seen[t][code] > self.seen[t].get(self.naive[t][0], 0):
                self.naive[t][0] = code
        self.naive[t][1] = code
        self.history[t] = (code, *self.history[t])[: self.order]

    def start_sequence(self, learn: bool) -> None:
        super().start_sequence(learn)
        self.history = [() for _ in self.history]
        self.means = [np.zeros(0) for _ in self.means]

    def learn_counts(self, forecast: ClassForecast, k: int, t: int, truth: int, code: int) -> None:
        if not self.order:
            return
        both = np.array([forecast.network, forecast.counted])
        self.weights_of[k, t] += 0.002 * (both[:, truth] - both @ softmax(forecast.logits))
        for follower in dict.fromkeys((truth, code)):
            self.counts_of[k, t].count(forecast.context, follower)

    def learn_sharpness(self, forecast: ClassForecast, k: int, t: int, truth: int) -> None:
        """A step of Newton's down the loss, by the curvature seen so far."""
        if self.temperature != "auto":
            return
        p, plain = softmax(forecast.logits), forecast.logits / forecast.sharpness
        self.curvature[k, t] = 0.9995 * self.curvature[k, t] + float(p @ (plain - p @ plain) ** 2)
        step = float(plain[truth] - p @ plain) / (50.0 + self.curvature[k, t])
        self.sharpness[k, t] = min(max(self.sharpness[k, t] + step, 0.05), 20.0)

    def importance(self, t: int, truth: int) -> float:
        """How much a label counts, by what its category is or by how rare it is."""
        if self.named is not None:
            return self.named(t, truth)
        if not self.balanced or not truth:
            return 1.0
        counts = {**self.seen[t], truth: self.seen[t].get(truth, 0) + 1}
        usual = sum(counts.values()) / len(counts)
        return min(max(min(counts.values()), 0.01 * usual) / counts[truth], 1.0)

    def class_loss(self, logits: Array, truth: int) -> float:
        """The focal loss, which is the cross-entropy where gamma is 0."""
        p = softmax(logits)[truth]
        return float((1.0 - p) ** self.focal * cross_entropy(logits, truth))

    def class_slope(self, logits: Array, truth: int) -> Array:
        """Its slope, by the chain rule over the truth's probability."""
        p = softmax(logits)
        p_times_slope = -((1.0 - p[truth]) ** self.focal)
        if self.focal:
            p_times_slope -= (
                self.focal * p[truth] * (1.0 - p[truth]) ** (self.focal - 1.0) * cross_entropy(logits, truth)
            )
        one_hot = np.arange(len(p)) == truth
        return np.asarray(p_times_slope * (one_hot - p))

    def grade_code(self, forecast: ClassForecast, k: int, t: int, truth: int) -> None:
        loss = cross_entropy(forecast.logits, truth)
        named = [c for c in range(1, len(forecast.logits)) if forecast.logits[c] > GONE]
        order = sorted(named, key=lambda c: (-forecast.logits[c], c))
        if not self.expected_codes[t] and order:
            self.expected_codes[t] = order[0]
        rank = order.index(truth) if truth else 10
        hits = [truth > 0 and truth == naive for naive in (forecast.majority, forecast.last)]
        self.untempered[k, t] += cross_entropy(forecast.logits / forecast.sharpness, truth)
        self.graded.setdefault((k, t), []).append((loss, min(rank, 10), *hits))
        self.row_losses.append(loss)

    def write_code_slopes(self, number: int, k: int, t: int, truth: int, known: int) -> None:
        outputs = head_forward(self.network, self.steps[number].activations.read(self.head))
        slopes = self.slopes.setdefault(number, np.zeros(outputs.size))
        slope = self.class_slope(self.logits(outputs, k, t, known), truth)
        weight = self.target_weights[len(self.targets) + t] * self.importance(t, truth)
        self.logits(slopes, k, t, known)[:] += slope * weight / self.losses
        self.labels.setdefault(number, {})[k, t] = (truth, known, weight)

    def weighted_loss(self, outputs: Array, output: Any, label: Any) -> float:
        if not isinstance(output, tuple):
            return super().weighted_loss(outputs, output, label)
        (k, t), (truth, known, weight) = output, label
        return float(weight * self.class_loss(self.logits(outputs, k, t, known), truth))

    def frozen_sweep_loss(self, parameters: Parameters) -> float:
        """Replayed with these embeddings and heads."""
        kept = self.last_sweep
        assert kept is not None, "no sweep was recorded"
        numbers = 2 * len(self.features)
        inputs = [
            np.concatenate([before[:numbers], *self.embedded(parameters, self.codes_of[number])])
            for number, before in zip(kept.numbers, kept.inputs, strict=True)
        ]
        self.last_sweep = replace(kept, inputs=inputs)
        loss = super().frozen_sweep_loss(self.as_one(parameters))
        self.last_sweep = kept
        return loss

    def forecast(self, step: Step, outputs: Array) -> None:
        super().forecast(step, outputs[: self.outputs])
        self.forecast_logits = {}
        for k in range(len(self.horizons)):
            for t, column in enumerate(self.coded_targets):
                network = self.logits(outputs, k, t, self.known[column])
                context = (*self.history[t], *[-1] * self.order)[: self.order]
                counted = np.log(self.counts_of[k, t].probabilities(context, self.known[column]))
                logits = self.weights_of[k, t] @ [network, counted] if self.order else network
                logits = self.sharpness[k, t] * logits
                self.means[t] = softmax(logits) + np.pad(self.means[t], (0, len(logits) - len(self.means[t])))
                self.forecast_logits[k, t] = logits
                j = len(self.targets) + t
                naive = *self.naive[t], self.sharpness[k, t]
                step.pending[k, j] = ClassForecast(logits, network, counted, context, self.accepted[j], *naive)
