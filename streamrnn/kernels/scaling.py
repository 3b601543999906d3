"""The gate and the scales: what counts as a value, and in which unit the network sees it.

One sample of 1e300 would poison a running mean for ever. So a column's first `WARM_UP` values are scaled by their
median and absolute deviations, which then seed a running mean and variance (Welford 1962); after that a value more
than `FAR` deviations off is *far* and counts as null, until `WARM_UP` far values in a row agree with each other:
then the level has shifted, and the statistics restart from them.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import kernel
from .state import WARM_UP
from .vector import constant, is_finite

FAR = 100.0
LARGEST = 1e30
MAD_TO_DEVIATION = 1.4826  # of a normal distribution

MEMORY = 0.9998  # of the agreement: about 5,000 reveals
LARGEST_CHANGE = 10.0  # that counts for it, in scaled units

NULL, INVALID, FAR_OFF = 0, 1, 2  # columns of `Columns.refused`


@kernel
def median(values, count):
    """Return the median of values[:count], count <= WARM_UP, without moving them.

    The value with as many others below it as above it; sorting would need a copy.
    """
    low, high = math.nan, math.nan
    for i in range(count):
        below, equal = 0, 0
        for j in range(count):
            below += values[j] < values[i]
            equal += values[j] == values[i]
        if below <= (count - 1) // 2 < below + equal:
            low = values[i]
        if below <= count // 2 < below + equal:
            high = values[i]
    return 0.5 * low + 0.5 * high


@kernel
def deviation_from(center, values, count):
    """Return a robust deviation of values[:count] from their center.

    1.4826 times the median absolute deviation; where more than half of the values are equal, the mean absolute
    deviation without the largest one, so that a single odd value never makes a unit.
    """
    largest, total = 0.0, 0.0
    for i in range(count):
        off = abs(values[i] - center)
        largest = max(largest, off)
        total += off
    middle = _median_off(center, values, count)
    if middle > 0.0 or count < 2:
        return MAD_TO_DEVIATION * middle
    return (total - largest) / (count - 1)


@kernel
def _median_off(center, values, count):
    low, high = 0.0, 0.0
    for i in range(count):
        below, equal = 0, 0
        off = abs(values[i] - center)
        for j in range(count):
            other = abs(values[j] - center)
            below += other < off
            equal += other == off
        if below <= (count - 1) // 2 < below + equal:
            low = off
        if below <= count // 2 < below + equal:
            high = off
    return 0.5 * low + 0.5 * high


@kernel
def deviation(columns, c):
    """Return column c's running standard deviation; 0 while it is constant."""
    return math.sqrt(columns.m2[c] / columns.seen[c]) if columns.seen[c] > 0 else 0.0


@kernel
def observe(columns, c, value, learn):
    """Let one value through the gate and into the statistics.

    Returns the accepted value, NaN if there is none, and whether the level has shifted.
    """
    if not is_finite(value) or abs(value) > LARGEST:
        columns.refused[c, NULL if math.isnan(value) else INVALID] += 1
        return math.nan, False
    if columns.seen[c] < WARM_UP:
        if learn:
            columns.first[c, columns.seen[c]] = value
            columns.seen[c] += 1
            _seed(columns, c, columns.first[c], columns.seen[c])
        _hold(columns, c, value, 1)
        return value, False
    unit = deviation(columns, c)
    if unit > 0.0 and abs(value - columns.mean[c]) > FAR * unit:
        columns.refused[c, FAR_OFF] += 1
        if learn and _level_has_shifted(columns, c, value):
            _hold(columns, c, value, 1)
            return value, True
        return math.nan, False
    columns.far_run[c] = 0
    if learn and unit == 0.0 and value != columns.mean[c]:
        _first_move(columns, c, value)
        return value, False
    if learn:
        _add(columns, c, value)
    _hold(columns, c, value, 1)
    return value, False


@kernel
def _hold(columns, c, value, settled):
    columns.held[c] = value
    columns.settled[c] = settled


@kernel
def _seed(columns, c, values, count):
    columns.mean[c] = median(values, count)
    unit = deviation_from(columns.mean[c], values, count)
    columns.m2[c] = unit * unit * count


@kernel
def _add(columns, c, value):
    columns.seen[c] += 1
    off = value - columns.mean[c]
    columns.mean[c] += off / columns.seen[c]
    columns.m2[c] += off * (value - columns.mean[c])


@kernel
def _first_move(columns, c, value):
    """A constant column moves. Its unit is made when a second value confirms the first, not by one odd value."""
    before = columns.held[c]
    if math.isnan(before) or before == columns.mean[c]:
        _hold(columns, c, value, 0)
    else:
        _add(columns, c, before)
        _add(columns, c, value)
        _hold(columns, c, value, 1)


@kernel
def _level_has_shifted(columns, c, value):
    """Keep a far value; if the last WARM_UP agree with each other, restart the statistics from them."""
    far = columns.far[c]
    far[columns.far_run[c] % WARM_UP] = value
    columns.far_run[c] += 1
    if columns.far_run[c] < WARM_UP:
        return False
    center = median(far, far.shape[0])
    unit = deviation_from(center, far, far.shape[0])
    for i in range(WARM_UP):
        if not abs(far[i] - center) <= FAR * unit:
            return False
    columns.seen[c] = WARM_UP
    columns.mean[c] = center
    columns.m2[c] = unit * unit * WARM_UP
    columns.far_run[c] = 0
    return True


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
    """Let a revealed y - base into the unit; the first WARM_UP count by their median, as a column's do."""
    seen = changes.seen[t, k] + 1
    changes.seen[t, k] = seen
    if seen > WARM_UP:
        changes.sum2[t, k] += change * change
        return
    first = changes.first[k * changes.seen.shape[0] + t]
    first[seen - 1] = abs(change)
    unit = deviation_from(0.0, first, seen)
    changes.sum2[t, k] = unit * unit * seen


@kernel
def trust_in(changes, pair):
    """Return how far an output is to be believed, in [0, 1]: the least-squares slope of what came on what it
    proposed.

    A network that has learned noise proposes changes that do not come. Its slope is near 0, and the forecast
    shrinks to its base; one that forecasts well is left alone (Mincer & Zarnowitz 1969; James & Stein 1961). 1
    before any is known.
    """
    proposed2 = changes.agreement[pair, 1]
    return min(max(changes.agreement[pair, 0] / proposed2, 0.0), 1.0) if proposed2 > 0.0 else 1.0


@kernel
def add_agreement(changes, pair, output, change):
    """Let a revealed change, in scaled units, count for or against the output that was to forecast it."""
    output = np.float64(output)  # in float32 its square may overflow
    change = min(max(change, -LARGEST_CHANGE), LARGEST_CHANGE)
    changes.agreement[pair, 0] = MEMORY * changes.agreement[pair, 0] + output * change
    changes.agreement[pair, 1] = MEMORY * changes.agreement[pair, 1] + output * output


@kernel
def forget_changes(changes, t):
    """Start target t's units afresh, after a level shift."""
    for k in range(changes.seen.shape[1]):
        changes.seen[t, k] = 0
        changes.sum2[t, k] = 0.0
        for place in range(2):
            changes.agreement[k * changes.seen.shape[0] + t, place] = 0.0


@kernel
def clear_held(columns):
    """A new sequence holds no value of the old one."""
    for c in range(columns.held.shape[0]):
        columns.held[c] = np.nan
        columns.settled[c] = 1
