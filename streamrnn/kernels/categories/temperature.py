"""How sure a forecast of categories is: its logits times a sharpness, one over the temperature (Guo et al. 2017).

The sharpness b of each target and horizon follows the log loss of the forecasts as they were made, by Newton's steps
with what has been seen of its curvature so far; the network learns as if there were none. ::

d loss / d b = E[z] - z_y          d^2 loss / d b^2 = Var[z]          z: logits before, expectations: of the forecast
"""

from __future__ import annotations

import math

from ..machine.jit import kernel
from ..machine.vector import constant

PRIOR = 50.0  # curvature that speaks for a temperature of 1 before anything was seen
MEMORY = 0.9995  # of the curvature, for each label: some 2,000 count
LEAST, MOST = 0.05, 20.0

FIXED, LEARNED = 1, 2  # what `Sizes.tempered` says; 0: forecasts are left as they are
SHARPNESS, CURVATURE = 0, 1  # places in a row of `Coding.sharpness`


@kernel
def sharpen(model, lane, slot, p, known):
    """Multiply a pair's logits at a slot; those of the network alone stay known."""
    sizes, classes = model.sizes, lane.classes
    if sizes.tempered == 0:
        return
    sharpness = model.coding.sharpness[p, SHARPNESS]
    classes.sharpness[p, slot] = sharpness
    for c in range(known):
        if sizes.order == 0:
            classes.network[p, slot, c] = classes.logits[p, slot, c]
        classes.logits[p, slot, c] = constant(classes.logits[p, slot, c], sharpness * classes.logits[p, slot, c])


@kernel
def grade_unsharpened(model, lane, slot, p, truth, known):
    """Count what a graded forecast would have cost at a temperature of 1."""
    if model.sizes.tempered == 0:
        return
    classes = lane.classes
    sharpness, largest, sum_ = classes.sharpness[p, slot], -math.inf, 0.0
    for c in range(known):
        largest = max(largest, classes.logits[p, slot, c] / sharpness)
    for c in range(known):
        sum_ += math.exp(classes.logits[p, slot, c] / sharpness - largest)
    classes.unsharpened[p] += largest + math.log(sum_) - classes.logits[p, slot, truth] / sharpness


@kernel
def learn_sharpness(model, lane, slot, p, truth, known):
    """Move a pair's sharpness by one graded forecast."""
    if model.sizes.tempered != LEARNED:
        return
    classes, sharpness = lane.classes, model.coding.sharpness
    made, mean, square = classes.sharpness[p, slot], 0.0, 0.0
    for c in range(known):
        logit = classes.logits[p, slot, c] / made
        probability = math.exp(classes.logits[p, slot, c] - classes.log_sum[p, slot])
        mean += probability * logit
        square += probability * logit * logit
    sharpness[p, CURVATURE] = MEMORY * sharpness[p, CURVATURE] + max(square - mean * mean, 0.0)
    step = (classes.logits[p, slot, truth] / made - mean) / (PRIOR + sharpness[p, CURVATURE])
    sharpness[p, SHARPNESS] = min(max(sharpness[p, SHARPNESS] + step, LEAST), MOST)
