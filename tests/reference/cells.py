"""Every cell gate by gate, one step forward and one step back, and the sweep back through a window.

Names and equations are PyTorch's. A gate's rows stand in `weight_ih` and `weight_hh` one block of H after the other:
GRU r, z, n; LSTM i, f, g, o; coupled LSTM f, g, o. On the way back activations are those kept on the way forward, and
matrices are those of today (Williams & Peng 1990).

With `gain_ih` and `gain_hh` the sums of each gate are normalised first, over its units (Ba et al. 2016; Zhang &
Sennrich 2019).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Parameters = dict[str, Array]
WEIGHT_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "gain_ih", "gain_hh")  # the last two: with a norm
EPSILON = 1e-5


@dataclass
class LayerState:
    """What a layer carries from one step to the next; `cell` is used by the LSTM alone."""

    hidden: Array  # (H,)
    cell: Array  # (H,)


@dataclass
class Sums:
    """One part of the gates' sums, and how it was normalised."""

    gates: list[Array]  # (H,) each
    normal: list[Array] = field(default_factory=list)  # (H,) each, before gain and bias
    factor: list[float] = field(default_factory=list)
    centred: bool = False


@dataclass
class LayerStep:
    """What one layer computed at one step."""

    before: LayerState
    sums: tuple[Sums, Sums]
    gates: dict[str, Array]  # name -> (H,), after its nonlinearity
    after: LayerState


@dataclass
class LayerGradient:
    """The slopes that leave a layer at one step on the way back."""

    weights: Parameters  # by WEIGHT_NAMES
    d_inputs: Array
    d_before: LayerState


@dataclass
class Activations:
    """Everything that one step of the network computed."""

    inputs: Array  # (2F,)
    layers: list[LayerStep] = field(default_factory=list)
    diverged: bool = False

    def read(self, head: str) -> Array:
        """What the heads read: the top layer, or all of them side by side."""
        layers = self.layers if head == "all" else self.layers[-1:]
        return np.concatenate([layer.after.hidden for layer in layers])

    @property
    def state(self) -> list[LayerState]:
        return [layer.after for layer in self.layers]

    def inputs_of(self, layer: int) -> Array:
        """The layer below is read where it is kept, so that a zeroed state is zero for the layer above as well."""
        return self.inputs if layer == 0 else self.layers[layer - 1].after.hidden


def sigmoid(x: Array) -> Array:
    with np.errstate(over="ignore"):  # exp(-x) = inf is right: the limit is 0
        return 1.0 / (1.0 + np.exp(-x))


def zero_state(layers: int, hidden: int) -> list[LayerState]:
    return [LayerState(np.zeros(hidden), np.zeros(hidden)) for _ in range(layers)]


def layer_weights(parameters: Parameters, layer: int) -> Parameters:
    return {name: parameters[f"{name}_l{layer}"] for name in WEIGHT_NAMES if f"{name}_l{layer}" in parameters}


def gate_sums(weights: Parameters, norm: str, inputs: Array, hidden: Array, gates: int) -> tuple[Sums, Sums]:
    """For every gate W_i x + b_i and W_h h' + b_h, apart: the GRU resets the second alone."""
    return part_sums(weights, norm, "ih", inputs, gates), part_sums(weights, norm, "hh", hidden, gates)


def part_sums(weights: Parameters, norm: str, part: str, values: Array, gates: int) -> Sums:
    products, bias = weights[f"weight_{part}"] @ values, weights[f"bias_{part}"]
    if norm == "none":
        return Sums(np.split(products + bias, gates))
    sums = Sums([], centred=norm == "layer")
    for product, gain, offset in zip(
        np.split(products, gates), np.split(weights[f"gain_{part}"], gates), np.split(bias, gates), strict=True
    ):
        centred = product - product.mean() if sums.centred else product
        sums.factor.append(float(1.0 / np.sqrt(np.mean(centred**2) + EPSILON)))
        sums.normal.append(centred * sums.factor[-1])
        sums.gates.append(gain * sums.normal[-1] + offset)
    return sums


def gate_sums_backward(
    weights: Parameters, inputs: Array, kept: LayerStep, d_from_inputs: list[Array], d_from_hidden: list[Array]
) -> tuple[Parameters, Array, Array]:
    """Slopes of the weights, of the inputs and of the hidden state before."""
    d_weights: Parameters = {}
    d_values = []
    for part, values, sums, d_gates in (
        ("ih", inputs, kept.sums[0], d_from_inputs), ("hh", kept.before.hidden, kept.sums[1], d_from_hidden)
    ):  # fmt: skip
        d_products = np.concatenate(d_gates)
        d_weights[f"bias_{part}"] = d_products
        if sums.normal:
            d_weights[f"gain_{part}"] = d_products * np.concatenate(sums.normal)
            gains = np.split(weights[f"gain_{part}"], len(sums.gates))
            d_products = np.concatenate(
                [
                    factor * normalised_backward(d * gain, normal, sums.centred)
                    for d, gain, normal, factor in zip(d_gates, gains, sums.normal, sums.factor, strict=True)
                ]
            )
        d_weights[f"weight_{part}"] = np.outer(d_products, values)
        d_values.append(weights[f"weight_{part}"].T @ d_products)
    return d_weights, d_values[0], d_values[1]


