"""What an error costs, and the loss's slope at the output. Both in scaled units, as PyTorch defines them.

Squared and absolute error; Huber (1964); the quantile ("pinball") loss of Koenker & Bassett (1978).
"""

from __future__ import annotations

from ..machine.jit import kernel

SQUARED, ABSOLUTE, HUBER, QUANTILE = 0, 1, 2, 3  # as in settings.LOSSES


@kernel
def loss_forward(kind, delta, level, output, label):
    """The loss of one output."""
    error = output - label
    size = abs(error)
    if kind == SQUARED:
        return error * error
    if kind == ABSOLUTE:
        return size
    if kind == HUBER:
        return 0.5 * error * error if size <= delta else delta * (size - 0.5 * delta)
    return (1.0 - level) * error if error > 0.0 else -level * error


@kernel
def loss_backward(kind, delta, level, output, label):
    """The loss's slope at one output; at a corner, the middle one of an absolute error and 0."""
    error = output - label
    if kind == SQUARED:
        return 2.0 * error
    if kind == HUBER:
        return min(max(error, -delta), delta)
    if error == 0.0:
        return 0.0
    if kind == ABSOLUTE:
        return 1.0 if error > 0.0 else -1.0
    return 1.0 - level if error > 0.0 else -level
