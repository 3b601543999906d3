"""The order of events within a row: observe, reveal, learn, predict; at horizon 0 predict, reveal, learn.

Predict first, then learn from the same row (Dawid 1984); learn by truncated backpropagation through time, a sweep of
`window` steps every `stride` rows (Williams & Peng 1990, BPTT(h; h')). Every step is kept for ever.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .cells import Activations, Array, Cell, LayerState, Parameters, forward_step, head_forward, sweep, zero_state
from .gate import Column, Scale
from .guard import Guard
from .rules import Loss, Optimizer
from .season_lags import SeasonLags


@dataclass
class RefRecord:
    event: set[str]
    loss: float  # mean of the losses that this row revealed, NaN if none
    expected: Array  # (T,)
    forecast: Array  # (K, T, Q)


@dataclass
class Forecast:
    """A pending forecast of one target at one horizon, with all that grading it needs."""

    values: Array  # (Q,)
    base: float
    scale: float  # NaN if the column was unsettled
    proposed: float  # the (first) output, before it was shrunk
    middle: float  # the output of the forecast proper
    last: float  # the forecast without a model
    clock: int  # accepted values of the target when it was made


@dataclass
class Step:
    activations: Activations
    pending: dict[tuple[int, int], Any] = field(default_factory=dict)  # (horizon index, target index)


@dataclass
class SweepSnapshot:
    """What the loss of one sweep depends on, besides the parameters."""

    numbers: range  # the steps swept, oldest first
    entering: list[LayerState]  # a constant
    inputs: list[Array]  # one (2F,) for each step
    labels: list[dict[Any, Any]]  # for each step: output -> label in scaled units


class ReferenceLearner:
    def __init__(
        self,
        *,
        parameters: Parameters,
        features: list[int],
        targets: list[int],
        columns: int,
        cell: str = "lstm",
        nonlinearity: str = "tanh",
        norm: str = "none",
        head: str = "top",
        layers: int = 1,
        window: int = 32,
        stride: int = 1,
        horizons: tuple[int, ...] = (1,),
        horizon_unit: str = "rows",
        max_delay: int = 0,
        skip: bool = True,
        shrink: bool = False,
        loss: str = "squared",
        huber_delta: float = 1.0,
        quantiles: tuple[float, ...] = (0.05, 0.5, 0.95),
        optimizer: str = "adam",
        lr: float = 1e-3,
        paced: bool = False,
        momentum: float = 0.9,
        alpha: float = 0.99,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        clip: float = 1.0,
        schedule: str = "constant",
        warmup: int = 0,
        guard: bool = False,
        target_weights: tuple[float, ...] = (),
        tolerance: float = math.inf,
        season_lags: bool = False,
        season: int | None = None,
        record_sweeps: bool = False,
    ) -> None:
        self.parameters = {name: np.array(value, dtype=np.float64) for name, value in parameters.items()}
        self.features, self.targets = list(features), list(targets)
        self.cell, self.head, self.layers = Cell(cell, nonlinearity, norm), head, layers
        self.window, self.stride = window, stride
        self.horizons, self.horizon_unit, self.max_delay = tuple(horizons), horizon_unit, max_delay
        self.labels_own_row = self.horizons == (0,)
        self.skip = skip and not self.labels_own_row
        self.shrink = shrink
        self.loss = Loss(loss, huber_delta)
        self.quantiles = tuple(quantiles) if loss == "quantile" else (0.5,)
        self.optimizer = Optimizer(
            optimizer, lr, momentum, alpha, beta1, beta2, eps, weight_decay, clip, schedule, warmup
        )
        self.paced = paced
        self.guard = Guard(guard and lr > 0, 1000 * stride * len(self.targets) * len(self.horizons))
        self.tolerance = tolerance
        self.target_weights = target_weights or (1.0,) * len(targets)
        self.record_sweeps = record_sweeps
        self.sees_season, self.season = season_lags, season
        self.waits = 0  # steps that may be made before a sweep that is due
        self.last_sweep: SweepSnapshot | None = None
        self.gradient: Parameters | None = None
        self.start(columns)

    def start(self, columns: int) -> None:
        """Everything that changes with the rows, besides parameters and moments."""
        shape = (len(self.targets), len(self.horizons))
        self.counts = {"nulls": 0, "invalid": 0, "far": 0, "skipped": 0, "updates": 0, "diverged": 0}
        self.metrics = {
            name: np.zeros(shape) for name in ("count", "absolute", "squared", "last_absolute", "last_squared")
        }
        labels = set(self.targets) - set(self.features) if self.labels_own_row else set()
        self.columns = [Column(self.counts, is_label=column in labels) for column in range(columns)]
        self.scales = [[Scale() for _ in self.targets] for _ in self.horizons]  # (K, T)
        self.accepted = [0 for _ in self.targets]  # values so far
        self.steps: list[Step] = []
        self.sequence_start = 0
        self.renewed = 0  # the step that began with weights that were gone back to
        self.state = zero_state(self.layers, self.parameters["weight_hh_l0"].shape[1])
        by_value = self.horizon_unit == "values"
        self.lags = SeasonLags(len(self.targets), self.horizons[-1], by_value, self.season)
        self.since = 0
        self.slopes: dict[int, Array] = {}  # step -> (O,), since the last update
        self.labels: dict[int, dict[Any, Any]] = {}  # step -> output -> label

    @property
    def outputs(self) -> int:
        return len(self.horizons) * len(self.targets) * len(self.quantiles)

    @property
    def losses(self) -> int:
        """What a mean loss is divided by."""
        return self.outputs

    @property
    def network(self) -> Parameters:
        """The parameters as `cells` takes them."""
        return self.parameters

    def gradient_of(self, d_network: Parameters, d_inputs: list[Array], numbers: range) -> Parameters:
        """The slopes of the parameters by those of the network and of its inputs at these steps."""
        return d_network

    @property
    def ring_reach(self) -> int:
        return self.window + self.stride + max(*self.horizons, 1) - 2 + self.max_delay + self.waits

    # ---- one row

    def step(self, values: Sequence[float], learn: bool = True, boundary: bool = False) -> RefRecord:
        shape = (len(self.horizons), len(self.targets), len(self.quantiles))
        self.record = RefRecord(set(), math.nan, np.full(len(self.targets), math.nan), np.full(shape, math.nan))
        self.row_losses: list[float] = []
        self.now = len(self.steps)
        row = [float(value) for value in values]
        with np.errstate(over="ignore", invalid="ignore"):  # a diverged network is told as an event
            if boundary:
                self.start_sequence(learn)
            if self.labels_own_row:
                self.predict(self.observe(row, self.features, learn), learn)
                self.reveal(self.observe(row, self.targets, learn), learn)
                self.learn(learn)
            else:
                accepted = self.observe(row, range(len(row)), learn)
                self.reveal(accepted, learn)
                self.learn(learn)
                self.predict(accepted, learn)
        if self.row_losses:
            self.record.loss = float(sum(self.row_losses) / len(self.row_losses))
        return self.record

    def late(self, number: int, labels: dict[int, float], codes: Sequence[int] = ()) -> list[float]:
        """Labels of the row of step `number`, by column: what was forecast then costs so much; learned at once."""
        missing = dict.fromkeys(range(len(self.columns)), math.nan)
        self.now, self.row_losses, self.codes = number, [], list(codes)
        known = {column: self.columns[column].observe(value, True)[0] for column, value in labels.items()}
        self.reveal(missing | known, learn=True)
        self.sweep_and_update()
        return self.row_losses

    def start_sequence(self, learn: bool) -> None:
        if learn:
            self.sweep_and_update()
        self.forget_slopes()
        self.state = zero_state(self.layers, self.state[0].hidden.size)
        self.sequence_start = self.now
        for step in self.steps:
            step.pending.clear()
        for column in self.columns:
            column.start_sequence()
        for j in range(len(self.targets)):
            self.lags.forget(j)

    # ---- observe

    def observe(self, row: list[float], columns: Sequence[int], learn: bool) -> dict[int, float]:
        accepted = {}
        for column in columns:
            accepted[column], shifted = self.columns[column].observe(row[column], learn)
            if shifted:
                self.record.event.add("level-shift")
                self.void(column)
        return accepted

    def void(self, column: int) -> None:
        """After a level shift nothing that was forecast or measured of the old level counts."""
        for j, target in enumerate(self.targets):
            if target != column:
                continue
            self.lags.forget(j)
            for k in range(len(self.horizons)):
                self.scales[k][j] = Scale()
                for step in self.steps:
                    step.pending.pop((k, j), None)

    # ---- reveal

    def reveal(self, accepted: dict[int, float], learn: bool) -> None:
        for j, target in enumerate(self.targets):
            value = accepted[target]
            if math.isnan(value):
                continue
            self.accepted[j] += 1
            for number, k in self.graded_by_value(j):
                self.grade(number, k, j, value, learn and self.columns[target].settled)

    def graded_by_value(self, j: int) -> list[tuple[int, int]]:
        """(step, horizon index) of the forecasts that the value just accepted grades, newest step first."""
        if self.labels_own_row:
            return [(self.now, 0)] if (0, j) in self.steps[self.now].pending else []
        oldest = max(self.now - max(self.horizons) - self.max_delay, 0)
        graded = []
        for number in range(self.now - 1, oldest - 1, -1):
            for k, horizon in enumerate(self.horizons):
                forecast = self.steps[number].pending.get((k, j))
                if forecast is None:
                    continue
                ago = self.now - number if self.horizon_unit == "rows" else self.accepted[j] - forecast.clock
                if ago == horizon:
                    graded.append((number, k))
        return graded

    def grade(self, number: int, k: int, j: int, value: float, learn: bool) -> None:
        """Measure a forecast, and write the slopes that it gives; a forecast is graded once."""
        forecast = self.steps[number].pending.pop((k, j))
        self.measure(forecast, k, j, value)
        if forecast.scale > 0:
            label = (value - forecast.base) / forecast.scale
            for quantile, made in zip(self.quantiles, forecast.values, strict=True):
                output = (made - forecast.base) / forecast.scale
                self.row_losses.append(self.loss.value(output, label, quantile))
            if learn and number >= self.renewed:
                self.write_slopes(number, k, j, label)
                self.scales[k][j].agree(number, forecast.proposed, label)
                self.guard.weigh(forecast.middle, label, (forecast.last - forecast.base) / forecast.scale)
        if learn and not math.isnan(forecast.scale):
            change, most = value - forecast.base, self.tolerance * forecast.scale
            self.scales[k][j].add(change if forecast.scale == 0 else min(max(change, -most), most))

    def measure(self, forecast: Forecast, k: int, j: int, value: float) -> None:
        middle = float(forecast.values[self.quantiles.index(0.5)])
        error, error_of_last = value - middle, value - forecast.last
        # The smallest horizon is the newest step's, and that one is graded first.
        if math.isnan(self.record.expected[j]):
            self.record.expected[j] = middle
        self.metrics["count"][j, k] += 1
        self.metrics["absolute"][j, k] += abs(error)
        self.metrics["squared"][j, k] += error * error
        self.metrics["last_absolute"][j, k] += abs(error_of_last)
        self.metrics["last_squared"][j, k] += error_of_last * error_of_last

    def write_slopes(self, number: int, k: int, j: int, label: float) -> None:
        """Slopes are taken at today's head, applied to the hidden state of then."""
        outputs_now = head_forward(self.network, self.steps[number].activations.read(self.head))
        slopes = self.slopes.setdefault(number, np.zeros(outputs_now.size))
        labels = self.labels.setdefault(number, {})
        for q, quantile in enumerate(self.quantiles):
            output = (k * len(self.targets) + j) * len(self.quantiles) + q
            share = self.target_weights[j] / self.losses
            now = float(outputs_now[output])
            bounded = min(max(label, now - self.tolerance), now + self.tolerance)
            slopes[output] += share * self.loss.slope(now, bounded, quantile)
            labels[output] = label

    # ---- learn

    def learn(self, learn: bool) -> None:
        self.since += 1
        if learn and self.since >= self.stride:
            self.sweep_and_update()
        if learn and self.guard.on:
            if self.guard.has_diverged(self.optimizer.skipped_in_a_row):
                self.tell_divergence()
                self.go_back()
            elif self.guard.check(self.parameters):
                self.optimizer.recover()

    def tell_divergence(self) -> None:
        self.counts["diverged"] += 1
        self.record.event.add("diverged")

    def go_back(self) -> None:
        """To weights that were good, as if they had seen nothing; what was forecast since is graded but teaches
        nothing."""
        rate = self.optimizer.rate(max(self.optimizer.updates, 1))
        self.parameters = self.guard.go_back(self.parameters, rate)
        self.optimizer.begin_anew()
        self.guard.returns += 1
        self.renew()
        for scale in (scale for horizon in self.scales for scale in horizon if scale.pooled is not None):
            scale.pooled[:] = 0.0, 100.0

    def renew(self) -> None:
        """Nothing of a stream's past with other weights teaches those of now."""
        self.state = zero_state(self.layers, self.state[0].hidden.size)
        self.forget_slopes()
        self.renewed = len(self.steps)
        for horizon in self.scales:
            for scale in horizon:
                scale.distrust()

    def sweep_and_update(self) -> None:
        pace = min(max(math.sqrt(self.since / self.stride), 1.0), 10.0) if self.paced else 1.0
        if not self.sweep():
            return
        assert self.gradient is not None
        self.guard.keep_first(self.parameters)
        if self.optimizer.update(self.parameters, self.gradient, pace=pace):
            self.counts["updates"] += 1
        else:
            self.counts["skipped"] += 1
            self.record.event.add("update-skipped")

    def sweep(self) -> bool:
        """Find the gradient of all that was revealed since the last update; False if nothing was."""
        oldest_in_ring = len(self.steps) - self.ring_reach
        self.slopes = {number: slopes for number, slopes in self.slopes.items() if number >= oldest_in_ring}
        if not self.slopes:
            return False
        oldest = max(min(self.slopes) - (self.window - 1), self.sequence_start, self.renewed, oldest_in_ring)
        numbers = range(oldest, max(self.slopes) + 1)
        steps = [self.steps[number].activations for number in numbers]
        if self.record_sweeps:
            self.last_sweep = self.snapshot(numbers, steps)
        no_slopes = np.zeros_like(self.slopes[max(self.slopes)])
        d_outputs = [self.slopes.get(number, no_slopes) for number in numbers]
        d_network, d_inputs = sweep(self.cell, self.head, self.network, steps, d_outputs)
        self.gradient = self.gradient_of(d_network, d_inputs, numbers)
        self.forget_slopes()
        self.since = 0
        return True

    def forget_slopes(self) -> None:
        self.slopes = {}
        self.labels = {}

    def snapshot(self, numbers: range, steps: list[Activations]) -> SweepSnapshot:
        entering = [layer.before for layer in steps[0].layers]
        labels = [self.labels.get(number, {}) for number in numbers]
        return SweepSnapshot(numbers, entering, [step.inputs for step in steps], labels)

    def frozen_sweep_loss(self, parameters: Parameters) -> float:
        """The loss of the last sweep (`record_sweeps=True`) with other weights, replayed from its entering state.

        While the weights never change (lr=0) `gradient` is its derivative.
        """
        assert self.last_sweep is not None, "no sweep was recorded"
        state = self.last_sweep.entering
        total = 0.0
        for inputs, labels in zip(self.last_sweep.inputs, self.last_sweep.labels, strict=True):
            step = forward_step(self.cell, parameters, inputs, state)
            outputs = head_forward(parameters, step.read(self.head))
            for output, label in labels.items():
                total += self.weighted_loss(outputs, output, label)
            state = step.state
        return total / self.losses

    def weighted_loss(self, outputs: Array, output: int, label: float) -> float:
        """What one output costs."""
        pair, q = divmod(output, len(self.quantiles))
        weight = self.target_weights[pair % len(self.targets)]
        return weight * self.loss.value(float(outputs[output]), label, self.quantiles[q])

    # ---- predict

    def predict(self, accepted: dict[int, float], learn: bool) -> None:
        inputs = np.concatenate([self.inputs(accepted), self.season_inputs(accepted)])
        activations, outputs = self.forward(inputs)
        if activations.diverged or not np.isfinite(outputs).all():
            self.tell_divergence()
            if learn and self.guard.on:
                self.go_back()
                activations, outputs = self.forward(inputs)
        self.state = activations.state
        self.steps.append(Step(activations))
        self.forecast(self.steps[-1], np.where(np.isfinite(outputs), outputs, 0.0))

    def inputs(self, accepted: dict[int, float]) -> Array:
        values = [self.columns[feature].standardise(accepted[feature]) for feature in self.features]
        missing = [1.0 if math.isnan(accepted[feature]) else 0.0 for feature in self.features]
        return np.array(values + missing)

    def season_inputs(self, accepted: dict[int, float]) -> list[float]:
        if not self.sees_season:
            return []
        deviations = [self.columns[target].deviation for target in self.targets]
        return self.lags.step([accepted[target] for target in self.targets], deviations)

    def forward(self, inputs: Array) -> tuple[Activations, Array]:
        activations = forward_step(self.cell, self.network, inputs, self.state)
        return activations, head_forward(self.network, activations.read(self.head))

    def forecast(self, step: Step, outputs: Array) -> None:
        outputs = outputs.reshape(self.record.forecast.shape)
        for k in range(len(self.horizons)):
            for j, target in enumerate(self.targets):
                column = self.columns[target]
                base = column.last if self.skip else column.middle
                if math.isnan(base):
                    continue
                scale = self.scales[k][j].value
                trust = self.scales[k][j].trust(self.now) if self.shrink else 1.0
                values = base + scale * trust * outputs[k, j]
                if not np.isfinite(values).all():
                    continue
                self.record.forecast[k, j] = values
                kept_scale = scale if column.settled else math.nan
                proposed, middle = outputs[k, j, 0], outputs[k, j, self.quantiles.index(0.5)]
                step.pending[k, j] = Forecast(
                    values, base, kept_scale, float(proposed), float(middle), column.last, self.accepted[j]
                )
