"""Long short-term memory whose input gate is what the forget gate leaves (Greff et al. 2017, their CIFG).

Three gates instead of four, and a cell state that stays between -1 and 1: ::

    f, o = sigmoid(a_f), sigmoid(a_o)                   a = (W_ih x + b_ih) + (W_hh h' + b_hh)
    g = tanh(a_g)
    c = f c' + (1 - f) g
    h = o tanh(c)
"""

from __future__ import annotations

from ...machine.vector import load, store
from ..activations import sigmoid, tanh
from .over_units import over_units

GATES = 3
KEPT = 5  # f, g, o, c, tanh(c): each a block of `hidden` numbers
STATE = 3  # the block of c
KEEPS = 0  # the gate that keeps the state


@over_units
def coupled_lstm_forward(like, j, hidden, gates, kept, h, slot, previous):
    """gates: (2, 3 hidden), kept: (slots, 5 hidden), h: (slots, hidden_width); writes kept[slot] and h[slot]."""
    f = sigmoid(load(like, gates, 0, j) + load(like, gates, 1, j))
    g = tanh(load(like, gates, 0, hidden + j) + load(like, gates, 1, hidden + j))
    o = sigmoid(load(like, gates, 0, 2 * hidden + j) + load(like, gates, 1, 2 * hidden + j))
    c = g + f * (load(like, kept, previous, STATE * hidden + j) - g)
    tanh_c = tanh(c)
    store(kept, slot, j, f)
    store(kept, slot, hidden + j, g)
    store(kept, slot, 2 * hidden + j, o)
    store(kept, slot, STATE * hidden + j, c)
    store(kept, slot, 4 * hidden + j, tanh_c)
    store(h, slot, j, o * tanh_c)


@over_units
def coupled_lstm_backward(like, j, hidden, kept, slot, previous, d_h, d_c, d_gates):
    """d_h: (slots, hidden_width), d_c: (1, hidden_width), d_gates: (slots, 3 hidden).

    Writes d_gates[slot]; d_c holds the slope at c on entry and at c' on return.
    """
    f, g = load(like, kept, slot, j), load(like, kept, slot, hidden + j)
    o, tanh_c = load(like, kept, slot, 2 * hidden + j), load(like, kept, slot, 4 * hidden + j)
    d_y = load(like, d_h, slot, j)
    d_o = d_y * tanh_c
    d_tanh = d_y * o
    d_state = load(like, d_c, 0, j) + d_tanh - d_tanh * tanh_c * tanh_c
    d_f = d_state * (load(like, kept, previous, STATE * hidden + j) - g)
    d_g = d_state - d_state * f
    store(d_gates, slot, j, d_f * (f - f * f))
    store(d_gates, slot, hidden + j, d_g - d_g * g * g)
    store(d_gates, slot, 2 * hidden + j, d_o * (o - o * o))
    store(d_c, 0, j, d_state * f)
