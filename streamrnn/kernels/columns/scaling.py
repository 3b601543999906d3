"""In which unit the network sees its inputs and its outputs, and how far its outputs are to be believed."""

from __future__ import annotations

import math

import numpy as np

from ..arrays.fields import AGES, WARM_UP
from ..machine.jit import kernel
from ..machine.vector import constant
from .gate import FAR, deviation
from .robust import deviation_from

MEMORY = 0.9998  # of the agreement: about 5,000 reveals
POOLED_MEMORY = 0.997  # of the agreement of all keys: about 300 reveals
LENT_TRUST = 0.1  # of that counts as a key's own
UNTRUSTED = 10.0  # squared units that a network has to be right about before it is believed
UNPROVEN = UNTRUSTED / LENT_TRUST  # the same, of all keys
LARGEST_CHANGE = 10.0  # that counts for it, proposed or come, in scaled units


@kernel
def standardise(feature_columns, columns, arrived, inputs, slot):
    """Write one step's inputs: the standardised features (a missing one as it was held), then who is missing.

    feature_columns: (features,), arrived: (columns,), inputs: (slots, input_width)
    """
    one = constant(inputs[0, 0], 1.0)
    features = feature_columns.shape[0]
    for f in range(features):
        c = feature_columns[f]
        missing = math.isnan(arrived[c])
        value = columns.held[c] if missing else arrived[c]
        unit = deviation(columns, c)
        x = (value - columns.mean[c]) / unit if unit > 0.0 and not math.isnan(value) else 0.0
        inputs[slot, f] = constant(one, min(max(x, -FAR), FAR))
        inputs[slot, features + f] = constant(one, 1.0 if missing else 0.0)


@kernel
def scale_of(changes, t, k):
    """Return the unit of target t at horizon index k: the root mean square of the changes seen; 0 before any."""
    return math.sqrt(changes.sum2[t, k] / changes.seen[t, k]) if changes.seen[t, k] > 0 else 0.0


@kernel
def add_change(changes, t, k, change):
    """Let a revealed y - base into the unit; the first WARM_UP count by their median, as a column's do.

    They begin with the first move of a column that was constant. Where it stays the only one among them, as that of
    a switch, the next one makes the unit, and is as large as the smaller of the two.
    """
    first, seen = changes.first[k * changes.seen.shape[0] + t], changes.seen[t, k] + 1
    size = abs(change)
    if changes.sum2[t, k] == 0.0 and size > 0.0 and seen > WARM_UP + 1:
        before = _largest(first)
        seen, size = (seen, min(size, before)) if before > 0.0 else (1, size)
    changes.seen[t, k] = seen
    if seen > WARM_UP:
        changes.sum2[t, k] += size * size
        return
    first[seen - 1] = size
    unit = deviation_from(0.0, first, seen, changes.away)
    changes.sum2[t, k] = unit * unit * seen


@kernel
def _largest(sizes):
    largest = 0.0
    for i in range(sizes.shape[0]):
        largest = max(largest, sizes[i])
    return largest


@kernel
def trust_in(changes, pair, step):
    """Return how far an output is to be believed, in [0, 1]: the least-squares slope of what came on what it
    proposed.

    A network that has learned noise proposes changes that do not come. Its slope is near 0, and the forecast
    shrinks to its base; one that forecasts well is left alone (Mincer & Zarnowitz 1969; James & Stein 1961). 1
    before any is known. Where keys share a network, each is lent what all know of the latest outputs that were made
    after as many rows of a key, or after more.
    """
    agreed, proposed2 = changes.agreement[pair, 0], changes.agreement[pair, 1]
    if pair < changes.pooled.shape[0]:
        age = age_class(step)
        agreed += LENT_TRUST * changes.pooled[pair, age, 0]
        proposed2 += LENT_TRUST * changes.pooled[pair, age, 1]
    return min(max(agreed / proposed2, 0.0), 1.0) if proposed2 > 0.0 else 1.0


@kernel
def add_agreement(changes, pair, step, output, change):
    """Let a revealed change, in scaled units, count for or against the output that was to forecast it."""
    output = bounded(np.float64(output))
    change = bounded(change)
    changes.agreement[pair, 0] = MEMORY * changes.agreement[pair, 0] + output * change
    changes.agreement[pair, 1] = MEMORY * changes.agreement[pair, 1] + output * output
    if pair < changes.pooled.shape[0]:
        for age in range(age_class(step) + 1):
            changes.pooled[pair, age, 0] = POOLED_MEMORY * changes.pooled[pair, age, 0] + output * change
            changes.pooled[pair, age, 1] = POOLED_MEMORY * changes.pooled[pair, age, 1] + output * output


@kernel
def distrust(changes):
    """Let the outputs have to earn their trust again, in one lane."""
    for pair in range(changes.agreement.shape[0]):
        changes.agreement[pair, 0], changes.agreement[pair, 1] = 0.0, UNTRUSTED


@kernel
def forget_trust(pooled):
    """Let no key be lent any trust before others have earned it."""
    for pair in range(pooled.shape[0]):
        for age in range(AGES):
            pooled[pair, age, 0], pooled[pair, age, 1] = 0.0, UNPROVEN


@kernel
def age_class(step):
    """Return the class of a step by its key's age: 0, 1, ..., 7, 8 to 15, 16 to 31, 32 to 63, and all from 64 on."""
    age = min(step, 7)
    while step > 7 and age < AGES - 1:
        step >>= 1
        age += 1
    return age


@kernel
def bounded(change):
    """One wild number among thousands must not decide."""
    return min(max(change, -LARGEST_CHANGE), LARGEST_CHANGE)


@kernel
def forget_changes(changes, t):
    """Start target t's units afresh, after a level shift."""
    for k in range(changes.seen.shape[1]):
        changes.seen[t, k] = 0
        changes.sum2[t, k] = 0.0
        for place in range(2):
            changes.agreement[k * changes.seen.shape[0] + t, place] = 0.0
