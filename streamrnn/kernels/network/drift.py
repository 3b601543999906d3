"""Drift: when the losses have risen, the learning rate is raised for a while.

The detector is Page's cumulative sum of how far a number lies above its running mean (Page 1954, Continuous inspection
schemes; Hinkley 1971), here of the logarithm of each row's loss in units of its running deviation: losses are skewed,
and their logarithms are not. It tells a drift where the sum

    rise <- max(0, rise + (log loss - mean) / deviation - SLACK)

exceeds `THRESHOLD`, and then knows nothing of the losses before. One loss counts `MOST` deviations at most, so it takes
several in a row. Losses up to a horizon of h hang together over h rows, and their sums wander as far as the root of h.
"""

from __future__ import annotations

import math

from ..arrays.places import DRIFT
from ..machine.jit import kernel

WARM_UP = 200  # losses that are only learned from
MEMORY = 2000  # losses that mean and deviation are of, about
SLACK, MOST, THRESHOLD = 0.5, 3.0, 12.0  # deviations
LEAST_LOSS, LEAST_DEVIATION = 1e-12, 0.1
BOOST = 2.0  # of the learning rate
BOOSTED_UPDATES = 300

MEAN, VARIANCE, COUNT, RISE = 0, 1, 2, 3  # places in `Lane.drift`


@kernel
def watch_for_drift(model, lane, loss, learn):
    """Take a row's loss into account, NaN for none; return the event of a drift, or 0."""
    if model.rates.drift == 0.0:
        return 0
    if not learn or math.isnan(loss):
        return 0
    drift, level = lane.drift, math.log(max(loss, LEAST_LOSS))
    off = level - drift[MEAN]
    if drift[COUNT] >= WARM_UP:
        deviation = max(math.sqrt(drift[VARIANCE]), LEAST_DEVIATION)
        drift[RISE] = max(0.0, drift[RISE] + min(off / deviation, MOST) - SLACK)
    if drift[RISE] > THRESHOLD * math.sqrt(max(model.sizes.horizon, 1)):
        for place in range(drift.shape[0]):
            drift[place] = 0.0
        model.network.boost_left[0] = BOOSTED_UPDATES
        return DRIFT
    drift[COUNT] += 1.0
    part = 1.0 / min(drift[COUNT], MEMORY)
    drift[MEAN] += part * off
    drift[VARIANCE] = (1.0 - part) * (drift[VARIANCE] + part * off * off)
    return 0


@kernel
def boosted(network, rate):
    """Return the rate of the next update: raised after a drift, but not above what the guard lets it be."""
    if network.boost_left[0] == 0:
        return rate
    network.boost_left[0] -= 1
    cap = network.rate_cap[0]
    return min(BOOST * rate, cap) if cap > 0.0 else BOOST * rate
