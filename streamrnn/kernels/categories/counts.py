"""What followed the last few categories before: a back-off count model, mixed with the network.

Contexts of each length up to ``order`` keep which categories followed, and how often. Shorter contexts are asked for
what a longer one leaves open, by absolute discounting (Ney, Essen & Kneser 1994), and learn only what the longer ones
did not know, as in prediction by partial matching (Cleary & Witten 1984): ::

p_n(c) = (count(c) - D)+ / N  +  D U / N  p_{n-1}(c)        N: how often the context came, U: how many have followed

The forecast is proportional to p_network^w p_counts^v, with weights that follow the slope of its own loss (Mattern
2012); the network learns as if it stood alone.

Memory is fixed. A context lies in rows of one group; when it needs another one it takes that of the context which came
least. Counts are halved when they grow large, so what is recent counts more.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays.fields import CONTEXT_WIDTH
from ..arrays.views import plane
from ..machine.jit import kernel
from ..machine.vector import constant

DISCOUNT = 0.9
LARGEST_COUNT = 255  # of a context, before its counts are halved
MIXING_RATE = 0.002
GROUP = 8  # rows that a context may lie in

KEY, COUNT, FIRST = 0, 1, 2  # places in a row of `Coding.contexts`; its followers stand from the third on
UNIT = 512  # a follower is UNIT times its code and how often it came, in one number
POSITIVE = 0x3FFFFFFFFFFFFFFF
MULTIPLIER = 0x5851F42D4C957F2D  # Knuth's, of the linear congruential generator MMIX

OF_NETWORK, OF_COUNTS = 0, 1  # places in `Classes.weights` and `Classes.apart`


@kernel
def remember_label(model, lane, t, code):
    """Put a category that came before those that came earlier."""
    history = lane.classes.history
    for place in range(model.sizes.order - 1, 0, -1):
        history[t, place] = history[t, place - 1]
    if model.sizes.order > 0:
        history[t, 0] = code + 1


@kernel
def forget_labels(lane):
    """Begin a sequence: nothing came before."""
    history = lane.classes.history
    for t in range(history.shape[0]):
        for place in range(history.shape[1]):
            history[t, place] = 0


# --- forecast ---------------------------------------------------------------------------------------------------------


@kernel
def mix_counts(model, lane, slot, p, known):
    """Mix a pair's logits at a slot with what the counts say; both stay known apart."""
    sizes, classes, mixture = model.sizes, lane.classes, model.coding.mixture
    if sizes.order == 0:
        return
    keys, logits = plane(classes.keys, p), plane(classes.logits, p)
    _write_keys(classes.history, p % sizes.class_targets, keys, slot)
    _write_mixture(model, p, keys, slot, known)
    for c in range(known):
        classes.network[p, slot, c] = logits[slot, c]
        base = math.log(mixture[c])
        classes.counted[p, slot, c] = constant(logits[slot, c], base)
        mixed = classes.weights[p, OF_NETWORK] * logits[slot, c] + classes.weights[p, OF_COUNTS] * base
        logits[slot, c] = constant(logits[slot, c], mixed)


@kernel
def _write_keys(history, t, keys, slot):
    """Write the key of each length of what came last."""
    key = np.int64(1)
    for length in range(history.shape[1]):
        key = ((key ^ (history[t, length] + 1)) * MULTIPLIER) & POSITIVE
        key ^= key >> 31
        keys[slot, length] = max(key, 1)


@kernel
def _write_mixture(model, p, keys, slot, known):
    """Write the distribution over the known codes: from all equal to what the longest known context says."""
    alone, mixture = model.coding.alone, model.coding.mixture
    count, kinds = 0, 0
    for c in range(known):
        mixture[c] = 1.0 / known
        count += alone[p, c]
        kinds += alone[p, c] > 0
    for c in range(known if count > 0 else 0):
        mixture[c] = max(alone[p, c] - DISCOUNT, 0.0) / count + DISCOUNT * kinds / count * mixture[c]
    for length in range(model.sizes.order):
        first = _group(model, p, length, keys[slot, length])
        if not _back_off_to(model.coding.contexts, first, keys[slot, length], mixture, known):
            return


