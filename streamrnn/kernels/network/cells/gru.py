"""Gated recurrent unit (Cho et al. 2014), reset after the product as in cuDNN and PyTorch: ::

r, z = sigmoid(a_r + b_r), sigmoid(a_z + b_z)             a = W_ih x + b_ih,  b = W_hh h' + b_hh
n = tanh(a_n + r b_n)
h = (1 - z) n + z h'
"""

from __future__ import annotations

from ...machine.vector import load, store
from ..activations import sigmoid, tanh
from .over_units import over_units

GATES = 3
KEPT = 4  # r, z, n, b_n: each a block of `hidden` numbers
KEEPS = 1  # the gate that keeps the state


@over_units
def gru_forward(like, j, hidden, gates, kept, h, slot, previous):
    """gates: (2, 3 hidden), kept: (slots, 4 hidden), h: (slots, hidden_width); writes kept[slot] and h[slot]."""
    r = sigmoid(load(like, gates, 0, j) + load(like, gates, 1, j))
    z = sigmoid(load(like, gates, 0, hidden + j) + load(like, gates, 1, hidden + j))
    b_n = load(like, gates, 1, 2 * hidden + j)
    n = tanh(load(like, gates, 0, 2 * hidden + j) + r * b_n)
    store(kept, slot, j, r)
    store(kept, slot, hidden + j, z)
    store(kept, slot, 2 * hidden + j, n)
    store(kept, slot, 3 * hidden + j, b_n)
    store(h, slot, j, n + z * (load(like, h, previous, j) - n))


@over_units
def gru_backward(like, j, hidden, kept, h, slot, previous, d_h, d_input, d_state):
    """h, d_h: (slots, hidden_width), d_input, d_state: (slots, 3 hidden).

    Writes the slopes at a and b to d_input[slot] and d_state[slot]; adds what passes z to d_h[previous].
    """
    r, z = load(like, kept, slot, j), load(like, kept, slot, hidden + j)
    n, b_n = load(like, kept, slot, 2 * hidden + j), load(like, kept, slot, 3 * hidden + j)
    d_y = load(like, d_h, slot, j)
    d_n = d_y - d_y * z
    d_a = d_n - d_n * n * n
    d_r = d_a * b_n * (r - r * r)
    d_z = d_y * (load(like, h, previous, j) - n) * (z - z * z)
    store(d_input, slot, j, d_r)
    store(d_input, slot, hidden + j, d_z)
    store(d_input, slot, 2 * hidden + j, d_a)
    store(d_state, slot, j, d_r)
    store(d_state, slot, hidden + j, d_z)
    store(d_state, slot, 2 * hidden + j, d_a * r)
    store(d_h, previous, j, load(like, d_h, previous, j) + d_y * z)
