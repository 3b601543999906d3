"""Intervals: where a value will lie, with a probability that holds in the long run.

The bounds of a forecast are empirical quantiles of the last ``WINDOW`` revealed errors of its target and horizon, each
over the size that was expected of it (``expected_size.py``), times the size that is expected now. Which quantiles is
adapted online (Gibbs & Candès 2021, Adaptive conformal inference under distribution shift): each interval has a level,
the share of those errors that it leaves out, and wants to be missed with the probability ``wanted``. After each truth

    log(level / (1 - level)) += rate (wanted - missed)

where ``missed`` is what the bounds that were given did, however late their truth has come. While the level stays
within its limits, the share of misses over T truths is off by the change of that logarithm over rate T, whatever the
stream does. Odds that are multiplied move an interval of 50% and one of 90% in about the same time. With a rate above
about 2.2 / h the answers that come h ticks late would make the level swing.

Misses h steps ahead come in runs of h, which would drive a level to quantiles that nobody has seen, from where it is
long in coming back. So it stops at a floor, first at a quarter of the odds wanted, which gives way by three tenths of
what pushes against it: one that is too high is gone after some misses, and then the sum above holds again.

Errors at a horizon of h hang together over h ticks, so ``WINDOW`` of them count as ``WINDOW / h``, too few to tell
their skew from chance. Bounds are drawn towards those of the absolute errors, which are symmetric, as far as the middle
between the quantiles could be chance (a positive-part estimator in the manner of James & Stein 1961).

Where at least one value in twenty is the greatest that has ever come, that is an end of what can come, and no bound
lies beyond it; so with the least. That takes width and no truth away.
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
from .expected_size import begin_season, expected_log_size, log_excess, note_error, note_step
from .ranked_errors import absolute_quantile, error_quantile, first_not_below, rank_error

FEWEST = 20  # errors that bounds need
RATE, RATE_OF_HORIZON = 0.045, 2.2  # the latter over the horizon
LOWEST, HIGHEST = 1e-9, 0.98  # of a level
GIVES = 0.3  # of a floor, where its level pushes
DOUBT = 8.0  # variances of a middle that is chance
END_VALUES, END_SHARE = 100, 20  # values at an end; one in so many


class Bounds(Group):
    """One key's bounds. Sides are the lower and the upper one of each interval, from the narrowest."""

    sizes: Sizes
    horizon_index: Any  # (horizon_count,)
    wanted: Any = "bound_wanted"  # (intervals,)
    errors: Any = "bound_errors"  # (pairs, WINDOW)
    ascending: Any = "bound_ascending"  # (pairs, WINDOW)
    counts: Any = "bound_counts"  # (pairs,)
    levels: Any = "bound_levels"  # (pairs, intervals)
    floors: Any = "bound_floors"  # (pairs, intervals)
    forecasts: Any = "bound_forecasts"  # (slots, pairs)
    expected: Any = "bound_expected"  # (slots, pairs)
    made: Any = "bounds_made"  # (slots, pairs, sides)
    missed: Any = "bounds_missed"  # (pairs, sides)
    graded: Any = "bounds_graded"  # (pairs,)
    ticks: Any = "bound_ticks"  # (targets,)
    phase: Any = "bound_phase"  # (targets,)
    season: Any = "bound_season"  # (targets,)
    profile: Any = "bound_profile"  # (pairs, places)
    error_sizes: Any  # (pairs, 2)
    step_sizes: Any  # (targets, 2)
    step_counts: Any  # (targets,)
    last: Any = "bound_last"  # (targets,)
    values: Any = "bound_values"  # (targets,)
    ends: Any = "bound_ends"  # (targets, 2)
    reached: Any = "bound_reached"  # (targets, 3)


_open_bounds = opener(Bounds)


@entry
def bound_rows(double, integer, marks, learn, records):
    """Write the bounds of every row's forecasts, as the entries before have made them.

    double, integer: the learner, see ``state.py``
    marks: (n, 2) int64: the row's lane; 1 if it begins a sequence
    learn: whether what is known of the errors may change; what was of late goes on
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
                bounds.ticks[t] = bounds.phase[t] = bounds.values[t] = 0
            begin_season(bounds, t, int(told[3 * sizes.targets + t]))
            _take_value(bounds, t, told[t], learn, record)


@kernel
def _begin(bounds, t):
    """Know nothing of target t's values and errors."""
    bounds.ticks[t] = bounds.values[t] = bounds.step_counts[t] = bounds.reached[t, 2] = 0
    for pair in range(t, bounds.counts.shape[0], bounds.sizes.targets):
        bounds.counts[pair] = 0


