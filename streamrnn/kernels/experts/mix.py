"""The entry: for each row, grade the experts, let them learn, and mix their forecasts with the network's.

It runs after the network's entry over the same rows, and reads from their records what that has told: accepted values,
means and deviations of the targets, inputs and state of the network, and its forecasts, in whose place it writes the
mix's. A target's clock ticks with every row, or, where horizons count values, with every value of its own.
"""

from __future__ import annotations

import math

from ..arrays.places import BOUNDARY, EXPECTED, LANE
from ..handover import PER_TARGET
from ..machine.jit import compact_entry, kernel
from ..machine.memory import carve1, flush_denormals, restore_denormals
from ..machine.vector import is_finite
from .mixing import (
    JOINT,
    LAST,
    LINEAR,
    NETWORK,
    READOUT,
    SEASONAL,
    add_move,
    add_regrets,
    likely_move,
    mix_forecasts,
    weigh,
    within,
)
from .profile import change_of_profile, departs, follow_profile, seasonal_forecast, write_departures
from .regression import absorb, correct, forecast
from .regressors import (
    look_for_season,
    newest_value,
    remember,
    write_joint,
    write_readout,
)
from .shrinkage import add_agreement, add_evidence, share_of_mix, share_of_readout
from .units import follow_level
from .views import open_experts


@compact_entry
def mix_rows(double, integer, marks, learn, records):
    """Take every row through the experts.

    double, integer: the learner, see ``state.py``
    marks: (n, 2) int64: the row's lane; 1 if it begins a sequence
    learn: whether weights may change
    records: (n, record_width) float64, as the network's entry has written them; changed
    """
    before = flush_denormals()
    for i in range(marks.shape[0]):
        experts = open_experts(double, integer, marks[i, LANE])
        sizes = experts.sizes
        if marks[i, BOUNDARY]:
            for t in range(sizes.targets):
                experts.history.ticks[t] = 0
                experts.history.phase[t] = 0
        for t in range(sizes.targets):
            _take_value(experts, t, learn, records[i])
            records[i, sizes.handed_at + 3 * sizes.targets + t] = experts.history.season[t]
        for pair in range(sizes.mixed_pairs if sizes.weights_at > 0 else 0):
            for k in range(sizes.experts):
                records[i, sizes.weights_at + pair * sizes.experts + k] = experts.mix.weights[pair, k]
    restore_denormals(before)


@kernel
def _take_value(experts, t, learn, record):
    """One row, as far as one target goes: grade, learn, forecast."""
    sizes, history = experts.sizes, experts.history
    at = sizes.handed_at + t
    truth, shifted = record[at], record[at + 2 * sizes.targets] > 0.0
    record[EXPECTED + t] = math.nan
    if shifted:
        history.ticks[t], experts.units.count[t] = 0, 0
    arrived = not math.isnan(truth)
    if arrived:
        _reveal(experts, t, truth, learn, record)
    elif history.ticks[t] == 0:
        return
    ticks = arrived or not sizes.by_value
    if ticks:
        _tick(experts, t, truth if arrived else newest_value(history, t), learn, record)
    _forecast_all(experts, t, ticks, record)


@kernel
def _reveal(experts, t, truth, learn, record):
    """Let a truth grade every forecast that was made of it, the newest first."""
    sizes, ticks = experts.sizes, experts.history.ticks[t]
    awaited = True
    for age in range(1, min(sizes.horizon, ticks) + 1):
        k = experts.horizon_index[age]
        if k < 0:
            continue
        slot = (ticks + 1 - age) % sizes.mix_slots
        if awaited:
            record[EXPECTED + t] = experts.mix.mixed[slot, k * sizes.targets + t]
            awaited = False
        _grade(experts, slot, t, age, truth, learn)


@kernel
def _grade(experts, slot, t, age, truth, learn):
    mix, row = experts.mix, slot * experts.sizes.targets + t
    pair = experts.horizon_index[age] * experts.sizes.targets + t
    last = mix.forecasts[LAST, slot, pair]
    _count_errors(mix, pair, truth - mix.mixed[slot, pair], truth - last)
    unit = mix.unit[slot, t]
    if not (learn and unit > 0.0):
        return
    inverse = 1.0 / unit
    add_move(mix, pair, truth - last)
    add_regrets(mix, slot, pair, truth, inverse, experts.sizes.candidates)
    correct(experts.linear, row, pair, (truth - mix.linear_bases[slot, pair]) * inverse)
    correct(experts.joint, row, pair, (truth - last) * inverse)
    left = (truth - mix.readout_bases[slot, pair]) * inverse
    correct(experts.readout, row, pair, left)
    add_agreement(mix, pair, mix.readouts[slot, pair], left)
    base = mix.forecasts[experts.sizes.fallback, slot, pair]
    add_evidence(mix, pair, (mix.proposals[slot, pair] - base) * inverse, (truth - base) * inverse, age)


