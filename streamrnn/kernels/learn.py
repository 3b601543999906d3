"""The entry: for each row, reveal, learn, predict."""

from __future__ import annotations

import math

from .jit import entry, kernel
from .memory import flush_denormals, restore_denormals
from .optimizers import update
from .recurrence import clear_state, forward_step, read_head, slot_before, state_is_finite
from .reveal import make_pending, reveal, void_target
from .scaling import clear_held, forget_changes, observe, standardise
from .state import (
    BOUNDARY,
    DIVERGED,
    DIVERGENCE,
    EVENT,
    EXPECTED,
    LANE,
    LEVEL_SHIFT,
    LEVEL_SHIFTS,
    LOSS,
    REVEALED,
    SEQUENCE_START,
    SINCE,
    STEPS,
    UNLEARNED,
    UPDATE_SKIPPED,
    open_lane,
    open_network,
    open_rates,
    open_roles,
    open_scratch,
    open_sizes,
)
from .unroll import backward_sweep, clear_slopes


@entry
def learn_rows(real, double, integer, rows, codes, marks, learn, records):
    """Run every row through one learner.

    real, double, integer: the learner, see ``state.py``
    rows: (n, columns) float64, NaN where null
    codes: (n, coded columns) int64, the categories' codes; no column is coded yet
    marks: (n, 2) int64: the row's lane; 1 if it begins a sequence
    learn: whether weights, moments and scales may change
    records: (n, EXPECTED + targets + outputs) float64, written
    """
    before = flush_denormals()
    sizes = open_sizes(integer)
    network = open_network(real, double, integer)
    scratch = open_scratch(real, double, integer)
    roles = open_roles(double, integer)
    rates = open_rates(network)
    number = marks[0, LANE] if marks.shape[0] > 0 else 0
    lane = open_lane(real, double, integer, number)
    for i in range(rows.shape[0]):
        if marks[i, LANE] != number:
            number = marks[i, LANE]
            lane = open_lane(real, double, integer, number)
        for j in range(records.shape[1]):
            records[i, j] = math.nan
        event = _take_row(sizes, rates, roles, network, scratch, lane, rows[i], marks[i, BOUNDARY], learn, records[i])
        records[i, EVENT] = event
    restore_denormals(before)


@kernel
def _take_row(sizes, rates, roles, network, scratch, lane, row, boundary, learn, record):
    """One row: reveal, learn, predict; or, where this row's own targets are forecast, predict, reveal, learn.

    Returns its events.
    """
    of_own_row = sizes.horizon == 0
    known = sizes.features if of_own_row else sizes.columns  # columns that a forecast may be made of
    event = _begin_sequence(sizes, network, scratch, lane, learn) if boundary else 0
    for c in range(known):
        event |= _observe(sizes, roles, scratch, lane, row, c, learn)
    if of_own_row:
        event |= _predict(sizes, roles, network, scratch, lane, record)
    for c in range(known, sizes.columns):
        event |= _observe(sizes, roles, scratch, lane, row, c, learn)
    _reveal_all(sizes, rates, roles, network, scratch, lane, learn, record)
    if of_own_row:
        lane.counts[STEPS] += 1
    event |= _learn(sizes, rates, network, scratch, lane, learn)
    if not of_own_row:
        event |= _predict(sizes, roles, network, scratch, lane, record)
        lane.counts[STEPS] += 1
    return event


@kernel
def _observe(sizes, roles, scratch, lane, row, c, learn):
    """Let the value of column c through the gate; the features stand before the other targets."""
    scratch.arrived[c], shifted = observe(lane.columns, c, row[c], learn)
    if not shifted:
        return 0
    lane.counts[LEVEL_SHIFTS] += 1
    for t in range(sizes.targets):
        if roles.target_columns[t] == c:
            void_target(sizes, lane.pending, t)
            forget_changes(lane.changes, t)
    return LEVEL_SHIFT


@kernel
def _reveal_all(sizes, rates, roles, network, scratch, lane, learn, record):
    """Let each target that arrived grade what was forecast of it."""
    record[LOSS], record[REVEALED] = 0.0, 0.0
    for t in range(sizes.targets):
        truth = scratch.arrived[roles.target_columns[t]]
        if not math.isnan(truth):
            reveal(sizes, rates, roles, network, lane, t, truth, learn, record)
    record[LOSS] = record[LOSS] / record[REVEALED] if record[REVEALED] > 0.0 else math.nan


@kernel
def _learn(sizes, rates, network, scratch, lane, learn):
    """One sweep and one update, if ``stride`` rows have passed and something was revealed."""
    lane.counts[SINCE] += 1
    if not learn or lane.counts[SINCE] < rates.stride or lane.counts[UNLEARNED] == 0:
        return 0
    return _sweep_and_update(sizes, network, scratch, lane)


@kernel
def _sweep_and_update(sizes, network, scratch, lane):
    lane.counts[UNLEARNED] = 0
    if not backward_sweep(sizes, network, scratch, lane):
        return 0
    lane.counts[SINCE] = 0
    return 0 if update(sizes, network) else UPDATE_SKIPPED


@kernel
def _predict(sizes, roles, network, scratch, lane, record):
    """One forward step from the carried state; the forecasts become pending."""
    event = 0
    slot = lane.counts[STEPS] % sizes.slots
    clear_slopes(lane.ring, slot)
    standardise(sizes, roles, lane.columns, scratch.arrived, lane.ring.inputs, slot)
    forward_step(sizes, network, scratch, lane.ring, slot)
    if not state_is_finite(sizes, lane.ring, slot):
        clear_state(sizes, lane.ring, slot)
        lane.counts[DIVERGED] += 1
        event = DIVERGENCE
    read_head(sizes, network, lane.ring, slot)
    make_pending(sizes, roles, lane, slot)
    for out in range(sizes.outputs):
        record[EXPECTED + sizes.targets + out] = lane.pending.forecast[slot, out]
    return event


@kernel
def _begin_sequence(sizes, network, scratch, lane, learn):
    """Learn what is revealed but unlearned, then forget all but weights and scales."""
    event = 0
    if learn and lane.counts[UNLEARNED] > 0:
        event = _sweep_and_update(sizes, network, scratch, lane)
    lane.counts[UNLEARNED] = 0
    for slot in range(sizes.slots):
        clear_slopes(lane.ring, slot)
    for t in range(sizes.targets):
        void_target(sizes, lane.pending, t)
    clear_held(lane.columns)
    clear_state(sizes, lane.ring, slot_before(lane.counts[STEPS] % sizes.slots, sizes.slots))
    lane.counts[SEQUENCE_START] = lane.counts[STEPS]
    return event
