"""Intervals: where a value will lie, with a probability that holds in the long run.

A bound is an empirical quantile of the last ``WINDOW`` revealed errors of its target and horizon, added to the
forecast. Which quantile is adapted online (Gibbs & Candès 2021, Adaptive conformal inference under distribution shift):
each side of each interval has a level, which should be missed with the probability ``wanted``, and after each truth

    level <- level + rate (wanted - missed)

so over T truths the share of misses is within the order of 1 / (rate T) of what is wanted, whatever the stream does.
``missed`` is what the bound that was given did, however late its truth has come. Truths that come h ticks late are
answered late, and their errors hang together; the rate falls with the root of h, lest the level swing. A level below
0, and a bound beyond all errors in the window, goes on as the outermost tenth of them lets it expect.
"""

from __future__ import annotations

import math
from typing import Any

from .conformal_fields import WINDOW
from .group import Group, opener
from .handover import PER_TARGET
from .jit import entry, kernel
from .memory import carve1
from .state import BOUNDARY, EXPECTED, LANE, Sizes
from .vector import is_finite
from .views import plane

LEAST = 20  # errors that bounds need
RATE = 0.005
LOWEST, HIGHEST = -0.05, 0.5  # of a level
STRETCH = 2.0  # of the outermost tenth


class Bounds(Group):
    """One key's bounds. Sides are the lower and the upper one of each interval, from the narrowest."""

    sizes: Sizes
    horizon_index: Any  # (horizon_count,)
    wanted: Any = "bound_wanted"  # (sides,)
    errors: Any = "bound_errors"  # (pairs, WINDOW)
    ascending: Any = "bound_ascending"  # (pairs, WINDOW)
    counts: Any = "bound_counts"  # (pairs,)
    levels: Any = "bound_levels"  # (pairs, sides)
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
    for pair in range(t, bounds.counts.shape[0], sizes.targets):
        bounds.forecasts[slot, pair] = record[EXPECTED + sizes.targets + pair * sizes.quantiles + sizes.middle]
        made = carve1(record, sizes.bounds_at + pair * sizes.bound_sides, sizes.bound_sides)
        _make_bounds(bounds, slot, pair, made)


@kernel
def _grade(bounds, slot, pair, horizon, truth, learn):
    """Let a truth count for the bounds that were given, then into the errors."""
    forecast = bounds.forecasts[slot, pair]
    if math.isnan(forecast):
        return
    levels, made, rate = bounds.levels[pair], plane(bounds.made, slot)[pair], RATE / math.sqrt(horizon)
    known = not math.isnan(made[0])
    bounds.graded[pair] += known
    for side in range(levels.shape[0] if known else 0):
        missed = truth < made[side] if side % 2 == 0 else truth > made[side]
        bounds.missed[pair, side] += missed
        if learn:
            step = rate * (bounds.wanted[side] - missed)
            levels[side] = min(max(levels[side] + step, LOWEST), HIGHEST)
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
def _make_bounds(bounds, slot, pair, told):
    """Write the bounds of one forecast, from the narrowest interval, which lies in the next one."""
    sizes, made = bounds.sizes, plane(bounds.made, slot)[pair]
    count, forecast = min(bounds.counts[pair], WINDOW), bounds.forecasts[slot, pair]
    for side in range(sizes.bound_sides):
        made[side] = math.nan
        if count >= LEAST and not math.isnan(forecast):
            sign = 1.0 if side % 2 == 0 else -1.0
            error = sign * _quantile(bounds.ascending[pair], count, bounds.levels[pair, side], side % 2 == 1)
            made[side] = forecast + error
            if side >= 2:
                made[side] = sign * min(sign * made[side], sign * made[side - 2])
        told[side] = made[side]


@kernel
def _quantile(ascending, count, level, mirrored):
    """Quantile of the errors; mirrored: of the errors with their signs turned."""
    place = level * (count + 1) - 1.0
    if place < 0.0:
        tenth = count // 10
        lowest = _at(ascending, count, 0, mirrored)
        return lowest + place * STRETCH * (_at(ascending, count, tenth, mirrored) - lowest) / tenth
    below = min(int(place), count - 2)
    part = place - below
    return (1.0 - part) * _at(ascending, count, below, mirrored) + part * _at(ascending, count, below + 1, mirrored)


@kernel
def _at(ascending, count, place, mirrored):
    return -ascending[count - 1 - place] if mirrored else ascending[place]
