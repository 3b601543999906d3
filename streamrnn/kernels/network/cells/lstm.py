"""Long short-term memory (Hochreiter & Schmidhuber 1997) with a forget gate (Gers et al. 2000).

The gates stand in PyTorch's order: ::

    i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)        a = (W_ih x + b_ih) + (W_hh h' + b_hh)
    g = tanh(a_g)
    c = f c' + i g
    h = o tanh(c)
"""

from __future__ import annotations

from ...machine.vector import load, store
from ..activations import sigmoid, tanh
from .over_units import over_units

GATES = 4
KEPT = 6  # i, f, g, o, c, tanh(c): each a block of `hidden` numbers
STATE = 4  # the block of c
KEEPS = 1  # the gate that keeps the state


@over_units
def lstm_forward(like, j, hidden, gates, kept, h, slot, previous):
    """gates: (2, 4 hidden), kept: (slots, 6 hidden), h: (slots, hidden_width); writes kept[slot] and h[slot]."""
    i = sigmoid(load(like, gates, 0, j) + load(like, gates, 1, j))
    f = sigmoid(load(like, gates, 0, hidden + j) + load(like, gates, 1, hidden + j))
    g = tanh(load(like, gates, 0, 2 * hidden + j) + load(like, gates, 1, 2 * hidden + j))
    o = sigmoid(load(like, gates, 0, 3 * hidden + j) + load(like, gates, 1, 3 * hidden + j))
    c = f * load(like, kept, previous, STATE * hidden + j) + i * g
    tanh_c = tanh(c)
    store(kept, slot, j, i)
    store(kept, slot, hidden + j, f)
    store(kept, slot, 2 * hidden + j, g)
    store(kept, slot, 3 * hidden + j, o)
    store(kept, slot, STATE * hidden + j, c)
    store(kept, slot, 5 * hidden + j, tanh_c)
    store(h, slot, j, o * tanh_c)


@over_units
def lstm_backward(like, j, hidden, kept, slot, previous, d_h, d_c, d_gates):
    """d_h: (slots, hidden_width), d_c: (1, hidden_width), d_gates: (slots, 4 hidden).

    Writes d_gates[slot]; d_c holds the slope at c on entry and at c' on return.
    """
    i, f = load(like, kept, slot, j), load(like, kept, slot, hidden + j)
    g, o = load(like, kept, slot, 2 * hidden + j), load(like, kept, slot, 3 * hidden + j)
    tanh_c = load(like, kept, slot, 5 * hidden + j)
    d_y = load(like, d_h, slot, j)
    d_o = d_y * tanh_c
    d_tanh = d_y * o
    d_state = load(like, d_c, 0, j) + d_tanh - d_tanh * tanh_c * tanh_c
    d_i, d_g = d_state * g, d_state * i
    d_f = d_state * load(like, kept, previous, STATE * hidden + j)
    store(d_gates, slot, j, d_i * (i - i * i))
    store(d_gates, slot, hidden + j, d_f * (f - f * f))
    store(d_gates, slot, 2 * hidden + j, d_g - d_g * g * g)
    store(d_gates, slot, 3 * hidden + j, d_o * (o - o * o))
    store(d_c, 0, j, d_state * f)
