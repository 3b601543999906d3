"""The latest errors in order, and their quantiles.

Beyond all errors in the window a quantile goes on as if their outermost tenth had an exponential tail.
"""

from __future__ import annotations

import math

from ..machine.jit import kernel
from .conformal_fields import WINDOW


@kernel
def rank_error(errors, ascending, count, error):
    """Put an error in the place of the oldest one, and keep their order; count: errors so far."""
    known, place = min(count, WINDOW), count
    if count >= WINDOW:
        place = first_not_below(ascending, WINDOW, errors[count % WINDOW])
    errors[count % WINDOW] = error
    goal = first_not_below(ascending, known, error)
    if goal > place:
        goal -= 1
        for i in range(place, goal):
            ascending[i] = ascending[i + 1]
    else:
        for i in range(place, goal, -1):
            ascending[i] = ascending[i - 1]
    ascending[goal] = error


@kernel
def first_not_below(ascending, count, value):
    """Return how many of them are less than a value."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def error_quantile(ascending, count, level, upper):
    """Return the error beyond which this share of the errors lies, on one side."""
    place = level * (count + 1) - 1.0
    outer = min(max(int(place), 0), count - 2)
    if upper:
        here, next_one, tenth = count - 1 - outer, count - 2 - outer, count - 1 - count // 10
    else:
        here, next_one, tenth = outer, outer + 1, count // 10
    if place < 0.0:
        return _beyond(ascending[here], ascending[tenth], count, level)
    return ascending[here] + (place - outer) * (ascending[next_one] - ascending[here])


@kernel
def absolute_quantile(ascending, count, zero, level):
    """Return the absolute error beyond which this share of them lies; zero: errors below 0."""
    place = level * (count + 1) - 1.0
    outer = min(max(int(place), 0), count - 2)
    next_one, here = _absolutes_at(ascending, count, zero, count - 2 - outer)
    if place < 0.0:
        tenth, _ = _absolutes_at(ascending, count, zero, count - 1 - count // 10)
        return _beyond(here, tenth, count, level)
    return here + (place - outer) * (next_one - here)


@kernel
def _beyond(outermost, tenth, count, level):
    """Return a quantile beyond the outermost error; tenth: the one within which nine tenths lie."""
    return outermost - (outermost - tenth) / math.log(count // 10 + 1.0) * math.log(level * (count + 1))


@kernel
def _absolutes_at(ascending, count, zero, place):
    """Return an absolute error by its place among them, from the least, and the next one.

    The errors below 0 and those above are two rows in order; of their first place + 1, ``low`` come from the upper one.
    """
    low, high = max(0, place + 1 - zero), min(place + 1, count - zero)
    while low < high:
        middle = (low + high) // 2
        if ascending[zero + middle] < -ascending[zero - 1 - place + middle]:
            low = middle + 1
        else:
            high = middle
    above, below = zero + low, zero - place - 2 + low  # the next ones of both rows
    here = max(ascending[above - 1] if above > zero else 0.0, -ascending[below + 1] if below + 1 < zero else 0.0)
    if above == count:
        return here, -ascending[below]
    if below < 0:
        return here, ascending[above]
    return here, min(ascending[above], -ascending[below])
