"""What the network's entry tells those that run after it over the same rows: behind its answers, in the same record."""

from __future__ import annotations

from .arrays.places import STEPS
from .arrays.views import plane
from .columns.gate import deviation
from .machine.jit import kernel

# the accepted value (NaN where none), the deviation, whether the level has shifted, the season that the mix has found
PER_TARGET = 4


@kernel
def hand_over(model, lane, record):
    """Write what is known of the targets, then the features and their deviations, and the network's state."""
    sizes, columns, roles, arrived = model.sizes, lane.columns, model.roles, model.scratch.arrived
    targets, inputs, at = sizes.targets, sizes.handed_inputs, sizes.handed_at
    for t in range(targets):
        c = roles.target_columns[t]
        record[at + t] = arrived[c]
        record[at + targets + t] = deviation(columns, c)
        record[at + 2 * targets + t] = model.scratch.shifted[c]
        record[at + 3 * targets + t] = 0.0
    at += PER_TARGET * targets
    for i in range(inputs):
        c = roles.feature_columns[i]
        record[at + i] = columns.held[c]
        record[at + inputs + i] = deviation(columns, c)
    at += 2 * inputs
    slot = (lane.counts[STEPS] - 1) % sizes.slots
    hidden = plane(lane.ring.hidden, sizes.layers - 1)
    for j in range(sizes.handed_units):
        record[at + j] = hidden[slot, j]
