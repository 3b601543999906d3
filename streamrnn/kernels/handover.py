"""What the network's entry tells those that run after it over the same rows: behind its answers, in the same record."""

from __future__ import annotations

import math

from .jit import kernel
from .scaling import deviation
from .state import STEPS
from .views import plane

# of each target: its accepted value (NaN where none), its mean, its deviation, whether its level has shifted
PER_TARGET = 4


@kernel
def hand_over(model, lane, record):
    """Write what is known of the targets, then the network's inputs and its state, as far as they are wanted."""
    sizes, columns, arrived = model.sizes, lane.columns, model.scratch.arrived
    targets, at = sizes.targets, sizes.handed_at
    for t in range(targets):
        c = model.roles.target_columns[t]
        record[at + t] = arrived[c]
        record[at + targets + t] = columns.mean[c] if columns.seen[c] > 0 else math.nan
        record[at + 2 * targets + t] = deviation(columns, c)
        record[at + 3 * targets + t] = model.scratch.shifted[c]
    slot = (lane.counts[STEPS] - 1) % sizes.slots
    at += PER_TARGET * targets
    for i in range(sizes.handed_inputs):
        record[at + i] = lane.ring.inputs[slot, i]
    at += sizes.handed_inputs
    hidden = plane(lane.ring.hidden, sizes.layers - 1)
    for j in range(sizes.handed_units):
        record[at + j] = hidden[slot, j]
