"""Make forecasts of categories pending, and grade them when their truth arrives, beside two naive ones.

A category that comes for the first time could not be forecast: it is graded, and learned, as the reserved code, which
is never named and never a hit. The naive forecasts are the most frequent category so far, and the last one.
"""

from __future__ import annotations

import math

from ..arrays.fields import RANKS, RECENT
from ..arrays.places import (
    EXPECTED,
    KNOWN,
    LAST_LABEL,
    LOSS,
    MAJORITY,
    RENEWED,
    REVEALED,
    SEQUENCE_GRADED,
    SEQUENCE_HIT,
    SEQUENCE_HITS,
    SEQUENCE_START,
    SEQUENCES,
    STEPS,
)
from ..arrays.ring import PAST, horizon_reached
from ..arrays.views import plane
from ..machine.jit import kernel
from ..network.guard import weigh_label
from .classifier import known_codes, log_of_sum, write_class_slopes
from .counts import OF_COUNTS, OF_NETWORK, count_follower, forget_labels, learn_mixing, remember_label
from .sequences import add_to_means, best_of_mean, forget_means
from .temperature import grade_unsharpened, learn_sharpness

GONE = -1e30  # logit of a code that stood for another category when the forecast was made
RESERVED = 0  # the code of whatever has none of its own
NULLS, UNKNOWN = 0, 1  # places in a row of `Classes.code_counts`
CAME, FORECAST, BOTH = 0, 1, 2  # places in a row of `Classes.table`
MAJORITY_HIT, LAST_HIT = 0, 1  # places in a row of `Classes.naive`


@kernel
def reveal_labels(coding, model, lane, learn, record):
    """Let each categorical target that arrived grade what was forecast of it.

    A category that is new can be forecast from now on.
    """
    if coding is None:
        return
    for t in range(model.sizes.class_targets):
        code = coding.arrived[coding.class_columns[t]]
        if code >= 0:
            _reveal_label(model, lane, t, code, learn, record)
    for c in range(coding.arrived.shape[0]):
        coding.known[c] = max(coding.known[c], coding.arrived[c] + 1)


@kernel
def count_codes(coding, lane):
    """Count the categories of a row that are missing, or have no code of their own."""
    if coding is None:
        return
    arrived, counts = coding.arrived, lane.classes.code_counts
    for c in range(arrived.shape[0]):
        if arrived[c] < 0:
            counts[c, NULLS] += 1
        elif arrived[c] == RESERVED:
            counts[c, UNKNOWN] += 1


@kernel
def make_classes_pending(coding, model, lane, slot, record):
    """Turn the logits at the newest step into forecasts, and write the best categories to the record."""
    if coding is None:
        return
    sizes, classes, pending = model.sizes, lane.classes, lane.pending
    for t in range(sizes.class_targets):
        place = sizes.targets + t
        classes.before[t, slot, KNOWN] = known_codes(model, t)
        classes.before[t, slot, MAJORITY] = classes.labels[t, 0]
        classes.before[t, slot, LAST_LABEL] = classes.labels[t, 1]
        pending.clock[slot, place] = pending.values_seen[place] if sizes.by_value else lane.counts[STEPS]
    first = EXPECTED + sizes.targets + sizes.outputs + sizes.class_targets
    for p in range(sizes.class_pairs):
        known, logits = known_codes(model, p), plane(classes.logits, p)
        classes.log_sum[p, slot] = log_of_sum(logits, slot, known)
        _name_best(logits, slot, known, classes.log_sum[p, slot], sizes.top, record, first + 2 * sizes.top * p)
    add_to_means(model, lane, slot, record, first + 2 * sizes.top * sizes.class_pairs)


@kernel
def _name_best(logits, slot, known, log_sum, top, record, first):
    """Write the codes of the ``top`` best categories, then their probabilities."""
    code = RESERVED
    for place in range(top):
        code = next_best(logits, slot, known, code)
        if code == RESERVED:
            return
        record[first + place] = code
        record[first + top + place] = math.exp(logits[slot, code] - log_sum)


@kernel
def next_best(logits, slot, known, after):
    """Return the best code that comes after a code; after the reserved one, the best of all. Reserved if none is left.

    Of equal ones the older comes first.
    """
    best = RESERVED
    for c in range(1, known):
        if logits[slot, c] <= GONE or (after != RESERVED and not _comes_before(logits, slot, after, c)):
            continue
        if best == RESERVED or logits[slot, c] > logits[slot, best]:
            best = c
    return best


@kernel
def _comes_before(logits, slot, c, other):
    """Whether a code stands before another one in the order of a forecast."""
    return logits[slot, c] > logits[slot, other] or (logits[slot, c] == logits[slot, other] and c < other)


@kernel
def end_labels(coding, lane):
    """At the end of a sequence, count how its last forecast did, and forget those that are pending."""
    if coding is None:
        return
    forget_labels(lane)
    forget_means(lane.classes)
    log_sum, sequences = lane.classes.log_sum, lane.classes.sequences
    for p in range(log_sum.shape[0]):
        for slot in range(log_sum.shape[1]):
            log_sum[p, slot] = math.nan
    for t in range(sequences.shape[0]):
        sequences[t, SEQUENCES] += sequences[t, SEQUENCE_GRADED]
        sequences[t, SEQUENCE_HITS] += sequences[t, SEQUENCE_HIT]
        sequences[t, SEQUENCE_GRADED] = 0
        sequences[t, SEQUENCE_HIT] = 0