def normalised_backward(d_normal: Array, normal: Array, centred: bool) -> Array:
    """The slope before the norm, but for its factor."""
    return d_normal - normal * np.mean(d_normal * normal) - (np.mean(d_normal) if centred else 0.0)


def elman_forward(weights: Parameters, norm: str, nonlinearity: str, inputs: Array, before: LayerState) -> LayerStep:
    """h = tanh or relu(W_ih x + b_ih + W_hh h' + b_hh)."""
    sums = gate_sums(weights, norm, inputs, before.hidden, 1)
    (x,), (h,) = sums[0].gates, sums[1].gates
    hidden = np.tanh(x + h) if nonlinearity == "tanh" else np.maximum(x + h, 0.0)
    return LayerStep(before, sums, {}, LayerState(hidden, np.zeros_like(hidden)))


def elman_backward(
    weights: Parameters, nonlinearity: str, inputs: Array, kept: LayerStep, d_after: LayerState
) -> LayerGradient:
    hidden = kept.after.hidden
    d_sum = d_after.hidden * (1.0 - hidden**2 if nonlinearity == "tanh" else np.where(hidden > 0.0, 1.0, 0.0))
    d_weights, d_inputs, d_hidden = gate_sums_backward(weights, inputs, kept, [d_sum], [d_sum])
    return LayerGradient(d_weights, d_inputs, LayerState(d_hidden, np.zeros_like(d_hidden)))


def gru_forward(weights: Parameters, norm: str, inputs: Array, before: LayerState) -> LayerStep:
    """r, z = sigmoid(...), n = tanh(W_in x + b_in + r * (W_hn h' + b_hn)), h = (1 - z) * n + z * h'."""
    sums = gate_sums(weights, norm, inputs, before.hidden, 3)
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sums[0].gates, sums[1].gates
    r = sigmoid(x_r + h_r)
    z = sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    hidden = (1.0 - z) * n + z * before.hidden
    return LayerStep(before, sums, {"r": r, "z": z, "n": n, "h_n": h_n}, LayerState(hidden, np.zeros_like(hidden)))


def gru_backward(weights: Parameters, inputs: Array, kept: LayerStep, d_after: LayerState) -> LayerGradient:
    r, z, n, h_n = (kept.gates[name] for name in ("r", "z", "n", "h_n"))
    d_n = d_after.hidden * (1.0 - z)
    d_z = d_after.hidden * (kept.before.hidden - n)
    d_sum_n = d_n * (1.0 - n**2)
    d_r = d_sum_n * h_n
    d_sum_r = d_r * r * (1.0 - r)
    d_sum_z = d_z * z * (1.0 - z)
    d_weights, d_inputs, d_hidden = gate_sums_backward(
        weights, inputs, kept, [d_sum_r, d_sum_z, d_sum_n], [d_sum_r, d_sum_z, d_sum_n * r]
    )
    d_hidden = d_hidden + d_after.hidden * z
    return LayerGradient(d_weights, d_inputs, LayerState(d_hidden, np.zeros_like(d_hidden)))


def lstm_forward(weights: Parameters, norm: str, inputs: Array, before: LayerState) -> LayerStep:
    """i, f, o = sigmoid(...), g = tanh(...), c = f * c' + i * g, h = o * tanh(c)."""
    sums = gate_sums(weights, norm, inputs, before.hidden, 4)
    (x_i, x_f, x_g, x_o), (h_i, h_f, h_g, h_o) = sums[0].gates, sums[1].gates
    i = sigmoid(x_i + h_i)
    f = sigmoid(x_f + h_f)
    g = np.tanh(x_g + h_g)
    o = sigmoid(x_o + h_o)
    cell = f * before.cell + i * g
    return LayerStep(before, sums, {"i": i, "f": f, "g": g, "o": o}, LayerState(o * np.tanh(cell), cell))


def lstm_backward(weights: Parameters, inputs: Array, kept: LayerStep, d_after: LayerState) -> LayerGradient:
    i, f, g, o = (kept.gates[name] for name in ("i", "f", "g", "o"))
    tanh_cell = np.tanh(kept.after.cell)
    d_o = d_after.hidden * tanh_cell
    d_cell = d_after.cell + d_after.hidden * o * (1.0 - tanh_cell**2)
    d_sum_i = d_cell * g * i * (1.0 - i)
    d_sum_f = d_cell * kept.before.cell * f * (1.0 - f)
    d_sum_g = d_cell * i * (1.0 - g**2)
    d_sum_o = d_o * o * (1.0 - o)
    d_sums = [d_sum_i, d_sum_f, d_sum_g, d_sum_o]
    d_weights, d_inputs, d_hidden = gate_sums_backward(weights, inputs, kept, d_sums, d_sums)
    return LayerGradient(d_weights, d_inputs, LayerState(d_hidden, d_cell * f))


