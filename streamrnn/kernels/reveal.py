"""Make forecasts pending, and grade them when their truth arrives.

A reveal does one thing for learning: it writes slopes into ``ring.d_outputs``. The loss is reported for the
forecast as it was made; its slope is taken at the current head, applied to the hidden state kept for that step.
"""

from __future__ import annotations

import math

import numpy as np

from .arrays.places import EXPECTED, LOSS, RENEWED, REVEALED, SEQUENCE_START, STEPS, UNLEARNED
from .arrays.ring import PAST, horizon_reached
from .columns.gate import SETTLED
from .columns.scaling import add_agreement, add_change, scale_of, trust_in
from .machine.jit import kernel
from .machine.vector import constant, is_finite
from .network.guard import weigh
from .network.linear import dot
from .network.losses import loss_backward, loss_forward
from .network.recurrence import open_head, read_layers


@kernel
def make_pending(model, lane, slot):
    """Turn the head's outputs at the newest step into forecasts, in the targets' own units."""
    sizes, columns, pending = model.sizes, lane.columns, lane.pending
    for t in range(sizes.targets):
        c = model.roles.target_columns[t]
        mean = columns.mean[c] if columns.seen[c] > 0 else math.nan
        last = mean if math.isnan(columns.held[c]) else columns.held[c]
        pending.last[slot, t] = last
        pending.base[slot, t] = last if sizes.skip else mean
        pending.clock[slot, t] = pending.values_seen[t] if sizes.by_value else lane.counts[STEPS]
        for k in range(sizes.horizons):
            _make_forecast(model, lane, slot, t, k, columns.settled[c] == SETTLED)


@kernel
def _make_forecast(model, lane, slot, t, k, settled):
    """Base + scale * output, the change shrunk as far as the past deserves."""
    sizes, changes, pending, outputs = model.sizes, lane.changes, lane.pending, lane.ring.outputs
    pair = k * sizes.targets + t
    scale = scale_of(changes, t, k)
    unit = scale * trust_in(changes, pair, lane.counts[STEPS]) if sizes.shrink else scale
    pending.scale[slot, pair] = scale if settled else math.nan
    finite = True
    for out in range(pair * sizes.quantiles, (pair + 1) * sizes.quantiles):
        pending.forecast[slot, out] = pending.base[slot, t] + unit * outputs[slot, out]
        finite &= is_finite(pending.forecast[slot, out])
    if not finite:  # no base yet: the sums of errors must not see it
        _void(model, lane, slot, pair)


@kernel
def void_target(model, lane, t):
    """Forget every pending forecast of one target."""
    sizes = model.sizes
    for slot in range(sizes.slots):
        for k in range(sizes.horizons):
            _void(model, lane, slot, k * sizes.targets + t)


@kernel
def _void(model, lane, slot, pair):
    quantiles, forecast = model.sizes.quantiles, lane.pending.forecast
    for out in range(pair * quantiles, (pair + 1) * quantiles):
        forecast[slot, out] = math.nan


@kernel
def reveal(model, lane, t, truth, learn, record):
    """Grade every pending forecast of target t that was made of this value, the newest first.

    Adds to the record's LOSS and REVEALED, and writes the shortest horizon's forecast to its EXPECTED.
    """
    sizes, pending, counts = model.sizes, lane.pending, lane.counts
    pending.values_seen[t] += 1
    now = pending.values_seen[t] if sizes.by_value else counts[STEPS]
    shortest = sizes.horizons
    for age in range(0 if sizes.horizon == 0 else 1, sizes.reach + 1):
        step = counts[STEPS] - age
        if step < counts[SEQUENCE_START]:
            break
        slot = step % sizes.slots
        k = horizon_reached(model, now - pending.clock[slot, t])
        if k == PAST:
            break
        if k < 0 or math.isnan(pending.forecast[slot, (k * sizes.targets + t) * sizes.quantiles]):
            continue
        if k < shortest:
            shortest = k
            record[EXPECTED + t] = _middle(model, lane, slot, k * sizes.targets + t)
        _grade(model, lane, slot, t, k, truth, record)
        if learn and lane.columns.settled[model.roles.target_columns[t]] == SETTLED:
            _learn_from(model, lane, slot, t, k, truth, step)
        _void(model, lane, slot, k * sizes.targets + t)