@kernel
def _count_errors(mix, pair, error, error_of_last):
    mix.error_count[pair] += 1
    mix.errors[pair, 0] += abs(error)
    mix.errors[pair, 1] += error * error
    mix.errors[pair, 2] += abs(error_of_last)
    mix.errors[pair, 3] += error_of_last * error_of_last


@kernel
def _tick(experts, t, value, learn, record):
    """Take a value into the past, and make regressors of it."""
    sizes, history, mix = experts.sizes, experts.history, experts.mix
    told = carve1(record, sizes.handed_at, sizes.handed_width)
    deviation = told[sizes.targets + t]
    inputs = carve1(told, PER_TARGET * sizes.targets, 2 * sizes.handed_inputs)
    state = carve1(inputs, 2 * sizes.handed_inputs + t % sizes.handed_states * sizes.handed_units, sizes.handed_units)
    remember(history, t, value)
    history.phase[t] += 1
    look_for_season(history, t, deviation, not sizes.by_value)
    if learn:
        follow_level(experts, t, value, deviation, inputs)
    follow_profile(history, experts.units, t)
    slot = history.ticks[t] % sizes.mix_slots
    row = slot * sizes.targets + t
    mix.unit[slot, t] = experts.units.unit[t]
    linear, joint, readout = experts.linear, experts.joint, experts.readout
    write_joint(history, experts.units, t, inputs, joint.regressors[row])
    write_departures(history, experts.units, t, joint.regressors[row], linear.regressors[row])
    write_readout(state, readout.regressors[row])
    learns = learn and experts.units.unit[t] > 0.0
    absorb(linear, row, t, sizes.targets, learns)
    absorb(joint, row, t, sizes.targets, learns)
    absorb(readout, row, t, sizes.targets, learns)


@kernel
def _forecast_all(experts, t, ticks, record):
    """Every expert's forecasts of one target, and the mix of them, into the record and, at a tick, to wait."""
    sizes, history, mix = experts.sizes, experts.history, experts.mix
    slot = history.ticks[t] % sizes.mix_slots
    row = slot * sizes.targets + t
    last, unit, departing = newest_value(history, t), mix.unit[slot, t], departs(history, t)
    for age in range(1, sizes.horizon + 1):
        k = experts.horizon_index[age]
        if k < 0:
            continue
        pair = k * sizes.targets + t
        out = EXPECTED + sizes.targets + pair
        for voice in range(sizes.voices):
            said = record[sizes.voices_at + voice * sizes.mixed_pairs + pair]
            mix.forecasts[NETWORK + voice, slot, pair] = _or_else(said, last)
        if ticks:
            mix.forecasts[LAST, slot, pair] = last
            mix.forecasts[SEASONAL, slot, pair] = seasonal_forecast(history, t, age)
            most, expected = likely_move(mix, pair), change_of_profile(history, t, age)
            mix.linear_bases[slot, pair] = last + expected
            linear = within(expected + unit * forecast(experts.linear, row, pair), most)
            joint = within(unit * forecast(experts.joint, row, pair), most)
            mix.readouts[slot, pair] = _or_else(forecast(experts.readout, row, pair), 0.0)
            base = linear if departing and mix.regret[pair, LINEAR] > mix.regret[pair, JOINT] else joint
            mix.readout_bases[slot, pair] = last + base
            readout = within(base + share_of_readout(mix, pair) * unit * mix.readouts[slot, pair], most)
            mix.forecasts[LINEAR, slot, pair] = last + linear
            mix.forecasts[JOINT, slot, pair] = last + joint
            mix.forecasts[READOUT, slot, pair] = last + readout
        weigh(mix, pair, sizes.fallback)
        mix_forecasts(mix, slot, pair, share_of_mix(mix, pair), sizes.fallback)
        record[out] = mix.mixed[slot, pair]


@kernel
def _or_else(number, instead):
    return number if is_finite(number) else instead
