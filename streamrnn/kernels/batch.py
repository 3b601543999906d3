"""Learning in batches of keys: the rows of several keys wait, and are learned together, in one update.

A row that is due waits. Before the next row, if enough wait, or before one whose lane waits, the gradients of all are
taken with the same weights and added up. Lanes are swept in groups: at each step back the slopes of a whole group go
through a matrix at once, so that it comes from memory once and not once for each key.

A batch is what its groups are opened from: ``(real, double, integer, kind)``.
"""

from __future__ import annotations

from typing import Any

from .arrays.group import Group, network_opener, opener
from .arrays.places import BOUNDARY, EVICTS, LANE, NEW_SEQUENCE, SINCE, UNLEARNED, UPDATE_SKIPPED
from .arrays.ring import slot_before
from .arrays.views import Model, Scratch, matrix, open_lane
from .keys import lane_rows, prepare_row
from .machine.jit import kernel
from .machine.memory import carve2
from .network.guard import keep_first
from .network.health import measure_reach
from .network.optimizers import update
from .network.products import GROUP, linear_backward_inputs
from .network.recurrence import BLOCKS_PER_LAYER
from .network.unroll import (
    add_slopes_of_heads,
    d_gates_of_state,
    fetch_part,
    gates_backward,
    head_backward,
    matrices_backward,
    sweep_reach,
)

LANE_OF, FIRST, COUNT, SLOT = 0, 1, 2, 3  # places in a row of `spans`: whose sweep, its steps, where the chain is,
NEXT = 4  # and a lane of the group after this one, which comes from memory meanwhile
GROUP_SCRATCH = {name: f"group_{name}" for name in ("d_hidden", "d_gates_input", "d_gates_hidden", "d_state", "d_read")}


class Waiting(Group):
    """What waits to be learned."""

    lanes: Any = "batch_lanes"  # (batch_lanes,): of the rows that wait, in their order
    count: Any = "batch_count"  # (1,): how many
    place: Any = "batch_place"  # (1,): that of one lane among them, from 1; 0: none


class Sweeps(Group):
    """The sweeps of a group."""

    spans: Any = "group_spans"  # (group, 5)
    rows: Any = "group_rows"  # (group,): row of each lane's step among all the group's
    places: Any = "group_places"  # (group,): and that of the step before


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
    """What a lane's steps have kept for the chain back."""

    hidden: Any  # (layers, slots, hidden_width)
    kept: Any  # (layers, slots, kept_width)
    normed: Any  # (layers, slots, normed_width)
    inverse: Any  # (layers, slots, norm_gates)


class KeptLane(Group):
    """A lane, as far as the chain back goes."""

    ring: KeptSteps


open_waiting = opener(Waiting)
open_sweeps = opener(Sweeps)
open_group_model = network_opener(GroupModel)
open_chain = network_opener(Chain)
open_kept = network_opener(KeptLane)


@kernel
def wait(batch, lane, number):
    """Let what a lane has to learn wait for others; returns no events."""
    _, double, integer, _ = batch
    waiting = open_waiting(double, integer, number)
    waiting.lanes[waiting.count[0]] = number
    waiting.count[0] += 1
    waiting.place[0] = waiting.count[0]
    lane.counts[SINCE] = 0
    return 0


@kernel
def settle(batch, pool, model, lane, mark, learn):
    """Before a row: learn what waits if it is enough, or if this lane must not go on without; returns the events."""
    if batch is None:
        return 0
    if not learn:
        return 0
    _, double, integer, _ = batch
    waiting = open_waiting(double, integer, mark[LANE])
    ends_sequence = mark[BOUNDARY] in (NEW_SEQUENCE, EVICTS)
    if ends_sequence and waiting.place[0] == 0 and lane.counts[UNLEARNED] > 0:
        wait(batch, lane, mark[LANE])
    is_due = waiting.place[0] > 0 or waiting.count[0] >= model.sizes.batch
    return _learn_batch(batch, pool, model, waiting) if is_due else 0


@kernel
def _learn_batch(batch, pool, model, waiting):
    """Make one update of all that waits; returns its events."""
    count, learned = waiting.count[0], 0
    waiting.count[0] = 0
    gradient = model.network.gradient
    for j in range(gradient.shape[0]):
        gradient[j] = 0
    for first in range(0, count, GROUP):
        learned += _sweep_group(batch, pool, model, waiting, first, count)
    if learned == 0:
        return 0
    keep_first(model)
    return 0 if update(model, learned, 1.0) else UPDATE_SKIPPED


@kernel
def _sweep_group(batch, pool, model, waiting, first, count):
    """Add the gradients of a group of the lanes that wait; returns how many had something to learn."""
    size = min(GROUP, count - first)
    _, double, integer, _ = batch
    sweeps = open_sweeps(double, integer, 0)
    spans = sweeps.spans
    learned, longest = 0, 0
    for b in range(GROUP):
        spans[b, FIRST], spans[b, COUNT] = 0, 0
        spans[b, NEXT] = waiting.lanes[min(first + GROUP + b, count - 1)]
        if b < size:
            _begin_sweep(batch, pool, model, sweeps, waiting.lanes[first + b], first + b + 1, b)
        longest = max(longest, spans[b, COUNT])
        learned += 1 if spans[b, COUNT] > 0 else 0
    for layer in range(model.sizes.layers - 1, -1, -1):
        _chain_back(batch, pool, model, sweeps, layer, longest)
        for b in range(size):
            if spans[b, COUNT] > 0:
                _matrices_of_lane(batch, spans, layer, b, first)
    return learned


@kernel
def _begin_sweep(batch, pool, model, sweeps, number, place, b):
    """Find what a lane's sweep covers, and take the slopes of its outputs to what the heads read.

    One that has begun another key's stream since it came to wait has no place any more.
    """
    real, double, integer, kind = batch
    if number < 0:
        return
    waiting = open_waiting(double, integer, number)
    if waiting.place[0] != place:
        return
    waiting.place[0] = 0
    sweeps.spans[b, LANE_OF] = number
    lane = open_lane(real, double, integer, kind, number)
    prepare_row(pool, model, lane)
    lane.counts[UNLEARNED] = 0
    sweeps.spans[b, FIRST], sweeps.spans[b, COUNT] = sweep_reach(model, lane)
    if sweeps.spans[b, COUNT] > 0:
        group_model = open_group_model(real, double, integer, kind, b)
        head_backward(group_model, lane, _span_of(group_model, sweeps.spans, b))


@kernel
def _span_of(model, spans, b):
    """Slots of a lane's sweep, as ``(first, count, slots)``."""
    return spans[b, FIRST] % model.sizes.slots, spans[b, COUNT], model.sizes.slots


@kernel
def _matrices_of_lane(batch, spans, layer, b, first):
    """After the chain: the gradient of one layer's matrices by one lane's steps."""
    real, double, integer, kind = batch
    model, lane = (
        open_group_model(real, double, integer, kind, b),
        open_lane(real, double, integer, kind, spans[b, LANE_OF]),
    )
    matrices_backward(model, lane, layer, _span_of(model, spans, b), True)
    if first + b + layer == 0:
        measure_reach(model, spans[b, FIRST], spans[b, COUNT])


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
        add_slopes_of_heads(group_model, layer, _span_of(model, spans, b))
