"""One forecast for a whole sequence: the mean of what was forecast at each of its rows so far."""

from __future__ import annotations

import math

from ..arrays.places import KNOWN, SEQUENCE_START, STEPS
from ..machine.jit import kernel

RESERVED = 0


@kernel
def add_to_means(model, lane, slot, record, first):
    """Add the newest forecasts to the means of this sequence; write the best codes, and their probabilities."""
    sizes, classes = model.sizes, lane.classes
    rows = lane.counts[STEPS] - lane.counts[SEQUENCE_START] + 1
    for t in range(sizes.class_targets if sizes.mean_width > 0 else 0):
        for c in range(classes.before[t, slot, KNOWN]):
            classes.means[t, c] += math.exp(classes.logits[t, slot, c] - classes.log_sum[t, slot])
        best = best_of_mean(classes, t)
        if best != RESERVED:
            record[first + 2 * t], record[first + 2 * t + 1] = best, classes.means[t, best] / rows


@kernel
def best_of_mean(classes, t):
    """Return the named code that was most probable over this sequence; the reserved one if there is none."""
    best = RESERVED
    for c in range(1, classes.means.shape[1]):
        if classes.means[t, c] > (0.0 if best == RESERVED else classes.means[t, best]):
            best = c
    return best


@kernel
def forget_means(classes):
    """Begin a sequence."""
    means = classes.means
    for t in range(means.shape[0]):
        for c in range(means.shape[1]):
            means[t, c] = 0.0
