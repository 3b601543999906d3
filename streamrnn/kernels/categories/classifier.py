"""Categories as outputs: softmax over those that have come so far, and cross-entropy (Bridle 1990). ::

p_c = exp(z_c - log sum_j exp z_j)          loss = -log p_y          d loss / d z_c = p_c - [c = y]

Every categorical target has a head of its own at each horizon; pair p is target ``p % class_targets``.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays.places import KNOWN, UNLEARNED
from ..arrays.views import bias, matrix, plane
from ..machine.jit import kernel
from ..machine.vector import constant, is_finite
from ..network.linear import add_scaled, linear_backward_input, linear_forward
from ..network.recurrence import BLOCKS_PER_LAYER, HEAD_BLOCKS, read_layers
from .class_weights import weight_of_label
from .counts import mix_counts
from .temperature import sharpen


@kernel
def open_classifier(flat, model, p, known):
    """View one head in the flat weights or gradient, as far as its categories are known: (known, head_width)."""
    sizes, network = model.sizes, model.network
    block = BLOCKS_PER_LAYER * sizes.layers + HEAD_BLOCKS + sizes.coded_features + 2 * p
    return matrix(flat, network, block, known, sizes.head_width), bias(flat, network, block + 1, known)


@kernel
def known_codes(model, p):
    """How many codes pair p's target has had, with the reserved one."""
    return model.coding.known[model.coding.class_columns[p % model.sizes.class_targets]]


@kernel
def finite_logits(coding, model, lane, slot):
    """Write the logits of all heads at a slot, mixed with the counts; what overflows counts as zero.

    Returns whether nothing did.
    """
    if coding is None:
        return True
    finite = True
    read = read_layers(model, lane.ring)
    for p in range(model.sizes.class_pairs):
        known, logits = known_codes(model, p), plane(lane.classes.logits, p)
        weight, offset = open_classifier(model.network.weights, model, p, known)
        linear_forward(weight, offset, read, slot, logits, slot)
        for c in range(known):
            if not is_finite(logits[slot, c]):
                logits[slot, c] = 0
                finite = False
        mix_counts(model, lane, slot, p, known)
        sharpen(model, lane, slot, p, known)
    return finite


@kernel
def log_of_sum(logits, slot, known):
    """Return log sum exp of logits[slot, :known]."""
    largest = -math.inf
    for c in range(known):
        largest = max(largest, np.float64(logits[slot, c]))
    sum_ = 0.0
    for c in range(known):
        sum_ += math.exp(logits[slot, c] - largest)
    return largest + math.log(sum_)


@kernel
def write_class_slopes(model, lane, slot, p, truth):
    """Write the loss's slopes at today's logits, over the categories that were known when it was forecast."""
    sizes, classes = model.sizes, lane.classes
    t = p % sizes.class_targets
    known, d_logits = classes.before[t, slot, KNOWN], plane(classes.d_logits, p)
    weight, offset = open_classifier(model.network.weights, model, p, known)
    linear_forward(weight, offset, read_layers(model, lane.ring), slot, d_logits, slot)
    log_sum = log_of_sum(d_logits, slot, known)
    share = model.roles.target_weights[sizes.targets + t] / sizes.losses
    share *= weight_of_label(model, lane, t, truth, d_logits[slot, truth] - log_sum)
    for c in range(known):
        slope = share * (math.exp(d_logits[slot, c] - log_sum) - (1.0 if c == truth else 0.0))
        d_logits[slot, c] = constant(d_logits[slot, c], slope)
    classes.graded[p, slot] = 1
    lane.counts[UNLEARNED] += 1


@kernel
def has_class_slopes(coding, lane, slot):
    """Whether something was revealed of the categories forecast at a step."""
    if coding is None:
        return False
    some = 0
    for p in range(lane.classes.graded.shape[0]):
        some |= lane.classes.graded[p, slot]
    return some > 0


@kernel
def clear_class_slopes(coding, lane, slot):
    """Forget what was revealed of the categories forecast at a step."""
    if coding is None:
        return
    for p in range(lane.classes.graded.shape[0]):
        lane.classes.graded[p, slot] = 0


@kernel
def silence_classifiers(coding, model):
    """Make all categories equally probable."""
    if coding is None:
        return
    for p in range(model.sizes.class_pairs):
        weight, offset = open_classifier(model.network.weights, model, p, model.sizes.classes)
        for c in range(model.sizes.classes):
            offset[c] = 0
            for j in range(model.sizes.head_width):
                weight[c, j] = 0


@kernel
def clear_class_gradient(coding, model):
    """Set the heads' gradient to zero, as far as categories are known."""
    if coding is None:
        return
    for p in range(model.sizes.class_pairs):
        d_weight, d_bias = open_classifier(model.network.gradient, model, p, known_codes(model, p))
        for c in range(d_bias.shape[0]):
            d_bias[c] = 0
            for j in range(d_weight.shape[1]):
                d_weight[c, j] = 0


@kernel
def classes_backward(coding, model, lane, slot, d_read):
    """Slopes of one step's logits into the heads' gradient and into d_read[slot], those of what the heads read."""
    if coding is None:
        return
    sizes, classes, read = model.sizes, lane.classes, read_layers(model, lane.ring)
    for p in range(sizes.class_pairs):
        if classes.graded[p, slot] == 0:
            continue
        known, d_logits = classes.before[p % sizes.class_targets, slot, KNOWN], plane(classes.d_logits, p)
        weight, _ = open_classifier(model.network.weights, model, p, known)
        d_weight, d_bias = open_classifier(model.network.gradient, model, p, known)
        linear_backward_input(weight, d_logits, slot, d_read, slot)
        for c in range(known):
            d_bias[c] += d_logits[slot, c]
            add_scaled(d_logits[slot, c], read, slot, d_weight, c)
