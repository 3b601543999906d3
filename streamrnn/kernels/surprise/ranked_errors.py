"""The latest errors in order, and their quantiles.

Beyond all errors in the window a quantile goes on as if their outermost tenth had an exponential tail.
"""

from __future__ import annotations

import math

from ..machine.jit import kernel
from .conformal_fields import WINDOW

LOWER, UPPER, EITHER = 0, 1, 2  # tails of the errors; of both, by their absolute values


@kernel
def rank_error(errors, ascending, count, error):
    """Put an error in the place of the oldest one, and keep their order; count: errors so far."""
    known, place = min(count, WINDOW), count
    if count >= WINDOW:
        place = _first_not_below(ascending, WINDOW, errors[count % WINDOW])
    errors[count % WINDOW] = error
    goal = _first_not_below(ascending, known, error)
    if goal > place:
        goal -= 1
        for i in range(place, goal):
            ascending[i] = ascending[i + 1]
    else:
        for i in range(place, goal, -1):
            ascending[i] = ascending[i - 1]
    ascending[goal] = error


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
def error_quantile(ascending, count, level, tail):
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
