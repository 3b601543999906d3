"""The guard: a network that has diverged goes back to the last weights that were good.

What tells is the squared error of the network's own outputs, before they are shrunk, in scaled units. It is held
against that of the last value on the same reveals, plus one unit each: a hard stretch is hard for the last value too,
and where nothing moves one unit is still a small error. Weights were good if the `UPDATES_PER_CHECK` updates that
followed them kept to the last value or below it. After a divergence learning goes on from them with empty moments, an
empty window, a zero state and a lower rate, and the outputs have to earn their trust again.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays.places import DIVERGED, LEARNED, MADE, RENEWED, RETURNS, SKIPPED_IN_A_ROW, STEPS, UNLEARNED
from ..arrays.ring import slot_before
from ..arrays.views import bias, matrix
from ..categories.classifier import silence_classifiers
from ..categories.embeddings import tame_embeddings
from ..columns.scaling import bounded, distrust, forget_trust
from ..machine.jit import kernel
from ..machine.vector import is_finite
from .linear import dot, multiply_row
from .norm import NO_NORM, open_gain
from .optimizers import rate_in_force
from .recurrence import BLOCKS_PER_LAYER, clear_state, open_head
from .unroll import clear_slopes

UPDATES_PER_CHECK = 1000  # a network that is new to a stretch needs hundreds to get used to it
DIVERGED_ABOVE = 2.0  # times the squared errors of the last value plus one unit for each forecast
GOOD_WITHIN = 0.1  # units for each forecast, above the errors of the last value
MOST_SKIPPED = 10  # updates in a row: one wild value spoils one
SAFE_RATE = 1e-3  # inputs and outputs have unit size whatever the stream, so one rate suits all
WILD_RATE = 0.02  # leaves cells that no gradient passes, even where the forecasts were good
SLOWEST_RATE = 1e-9
RECOVERY = 1.1  # of a rate below the safe one, at each good check
LARGEST_LOSS = 100.0  # that counts for one category

OURS, LAST_VALUE, WEIGHED = 0, 1, 2  # places in `Guard.errors`
NOTHING_KEPT, PROVEN, TRIED = 0, 1, 2  # a standing: good weights are there; they were gone back to since
GOOD, CHECKED = 0, 1  # rows of `Guard.weights`


@kernel
def weigh(model, lane, slot, t, pair, label):
    """Let one graded forecast count for or against the network; label: what came, in scaled units."""
    if model.rates.guard == 0.0:
        return
    sizes, pending, errors = model.sizes, lane.pending, model.guard.errors
    output = bounded(np.float64(lane.ring.outputs[slot, pair * sizes.quantiles + sizes.middle]))
    last = bounded((pending.last[slot, t] - pending.base[slot, t]) / pending.scale[slot, pair])
    label = bounded(label)
    errors[OURS] += (output - label) * (output - label)
    errors[LAST_VALUE] += max((last - label) * (last - label), label * label)  # or the base, if that is worse
    errors[WEIGHED] += 1.0


@kernel
def weigh_label(model, loss, known):
    """Let one graded forecast of a category count, beside one that finds all that are known equally probable."""
    if model.rates.guard == 0.0:
        return
    errors = model.guard.errors
    errors[OURS] += min(loss, LARGEST_LOSS)
    errors[LAST_VALUE] += math.log(known)
    errors[WEIGHED] += 1.0


@kernel
def keep_first(model):
    """Before the first update, take the weights for good."""
    guard = model.guard
    if model.rates.guard > 0.0 and guard.standing[0] == NOTHING_KEPT:
        _copy(model.network.weights, guard.weights[GOOD])
        _copy(model.network.weights, guard.weights[CHECKED])
        guard.standing[0] = PROVEN


@kernel
def has_diverged(model, lane):
    """Judge the network; one that has diverged is taken back."""
    guard, rates = model.guard, model.rates
    if rates.guard == 0.0:
        guard.standing[0] = NOTHING_KEPT
        return False
    ours, last, weighed = guard.errors[OURS], guard.errors[LAST_VALUE], guard.errors[WEIGHED]
    due = UPDATES_PER_CHECK * rates.stride * (model.sizes.pairs + model.sizes.class_pairs)
    if ours > DIVERGED_ABOVE * (last + due) or model.network.updates[SKIPPED_IN_A_ROW] >= MOST_SKIPPED:
        lane.counts[DIVERGED] += 1
        go_back(model, lane)
        return True
    if weighed >= due:
        if ours <= last + GOOD_WITHIN * weighed:
            _copy(guard.weights[CHECKED], guard.weights[GOOD])
            guard.standing[0] = PROVEN
            model.network.rate_cap[0] = min(RECOVERY * model.network.rate_cap[0], SAFE_RATE)
        _copy(model.network.weights, guard.weights[CHECKED])
        _begin_check(guard)
    return False


@kernel
def go_back(model, lane):
    """Go on from the good weights as a network that has seen nothing, at a lower rate."""
    network, guard = model.network, model.guard
    rate = rate_in_force(model, max(network.updates[MADE], 1))
    if guard.standing[0] != NOTHING_KEPT:
        _copy(guard.weights[GOOD], network.weights)
    if guard.standing[0] != PROVEN or rate > WILD_RATE:
        _tame(model)
    guard.standing[0] = TRIED
    _copy(network.weights, guard.weights[GOOD])
    _copy(network.weights, guard.weights[CHECKED])
    network.rate_cap[0] = max(min(0.5 * rate, SAFE_RATE), SLOWEST_RATE)
    for j in range(network.weights.shape[0]):
        network.moment1[j] = 0
        network.moment2[j] = 0
    network.updates[LEARNED] = 0
    network.updates[RETURNS] += 1
    network.updates[SKIPPED_IN_A_ROW] = 0
    renew(model, lane)
    forget_trust(lane.changes.pooled)
    _begin_check(guard)


@kernel
def renew(model, lane):
    """Let a lane go on from weights that were gone back to: what it has of others teaches nothing."""
    counts, slots = lane.counts, model.sizes.slots
    for slot in range(slots):
        clear_slopes(model, lane, slot)
    clear_state(model, lane, slot_before(counts[STEPS] % slots, slots))
    distrust(lane.changes)
    counts[RENEWED] = counts[STEPS]
    counts[UNLEARNED] = 0


@kernel
def _tame(model):
    """Weights that cannot be trusted: no row longer than 1, as at first, no bias or gain beyond 1, and outputs of
    zero.
    """
    sizes, network = model.sizes, model.network
    for layer in range(sizes.layers):
        block = BLOCKS_PER_LAYER * layer
        for part in range(2):
            width = sizes.input_width if layer == 0 and part == 0 else sizes.hidden_width
            weight = matrix(network.weights, network, block + part, sizes.gate_rows, width)
            offset = bias(network.weights, network, block + 2 + part, sizes.gate_rows)
            for i in range(sizes.gate_rows):
                multiply_row(weight, i, 1.0 / max(math.sqrt(dot(weight, i, weight, i)), 1.0))
            _bound(offset)
            if sizes.norm != NO_NORM:
                _bound(open_gain(network.weights, model, layer, part))
    head, offset = open_head(network.weights, model)
    for out in range(sizes.outputs):
        offset[out] = 0
        multiply_row(head, out, 0.0)
    silence_classifiers(model.coding, model)
    tame_embeddings(model.coding, model)


@kernel
def _bound(numbers):
    for i in range(numbers.shape[0]):
        numbers[i] = min(max(numbers[i], -1), 1) if is_finite(numbers[i]) else 0


@kernel
def _begin_check(guard):
    for place in range(guard.errors.shape[0]):
        guard.errors[place] = 0.0


@kernel
def _copy(source, out):
    for j in range(out.shape[0]):
        out[j] = source[j]