@kernel
def _group(model, p, length, key):
    """Return the first row of the group that a context lies in."""
    groups = model.sizes.contexts // GROUP
    return ((p * model.sizes.order + length) * groups + (key >> 20) % groups) * GROUP


@kernel
def _back_off_to(contexts, first, key, mixture, known):
    """Let one context speak, with the mixture for what it leaves open; returns whether it is known."""
    count, kinds = 0, 0
    for row in range(first, first + GROUP):
        for place in range(FIRST, CONTEXT_WIDTH if contexts[row, KEY] == key else FIRST):
            count += contexts[row, place] % UNIT
            kinds += contexts[row, place] % UNIT > 0
    if count == 0:
        return False
    for c in range(known):
        mixture[c] *= DISCOUNT * kinds / count
    for row in range(first, first + GROUP):
        for place in range(FIRST, CONTEXT_WIDTH if contexts[row, KEY] == key else FIRST):
            code, times = contexts[row, place] // UNIT, contexts[row, place] % UNIT
            if times > 0 and code < known:
                mixture[code] += (times - DISCOUNT) / count
    return True


# --- learn ------------------------------------------------------------------------------------------------------------


@kernel
def learn_mixing(model, lane, slot, p, truth, known):
    """Move the weights of the mix down the slope of its loss."""
    if model.sizes.order == 0:
        return
    classes = lane.classes
    expected_network, expected_counted = 0.0, 0.0
    for c in range(known):
        probability = math.exp(classes.logits[p, slot, c] - classes.log_sum[p, slot])
        expected_network += probability * classes.network[p, slot, c]
        expected_counted += probability * classes.counted[p, slot, c]
    classes.weights[p, OF_NETWORK] += MIXING_RATE * (classes.network[p, slot, truth] - expected_network)
    classes.weights[p, OF_COUNTS] += MIXING_RATE * (classes.counted[p, slot, truth] - expected_counted)


@kernel
def count_follower(model, lane, p, slot, code):
    """Let a category count in the contexts that it was forecast from: the longest first, until one knew it."""
    sizes, contexts, keys = model.sizes, model.coding.contexts, plane(lane.classes.keys, p)
    for length in range(sizes.order - 1, -1, -1):
        key = keys[slot, length]
        if _count(contexts, _group(model, p, length, key), key, code):
            return
    if sizes.order > 0:
        model.coding.alone[p, code] += 1


@kernel
def _count(contexts, first, key, code):
    """Count one follower of a context; returns whether the context knew it."""
    total, own, place, other = 0, -1, FIRST, -1  # own, place: the follower that came least; other: the least other row
    for row in range(first, first + GROUP):
        if contexts[row, KEY] != key:
            if other < 0 or contexts[row, COUNT] < contexts[other, COUNT]:
                other = row
            continue
        total += contexts[row, COUNT]
        for candidate in range(FIRST, CONTEXT_WIDTH):
            follower = contexts[row, candidate]
            if follower % UNIT > 0 and follower // UNIT == code:
                contexts[row, candidate] += 1
                contexts[row, COUNT] += 1
                _halve_large(contexts, first, key)
                return True
            if own < 0 or follower % UNIT < contexts[own, place] % UNIT:
                own, place = row, candidate
    is_full = own < 0 or contexts[own, place] % UNIT > 0
    if is_full and other >= 0 and (own < 0 or contexts[other, COUNT] < total):
        own, place = other, FIRST
        for j in range(CONTEXT_WIDTH):
            contexts[own, j] = 0
        contexts[own, KEY] = key
    contexts[own, COUNT] += 1 - contexts[own, place] % UNIT
    contexts[own, place] = code * UNIT + 1
    return False


@kernel
def _halve_large(contexts, first, key):
    """Halve a context's counts if they have grown large."""
    total = 0
    for row in range(first, first + GROUP):
        total += contexts[row, COUNT] if contexts[row, KEY] == key else 0
    if total <= LARGEST_COUNT:
        return
    for row in range(first, first + GROUP):
        if contexts[row, KEY] == key:
            contexts[row, COUNT] = 0
            for place in range(FIRST, CONTEXT_WIDTH):
                times = contexts[row, place] % UNIT
                contexts[row, place] -= times - times // 2
                contexts[row, COUNT] += times // 2
