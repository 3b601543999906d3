"""How gradients do: their size, how many are clipped, and how much of one reaches the oldest step of the window."""

from __future__ import annotations

import math

from ..arrays.places import MADE
from ..machine.jit import kernel

DECAY = 0.999  # of the means: about 1,000 updates
UPDATES_PER_MEASURE = 50  # of the reach
REACH_DECAY = 0.95  # about 1,000 updates

NORM, CLIPPED, NOTED, REACH, MEASURED, RATE = 0, 1, 2, 3, 4, 5  # places in `Network.health`


@kernel
def note_gradient(health, norm, clip, rate):
    """Take an update's norm before clipping and its factor of clipping into the means, and keep its rate."""
    health[NORM] = DECAY * health[NORM] + norm
    health[CLIPPED] = DECAY * health[CLIPPED] + (1.0 if clip < 1.0 else 0.0)
    health[NOTED] = DECAY * health[NOTED] + 1.0
    health[RATE] = rate


@kernel
def measure_reach(model, earliest, count):
    """Now and then, after a sweep over a whole window, put the slope at its oldest step beside that at its newest.

    The slopes are those at the lowest layer's outputs, which the sweep has left in d_hidden.
    """
    sizes, network, d_hidden = model.sizes, model.network, model.scratch.d_hidden
    if network.updates[MADE] % UPDATES_PER_MEASURE != 0 or count < sizes.window:
        return
    at_oldest = _norm(d_hidden, earliest % sizes.slots, sizes.hidden)
    at_newest = _norm(d_hidden, (earliest + count - 1) % sizes.slots, sizes.hidden)
    if at_newest > 0.0 and at_oldest < math.inf and at_newest < math.inf:
        network.health[REACH] = REACH_DECAY * network.health[REACH] + at_oldest / at_newest
        network.health[MEASURED] = REACH_DECAY * network.health[MEASURED] + 1.0


@kernel
def _norm(matrix, row, width):
    sum_ = 0.0
    for j in range(width):
        sum_ += float(matrix[row, j]) * float(matrix[row, j])
    return math.sqrt(sum_)
