"""Intervals: where a value will lie, with a probability that holds in the long run.

The bounds of a forecast are empirical quantiles of the last ``WINDOW`` revealed errors of its target and horizon. Which
quantiles is adapted online (Gibbs & Candès 2021, Adaptive conformal inference under distribution shift): each interval
has a level, the share of those errors that it leaves out, and wants to be missed with the probability ``wanted``. After
each truth

    level <- level * exp(rate (wanted - missed))

where ``missed`` is what the bounds that were given did, however late their truth has come. While the level stays
within its limits, the share of misses over T truths is off by log(last level / first level) / (rate T), whatever the
stream does; a level that is multiplied stays above 0 and moves as fast for wide intervals as for narrow ones. With a
rate above about 1 / h the answers that come h ticks late would make it swing.

Errors at a horizon of h hang together over h ticks, so ``WINDOW`` of them count as ``WINDOW / h``, too few to tell
their skew from chance. Bounds are drawn towards those of the absolute errors, which are symmetric, as far as the middle
between the quantiles could be chance (a positive-part estimator in the manner of James & Stein 1961). Beyond all errors
in the window a quantile goes on as if their outermost tenth had an exponential tail.
"""

from __future__ import annotations

import math
from typing import Any

from ..arrays.group import Group, opener
from ..arrays.places import BOUNDARY, EXPECTED, LANE
from ..arrays.sizes import Sizes
from ..arrays.views import plane
from ..handover import PER_TARGET
from ..machine.jit import entry, kernel
from ..machine.memory import carve1
from ..machine.vector import is_finite
from .conformal_fields import WINDOW

LEAST = 20  # errors that bounds need
RATE = 0.018
LOWEST, HIGHEST = 1e-9, 0.98  # of a level
DOUBT = 4.0  # variances of a middle that is chance
LOWER, UPPER, EITHER = 0, 1, 2  # tails of the errors; of both, by their absolute values


class Bounds(Group):
    """One key's bounds. Sides are the lower and the upper one of each interval, from the narrowest."""

    sizes: Sizes
    horizon_index: Any  # (horizon_count,)
    wanted: Any = "bound_wanted"  # (intervals,)
    errors: Any = "bound_errors"  # (pairs, WINDOW)
    ascending: Any = "bound_ascending"  # (pairs, WINDOW)
    counts: Any = "bound_counts"  # (pairs,)
    levels: Any = "bound_levels"  # (pairs, intervals)
    forecasts: Any = "bound_forecasts"  # (slots, pairs)
    made: Any = "bounds_made"  # (slots, pairs, sides)
    missed: Any = "bounds_missed"  # (pairs, sides)
    graded: Any = "bounds_graded"  # (pairs,)
    ticks: Any = "bound_ticks"  # (targets,)


_open_bounds = opener(Bounds)


@entry
def bound_rows(double, integer, marks, learn, records):
    """Write the bounds of every row's forecasts, as the entries before have made them.

    double, integer: the learner, see ``state.py``
    marks: (n, 2) int64: the row's lane; 1 if it begins a sequence
    learn: whether what is known of the errors may change
    records: (n, width of an answer) float64, as the entries before have written them
    """
    for i in range(marks.shape[0]):
        bounds = _open_bounds(double, integer, marks[i, LANE])
        sizes = bounds.sizes
        record = records[i]
        told = carve1(record, sizes.handed_at, PER_TARGET * sizes.targets)
        for t in range(sizes.targets):
            if told[2 * sizes.targets + t] > 0.0:
                _begin(bounds, t)
            if marks[i, BOUNDARY]:
                bounds.ticks[t] = 0
            _take_value(bounds, t, told[t], learn, record)


@kernel
def _begin(bounds, t):
    """Know nothing of target t's errors."""
    bounds.ticks[t] = 0
    for pair in range(t, bounds.counts.shape[0], bounds.sizes.targets):
        bounds.counts[pair] = 0


@kernel
def _take_value(bounds, t, truth, learn, record):
    """One row, as far as one target goes; its clock ticks with every row, or with every value."""
    sizes, arrived = bounds.sizes, not math.isnan(truth)
    if arrived:
        for age in range(1, min(sizes.horizon, bounds.ticks[t]) + 1):
            k = bounds.horizon_index[age]
            if k >= 0:
                slot = (bounds.ticks[t] + 1 - age) % sizes.bound_slots
                _grade(bounds, slot, k * sizes.targets + t, age, truth, learn)
    if arrived or not sizes.by_value:
        bounds.ticks[t] += 1
    slot = bounds.ticks[t] % sizes.bound_slots
    for age in range(1, sizes.horizon + 1):
        pair = bounds.horizon_index[age] * sizes.targets + t
        if pair >= 0:
            forecast = record[EXPECTED + sizes.targets + pair * sizes.quantiles + sizes.middle]
            bounds.forecasts[slot, pair] = forecast
            told = carve1(record, sizes.bounds_at + pair * sizes.bound_sides, sizes.bound_sides)
            _make_bounds(bounds, slot, pair, age, told)