@kernel
def _middle(model, lane, slot, pair):
    """The forecast proper: the only output, or the 0.5 quantile."""
    return lane.pending.forecast[slot, pair * model.sizes.quantiles + model.sizes.middle]


@kernel
def _grade(model, lane, slot, t, k, truth, record):
    """Grade one forecast: into the errors and the row's loss."""
    pending, pair = lane.pending, k * model.sizes.targets + t
    _count_errors(pending, pair, truth - _middle(model, lane, slot, pair), truth - pending.last[slot, t])
    scale = pending.scale[slot, pair]
    if scale > 0.0:
        _add_losses(model, lane, slot, t, pair, (truth - pending.base[slot, t]) / scale, record)


@kernel
def _learn_from(model, lane, slot, t, k, truth, step):
    """Let one graded forecast into the slopes, into what is known of the network, and into the target's unit.

    What weights forecast that have been taken back since is no lesson for those of now.
    """
    sizes, pending, changes = model.sizes, lane.pending, lane.changes
    pair = k * sizes.targets + t
    change, scale = truth - pending.base[slot, t], pending.scale[slot, pair]
    if scale > 0.0 and step >= lane.counts[RENEWED]:
        _write_slopes(model, lane, slot, pair, change / scale)
        add_agreement(changes, pair, step, lane.ring.outputs[slot, pair * sizes.quantiles], change / scale)
        weigh(model, lane, slot, t, pair, change / scale)
    if not math.isnan(scale):
        most = scale * model.rates.tolerance if scale > 0.0 else math.inf
        add_change(changes, t, k, min(max(change, -most), most))


@kernel
def _count_errors(pending, pair, error, error_of_last):
    pending.error_count[pair] += 1
    pending.errors[pair, 0] += abs(error)
    pending.errors[pair, 1] += error * error
    pending.errors[pair, 2] += abs(error_of_last)
    pending.errors[pair, 3] += error_of_last * error_of_last


@kernel
def _add_losses(model, lane, slot, t, pair, label, record):
    """Add what the forecast cost as it was made, in scaled units."""
    sizes, pending, levels = model.sizes, lane.pending, model.roles.levels
    for q in range(sizes.quantiles):
        made = pending.forecast[slot, pair * sizes.quantiles + q] - pending.base[slot, t]
        output = made / pending.scale[slot, pair]
        record[LOSS] += loss_forward(sizes.loss, model.rates.huber_delta, levels[q], output, label)
        record[REVEALED] += 1.0


@kernel
def _write_slopes(model, lane, slot, pair, label):
    """Add the loss's slope at today's outputs to d_outputs; the divisor is fixed: the number of losses."""
    sizes, ring, levels = model.sizes, lane.ring, model.roles.levels
    weight, offset = open_head(model.network.weights, model)
    read = read_layers(model, ring)
    first = pair * sizes.quantiles
    share = model.roles.target_weights[pair % sizes.targets] / sizes.losses
    for q in range(sizes.quantiles):
        out = first + q
        output = np.float64(dot(weight, out, read, slot) + offset[out])
        bounded = min(max(label, output - model.rates.tolerance), output + model.rates.tolerance)
        slope = loss_backward(sizes.loss, model.rates.huber_delta, levels[q], output, bounded)
        ring.d_outputs[slot, out] += constant(ring.d_outputs[slot, out], share * slope)
    begun = ring.graded[slot, 1] > 0
    ring.graded[slot, 0] = min(ring.graded[slot, 0], first) if begun else first
    ring.graded[slot, 1] = max(ring.graded[slot, 1], first + sizes.quantiles)
    lane.counts[UNLEARNED] += 1
