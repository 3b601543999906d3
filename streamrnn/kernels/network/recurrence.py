"""One step of any cell, any number of layers, and the head that reads the top one, or all."""

from __future__ import annotations

from ..arrays.ring import slot_before
from ..arrays.views import bias, matrix, plane
from ..machine.jit import kernel
from ..machine.vector import LANES, constant, fma, is_finite, load, splat, total
from .cells.coupled_lstm import coupled_lstm_forward
from .cells.elman import elman_forward
from .cells.gru import gru_forward
from .cells.lstm import lstm_forward
from .linear import linear_forward
from .norm import NO_NORM, norm_forward

ELMAN, GRU, LSTM, COUPLED_LSTM = 0, 1, 2, 3  # as in settings.CELLS
BLOCKS_PER_LAYER = 4  # weight_ih, weight_hh, bias_ih, bias_hh
HEAD_BLOCKS = 2  # weight, bias


@kernel
def forward_step(model, lane, slot):
    """Take the inputs at a slot through every layer; writes its hidden and kept."""
    sizes, network, ring, gates = model.sizes, model.network, lane.ring, model.scratch.gates
    previous = slot_before(slot, sizes.slots)
    for layer in range(sizes.layers):
        block = BLOCKS_PER_LAYER * layer
        below = plane(ring.hidden, layer - 1) if layer > 0 else ring.inputs
        hidden, kept = plane(ring.hidden, layer), plane(ring.kept, layer)
        for part in range(2):  # the input's, then the state's
            x, row = (below, slot) if part == 0 else (hidden, previous)
            weight = matrix(network.weights, network, block + part, sizes.gate_rows, x.shape[1])
            offset = bias(network.weights, network, block + 2 + part, sizes.gate_rows)
            if sizes.norm == NO_NORM:
                linear_forward(weight, offset, x, row, gates, part)
            else:
                linear_forward(weight, model.scratch.no_bias, x, row, gates, part)
                norm_forward(model, lane, layer, slot, part, offset)
        if sizes.cell == LSTM:
            lstm_forward(sizes.hidden, gates, kept, hidden, slot, previous)
        elif sizes.cell == GRU:
            gru_forward(sizes.hidden, gates, kept, hidden, slot, previous)
        elif sizes.cell == COUPLED_LSTM:
            coupled_lstm_forward(sizes.hidden, gates, kept, hidden, slot, previous)
        else:
            elman_forward(sizes.hidden, gates, hidden, slot, sizes.relu)


@kernel
def read_layers(model, ring):
    """View what heads read: the top layer's outputs, or those of all layers side by side; (slots, head_width)."""
    return ring.read if model.sizes.read_width > 0 else plane(ring.hidden, model.sizes.layers - 1)


@kernel
def open_head(flat, model):
    """View the head in the flat weights or gradient: (outputs, head_width), (outputs,)."""
    sizes, network = model.sizes, model.network
    block = BLOCKS_PER_LAYER * sizes.layers
    weight = matrix(flat, network, block, sizes.outputs, sizes.head_width)
    return weight, bias(flat, network, block + 1, sizes.outputs)


@kernel
def read_head(model, lane, slot):
    """Write the outputs at a slot."""
    ring = lane.ring
    weight, offset = open_head(model.network.weights, model)
    linear_forward(weight, offset, read_layers(model, ring), slot, ring.outputs, slot)


@kernel
def finite_step(model, lane, slot):
    """Take the inputs at a slot to the outputs; what overflows counts as zero. Returns whether nothing did."""
    ring = lane.ring
    forward_step(model, lane, slot)
    state_is_finite = _is_finite_at(ring.hidden, slot)
    if not state_is_finite:
        clear_state(model, lane, slot)
    if model.sizes.read_width > 0:
        _put_layers_side_by_side(model, ring, slot)
    read_head(model, lane, slot)
    outputs_are_finite = True
    for out in range(model.sizes.outputs):
        if not is_finite(ring.outputs[slot, out]):
            ring.outputs[slot, out] = 0
            outputs_are_finite = False
    return state_is_finite and outputs_are_finite


@kernel
def _put_layers_side_by_side(model, ring, slot):
    sizes = model.sizes
    for layer in range(sizes.layers):
        for j in range(sizes.hidden):
            ring.read[slot, layer * sizes.hidden + j] = ring.hidden[layer, slot, j]


@kernel
def _is_finite_at(hidden, slot):
    """Whether all layers' outputs at a slot are finite: 0 times another number is not 0."""
    zero = splat(constant(hidden[0, slot, 0], 0.0))
    sum_ = zero
    for layer in range(hidden.shape[0]):
        for j in range(0, hidden.shape[2], LANES):
            sum_ = fma(zero, load(zero, plane(hidden, layer), slot, j), sum_)
    return is_finite(total(sum_))


@kernel
def clear_state(model, lane, slot):
    """Make a slot hold the state before a first step: zeros."""
    sizes, ring = model.sizes, lane.ring
    for layer in range(sizes.layers):
        for j in range(sizes.hidden):
            ring.hidden[layer, slot, j] = 0
        for j in range(sizes.kept_width):
            ring.kept[layer, slot, j] = 0