@kernel
def _reveal_label(model, lane, t, code, learn, record):
    """Grade every pending forecast of categorical target t that was made of this code, the newest first."""
    sizes, pending, classes, counts = model.sizes, lane.pending, lane.classes, lane.counts
    place = sizes.targets + t
    pending.values_seen[place] += 1
    now = pending.values_seen[place] if sizes.by_value else counts[STEPS]
    expected, shortest = EXPECTED + place + sizes.outputs, sizes.horizons
    for age in range(0 if sizes.horizon == 0 else 1, sizes.reach + 1):
        step = counts[STEPS] - age
        if step < counts[SEQUENCE_START]:
            break
        slot = step % sizes.slots
        k = horizon_reached(model, now - pending.clock[slot, place])
        if k == PAST:
            break
        p = k * sizes.class_targets + t
        if k < 0 or math.isnan(classes.log_sum[p, slot]):
            continue
        best = next_best(plane(classes.logits, p), slot, classes.before[t, slot, KNOWN], RESERVED)
        if k < shortest:
            shortest = k
            record[expected] = best if best != RESERVED else math.nan
            of_sequence = best_of_mean(classes, t) if sizes.mean_width > 0 else best
            classes.sequences[t, SEQUENCE_GRADED] = 1
            classes.sequences[t, SEQUENCE_HIT] = 1 if of_sequence == code and code != RESERVED else 0
        is_known = code < classes.before[t, slot, KNOWN] and classes.logits[p, slot, code] > GONE
        truth = code if is_known else RESERVED
        _grade(model, lane, slot, p, truth, best, record)
        if learn:
            _learn_from(model, lane, slot, p, truth, code, step >= counts[RENEWED])
        classes.log_sum[p, slot] = math.nan
    _count_label(classes, t, code)
    remember_label(model, lane, t, code)


@kernel
def _learn_from(model, lane, slot, p, truth, code, is_of_these_weights):
    """Let one graded forecast into the slopes and the counts; truth: the code, or the reserved one if it is new."""
    known = lane.classes.before[p % model.sizes.class_targets, slot, KNOWN]
    learn_mixing(model, lane, slot, p, truth, known)
    learn_sharpness(model, lane, slot, p, truth, known)
    count_follower(model, lane, p, slot, truth)
    if code != truth:
        count_follower(model, lane, p, slot, code)
    if is_of_these_weights:
        write_class_slopes(model, lane, slot, p, truth)
        weigh_label(model, _network_loss(model, lane, slot, p, truth, known), known)


@kernel
def _network_loss(model, lane, slot, p, truth, known):
    """What the network's forecast cost, without the counts and at a temperature of 1."""
    classes = lane.classes
    if model.sizes.network_width == 0:
        return classes.log_sum[p, slot] - classes.logits[p, slot, truth]
    network = plane(classes.network, p)
    return log_of_sum(network, slot, known) - network[slot, truth]


@kernel
def _grade(model, lane, slot, p, truth, best, record):
    """Grade one forecast: into the row's loss and all that is counted."""
    classes = lane.classes
    before, logits = plane(classes.before, p % model.sizes.class_targets), plane(classes.logits, p)
    loss = classes.log_sum[p, slot] - logits[slot, truth]
    rank = _rank(logits, slot, before[slot, KNOWN], truth)
    majority_hit = truth != RESERVED and truth == before[slot, MAJORITY]
    last_hit = truth != RESERVED and truth == before[slot, LAST_LABEL]
    record[LOSS] += loss
    record[REVEALED] += 1.0
    recent = plane(classes.recent, p)
    graded = 0
    for place in range(RANKS):
        graded += classes.ranks[p, place]
    recent[graded % RECENT, 0], recent[graded % RECENT, 1] = loss, rank
    recent[graded % RECENT, 2], recent[graded % RECENT, 3] = majority_hit, last_hit
    classes.losses[p] += loss
    grade_unsharpened(model, lane, slot, p, truth, before[slot, KNOWN])
    if model.sizes.order > 0:
        classes.apart[p, OF_NETWORK] += _network_loss(model, lane, slot, p, truth, before[slot, KNOWN])
        classes.apart[p, OF_COUNTS] -= classes.counted[p, slot, truth]
    classes.ranks[p, rank] += 1
    classes.naive[p, MAJORITY_HIT] += majority_hit
    classes.naive[p, LAST_HIT] += last_hit
    classes.table[p, truth, CAME] += 1
    classes.table[p, best, FORECAST] += 1
    if best == truth:
        classes.table[p, truth, BOTH] += 1


@kernel
def _rank(logits, slot, known, truth):
    """Return the truth's place among the named categories, from 0; the last place of all if it is not among them."""
    if truth == RESERVED:
        return RANKS - 1
    rank = 0
    for c in range(1, known):
        rank += _comes_before(logits, slot, c, truth)
    return min(rank, RANKS - 1)


@kernel
def _count_label(classes, t, code):
    """Let a category that came count for the naive forecasts."""
    classes.labels[t, 1] = code
    if code == RESERVED:
        return
    classes.label_counts[t, code] += 1
    most = classes.labels[t, 0]
    if most == RESERVED or classes.label_counts[t, code] > classes.label_counts[t, most]:
        classes.labels[t, 0] = code
