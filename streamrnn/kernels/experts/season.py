"""Find a season: the lag after which a stream repeats itself.

For every lag up to ``LONGEST`` a decaying mean is kept of (y - y that many ticks before)^2, a variogram. A season is a
valley in it: a lag whose mean is far below those half a season before and after it. A random walk has none, as its
variogram is a straight line, nor has noise, where it is flat. Where all targets tick together they share the season of
the clearest one: what shows in one column moves the others too.
"""

from __future__ import annotations

import math

from ..machine.jit import kernel

LAGS = 256
LONGEST = 2 * LAGS // 3  # half a season must fit behind it
MEMORY = 0.9995
DEPTH = 0.6  # of a valley: its mean over that of its shoulders
AS_GOOD = 0.1  # the first valley counts that is not shallower than the deepest by more
FIRST_LOOK = 64  # ticks; the next looks are after twice as many each, and after every LOOKS
LOOKS = 1024


@kernel
def note_repeats(sums, values, newest, ticks, unit):
    """Add the newest value's distance from those before it. values[newest - s] is that of s ticks before."""
    inverse = 1.0 / unit
    for s in range(1, min(sums.shape[0], ticks)):
        off = (values[newest] - values[newest - s]) * inverse
        sums[s] = MEMORY * sums[s] + min(off * off, 100.0)


@kernel
def is_time_to_look(ticks):
    """Whether it is time to look for the season anew."""
    return ticks >= FIRST_LOOK and (ticks % LOOKS == 0 or (ticks & (ticks - 1)) == 0)


@kernel
def find_season(history, t):
    """Look for target t's own season; writes it, 0 if there is none, and how deep its valley is."""
    sums, ticks = history.season_sums[t], history.ticks[t]
    longest = min(LONGEST, ticks // 4)
    deepest = DEPTH
    for s in range(2, longest + 1):
        if _is_valley(sums, ticks, s):
            deepest = min(deepest, _depth(sums, ticks, s))
    history.own_season[t], history.season_depth[t] = 0, deepest
    for s in range(longest, 1, -1):
        if deepest < DEPTH and _is_valley(sums, ticks, s) and _depth(sums, ticks, s) <= deepest + AS_GOOD:
            history.own_season[t] = s


@kernel
def _mean(sums, ticks, s):
    return sums[s] / -math.expm1((ticks - s) * math.log(MEMORY))


@kernel
def _is_valley(sums, ticks, s):
    here = _mean(sums, ticks, s)
    return here < _mean(sums, ticks, s - 1) and here <= _mean(sums, ticks, s + 1)


@kernel
def _depth(sums, ticks, s):
    shoulders = 0.5 * (_mean(sums, ticks, s // 2) + _mean(sums, ticks, s + (s + 1) // 2))
    return _mean(sums, ticks, s) / shoulders if shoulders > 0.0 else 1.0
