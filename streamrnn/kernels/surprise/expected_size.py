"""How large an error will be, beside those of its target and horizon for long.

Errors come in sizes: a market is calm or it is not, a sunny noon is harder to forecast than a night. What an error is
divided by before it is ranked (Papadopoulos et al. 2008, Normalized nonconformity measures for regression conformal
prediction; Lei et al. 2018) is a product of three ratios, each to a power that leaves room for its own error:

    changes from value to value, of late over for long: known now, whatever the horizon
    revealed errors, of late over for long: h ticks old
    the mean log error at this place of the season, where the experts have found one
"""

from __future__ import annotations

import math

from ..machine.jit import kernel
from .conformal_fields import PLACES

LATELY_STEPS, LATELY_ERRORS, LONG = 1.0 / 30.0, 1.0 / 150.0, 1.0 / 450.0  # shares of a newest size in a mean
STEP_POWER, ERROR_POWER, SEASON_POWER = 0.25, 0.2, 0.7
SETTLED = 20  # sizes after which one is cut
MOST, LEAST = 8.0, 0.1  # of a size that counts, over the mean for long; of a ratio of means
PROFILE_SHARE = 0.03
NO_ERROR = 0.05  # is added before a logarithm
TYPICAL_LOG = -0.4  # of an absolute error over its mean, in the usual distributions


@kernel
def note_step(bounds, t, value):
    """Let a value's distance from the one before count."""
    if bounds.values[t] > 0:
        _follow(bounds.step_sizes[t], abs(value - bounds.last[t]), bounds.step_counts[t], LATELY_STEPS)
        bounds.step_counts[t] += 1
    bounds.last[t] = value
    bounds.values[t] += 1


@kernel
def note_error(bounds, pair, error, learn):
    """Let a revealed error count, one tick after those that the phase has counted."""
    t, means = pair % bounds.sizes.targets, bounds.error_sizes[pair]
    _follow(means, abs(error), bounds.counts[pair], LATELY_ERRORS)
    if learn and bounds.season[t] > 0 and means[1] > 0.0:
        place, log_size = _place(bounds, t, 1), math.log(min(abs(error) / means[1], MOST) + NO_ERROR)
        bounds.profile[pair, place] += PROFILE_SHARE * (log_size - bounds.profile[pair, place])


@kernel
def _follow(means, size, count, lately):
    """Take a size into the means, of late and for long; one that is far too large is cut."""
    if count >= SETTLED and means[1] > 0.0:
        size = min(size, MOST * means[1])
    first = 1.0 / (count + 1.0)
    means[0] += max(first, lately) * (size - means[0])
    means[1] += max(first, LONG) * (size - means[1])


@kernel
def begin_season(bounds, t, season):
    """Take the season that the experts have found; of another one than before nothing is known."""
    if season == bounds.season[t] or bounds.profile.shape[1] == 0:
        return
    bounds.season[t] = season
    for pair in range(t, bounds.counts.shape[0], bounds.sizes.targets):
        for place in range(PLACES):
            bounds.profile[pair, place] = TYPICAL_LOG


@kernel
def expected_log_size(bounds, t, pair, horizon, of_steps):
    """Return the log of the size that the error of a forecast should have; of_steps: what the steps say."""
    log_size = STEP_POWER * of_steps + ERROR_POWER * log_excess(bounds.error_sizes[pair])
    if bounds.season[t] > 0:
        log_size += SEASON_POWER * bounds.profile[pair, _place(bounds, t, horizon)]
    return log_size


@kernel
def log_excess(means):
    """Return the log of a mean of late over that for long."""
    return math.log(max(means[0] / means[1], LEAST)) if means[1] > 0.0 else 0.0


@kernel
def _place(bounds, t, ahead):
    """Return the place in the season so many ticks ahead."""
    season = bounds.season[t]
    return (bounds.phase[t] + ahead) % season * min(season, PLACES) // season
