"""The profile of a season: what has come at each of its places of late, and what is left of a target beside it.

At each tick the place of the season that has come again takes the new value v in,

    p <- p + (v - p) / n        n: how often the place has come, at most ``SEASONS``

a mean over all seasons at first, then one that forgets the oldest. A place that is farther from v than an error that
teaches can be begins anew: one of the two is wild, and v is the newer one. What came a season ago is one draw, with all
its noise; the mean of seven has little, and still follows the time of year. The seasonal expert forecasts the profile.
The linear one sees the departures from it, d = y - p, and forecasts how they change from the newest one on,

    y[n + h] = p[n + h] + d[n] + w' x[n]        x: 1, level, the last differences of d

so the regression has the short memory to learn and not the season's shape. Where there is no season, or one so short
that the lags hold all that p is made of, it is one on the values.
"""

from __future__ import annotations

import math

from ..machine.jit import kernel
from .regression import LARGEST, clipped
from .regressors import LAGS, OWN, newest_value, value_before

SEASONS = 7  # in the mean; of days a week


@kernel
def follow_profile(history, units, t):
    """Let target t's newest value into the profile; begin it anew where the past does, or another season is in use."""
    season, ticks, profile = history.season[t], history.ticks[t], history.profile[t]
    farthest = LARGEST * units.unit[t] if units.unit[t] > 0.0 else math.inf
    if season != history.profile_season[t] or ticks == 1:
        history.profile_season[t], history.profile_ticks[t] = season, 0
    if season == 0 or ticks < season:
        return
    known = min(ticks, history.values.shape[1] // 2)
    for lag in range(known - 1 if history.profile_ticks[t] == 0 else 0, -1, -1):
        place, value = (history.phase[t] - lag) % season, value_before(history, t, lag)
        share = 1.0 / min(history.profile_ticks[t] // season + 1, SEASONS)
        if abs(value - profile[place]) > farthest:
            share = 1.0
        profile[place] = (1.0 - share) * profile[place] + share * value
        history.profile_ticks[t] += 1


@kernel
def seasonal_forecast(history, t, horizon):
    """What the profile says of so many ticks from now; the newest value while there is none."""
    if history.profile_ticks[t] == 0:
        return newest_value(history, t)
    return history.profile[t, (history.phase[t] + horizon) % history.profile_season[t]]


@kernel
def departs(history, t):
    """Whether the linear expert sees departures: there is a profile, and the lags do not hold all that it is of."""
    return history.profile_ticks[t] > 0 and SEASONS * history.profile_season[t] > LAGS


@kernel
def change_of_profile(history, t, horizon):
    """How far the profile moves from now to so many ticks on, or back; 0 where nobody departs from it."""
    season, phase, profile = history.profile_season[t], history.phase[t], history.profile[t]
    if not departs(history, t):
        return 0.0
    return profile[(phase + horizon) % season] - profile[phase % season]


@kernel
def write_departures(history, units, t, own, regressors):
    """Write what ``write_own`` has, of departures from the profile in the place of values."""
    for i in range(OWN):
        regressors[i] = own[i]
    if not (departs(history, t) and units.unit[t] > 0.0):
        return
    inverse, season = 1.0 / units.unit[t], history.profile_season[t]
    for i in range(2, OWN):
        lag = i - 1 if i <= LAGS else season - 2 - LAGS + i
        if lag < history.ticks[t] and (i <= LAGS or season + 1 >= LAGS):
            regressors[i] = clipped(own[i] - change_of_profile(history, t, -lag) * inverse)
