"""What the kernels of the experts see: groups of named views onto a learner's flat arrays."""

from __future__ import annotations

from typing import Any

from ..arrays.group import Group, opener
from ..arrays.sizes import Sizes
from .regression import READOUT_RIDGE, RIDGE
from .regressors import OWN


class Regression(Group):
    """One kind of linear forecaster: recursive least squares over one vector of regressors per tick and target.

    The fields are those of the first kind; `_regression` says which are another one's.
    """

    covariance: Any = "linear_covariance"  # (targets, width, width)
    weights: Any = "linear_weights"  # (pairs, width)
    regressors: Any = "linear_regressors"  # (slots * targets, width)
    gains: Any = "linear_gains"  # (slots * targets, width)
    absorbed: Any  # (3, targets)
    direction: Any  # (direction_width,): work space
    place: Any = 0  # row of `absorbed`
    own_at: Any = 1  # where those regressors begin that are in the target's unit; the constant is not
    own_end: Any = OWN  # and where they end
    ridge: Any = RIDGE  # information that the prior has about each weight; regressors are of about unit size


class Mix(Group):
    """Forecasts that wait for their truth, and what decides who is believed."""

    forecasts: Any = "expert_forecasts"  # (experts, slots, pairs)
    mixed: Any = "mixed_forecasts"  # (slots, pairs)
    proposals: Any = "mix_proposals"  # (slots, pairs)
    readout_bases: Any  # (slots, pairs)
    readouts: Any = "readout_proposals"  # (slots, pairs)
    unit: Any = "mix_unit"  # (slots, targets)
    linear_bases: Any  # (slots, pairs)
    moves: Any  # (pairs, 2)
    regret: Any  # (pairs, experts)
    regret2: Any  # (pairs, experts)
    evidence: Any = "mix_evidence"  # (pairs, 5)
    agreement: Any = "readout_agreement"  # (pairs, 2)
    largest: Any = "largest_regret"  # (pairs,)
    weights: Any = "mix_weights"  # (pairs, experts)
    errors: Any = "mix_errors"  # (pairs, 4)
    error_count: Any = "mix_error_count"  # (pairs,)


class History(Group):
    """What is kept of each target's past."""

    values: Any = "history"  # (targets, 2 * length)
    season_sums: Any  # (targets, seasons)
    own_season: Any  # (targets,)
    season_depth: Any  # (targets,)
    season: Any = "season_of"  # (targets,)
    profile: Any  # (targets, longest season)
    profile_season: Any  # (targets,)
    profile_ticks: Any  # (targets,)
    ticks: Any  # (targets,)
    phase: Any  # (targets,)


class Units(Group):
    """In what numbers a regression sees the stream."""

    level: Any  # (targets,)
    unit: Any = "level_unit"  # (targets,)
    count: Any = "level_count"  # (targets,)
    input_level: Any  # (targets, inputs)
    input_unit: Any  # (targets, inputs)
    input_before: Any  # (targets, inputs)


def _regression(name: str, **numbers: float) -> Any:
    """Say which fields are those of another regression, and which of its numbers are other ones."""
    fields = ("covariance", "weights", "regressors", "gains")
    return {**numbers, **{field: f"{name}_{field}" for field in fields}}


class Experts(Group):
    """One key's experts."""

    sizes: Sizes
    horizon_index: Any  # (horizon_count,)
    linear: Regression
    joint: Regression = _regression("joint", place=1)
    readout: Regression = _regression("readout", place=2, own_at=0, own_end=0, ridge=READOUT_RIDGE)
    mix: Mix
    history: History
    units: Units


open_experts = opener(Experts)
