"""In what numbers the regressions see the stream: how far from where it has been of late, in units that stay.

A regression whose coordinates drift learns the drift, and one whose early rows are in a small unit believes them for
long. So a target's unit is its deviation after ``SETTLED`` values, and stays until
the deviation has left it by more than ``STEP``. Then weights, covariances and regrets are rewritten for the new unit,
so that they forecast what they did.
"""

from __future__ import annotations

import math

from ..arrays.views import plane
from ..machine.jit import kernel
from .regressors import INPUTS_AT
from .shrinkage import change_unit_of_evidence

MEMORY = 300  # values in a level
SETTLED = 64
STEP = 2.0


@kernel
def follow_level(experts, t, value, deviation, told):
    """Take a value of target t into its level and its unit; told: the inputs, then their deviations."""
    units, inputs = experts.units, experts.sizes.handed_inputs
    units.count[t] += 1
    share = 1.0 / min(units.count[t], MEMORY)
    units.level[t] += share * (value - units.level[t])
    for i in range(inputs):
        if not math.isnan(told[i]):
            units.input_level[t, i] += share * (told[i] - units.input_level[t, i])
    if units.count[t] < SETTLED and units.unit[t] == 0.0:
        return
    if _has_left(units.unit[t], deviation):
        if units.unit[t] > 0.0:
            _change_unit(experts, t, units.unit[t] / deviation)
        units.unit[t] = deviation
    for i in range(inputs):
        if _has_left(units.input_unit[t, i], told[inputs + i]):
            if units.input_unit[t, i] > 0.0:
                _change_input_unit(experts, t, i, units.input_unit[t, i] / told[inputs + i])
            units.input_unit[t, i] = told[inputs + i]


@kernel
def _has_left(unit, deviation):
    return deviation > 0.0 and not unit / STEP <= deviation <= unit * STEP


@kernel
def _change_unit(experts, t, factor):
    """Rewrite all that is in target t's unit for one in which its numbers are so many times as large."""
    targets, mix = experts.sizes.targets, experts.mix
    _rescale_own(experts.linear, t, targets, factor)
    _rescale_own(experts.joint, t, targets, factor)
    _rescale_own(experts.readout, t, targets, factor)
    for slot in range(experts.sizes.mix_slots):
        mix.unit[slot, t] = 0.0
    squared = factor * factor
    for pair in range(t, mix.regret.shape[0], targets):
        change_unit_of_evidence(mix, pair, squared)
        mix.largest[pair] *= squared
        for k in range(mix.regret.shape[1]):
            mix.regret[pair, k] *= squared
            mix.regret2[pair, k] *= squared * squared


@kernel
def _rescale_own(regression, t, targets, factor):
    _rescale(regression, t, targets, regression.own_at, regression.own_end, factor, factor)


@kernel
def _change_input_unit(experts, t, i, factor):
    """The same for an input of the joint regression; what waits for its truth is rewritten too, so it may teach."""
    joint, sizes = experts.joint, experts.sizes
    for place in (INPUTS_AT + i, INPUTS_AT + sizes.handed_inputs + i):  # the input, its last change
        _rescale(joint, t, sizes.targets, place, place + 1, factor, 1.0)
        for row in range(t, joint.regressors.shape[0], sizes.targets):
            joint.regressors[row, place] *= factor
            joint.gains[row, place] /= factor


@kernel
def _rescale(regression, t, targets, first, last, factor, truth):
    """Regressors first to last are ``factor`` times as large from now on, and the truth is ``truth`` times so."""
    covariance = plane(regression.covariance, t)
    width = covariance.shape[0]
    for pair in range(t, regression.weights.shape[0], targets):
        for i in range(width):
            regression.weights[pair, i] *= truth / factor if first <= i < last else truth
    for i in range(width):
        for j in range(width):
            covariance[i, j] /= (factor if first <= i < last else 1.0) * (factor if first <= j < last else 1.0)
