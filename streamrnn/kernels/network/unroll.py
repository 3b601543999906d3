"""Back through the window: truncated backpropagation through time over the ring of kept activations.

The one input is ``ring.d_outputs``, the slopes that reveals have written. From the newest step with a slope the
sweep goes back to ``window - 1`` steps before the oldest one, layer by layer from the top. Activations are as they
were kept, matrices as they are now (Williams & Peng 1990, with their h' = stride and h = window; Werbos 1990).
"""

from __future__ import annotations

from ..arrays.places import RENEWED, SEQUENCE_START, STEPS
from ..arrays.ring import slot_after, slot_before
from ..arrays.views import bias, matrix, plane
from ..categories.classifier import classes_backward, clear_class_gradient, clear_class_slopes, has_class_slopes
from ..categories.embeddings import clear_embedding_gradient, embeddings_backward
from ..machine.jit import inlined, kernel
from .cells.coupled_lstm import coupled_lstm_backward
from .cells.elman import elman_backward
from .cells.gru import gru_backward
from .cells.lstm import lstm_backward
from .fetching import fetch_part
from .linear import add_scaled, linear_backward_bias, linear_backward_input, linear_backward_weight
from .norm import NO_NORM, clear_norm_gradient, norm_backward
from .recurrence import BLOCKS_PER_LAYER, COUPLED_LSTM, GRU, LSTM, open_head, read_layers


@kernel
def backward_sweep(model, lane, ahead):
    """Write the gradient of all that was revealed since the last update; clears the slopes.

    ahead: what will be needed after this sweep, as `keys.lane_after` gives it, which is brought close meanwhile
    Returns the first step that it covers, and how many; none if every slope's step has left the ring.
    """
    sizes = model.sizes
    earliest, count = sweep_reach(model, lane)
    if count == 0:
        return 0, 0
    span = (earliest % sizes.slots, count, sizes.slots)
    _clear_gradient(model)
    head_backward(model, lane, span)
    for layer in range(sizes.layers - 1, -1, -1):
        if sizes.read_width > 0:
            add_slopes_of_heads(model, layer, span)
        _layer_backward(model, lane, layer, span, ahead)
    return earliest, count


@kernel
def sweep_reach(model, lane):
    """Return the first step that a sweep covers, and how many; none if every slope's step has left the ring."""
    sizes, counts = model.sizes, lane.counts
    newest, oldest = _graded_ages(model, lane)
    if newest < 0:
        return 0, 0
    last = counts[STEPS] - 1
    begun = max(counts[SEQUENCE_START], counts[RENEWED])
    earliest = max(last - oldest - (sizes.window - 1), begun, last - sizes.slots + 2)
    return earliest, last - newest - earliest + 1


@kernel
def _graded_ages(model, lane):
    """Return how many steps ago the newest and the oldest step with a slope were; -1 if none."""
    slots, graded, counts = model.sizes.slots, lane.ring.graded, lane.counts
    newest, oldest, slot = -1, -1, counts[STEPS] % slots
    for age in range(min(slots - 1, counts[STEPS] - counts[SEQUENCE_START])):
        slot = slot_before(slot, slots)
        if graded[slot, 1] > 0 or has_class_slopes(model.coding, lane, slot):
            oldest = age
            if newest < 0:
                newest = age
    return newest, oldest


@kernel
def _clear_gradient(model):
    """Set at zero what a sweep adds to; all else it writes."""
    sizes = model.sizes
    d_weight, d_bias = open_head(model.network.gradient, model)
    for out in range(sizes.outputs):
        d_bias[out] = 0
        for j in range(sizes.head_width):
            d_weight[out, j] = 0
    clear_class_gradient(model.coding, model)
    clear_embedding_gradient(model.coding, model)
    for layer in range(sizes.layers if sizes.norm != NO_NORM else 0):
        for part in range(2):
            clear_norm_gradient(model, layer, part, BLOCKS_PER_LAYER * layer + 2 + part)


@kernel
def head_backward(model, lane, span):
    """Add slopes of outputs to the head's gradient, and write those of what it reads: the top's d_hidden, or d_read.

    A step has few graded outputs among many (one horizon's), so they are taken one by one.
    """
    sizes, network, ring, scratch = model.sizes, model.network, lane.ring, model.scratch
    read, d_read = read_layers(model, ring), scratch.d_read if sizes.read_width > 0 else scratch.d_hidden
    weight, _ = open_head(network.weights, model)
    d_weight, d_bias = open_head(network.gradient, model)
    slot, count, slots = span
    for _ in range(count):
        for j in range(sizes.hidden_width):
            scratch.d_hidden[slot, j] = 0
        for j in range(sizes.read_width):
            scratch.d_read[slot, j] = 0
        for out in range(ring.graded[slot, 0], ring.graded[slot, 1]):
            slope = ring.d_outputs[slot, out]
            d_bias[out] += slope
            add_scaled(slope, read, slot, d_weight, out)
            add_scaled(slope, weight, out, d_read, slot)
        classes_backward(model.coding, model, lane, slot, d_read)
        clear_slopes(model, lane, slot)
        slot = slot_after(slot, slots)


@kernel
def add_slopes_of_heads(model, layer, span):
    """Where heads read every layer: add their slopes at this one."""
    sizes, scratch = model.sizes, model.scratch
    slot, count, slots = span
    for _ in range(count):
        for j in range(sizes.hidden):
            scratch.d_hidden[slot, j] += scratch.d_read[slot, layer * sizes.hidden + j]
        slot = slot_after(slot, slots)


