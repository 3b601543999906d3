"""The Elman cell (Elman 1990), as PyTorch's RNN: ::

h = tanh(a) or max(a, 0),    a = (W_ih x + b_ih) + (W_hh h' + b_hh)
"""

from __future__ import annotations

from ...machine.vector import constant, greater, load, positive, store
from ..activations import tanh
from .over_units import over_units

GATES = 1
KEPT = 1  # the backward pass needs the output alone; one number keeps the array from being empty


@over_units
def elman_forward(like, j, hidden, gates, h, slot, relu):
    """gates: (2, hidden), h: (slots, hidden_width); writes h[slot]."""
    a = load(like, gates, 0, j) + load(like, gates, 1, j)
    store(h, slot, j, greater(a, constant(like, 0.0)) if relu else tanh(a))


@over_units
def elman_backward(like, j, hidden, h, d_h, slot, d_gates, relu):
    """h, d_h: (slots, hidden_width), d_gates: (slots, hidden); writes d_gates[slot]."""
    y, d_y = load(like, h, slot, j), load(like, d_h, slot, j)
    store(d_gates, slot, j, d_y * positive(y) if relu else d_y - d_y * y * y)