@kernel
def _grade(bounds, slot, pair, horizon, truth, learn):
    """Let a truth count for the bounds that were given, then into the errors."""
    forecast = bounds.forecasts[slot, pair]
    if math.isnan(forecast):
        return
    levels, made, rate = bounds.levels[pair], plane(bounds.made, slot)[pair], min(RATE, 1.0 / horizon)
    known = not math.isnan(made[0])
    bounds.graded[pair] += known
    for i in range(levels.shape[0] if known else 0):
        below, above = truth < made[2 * i], truth > made[2 * i + 1]
        bounds.missed[pair, 2 * i] += below
        bounds.missed[pair, 2 * i + 1] += above
        if learn:
            level = levels[i] * math.exp(rate * (bounds.wanted[i] - (below or above)))
            levels[i] = min(max(level, LOWEST), HIGHEST)
    if learn and is_finite(truth - forecast):
        _add_error(bounds, pair, truth - forecast)


@kernel
def _add_error(bounds, pair, error):
    """Put an error in the place of the oldest one, and keep their order."""
    errors, ascending, count = bounds.errors[pair], bounds.ascending[pair], bounds.counts[pair]
    place = min(count, WINDOW)
    if count >= WINDOW:
        place = _first_not_below(ascending, WINDOW, errors[count % WINDOW])
    errors[count % WINDOW] = error
    bounds.counts[pair] = count + 1
    while place > 0 and ascending[place - 1] > error:
        ascending[place] = ascending[place - 1]
        place -= 1
    while place + 1 < min(count + 1, WINDOW) and ascending[place + 1] < error:
        ascending[place] = ascending[place + 1]
        place += 1
    ascending[place] = error


@kernel
def _first_not_below(ascending, count, value):
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _make_bounds(bounds, slot, pair, horizon, told):
    """Write the bounds of one forecast, from the narrowest interval, which lies in the next one."""
    made, forecast = plane(bounds.made, slot)[pair], bounds.forecasts[slot, pair]
    ascending, count = bounds.ascending[pair], min(bounds.counts[pair], WINDOW)
    known = count >= LEAST and not math.isnan(forecast)
    for i in range(bounds.wanted.shape[0]):
        low = high = math.nan
        if known:
            level = bounds.levels[pair, i]
            low, high = _quantile(ascending, count, 0.5 * level, LOWER), _quantile(ascending, count, 0.5 * level, UPPER)
            either, skewed = _quantile(ascending, count, level, EITHER), _belief_in_skew(low, high, horizon / count)
            low = forecast + skewed * low - (1.0 - skewed) * either
            high = forecast + skewed * high + (1.0 - skewed) * either
            if i > 0:
                low, high = min(low, made[2 * i - 2]), max(high, made[2 * i - 1])
        made[2 * i], made[2 * i + 1] = low, high
        told[2 * i], told[2 * i + 1] = low, high


@kernel
def _belief_in_skew(low, high, variance):
    """Return 1 where the middle of two quantiles is surely not 0, and 0 where it may be; variance: in half widths."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    return max(0.0, 1.0 - DOUBT * variance * (half / middle) ** 2) if middle != 0.0 else 0.0


@kernel
def _quantile(ascending, count, level, tail):
    """Return the error beyond which this share of the errors lies."""
    place = level * (count + 1) - 1.0
    if place < 0.0:
        tenth = count // 10
        outermost = _at(ascending, count, 0, tail)
        spread = (outermost - _at(ascending, count, tenth, tail)) / math.log(tenth + 1.0)
        return outermost - spread * math.log(level * (count + 1))
    outer = min(int(place), count - 2)
    part = place - outer
    return (1.0 - part) * _at(ascending, count, outer, tail) + part * _at(ascending, count, outer + 1, tail)


@kernel
def _at(ascending, count, place, tail):
    """Return an error by its place from the outermost one of a tail."""
    if tail == LOWER:
        return ascending[place]
    if tail == UPPER:
        return ascending[count - 1 - place]
    return _absolute_at(ascending, count, count - 1 - place)


@kernel
def _absolute_at(ascending, count, place):
    """Return an absolute error by its place among them, from the least.

    The errors below 0 and those above are two rows in order; of their first place + 1, ``low`` come from the upper one.
    """
    zero = _first_not_below(ascending, count, 0.0)
    low, high = max(0, place + 1 - zero), min(place + 1, count - zero)
    while low < high:
        middle = (low + high) // 2
        if ascending[zero + middle] < -ascending[zero - 1 - place + middle]:
            low = middle + 1
        else:
            high = middle
    upper = ascending[zero + low - 1] if low > 0 else 0.0
    lower = -ascending[zero - place - 1 + low] if low < place + 1 else 0.0
    return max(upper, lower)
