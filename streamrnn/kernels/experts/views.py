"""What the kernels of the experts see: groups of named views onto a learner's flat arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..jit import kernel
from ..state import AT
from ..views import view1, view2, view3
from .regression import READOUT_RIDGE, RIDGE


class Regression(NamedTuple):
    """One kind of linear forecaster: recursive least squares over one vector of regressors per tick and target."""

    covariance: Any  # (targets, width, width)
    weights: Any  # (pairs, width)
    regressors: Any  # (slots * targets, width)
    gains: Any  # (slots * targets, width)
    absorbed: Any  # (3, targets)
    direction: Any  # (direction_width,): work space
    place: Any  # row of `absorbed`
    ridge: Any  # information that the prior has about each weight; regressors are of about unit size


class Mix(NamedTuple):
    """Forecasts that wait for their truth, and what decides who is believed."""

    forecasts: Any  # (experts, slots, pairs)
    mixed: Any  # (slots, pairs)
    proposals: Any  # (slots, pairs)
    readouts: Any  # (slots, pairs)
    unit: Any  # (slots, targets)
    moves: Any  # (pairs, 2)
    regret: Any  # (pairs, experts)
    regret2: Any  # (pairs, experts)
    evidence: Any  # (pairs, 5)
    agreement: Any  # (pairs, 2)
    largest: Any  # (pairs,)
    weights: Any  # (pairs, experts)
    errors: Any  # (pairs, 4)
    error_count: Any  # (pairs,)


class History(NamedTuple):
    """What is kept of each target's past."""

    values: Any  # (targets, 2 * length)
    season_sums: Any  # (targets, seasons)
    own_season: Any  # (targets,)
    season_depth: Any  # (targets,)
    season: Any  # (targets,)
    ticks: Any  # (targets,)
    phase: Any  # (targets,)


class Units(NamedTuple):
    """In what numbers a regression sees the stream."""

    level: Any  # (targets,)
    unit: Any  # (targets,)
    count: Any  # (targets,)
    input_level: Any  # (targets, inputs)
    input_unit: Any  # (targets, inputs)


class Experts(NamedTuple):
    """One key's experts."""

    sizes: Any
    horizon_index: Any  # (horizon_count,)
    linear: Regression
    joint: Regression
    readout: Regression
    mix: Mix
    history: History
    units: Units


LINEAR, JOINT, READOUT = 0, 1, 2  # rows of `absorbed`


@kernel
def open_experts(sizes, double, integer, lane):
    """View the experts of one key."""
    absorbed = view2(integer, integer, AT.absorbed, lane)
    direction = view1(double, integer, AT.direction, 0)
    return Experts(
        sizes,
        horizon_index=view1(integer, integer, AT.horizon_index, 0),
        linear=Regression(
            covariance=view3(double, integer, AT.linear_covariance, lane),
            weights=view2(double, integer, AT.linear_weights, lane),
            regressors=view2(double, integer, AT.linear_regressors, lane),
            gains=view2(double, integer, AT.linear_gains, lane),
            absorbed=absorbed,
            direction=direction,
            place=LINEAR,
            ridge=RIDGE,
        ),
        joint=Regression(
            covariance=view3(double, integer, AT.joint_covariance, lane),
            weights=view2(double, integer, AT.joint_weights, lane),
            regressors=view2(double, integer, AT.joint_regressors, lane),
            gains=view2(double, integer, AT.joint_gains, lane),
            absorbed=absorbed,
            direction=direction,
            place=JOINT,
            ridge=RIDGE,
        ),
        readout=Regression(
            covariance=view3(double, integer, AT.readout_covariance, lane),
            weights=view2(double, integer, AT.readout_weights, lane),
            regressors=view2(double, integer, AT.readout_regressors, lane),
            gains=view2(double, integer, AT.readout_gains, lane),
            absorbed=absorbed,
            direction=direction,
            place=READOUT,
            ridge=READOUT_RIDGE,
        ),
        mix=Mix(
            forecasts=view3(double, integer, AT.expert_forecasts, lane),
            mixed=view2(double, integer, AT.mixed_forecasts, lane),
            proposals=view2(double, integer, AT.mix_proposals, lane),
            readouts=view2(double, integer, AT.readout_proposals, lane),
            unit=view2(double, integer, AT.mix_unit, lane),
            moves=view2(double, integer, AT.moves, lane),
            regret=view2(double, integer, AT.regret, lane),
            regret2=view2(double, integer, AT.regret2, lane),
            evidence=view2(double, integer, AT.mix_evidence, lane),
            agreement=view2(double, integer, AT.readout_agreement, lane),
            largest=view1(double, integer, AT.largest_regret, lane),
            weights=view2(double, integer, AT.mix_weights, lane),
            errors=view2(double, integer, AT.mix_errors, lane),
            error_count=view1(integer, integer, AT.mix_error_count, lane),
        ),
        history=History(
            values=view2(double, integer, AT.history, lane),
            season_sums=view2(double, integer, AT.season_sums, lane),
            own_season=view1(integer, integer, AT.own_season, lane),
            season_depth=view1(double, integer, AT.season_depth, lane),
            season=view1(integer, integer, AT.season_of, lane),
            ticks=view1(integer, integer, AT.ticks, lane),
            phase=view1(integer, integer, AT.phase, lane),
        ),
        units=Units(
            level=view1(double, integer, AT.level, lane),
            unit=view1(double, integer, AT.level_unit, lane),
            count=view1(integer, integer, AT.level_count, lane),
            input_level=view2(double, integer, AT.input_level, lane),
            input_unit=view2(double, integer, AT.input_unit, lane),
        ),
    )
