"""One step of any cell, any number of layers, and the head that reads the top one."""

from __future__ import annotations

from .cells.elman import elman_forward
from .cells.gru import gru_forward
from .cells.lstm import lstm_forward
from .jit import kernel
from .linear import linear_forward
from .state import bias, matrix, plane
from .vector import is_finite

ELMAN, GRU, LSTM = 0, 1, 2  # as in settings.CELLS
BLOCKS_PER_LAYER = 4  # weight_ih, weight_hh, bias_ih, bias_hh


@kernel
def slot_before(slot, slots):
    """The ring's slot of the step before."""
    return slot - 1 if slot > 0 else slots - 1


@kernel
def forward_step(sizes, network, scratch, ring, slot):
    """Take ring.inputs[slot] through every layer; writes ring.hidden and ring.kept at the slot."""
    previous = slot_before(slot, sizes.slots)
    for layer in range(sizes.layers):
        block = BLOCKS_PER_LAYER * layer
        below = plane(ring.hidden, layer - 1) if layer > 0 else ring.inputs
        hidden, kept = plane(ring.hidden, layer), plane(ring.kept, layer)
        for part in range(2):  # the input's, then the state's
            x, row = (below, slot) if part == 0 else (hidden, previous)
            weight = matrix(network.weights, network, block + part, sizes.gate_rows, x.shape[1])
            offset = bias(network.weights, network, block + 2 + part, sizes.gate_rows)
            linear_forward(weight, offset, x, row, scratch.gates, part)
        if sizes.cell == LSTM:
            lstm_forward(sizes.hidden, scratch.gates, kept, hidden, slot, previous)
        elif sizes.cell == GRU:
            gru_forward(sizes.hidden, scratch.gates, kept, hidden, slot, previous)
        else:
            elman_forward(sizes.hidden, sizes.relu, scratch.gates, hidden, slot)


@kernel
def open_head(flat, sizes, network):
    """View the head in the flat weights or gradient: (outputs, hidden_width), (outputs,)."""
    block = BLOCKS_PER_LAYER * sizes.layers
    weight = matrix(flat, network, block, sizes.outputs, sizes.hidden_width)
    return weight, bias(flat, network, block + 1, sizes.outputs)


@kernel
def read_head(sizes, network, ring, slot):
    """Write ring.outputs from the top layer at a slot."""
    weight, offset = open_head(network.weights, sizes, network)
    linear_forward(weight, offset, plane(ring.hidden, sizes.layers - 1), slot, ring.outputs, slot)


@kernel
def state_is_finite(sizes, ring, slot):
    """Whether every layer's output at a slot is finite."""
    sum_ = 0.0
    for layer in range(sizes.layers):
        for j in range(sizes.hidden):
            sum_ += abs(ring.hidden[layer, slot, j])
    return is_finite(sum_)


@kernel
def clear_state(sizes, ring, slot):
    """Make a slot hold the state before a first step: zeros."""
    for layer in range(sizes.layers):
        for j in range(sizes.hidden):
            ring.hidden[layer, slot, j] = 0
        for j in range(sizes.kept_width):
            ring.kept[layer, slot, j] = 0
