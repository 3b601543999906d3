"""Learning in batches of keys: the rows of several keys wait, and are learned together, in one update.

A row that is due waits. Before the next row, if enough wait, or before one whose lane waits, the gradients of all are
taken with the same weights and added up. Lanes are swept in groups (`sweeps.py`).

A batch is what its groups are opened from: ``(real, double, integer, kind)``.
"""

from __future__ import annotations

from typing import Any

from .arrays.group import Group, opener
from .arrays.places import BOUNDARY, EVICTS, LANE, NEW_SEQUENCE, SINCE, UNLEARNED, UPDATE_SKIPPED
from .arrays.views import open_lane
from .keys import prepare_row
from .machine.jit import kernel
from .network.guard import keep_first
from .network.optimizers import update
from .network.products import GROUP
from .network.unroll import head_backward, sweep_reach
from .sweeps import COUNT, FIRST, LANE_OF, NEXT, group_backward, open_group_model, open_sweeps, span_of


class Waiting(Group):
    """What waits to be learned."""

    lanes: Any = "batch_lanes"  # (batch_lanes,): of the rows that wait, in their order
    count: Any = "batch_count"  # (1,): how many
    place: Any = "batch_place"  # (1,): that of one lane among them, from 1; 0: none


open_waiting = opener(Waiting)


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
    return 0 if update(model, learned) else UPDATE_SKIPPED


@kernel
def _sweep_group(batch, pool, model, waiting, first, count):
    """Add the gradients of a group of the lanes that wait; returns how many had something to learn."""
    size = min(GROUP, count - first)
    _, double, integer, _ = batch
    sweeps = open_sweeps(double, integer, 0)
    spans, learned = sweeps.spans, 0
    for b in range(GROUP):
        spans[b, FIRST], spans[b, COUNT] = 0, 0
        spans[b, NEXT] = waiting.lanes[min(first + GROUP + b, count - 1)]
        if b < size:
            _begin_sweep(batch, pool, model, sweeps, waiting.lanes[first + b], first + b + 1, b)
        learned += 1 if spans[b, COUNT] > 0 else 0
    if learned > 0:
        group_backward(batch, pool, model, sweeps, first == 0)
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
        head_backward(group_model, lane, span_of(group_model, sweeps.spans, b))