@kernel
def _take_value(bounds, t, truth, learn, record):
    """One row, as far as one target goes; its clock ticks with every row, or with every value."""
    sizes, arrived = bounds.sizes, not math.isnan(truth)
    if arrived:
        note_step(bounds, t, truth)
        _note_ends(bounds.ends[t], bounds.reached[t], truth)
        for age in range(1, min(sizes.horizon, bounds.ticks[t]) + 1):
            k = bounds.horizon_index[age]
            if k >= 0:
                slot = (bounds.ticks[t] + 1 - age) % sizes.bound_slots
                _grade(bounds, slot, k * sizes.targets + t, age, truth, learn)
    if arrived or not sizes.by_value:
        bounds.ticks[t] += 1
        bounds.phase[t] += 1
    slot, of_steps = bounds.ticks[t] % sizes.bound_slots, log_excess(bounds.step_sizes[t])
    for age in range(1, sizes.horizon + 1):
        pair = bounds.horizon_index[age] * sizes.targets + t
        if pair >= 0:
            forecast = record[EXPECTED + sizes.targets + pair * sizes.quantiles + sizes.middle]
            bounds.forecasts[slot, pair] = forecast
            bounds.expected[slot, pair] = math.exp(expected_log_size(bounds, t, pair, age, of_steps))
            told = carve1(record, sizes.bounds_at + pair * sizes.bound_sides, sizes.bound_sides)
            _make_bounds(bounds, slot, pair, age, told)


@kernel
def _note_ends(ends, reached, value):
    """Count how often the least and the greatest value have come."""
    first = reached[2] == 0
    for side in range(2):
        if first or (value > ends[side] if side else value < ends[side]):
            ends[side], reached[side] = value, 0
        reached[side] += value == ends[side]
    reached[2] += 1


@kernel
def _grade(bounds, slot, pair, horizon, truth, learn):
    """Let a truth count for the bounds that were given, then into the errors."""
    forecast = bounds.forecasts[slot, pair]
    if math.isnan(forecast):
        return
    made, rate = plane(bounds.made, slot)[pair], min(RATE, RATE_OF_HORIZON / horizon)
    known = not math.isnan(made[0])
    bounds.graded[pair] += known
    for i in range(bounds.wanted.shape[0] if known else 0):
        below, above = truth < made[2 * i], truth > made[2 * i + 1]
        bounds.missed[pair, 2 * i] += below
        bounds.missed[pair, 2 * i + 1] += above
        if learn:
            _steer(bounds.levels[pair], bounds.floors[pair], i, rate * (bounds.wanted[i] - (below or above)))
    error = truth - forecast
    if is_finite(error):
        note_error(bounds, pair, error, learn)
        if learn:
            error /= bounds.expected[slot, pair]
            rank_error(bounds.errors[pair], bounds.ascending[pair], bounds.counts[pair], error)
            bounds.counts[pair] += 1


@kernel
def _steer(levels, floors, i, push):
    """Move the log odds of a level."""
    odds = levels[i] / (1.0 - levels[i]) * math.exp(push)
    level = odds / (1.0 + odds)
    if level < floors[i]:
        floors[i] = max(floors[i] * (level / floors[i]) ** GIVES, LOWEST)
        level = floors[i]
    levels[i] = min(level, HIGHEST)


@kernel
def _make_bounds(bounds, slot, pair, horizon, told):
    """Write the bounds of one forecast, from the narrowest interval, which lies in the next one."""
    made, forecast, size = plane(bounds.made, slot)[pair], bounds.forecasts[slot, pair], bounds.expected[slot, pair]
    ascending, count = bounds.ascending[pair], min(bounds.counts[pair], WINDOW)
    known = count >= FEWEST and not math.isnan(forecast)
    zero = first_not_below(ascending, count, 0.0)
    for i in range(bounds.wanted.shape[0]):
        low = high = math.nan
        if known:
            level = bounds.levels[pair, i]
            low = error_quantile(ascending, count, 0.5 * level, False)
            high = error_quantile(ascending, count, 0.5 * level, True)
            either = absolute_quantile(ascending, count, zero, level)
            skewed = _belief_in_skew(low, high, horizon / count)
            low = forecast + size * (skewed * low - (1.0 - skewed) * either)
            high = forecast + size * (skewed * high + (1.0 - skewed) * either)
            low, high = _within_ends(bounds, pair % bounds.sizes.targets, low, high)
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
def _within_ends(bounds, t, low, high):
    """Return an interval without what lies beyond the ends, if it has a part between them."""
    ends, reached = bounds.ends[t], bounds.reached[t]
    if _is_end(reached, 0) and high >= ends[0]:
        low = max(low, ends[0])
    if _is_end(reached, 1) and low <= ends[1]:
        high = min(high, ends[1])
    return low, high


@kernel
def _is_end(reached, side):
    return reached[side] >= END_VALUES and END_SHARE * reached[side] >= reached[2]
