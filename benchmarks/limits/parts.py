"""The parts of an update, each done in several ways: by BLAS, by a plain loop, by our own kernels.

Every way is a function without arguments that does the part once, on arrays that were made beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

from streamrnn.kernels.arrays.state import padded
from streamrnn.kernels.machine.jit import uncached_entry
from streamrnn.kernels.machine.vector import LANES, constant, fma, load, root, splat, store
from streamrnn.kernels.network.linear import linear_backward_input, linear_backward_weight, linear_forward
from streamrnn.kernels.network.optimizers import sum_of_squares

Ways = dict[str, Callable[[], object]]
plain: Callable[..., Any] = numba.njit(fastmath=True, error_model="numpy", boundscheck=False)


class Shape(NamedTuple):
    """What decides how much there is to do."""

    gates: int  # rows of a recurrent matrix: gates * hidden
    hidden: int
    inputs: int  # of the network, as it pads them
    steps: int  # that a sweep covers
    parameters: int


def random(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


# --- the chain back: d_hidden of each step is d_gates of the next one times the recurrent matrix ----------------------


def chain_back(shape: Shape) -> Ways:
    weight, d_gates = random(shape.gates, padded(shape.hidden)), random(shape.steps, shape.gates)
    d_hidden = np.zeros((shape.steps, padded(shape.hidden)), np.float32)

    def blas() -> None:
        for step in range(shape.steps - 1):
            np.dot(d_gates[step], weight, out=d_hidden[step])

    return {
        "BLAS": blas,
        "plain": lambda: _plain_chain(weight, d_gates, d_hidden),
        "ours": lambda: _own_chain(weight, d_gates, d_hidden),
    }


@plain
def _plain_chain(weight: np.ndarray, d_gates: np.ndarray, d_hidden: np.ndarray) -> None:
    for step in range(d_gates.shape[0] - 1):
        for j in range(weight.shape[1]):
            d_hidden[step, j] = 0
        for i in range(weight.shape[0]):
            slope = d_gates[step, i]
            for j in range(weight.shape[1]):
                d_hidden[step, j] += slope * weight[i, j]


@uncached_entry
def _own_chain(weight: Any, d_gates: Any, d_hidden: Any) -> None:
    for step in range(d_gates.shape[0] - 1):
        linear_backward_input(weight, d_gates, step, d_hidden, step)


# --- one step forward -------------------------------------------------------------------------------------------------


def step_forward(shape: Shape) -> Ways:
    width = shape.inputs + padded(shape.hidden)
    weight, bias, x, out = random(shape.gates, width), random(shape.gates), random(1, width), random(1, shape.gates)
    return {
        "BLAS": lambda: np.dot(weight, x[0], out=out[0]),
        "plain": lambda: _plain_forward(weight, bias, x, out),
        "ours": lambda: _own_forward(weight, bias, x, out),
    }


@plain
def _plain_forward(weight: np.ndarray, bias: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    for i in range(weight.shape[0]):
        sum_ = bias[i]
        for j in range(weight.shape[1]):
            sum_ += weight[i, j] * x[0, j]
        out[0, i] = sum_


@uncached_entry
def _own_forward(weight: Any, bias: Any, x: Any, out: Any) -> None:
    linear_forward(weight, bias, x, 0, out, 0)


# --- the gradient of the weights: one product over all steps ----------------------------------------------------------


def weight_gradient(shape: Shape) -> Ways:
    width = shape.inputs + padded(shape.hidden)
    d_gates, x = random(shape.steps, shape.gates), random(shape.steps, width)
    d_weight = np.zeros((shape.gates, width), np.float32)
    return {
        "BLAS": lambda: np.dot(d_gates.T, x, out=d_weight),
        "plain": lambda: _plain_gradient(d_gates, x, d_weight),
        "ours": lambda: _own_gradient(d_gates, x, d_weight),
    }


@plain
def _plain_gradient(d_gates: np.ndarray, x: np.ndarray, d_weight: np.ndarray) -> None:
    for i in range(d_weight.shape[0]):
        for j in range(d_weight.shape[1]):
            d_weight[i, j] = 0
        for step in range(x.shape[0]):
            slope = d_gates[step, i]
            for j in range(d_weight.shape[1]):
                d_weight[i, j] += slope * x[step, j]


@uncached_entry
def _own_gradient(d_gates: Any, x: Any, d_weight: Any) -> None:
    count = x.shape[0]
    linear_backward_weight(d_gates, x, 0, (0, count, count), d_weight)


# --- the optimizer: the gradient's norm, then Adam --------------------------------------------------------------------


def optimizer_pass(shape: Shape) -> Ways:
    weights, gradient, mean, square = (random(padded(shape.parameters)) for _ in range(4))
    np.abs(square, out=square)

    def numpy() -> None:
        clip = min(1.0, 1.0 / float(np.sqrt(np.dot(gradient, gradient))))
        scaled = np.float32(clip) * gradient
        np.multiply(mean, np.float32(0.9), out=mean)
        np.add(mean, np.float32(0.1) * scaled, out=mean)
        np.multiply(square, np.float32(0.999), out=square)
        np.add(square, np.float32(0.001) * scaled * scaled, out=square)
        np.subtract(weights, np.float32(1e-6) * mean / (np.sqrt(square) + np.float32(1e-8)), out=weights)

    return {
        "NumPy": numpy,
        "plain": lambda: _plain_adam(weights, gradient, mean, square),
        "ours": lambda: _own_adam(weights, gradient, mean, square),
    }


@plain
def _plain_adam(weights: np.ndarray, gradient: np.ndarray, mean: np.ndarray, square: np.ndarray) -> None:
    sum_ = np.float32(0.0)
    for j in range(gradient.shape[0]):
        sum_ += gradient[j] * gradient[j]
    clip = np.float32(min(1.0, 1.0 / (np.sqrt(sum_) + 1e-6)))
    for j in range(gradient.shape[0]):
        slope = clip * gradient[j]
        mean[j] = np.float32(0.9) * mean[j] + np.float32(0.1) * slope
        square[j] = np.float32(0.999) * square[j] + np.float32(0.001) * slope * slope
        weights[j] -= np.float32(1e-6) * mean[j] / (np.sqrt(square[j]) + np.float32(1e-8))


@uncached_entry
def _own_adam(weights: Any, gradient: Any, mean: Any, square: Any) -> None:
    one = constant(weights[0], 1.0)
    clip = splat(constant(one, min(1.0, 1.0 / (sum_of_squares(gradient) ** 0.5 + 1e-6))))
    rate, eps = splat(constant(one, -1e-6)), splat(constant(one, 1e-8))
    keep1, take1 = splat(constant(one, 0.9)), splat(constant(one, 0.1))
    keep2, take2 = splat(constant(one, 0.999)), splat(constant(one, 0.001))
    for j in range(0, weights.shape[0], LANES):
        slope = clip * load(clip, gradient, 0, j)
        m = fma(keep1, load(clip, mean, 0, j), take1 * slope)
        v = fma(keep2, load(clip, square, 0, j), take2 * slope * slope)
        store(mean, 0, j, m)
        store(square, 0, j, v)
        store(weights, 0, j, fma(rate, m / (root(v) + eps), load(clip, weights, 0, j)))
