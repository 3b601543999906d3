"""Make forecasts pending, and grade them when their truth arrives.

A reveal does one thing for learning: it writes slopes into ``ring.d_outputs``. The loss is reported for the
forecast as it was made; its slope is taken at the current head, applied to the hidden state kept for that step.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import kernel
from .linear import dot
from .losses import loss_backward, loss_forward
from .recurrence import open_head
from .scaling import add_agreement, add_change, scale_of, trust_in
from .state import EXPECTED, LOSS, REVEALED, SEQUENCE_START, STEPS, UNLEARNED, plane
from .vector import is_finite


@kernel
def make_pending(sizes, roles, lane, slot):
    """Turn the head's outputs at the newest step into forecasts, in the targets' own units."""
    columns, pending = lane.columns, lane.pending
    for t in range(sizes.targets):
        c = roles.target_columns[t]
        mean = columns.mean[c] if columns.seen[c] > 0 else math.nan
        last = mean if math.isnan(columns.held[c]) else columns.held[c]
        base = last if sizes.skip else mean
        pending.last[slot, t] = last
        pending.base[slot, t] = base
        pending.clock[slot, t] = pending.values_seen[t] if sizes.by_value else lane.counts[STEPS]
        for k in range(sizes.horizons):
            scale = scale_of(lane.changes, t, k)
            pair = k * sizes.targets + t
            pending.scale[slot, pair] = scale if columns.settled[c] else math.nan
            unit = scale * trust_in(lane.changes, pair) if sizes.shrink else scale
            finite = True
            for q in range(sizes.quantiles):
                out = pair * sizes.quantiles + q
                pending.forecast[slot, out] = base + unit * lane.ring.outputs[slot, out]
                finite &= is_finite(pending.forecast[slot, out])
            if not finite:  # no base yet, or outputs that have overflowed: the sums of errors must not see them
                _void(sizes, pending, slot, pair)


@kernel
def void_target(sizes, pending, t):
    """Forget every pending forecast of one target."""
    for slot in range(sizes.slots):
        for k in range(sizes.horizons):
            _void(sizes, pending, slot, k * sizes.targets + t)


@kernel
def _void(sizes, pending, slot, pair):
    for q in range(sizes.quantiles):
        pending.forecast[slot, pair * sizes.quantiles + q] = math.nan


@kernel
def reveal(sizes, rates, roles, network, lane, t, truth, learn, record):
    """Grade every pending forecast of target t that was made of this value, the newest first.

    Adds to the record's LOSS and REVEALED, and writes the shortest horizon's forecast to its EXPECTED.
    """
    pending = lane.pending
    pending.values_seen[t] += 1
    steps = lane.counts[STEPS]
    now = pending.values_seen[t] if sizes.by_value else steps
    shortest = sizes.horizons
    for age in range(0 if sizes.horizon == 0 else 1, sizes.reach + 1):
        step = steps - age
        if step < lane.counts[SEQUENCE_START]:
            break
        slot = step % sizes.slots
        waited = now - pending.clock[slot, t]
        if waited > sizes.horizon:
            break
        k = roles.horizon_index[waited] if waited >= 0 else -1
        if k < 0 or math.isnan(pending.forecast[slot, (k * sizes.targets + t) * sizes.quantiles]):
            continue
        if k < shortest:
            shortest = k
            record[EXPECTED + t] = _middle(sizes, roles, pending, slot, k * sizes.targets + t)
        _grade(sizes, rates, roles, network, lane, slot, t, k, truth, learn, record)


@kernel
def _middle(sizes, roles, pending, slot, pair):
    """The forecast proper: the only output, or the 0.5 quantile."""
    for q in range(sizes.quantiles):
        if roles.levels[q] == 0.5:
            return pending.forecast[slot, pair * sizes.quantiles + q]
    return math.nan


@kernel
def _grade(sizes, rates, roles, network, lane, slot, t, k, truth, learn, record):
    """Grade one forecast: into the errors, the row's loss, the slopes and the target's unit."""
    pending = lane.pending
    pair = k * sizes.targets + t
    _count_errors(pending, pair, truth - _middle(sizes, roles, pending, slot, pair), truth - pending.last[slot, t])
    change, scale = truth - pending.base[slot, t], pending.scale[slot, pair]
    if scale > 0.0:
        for q in range(sizes.quantiles):
            output = (pending.forecast[slot, pair * sizes.quantiles + q] - pending.base[slot, t]) / scale
            record[LOSS] += loss_forward(sizes.loss, rates.huber_delta, roles.levels[q], output, change / scale)
            record[REVEALED] += 1.0
    if learn and lane.columns.settled[roles.target_columns[t]]:
        if scale > 0.0:
            _write_slopes(sizes, rates, roles, network, lane, slot, pair, change / scale)
            add_agreement(lane.changes, pair, lane.ring.outputs[slot, pair * sizes.quantiles], change / scale)
        if not math.isnan(scale):
            add_change(lane.changes, t, k, change)
    _void(sizes, pending, slot, pair)


@kernel
def _count_errors(pending, pair, error, error_of_last):
    pending.error_count[pair] += 1
    pending.errors[pair, 0] += abs(error)
    pending.errors[pair, 1] += error * error
    pending.errors[pair, 2] += abs(error_of_last)
    pending.errors[pair, 3] += error_of_last * error_of_last


@kernel
def _write_slopes(sizes, rates, roles, network, lane, slot, pair, label):
    """Add the loss's slope at today's outputs to d_outputs; the divisor is fixed: the number of outputs."""
    ring = lane.ring
    weight, offset = open_head(network.weights, sizes, network)
    hidden = plane(ring.hidden, sizes.layers - 1)
    first = pair * sizes.quantiles
    for q in range(sizes.quantiles):
        out = first + q
        output = np.float64(dot(weight, out, hidden, slot) + offset[out])
        slope = loss_backward(sizes.loss, rates.huber_delta, roles.levels[q], output, label)
        ring.d_outputs[slot, out] += ring.d_outputs.dtype.type(slope / sizes.outputs)
    begun = ring.graded[slot, 1] > 0
    ring.graded[slot, 0] = min(ring.graded[slot, 0], first) if begun else first
    ring.graded[slot, 1] = max(ring.graded[slot, 1], first + sizes.quantiles)
    lane.counts[UNLEARNED] += 1
