"""The past of a target, and the regressors that are made of it.

All are in the units of ``units.py``. Differences are from the newest value, so the level of a stream plays no part; a
regression forecasts the change from the newest value.

    linear   1, level, the last LAGS - 1 differences, those a season ago
    joint    the same, sine and cosine of the season and of its half, the network's inputs and their last changes
    readout  1, the network's state

Where there is a season the linear one sees departures from its profile in the place of values, see ``profile.py``.
"""

from __future__ import annotations

import math

from ..machine.jit import kernel
from .regression import clipped
from .season import find_season, is_time_to_look, note_repeats

LAGS = 50
OWN = LAGS + 4  # 1, level, LAGS - 1 differences, 3 of a season ago
WAVES = 4
INPUTS_AT = OWN + WAVES


@kernel
def newest_place(history, t):
    """Where target t's newest value stands in its row of the history; older ones stand before it."""
    length = history.values.shape[1] // 2
    return length + history.ticks[t] % length


@kernel
def newest_value(history, t):
    """Target t's last value."""
    return history.values[t, newest_place(history, t)]


@kernel
def remember(history, t, value):
    """Append a value to target t's past, and begin a tick."""
    history.ticks[t] += 1
    place = newest_place(history, t)
    history.values[t, place] = value
    history.values[t, place - history.values.shape[1] // 2] = value


@kernel
def look_for_season(history, t, unit, tick_together):
    """Let the newest value into what is known of the season, and look for it anew now and then."""
    ticks = history.ticks[t]
    if history.season_sums.shape[1] == 0 or not unit > 0.0:
        return
    note_repeats(history.season_sums[t], history.values[t], newest_place(history, t), ticks, unit)
    if is_time_to_look(ticks):
        find_season(history, t)
        clearest = t
        for other in range(history.ticks.shape[0] if tick_together else 0):
            is_clearer = history.season_depth[other] < history.season_depth[clearest]
            if history.own_season[other] > 0 and (is_clearer or history.own_season[clearest] == 0):
                clearest = other
        history.season[t] = history.own_season[clearest]


@kernel
def value_before(history, t, lag):
    """Target t's value so many ticks before the newest; the newest where none is known."""
    place = newest_place(history, t)
    return history.values[t, place - lag if lag < history.ticks[t] else place]


@kernel
def write_own(history, units, t, regressors):
    """Write the constant, the level and the differences of target t; zeros while it has no unit."""
    for i in range(OWN):
        regressors[i] = 0.0
    if not units.unit[t] > 0.0:
        return
    inverse = 1.0 / units.unit[t]
    values, newest, ticks = history.values[t], newest_place(history, t), history.ticks[t]
    now = values[newest]
    regressors[0], regressors[1] = 1.0, clipped((now - units.level[t]) * inverse)
    for lag in range(1, min(LAGS, ticks)):
        regressors[1 + lag] = clipped((values[newest - lag] - now) * inverse)
    season = history.season[t]
    if season + 1 >= LAGS:
        for i in range(3):
            regressors[LAGS + 1 + i] = clipped((value_before(history, t, season - 1 + i) - now) * inverse)


@kernel
def write_joint(history, units, t, told, regressors):
    """Write the target's own past, then the waves of the season, the network's inputs and their last changes."""
    write_own(history, units, t, regressors)
    season = history.season[t]
    for i in range(WAVES):
        angle = 2.0 * math.pi * (1 + i // 2) * history.phase[t] / max(season, 1)
        wave = math.sin(angle) if i % 2 == 0 else math.cos(angle)
        regressors[OWN + i] = wave if season > 1 else 0.0
    inputs, is_first = units.input_unit.shape[1], history.ticks[t] == 1
    for i in range(inputs):
        unit, change = units.input_unit[t, i], told[i] - units.input_before[t, i]
        known = unit > 0.0 and not math.isnan(told[i])
        moved = known and not is_first and not math.isnan(change)
        regressors[INPUTS_AT + i] = clipped((told[i] - units.input_level[t, i]) / unit) if known else 0.0
        regressors[INPUTS_AT + inputs + i] = clipped(change / unit) if moved else 0.0
        units.input_before[t, i] = told[i]


@kernel
def write_readout(state, regressors):
    """Write a constant and the network's state."""
    regressors[0] = 1.0
    for i in range(1, regressors.shape[0]):
        regressors[i] = state[i - 1]
