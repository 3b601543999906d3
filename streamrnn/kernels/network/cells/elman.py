"""The Elman cell (Elman 1990), as PyTorch's RNN: ::

h = tanh(a) or max(a, 0),    a = (W_ih x + b_ih) + (W_hh h' + b_hh)
"""

from __future__ import annotations

from ...machine.jit import kernel
from ...machine.vector import LANES, constant, greater, load, positive, splat, store
from ..activations import tanh

GATES = 1
KEPT = 1  # the backward pass needs the output alone; one number keeps the array from being empty


@kernel
def elman_forward(hidden, relu, gates, h, slot):
    """gates: (2, hidden), h: (slots, hidden_width); writes h[slot]."""
    whole = hidden - hidden % LANES
    for j in range(0, whole, LANES):
        _forward(splat(gates[0, 0]), relu, gates, j, h, slot)
    for j in range(whole, hidden):
        _forward(gates[0, 0], relu, gates, j, h, slot)


@kernel
def elman_backward(hidden, relu, h, d_h, slot, d_gates):
    """h, d_h: (slots, hidden_width), d_gates: (slots, hidden); writes d_gates[slot]."""
    whole = hidden - hidden % LANES
    for j in range(0, whole, LANES):
        _backward(splat(h[0, 0]), relu, h, d_h, slot, j, d_gates)
    for j in range(whole, hidden):
        _backward(h[0, 0], relu, h, d_h, slot, j, d_gates)


@kernel
def _forward(like, relu, gates, j, h, slot):
    a = load(like, gates, 0, j) + load(like, gates, 1, j)
    store(h, slot, j, greater(a, constant(like, 0.0)) if relu else tanh(a))


@kernel
def _backward(like, relu, h, d_h, slot, j, d_gates):
    y, d_y = load(like, h, slot, j), load(like, d_h, slot, j)
    store(d_gates, slot, j, d_y * positive(y) if relu else d_y - d_y * y * y)