@kernel
def clear_slopes(model, lane, slot):
    """Forget what was revealed of one step."""
    ring = lane.ring
    for out in range(ring.graded[slot, 0], ring.graded[slot, 1]):
        ring.d_outputs[slot, out] = 0
    ring.graded[slot, 0] = 0
    ring.graded[slot, 1] = 0
    clear_class_slopes(model.coding, lane, slot)


@kernel
def _layer_backward(model, lane, layer, span, ahead):
    """One layer: the chain back through time, then the gradient of its matrices as one product over all steps."""
    sizes, network, scratch = model.sizes, model.network, model.scratch
    first, count, slots = span
    weight_hh = matrix(network.weights, network, BLOCKS_PER_LAYER * layer + 1, sizes.gate_rows, sizes.hidden_width)
    d_state = d_gates_of_state(sizes, scratch)
    for j in range(sizes.hidden_width):
        scratch.d_state[0, j] = 0
    slot = (first + count - 1) % slots
    for step in range(count):
        previous = slot_before(slot, slots)
        gates_backward(model, scratch, lane, layer, slot, previous)
        if layer == 0:
            fetch_part(ahead, step, count)
        if step + 1 < count:
            linear_backward_input(weight_hh, d_state, slot, scratch.d_hidden, previous)
        slot = previous
    _matrices_backward(model, lane, layer, span)
    inputs_backward(model, lane, layer, span)


@inlined
def d_gates_of_state(sizes, scratch):
    """Slopes at the state's part of the gates, where those are not the same as at the input's."""
    if sizes.cell == GRU or sizes.norm != NO_NORM:
        return scratch.d_gates_hidden
    return scratch.d_gates_input


@inlined
def gates_backward(model, scratch, lane, layer, slot, previous):
    """From the slope at one step's output to those at its gates; what passes by the gates goes to the step before."""
    sizes, d_hidden, d_input = model.sizes, scratch.d_hidden, scratch.d_gates_input
    hidden, kept = plane(lane.ring.hidden, layer), plane(lane.ring.kept, layer)
    d_state = d_gates_of_state(sizes, scratch)
    if sizes.cell == LSTM:
        lstm_backward(sizes.hidden, kept, slot, previous, d_hidden, scratch.d_state, d_input)
    elif sizes.cell == GRU:
        gru_backward(sizes.hidden, kept, hidden, slot, previous, d_hidden, d_input, d_state)
    elif sizes.cell == COUPLED_LSTM:
        coupled_lstm_backward(sizes.hidden, kept, slot, previous, d_hidden, scratch.d_state, d_input)
    else:
        elman_backward(sizes.hidden, hidden, d_hidden, slot, d_input, sizes.relu)
    if sizes.norm != NO_NORM:
        _norms_backward(model, lane, layer, slot, d_input, d_state)


@kernel
def _norms_backward(model, lane, layer, slot, d_input, d_state):
    """Both parts' norms, at one step."""
    block = BLOCKS_PER_LAYER * layer
    if model.sizes.cell != GRU:
        for j in range(model.sizes.gate_rows):
            d_state[slot, j] = d_input[slot, j]
    norm_backward(model, lane, layer, slot, 0, block + 2, d_input)
    norm_backward(model, lane, layer, slot, 1, block + 3, d_state)


@kernel
def _matrices_backward(model, lane, layer, span):
    """The gradient of one layer's matrices."""
    sizes, network, ring = model.sizes, model.network, lane.ring
    d_input, d_state = model.scratch.d_gates_input, d_gates_of_state(sizes, model.scratch)
    block = BLOCKS_PER_LAYER * layer
    below, hidden = inputs_of_layer(ring, layer), plane(ring.hidden, layer)
    d_weight_ih = matrix(network.gradient, network, block, sizes.gate_rows, below.shape[1])
    d_weight_hh = matrix(network.gradient, network, block + 1, sizes.gate_rows, sizes.hidden_width)
    linear_backward_weight(d_input, below, span[0], span, d_weight_ih)
    linear_backward_weight(d_state, hidden, slot_before(span[0], span[2]), span, d_weight_hh)
    if sizes.norm == NO_NORM:  # else the norms have written it
        d_bias_ih = bias(network.gradient, network, block + 2, sizes.gate_rows)
        d_bias_hh = bias(network.gradient, network, block + 3, sizes.gate_rows)
        linear_backward_bias(d_input, d_state, span, d_bias_ih, d_bias_hh)


@inlined
def inputs_of_layer(ring, layer):
    """View what one layer takes: the outputs of the one below it, or the network's inputs."""
    return plane(ring.hidden, layer - 1) if layer > 0 else ring.inputs


@kernel
def inputs_backward(model, lane, layer, span):
    """From the slopes at one layer's gates to those at the layer below it, or to the embeddings' gradient."""
    sizes, network, d_hidden, d_input = model.sizes, model.network, model.scratch.d_hidden, model.scratch.d_gates_input
    width = inputs_of_layer(lane.ring, layer).shape[1]
    weight_ih = matrix(network.weights, network, BLOCKS_PER_LAYER * layer, sizes.gate_rows, width)
    if layer == 0:
        embeddings_backward(model.coding, model, lane, weight_ih, d_input, span)
        return
    slot, count, slots = span
    for _ in range(count):
        for j in range(sizes.hidden_width):
            d_hidden[slot, j] = 0
        linear_backward_input(weight_ih, d_input, slot, d_hidden, slot)
        slot = slot_after(slot, slots)
