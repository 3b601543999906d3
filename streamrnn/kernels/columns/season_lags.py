"""What the network sees of a season ago: each target as it was one season before the row that is forecast.

With a season of s ticks and forecasts of up to H ahead, the input of target t at the tick n is

    (y[n + H - s] - y[n]) / deviation of y

and where H is a season or more, that of the same phase in the last one. Shorter horizons have no inputs of their own:
the value a season before row n + h has been such an input H - h ticks ago, and the state may keep it. Until there are
values of a season ago the input is 0, as if nothing would change. A clock ticks, and a season is found, as the experts'
are (``experts/season.py``), from what the gate has accepted; a tick without a value repeats the last one.
"""

from __future__ import annotations

import math
from typing import Any

from ..arrays.group import Group, opener
from ..arrays.places import BOUNDARY, GOES_ON, LANE, STEPS
from ..experts.regressors import look_for_season, newest_value, remember, value_before
from ..machine.jit import kernel
from ..machine.vector import constant
from .gate import FAR, deviation


class Past(Group):
    """What is kept of each target's past for the network: as `experts.views.History`, which is kept for the experts."""

    values: Any = "past_values"  # (targets, 2 * length)
    season_sums: Any = "past_season_sums"  # (targets, seasons)
    own_season: Any = "past_own_season"  # (targets,)
    season_depth: Any = "past_season_depth"  # (targets,)
    season: Any = "past_season"  # (targets,)
    ticks: Any = "past_ticks"  # (targets,)


_open_past = opener(Past)


@kernel
def see_season(seasons, model, lane, mark):
    """Let a row's values into the past, and write what the next step sees of a season ago.

    seasons: the learner's ``double`` and ``integer``; None: the network sees nothing of it
    """
    if seasons is None:
        return
    sizes, columns, scratch, inputs = model.sizes, lane.columns, model.scratch, lane.ring.inputs
    double, integer = seasons
    past = _open_past(double, integer, mark[LANE])
    slot = lane.counts[STEPS] % sizes.slots
    first = 2 * sizes.features + sizes.coded_features * sizes.embedding
    for t in range(sizes.targets):
        c = model.roles.target_columns[t]
        unit = deviation(columns, c)
        if mark[BOUNDARY] != GOES_ON or scratch.shifted[c] > 0.0:
            past.ticks[t] = 0
        _tick(past, t, scratch.arrived[c], unit, sizes.by_value > 0)
        difference = _difference(past, t, sizes.horizon)
        x = difference / unit if unit > 0.0 else 0.0
        inputs[slot, first + t] = constant(inputs[slot, first + t], min(max(x, -FAR), FAR))


@kernel
def _tick(past, t, value, unit, by_value):
    """Let target t's clock tick, where it does, with the row's value or with the last one."""
    if math.isnan(value):
        if by_value or past.ticks[t] == 0:
            return
        value = newest_value(past, t)
    remember(past, t, value)
    look_for_season(past, t, unit, not by_value)


@kernel
def _difference(past, t, horizon):
    """Return how far the value a season before the forecast one is from the newest; 0 while none is known."""
    season = past.season[t]
    if season == 0 or past.ticks[t] == 0:
        return 0.0
    lag = (season - horizon % season) % season
    return value_before(past, t, lag) - newest_value(past, t)
