"""The gate: what counts as a value, and what each column's values are like.

One sample of 1e300 would poison a running mean for ever. So a column's first `WARM_UP` values are judged by their
median and absolute deviations, which then seed a running mean and variance (Welford 1962); after that a value more
than `FAR` deviations off is *far* and counts as null, until `WARM_UP` far values in a row agree with each other:
then the level has shifted, and the statistics restart from them.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays.fields import WARM_UP
from ..machine.jit import kernel
from ..machine.vector import is_finite
from .robust import deviation_from, median

FAR = 100.0
LARGEST = 1e30
ALIKE = 10.0  # times the smaller of two steps the larger one may be

NULL, INVALID, FAR_OFF = 0, 1, 2  # columns of `Columns.refused`


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
            _seed(columns, c, value)
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
        _move(columns, c, value)
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
def _seed(columns, c, value):
    first = columns.first[c]
    first[columns.seen[c]] = value
    columns.seen[c] += 1
    seen = columns.seen[c]
    columns.mean[c] = median(first, seen)
    unit = deviation_from(columns.mean[c], first, seen, columns.away)
    columns.m2[c] = unit * unit * seen


@kernel
def _add(columns, c, value):
    columns.seen[c] += 1
    off = value - columns.mean[c]
    columns.mean[c] += off / columns.seen[c]
    columns.m2[c] += off * (value - columns.mean[c])


@kernel
def _move(columns, c, value):
    """Let another value into a column that has been constant.

    One odd value means nothing. With a second one after it the statistics restart from the two: all the zeros of before
    say nothing about how far the column moves. But what stands still again after a move, as a switch does, a set point
    or a label, moves by such steps: half of two of them is its deviation.
    """
    before, constant = columns.held[c], columns.mean[c]
    if math.isnan(before) or before == constant:
        _hold(columns, c, value, 0)
        return
    columns.seen[c] = 0
    _seed(columns, c, before)
    _seed(columns, c, value)
    _hold(columns, c, value, 1)
    if value == before:
        _step(columns, c, abs(value - constant))


@kernel
def _step(columns, c, size):
    """A column that was constant has taken a step: with the one before it, that makes a deviation."""
    half = 0.5 * _usual_step(size, columns.last_step[c])
    columns.last_step[c] = size
    if half > 0.0:
        columns.seen[c], columns.m2[c] = WARM_UP, half * half * WARM_UP


@kernel
def _usual_step(one, other):
    """Return the larger of two steps, or a few times the smaller one, so that a single wild one does not count."""
    return min(max(one, other), ALIKE * min(one, other))


@kernel
def _level_has_shifted(columns, c, value):
    """Keep a far value; if the last WARM_UP agree with each other, restart the statistics from them."""
    far = columns.far[c]
    far[columns.far_run[c] % WARM_UP] = value
    columns.far_run[c] += 1
    if columns.far_run[c] < WARM_UP:
        return False
    center = median(far, far.shape[0])
    unit = deviation_from(center, far, far.shape[0], columns.away)
    for i in range(WARM_UP):
        if not abs(far[i] - center) <= FAR * unit:
            return False
    columns.seen[c] = WARM_UP
    columns.mean[c] = center
    columns.m2[c] = unit * unit * WARM_UP
    columns.far_run[c] = 0
    return True


@kernel
def clear_held(columns):
    """A new sequence holds no value of the old one."""
    for c in range(columns.held.shape[0]):
        columns.held[c] = np.nan
        columns.settled[c] = 1
