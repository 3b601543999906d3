"""Back through the windows of a group of lanes, all at once.

At each step back the slopes of all lanes go through a matrix together, so that it is loaded once and not once for each
lane; and the gradient of a matrix is one product over all steps of all lanes.
"""

from __future__ import annotations

from typing import Any

from .arrays.group import Group, network_opener, opener
from .arrays.ring import slot_after, slot_before
from .arrays.views import Model, Scratch, bias, matrix, open_lane, plane
from .keys import lane_rows
from .machine.jit import kernel
from .machine.memory import carve1, carve2
from .network.fetching import fetch_part
from .network.health import measure_reach
from .network.norm import NO_NORM
from .network.products import (
    FEW,
    GROUP,
    linear_backward_biases,
    linear_backward_columns,
    linear_backward_inputs,
    linear_backward_weights,
)
from .network.recurrence import BLOCKS_PER_LAYER
from .network.unroll import (
    add_slopes_of_heads,
    d_gates_of_state,
    gates_backward,
    inputs_backward,
    inputs_of_layer,
)

LANE_OF, FIRST, COUNT, SLOT = 0, 1, 2, 3  # places in a row of `spans`: whose sweep, its steps, where the chain is,
NEXT = 4  # and a lane of the group after this one, which comes from memory meanwhile
GROUP_SCRATCH = {name: f"group_{name}" for name in ("d_hidden", "d_gates_input", "d_gates_hidden", "d_state", "d_read")}


class Sweeps(Group):
    """The sweeps of a group."""

    spans: Any = "group_spans"  # (group, 5)
    rows: Any = "group_rows"  # (group,): row of each lane's step among all the group's
    places: Any = "group_places"  # (group,): and that of the step before
    slopes_at: Any = "group_slopes_at"  # (group_steps,): where the slopes at the gates of each step are,
    inputs_at: Any = "group_inputs_at"  # (group_steps,): what the layer was given,
    states_at: Any = "group_states_at"  # (group_steps,): and its state before; in numbers from the first lane's


class GroupModel(Model):
    """The model, with the work space of one lane of a group."""

    scratch: Scratch = GROUP_SCRATCH  # type: ignore[assignment]


class Chain(Group):
    """The work space of one lane of a group, as far as the chain back goes."""

    d_hidden: Any = "group_d_hidden"  # (slots, hidden_width)
    d_gates_input: Any = "group_d_gates_input"  # (slots, gate_rows)
    d_gates_hidden: Any = "group_d_gates_hidden"  # (slots, gate_rows)
    d_state: Any = "group_d_state"  # (1, hidden_width)


class KeptSteps(Group):
    """What a lane's steps have kept for their sweep."""

    inputs: Any  # (slots, input_width)
    hidden: Any  # (layers, slots, hidden_width)
    kept: Any  # (layers, slots, kept_width)
    normed: Any  # (layers, slots, normed_width)
    inverse: Any  # (layers, slots, norm_gates)


class KeptLane(Group):
    """A lane, as far as its sweep goes."""

    ring: KeptSteps


open_sweeps = opener(Sweeps)
open_group_model = network_opener(GroupModel)
open_chain = network_opener(Chain)
open_kept = network_opener(KeptLane)


@kernel
def group_backward(batch, pool, model, sweeps, measures):
    """Add the gradient of a group's sweeps; measures: whether the reach of the first one may be measured.

    The slopes at what the heads read are there.
    """
    real, double, integer, kind = batch
    spans, longest = sweeps.spans, 0
    for b in range(GROUP):
        longest = max(longest, spans[b, COUNT])
    for layer in range(model.sizes.layers - 1, -1, -1):
        _chain_back(batch, pool, model, sweeps, layer, longest)
        _matrices_backward(batch, pool, model, sweeps, layer)
        for b in range(GROUP):
            if spans[b, COUNT] > 0:
                lane = open_lane(real, double, integer, kind, spans[b, LANE_OF])
                group_model = open_group_model(real, double, integer, kind, b)
                inputs_backward(group_model, lane, layer, span_of(model, spans, b))
    if measures:
        measure_reach(open_group_model(real, double, integer, kind, 0), spans[0, FIRST], spans[0, COUNT])


@kernel
def span_of(model, spans, b):
    """Slots of a lane's sweep, as ``(first, count, slots)``."""
    return spans[b, FIRST] % model.sizes.slots, spans[b, COUNT], model.sizes.slots


