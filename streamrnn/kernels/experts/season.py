"""Find a season: the lag after which a stream repeats itself.

For every lag up to ``LONGEST`` a decaying mean is kept of (y - y that many ticks before)^2, a variogram. A season is a
valley in it: a lag whose mean is far below those half a season before and after it. A random walk has none, as its
variogram is a straight line, nor has noise, where it is flat. A level that wanders, and noise, fill a valley; so where
none is deep a lag will do that has one at each of its multiples, deep enough on average, which chance does not dig.
Where all targets tick together they share the season of the clearest one: what shows in one column moves the others
too.
"""

from __future__ import annotations

import math

from ..machine.jit import kernel

LAGS = 256
LONGEST = 2 * LAGS // 3  # half a season must fit behind it
MEMORY = 0.9995
DEPTH = 0.6  # of a valley: its mean over that of its shoulders
AS_GOOD = 0.1  # the first valley counts that is not shallower than the deepest by more
SHALLOW = 0.8  # the mean depth of valleys at a lag's first multiples
KEPT = 0.9  # the same, of a season that has been found before
FEWEST_VALLEYS, MOST_VALLEYS = 3, 5
SHORTEST_OF_SHALLOW = 4
ENOUGH = 512  # ticks to tell shallow valleys from chance
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
            deepest = min(deepest, _depth(sums, ticks, s, s))
    before = history.own_season[t]
    history.own_season[t], history.season_depth[t] = 0, deepest
    for s in range(longest, 1, -1):
        if deepest < DEPTH and _is_valley(sums, ticks, s) and _depth(sums, ticks, s, s) <= deepest + AS_GOOD:
            history.own_season[t] = s
    if ticks >= ENOUGH:
        if history.own_season[t] == 0:
            _find_shallow_season(history, t, before)
        _straighten(history, t)


@kernel
def _find_shallow_season(history, t, before):
    """Look for a lag with valleys at its multiples, the first that is about as good as the best; keep that of before.

    before: the season so far, 0 if there was none
    """
    sums, ticks = history.season_sums[t], history.ticks[t]
    longest = _longest_of_shallow(ticks)
    if 0 < before <= longest:
        depth = _mean_depth(sums, ticks, before)
        if depth < KEPT:
            history.own_season[t], history.season_depth[t] = before, depth
            return
    best = SHALLOW
    for s in range(SHORTEST_OF_SHALLOW, longest + 1):
        best = min(best, _mean_depth(sums, ticks, s))
    for s in range(longest, SHORTEST_OF_SHALLOW - 1, -1):
        depth = _mean_depth(sums, ticks, s)
        is_best = depth <= _mean_depth(sums, ticks, s - 1) and depth <= _mean_depth(sums, ticks, s + 1)
        if best < SHALLOW and is_best and depth <= best + 0.5 * AS_GOOD:
            history.own_season[t], history.season_depth[t] = s, depth


@kernel
def _straighten(history, t):
    """Take the lag next to the season if the valleys at its multiples are deeper: a level that wanders tilts them."""
    sums, ticks, found = history.season_sums[t], history.ticks[t], history.own_season[t]
    if SHORTEST_OF_SHALLOW < found < _longest_of_shallow(ticks):
        for s in range(found - 1, found + 2):
            if _mean_depth(sums, ticks, s) < _mean_depth(sums, ticks, history.own_season[t]):
                history.own_season[t] = s


@kernel
def _longest_of_shallow(ticks):
    """Return the longest lag that has enough valleys within reach."""
    return 2 * min(LAGS - 1, ticks // 3) // (2 * FEWEST_VALLEYS + 1)


@kernel
def _mean_depth(sums, ticks, s):
    """Return the mean depth at a lag's multiples, as many as fit."""
    valleys = min((2 * min(LAGS - 1, ticks // 3) - s) // (2 * s), MOST_VALLEYS)
    depth = 0.0
    for valley in range(1, valleys + 1):
        depth += _depth(sums, ticks, valley * s, s) / valleys
    return depth


@kernel
def _mean(sums, ticks, s):
    return sums[s] / -math.expm1((ticks - s) * math.log(MEMORY))


@kernel
def _is_valley(sums, ticks, s):
    here = _mean(sums, ticks, s)
    return here < _mean(sums, ticks, s - 1) and here <= _mean(sums, ticks, s + 1)


@kernel
def _depth(sums, ticks, place, s):
    """Return the mean at a place over that half a season of s ticks before and after it."""
    half = (s + 1) // 2
    shoulders = 0.5 * (_mean(sums, ticks, place - half) + _mean(sums, ticks, place + half))
    return _mean(sums, ticks, place) / shoulders if shoulders > 0.0 else 1.0