def coupled_lstm_forward(weights: Parameters, norm: str, inputs: Array, before: LayerState) -> LayerStep:
    """f, o = sigmoid(...), g = tanh(...), c = f * c' + (1 - f) * g, h = o * tanh(c)."""
    sums = gate_sums(weights, norm, inputs, before.hidden, 3)
    (x_f, x_g, x_o), (h_f, h_g, h_o) = sums[0].gates, sums[1].gates
    f = sigmoid(x_f + h_f)
    g = np.tanh(x_g + h_g)
    o = sigmoid(x_o + h_o)
    cell = f * before.cell + (1.0 - f) * g
    return LayerStep(before, sums, {"f": f, "g": g, "o": o}, LayerState(o * np.tanh(cell), cell))


def coupled_lstm_backward(weights: Parameters, inputs: Array, kept: LayerStep, d_after: LayerState) -> LayerGradient:
    f, g, o = (kept.gates[name] for name in ("f", "g", "o"))
    tanh_cell = np.tanh(kept.after.cell)
    d_cell = d_after.cell + d_after.hidden * o * (1.0 - tanh_cell**2)
    d_sum_f = d_cell * (kept.before.cell - g) * f * (1.0 - f)
    d_sum_g = d_cell * (1.0 - f) * (1.0 - g**2)
    d_sum_o = d_after.hidden * tanh_cell * o * (1.0 - o)
    d_sums = [d_sum_f, d_sum_g, d_sum_o]
    d_weights, d_inputs, d_hidden = gate_sums_backward(weights, inputs, kept, d_sums, d_sums)
    return LayerGradient(d_weights, d_inputs, LayerState(d_hidden, d_cell * f))


FORWARD = {"gru": gru_forward, "lstm": lstm_forward, "coupled-lstm": coupled_lstm_forward}
BACKWARD = {"gru": gru_backward, "lstm": lstm_backward, "coupled-lstm": coupled_lstm_backward}


@dataclass(frozen=True)
class Cell:
    """What a layer is made of."""

    name: str
    nonlinearity: str = "tanh"  # of the Elman cell
    norm: str = "none"

    def forward(self, weights: Parameters, inputs: Array, before: LayerState) -> LayerStep:
        if self.name == "elman":
            return elman_forward(weights, self.norm, self.nonlinearity, inputs, before)
        return FORWARD[self.name](weights, self.norm, inputs, before)

    def backward(self, weights: Parameters, inputs: Array, kept: LayerStep, d_after: LayerState) -> LayerGradient:
        if self.name == "elman":
            return elman_backward(weights, self.nonlinearity, inputs, kept, d_after)
        return BACKWARD[self.name](weights, inputs, kept, d_after)


def forward_step(cell: Cell, parameters: Parameters, inputs: Array, state: list[LayerState]) -> Activations:
    """One step of all layers from `state`; a step with a non-finite hidden value leaves the zero state."""
    step = Activations(inputs)
    for layer, before in enumerate(state):
        weights = layer_weights(parameters, layer)
        step.layers.append(cell.forward(weights, step.inputs_of(layer), before))
    step.diverged = not all(np.isfinite(layer.after.hidden).all() for layer in step.layers)
    if step.diverged:
        for kept, zero in zip(step.layers, zero_state(len(state), step.layers[0].after.hidden.size), strict=True):
            kept.after = zero
    return step


def head_forward(parameters: Parameters, read: Array) -> Array:
    return parameters["head.weight"] @ read + parameters["head.bias"]


def sweep(
    cell: Cell, head: str, parameters: Parameters, steps: list[Activations], d_outputs: list[Array]
) -> tuple[Parameters, list[Array]]:
    """Gradient of the losses whose slopes stand in `d_outputs`, one (O,) for every step, oldest first; and the slopes
    of the inputs of every step.

    The state that enters the oldest step is a constant.
    """
    d_inputs: list[Array] = []
    gradient = {name: np.zeros_like(value) for name, value in parameters.items()}
    d_state = zero_state(len(steps[0].layers), steps[0].layers[0].after.hidden.size)
    for step, d_output in reversed(list(zip(steps, d_outputs, strict=True))):
        read = step.read(head)
        gradient["head.weight"] += np.outer(d_output, read)
        gradient["head.bias"] += d_output
        d_read = parameters["head.weight"].T @ d_output
        d_read_by_layer = (
            np.split(d_read, len(step.layers)) if head == "all" else [0.0] * (len(step.layers) - 1) + [d_read]
        )
        d_from_above: Any = 0.0
        for layer in reversed(range(len(step.layers))):
            d_above = d_from_above + d_read_by_layer[layer]
            d_after = LayerState(d_state[layer].hidden + d_above, d_state[layer].cell)
            weights = layer_weights(parameters, layer)
            back = cell.backward(weights, step.inputs_of(layer), step.layers[layer], d_after)
            for name, d_weight in back.weights.items():
                gradient[f"{name}_l{layer}"] += d_weight
            d_state[layer] = back.d_before
            d_from_above = back.d_inputs
        d_inputs.insert(0, d_from_above)
    return gradient, d_inputs