@kernel
def _chain_back(batch, pool, model, sweeps, layer, longest):
    """The chain back through time of one layer, for all lanes of a group at once."""
    real, double, integer, kind = batch
    sizes, network, spans, slots = model.sizes, model.network, sweeps.spans, model.sizes.slots
    for b in range(GROUP):
        _begin_chain(batch, model, spans, layer, b)
    weight_hh = matrix(network.weights, network, BLOCKS_PER_LAYER * layer + 1, sizes.gate_rows, sizes.hidden_width)
    all_chains = open_chain(real, double, integer, kind, 0)
    d_gates = carve2(d_gates_of_state(sizes, all_chains), 0, GROUP * slots, sizes.gate_rows)
    d_hidden = carve2(all_chains.d_hidden, 0, GROUP * slots, sizes.hidden_width)
    for step in range(longest):
        for b in range(GROUP):
            slot, previous = spans[b, SLOT], slot_before(spans[b, SLOT], slots)
            sweeps.rows[b] = b * slots + slot
            sweeps.places[b] = b * slots + slot
            if step < spans[b, COUNT]:
                chain = open_chain(real, double, integer, kind, b)
                lane = open_kept(real, double, integer, kind, spans[b, LANE_OF])
                gates_backward(model, chain, lane, layer, slot, previous)
                sweeps.places[b] = b * slots + previous
                spans[b, SLOT] = previous
            if layer == 0:
                fetch_part(lane_rows(pool, max(spans[b, NEXT], 0)), step, longest)
        if step + 1 < longest:
            linear_backward_inputs(weight_hh, d_gates, sweeps.rows, d_hidden, sweeps.places)


@kernel
def _begin_chain(batch, model, spans, layer, b):
    """Put a lane's chain at its newest step."""
    real, double, integer, kind = batch
    spans[b, SLOT] = (spans[b, FIRST] + spans[b, COUNT] - 1) % model.sizes.slots
    group_model = open_group_model(real, double, integer, kind, b)
    for j in range(model.sizes.hidden_width):
        group_model.scratch.d_state[0, j] = 0
    if model.sizes.read_width > 0 and spans[b, COUNT] > 0:
        add_slopes_of_heads(group_model, layer, span_of(model, spans, b))


@kernel
def _matrices_backward(batch, pool, model, sweeps, layer):
    """The gradient of one layer's matrices: one product over all steps of a group."""
    real, double, integer, kind = batch
    sizes, network = model.sizes, model.network
    chains, ring = open_chain(real, double, integer, kind, 0), open_kept(real, double, integer, kind, 0).ring
    below, hidden = inputs_of_layer(ring, layer), plane(ring.hidden, layer)
    count = _place_steps(pool, model, sweeps, below.shape[1])
    d_input, d_state = carve1(chains.d_gates_input, 0, 0), carve1(d_gates_of_state(sizes, chains), 0, 0)
    block = BLOCKS_PER_LAYER * layer
    d_weight_ih = matrix(network.gradient, network, block, sizes.gate_rows, below.shape[1])
    d_weight_hh = matrix(network.gradient, network, block + 1, sizes.gate_rows, sizes.hidden_width)
    slopes_at, inputs, inputs_at = sweeps.slopes_at, carve1(below, 0, 0), sweeps.inputs_at
    if layer == 0 and sizes.inputs <= FEW:
        sums = model.scratch.gates
        linear_backward_columns(d_input, slopes_at, inputs, inputs_at, count, sizes.inputs, sums, d_weight_ih)
    else:
        linear_backward_weights(d_input, slopes_at, inputs, inputs_at, count, d_weight_ih)
    linear_backward_weights(d_state, slopes_at, carve1(hidden, 0, 0), sweeps.states_at, count, d_weight_hh)
    if sizes.norm == NO_NORM:  # else the norms have written it
        d_bias_ih = bias(network.gradient, network, block + 2, sizes.gate_rows)
        d_bias_hh = bias(network.gradient, network, block + 3, sizes.gate_rows)
        linear_backward_biases(d_input, slopes_at, count, d_bias_ih)
        linear_backward_biases(d_state, slopes_at, count, d_bias_hh)


@kernel
def _place_steps(pool, model, sweeps, input_width):
    """Write where each step of a group's sweeps has its numbers; returns how many there are."""
    sizes, spans, of_lane, k = model.sizes, sweeps.spans, pool.real.shape[1], 0
    for b in range(GROUP):
        slot, count, slots = span_of(model, spans, b)
        lane = spans[b, LANE_OF] * of_lane
        for _ in range(count):
            sweeps.slopes_at[k] = (b * slots + slot) * sizes.gate_rows
            sweeps.inputs_at[k] = lane + slot * input_width
            sweeps.states_at[k] = lane + slot_before(slot, slots) * sizes.hidden_width
            slot, k = slot_after(slot, slots), k + 1
    return k
