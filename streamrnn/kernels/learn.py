"""The entry: for each row, reveal, learn, predict."""

from __future__ import annotations

import math

from numba import types

from .arrays.places import (
    BOUNDARY,
    DIVERGED,
    DIVERGENCE,
    EVENT,
    EVICTS,
    EXPECTED,
    LANE,
    LEVEL_SHIFT,
    LEVEL_SHIFTS,
    LOSS,
    NEW_SEQUENCE,
    REVEALED,
    SEQUENCE_START,
    SINCE,
    STEPS,
    UNLEARNED,
    UPDATE_SKIPPED,
)
from .arrays.ring import slot_before
from .arrays.views import open_lane, open_model, open_pool
from .batch import settle, wait
from .categories.classifier import finite_logits
from .categories.embeddings import embed
from .categories.labels import count_codes, end_labels, make_classes_pending, reveal_labels
from .columns.gate import clear_held, observe
from .columns.scaling import forget_changes, standardise
from .columns.season_lags import see_season
from .handover import hand_over
from .keys import begin_key, finish_row, lane_after, prepare_row
from .machine.jit import by_type, kernel, vector_entries
from .machine.memory import flush_denormals, restore_denormals
from .network.drift import watch_for_drift
from .network.guard import go_back, has_diverged, keep_first
from .network.health import measure_reach
from .network.optimizers import pace_of, update
from .network.recurrence import clear_state, finite_step
from .network.unroll import backward_sweep, clear_slopes
from .reveal import make_pending, reveal, void_target


@vector_entries
def learn_rows(kind):
    """Make the entry of a kind of learner.

    It runs every row through its lane:

    real, double, integer: the learner, see ``state.py``
    rows: (n, columns) float64, NaN where null
    codes: (n, coded) int64, the categories' codes, -1 where null
    marks: (n, 2) int64: the row's lane; what it begins, see `places.BOUNDARY`
    learn: whether weights, moments and scales may change
    records: (n, width of an answer) float64, written
    """
    keyed, batched, seasonal = kind.keyed, kind.batched, kind.seasonal

    def enter(real, double, integer, rows, codes, marks, learn, records):
        flat = real, double, integer, kind
        pool = open_pool(real, double, integer, kind, 0) if keyed else None
        seasons = (double, integer) if seasonal else None
        take_rows(flat, pool, flat if batched else None, seasons, rows, codes, marks, learn, records)

    return enter


@kernel
def take_rows(flat, pool, batch, seasons, rows, codes, marks, learn, records):
    """Run every row through its lane; of pool, batch and seasons what a learner lacks is None.

    flat: the learner, as groups are opened from it: ``(real, double, integer, kind)``
    """
    before = flush_denormals()
    real, double, integer, kind = flat
    start = 0
    while start < rows.shape[0]:
        stop = _end_of_run(marks, start)
        model = open_model(real, double, integer, kind, marks[start, LANE])
        lane = open_lane(real, double, integer, kind, marks[start, LANE])
        for i in range(start, stop):
            for j in range(records.shape[1]):
                records[i, j] = math.nan
            take_codes(model.coding, codes, i)
            ahead = lane_after(pool, marks, i)
            records[i, EVENT] = _take_row(
                model, lane, pool, batch, seasons, ahead, rows[i], marks[i], learn, records[i]
            )
        start = stop
    restore_denormals(before)


@kernel
def _end_of_run(marks, start):
    """Return where the rows of one lane end that begin at ``start``."""
    stop = start + 1
    while stop < marks.shape[0] and marks[stop, LANE] == marks[start, LANE]:
        stop += 1
    return stop


@kernel
def take_codes(coding, codes, i):
    """Let a row's categories arrive."""
    if coding is None:
        return
    for c in range(codes.shape[1]):
        coding.arrived[c] = codes[i, c]


@kernel
def _take_row(model, lane, pool, batch, seasons, ahead, row, mark, learn, record):
    """One row: reveal, learn, predict; or, where this row's own targets are forecast, predict, reveal, learn.

    Returns its events.
    """
    sizes, counts = model.sizes, lane.counts
    of_own_row = sizes.horizon == 0
    known = sizes.features if of_own_row else sizes.columns  # columns that a forecast may be made of
    begins = mark[BOUNDARY]
    ends_sequence = begins in (NEW_SEQUENCE, EVICTS)
    prepare_row(pool, model, lane)
    event = settle(batch, pool, model, lane, mark, learn)
    if ends_sequence:
        event |= _begin_sequence(model, lane, batch, ahead, mark[LANE], learn)
    event |= begin_key(pool, model, lane, mark[LANE], begins)
    for c in range(known):
        event |= observe_column(model, lane, row, c, learn)
    if of_own_row:
        event |= _predict(model, lane, learn, record)
    for c in range(known, sizes.columns):
        event |= observe_column(model, lane, row, c, learn)
    reveal_all(model, lane, learn, record)
    event |= watch_for_drift(model, lane, record[LOSS], learn)
    count_codes(model.coding, lane)
    if of_own_row:
        counts[STEPS] += 1
    event |= _learn(model, lane, batch, ahead, mark[LANE], learn)
    if not of_own_row:
        see_season(seasons, model, lane, mark)
        event |= _predict(model, lane, learn, record)
        counts[STEPS] += 1
    if sizes.handed_at > 0:
        hand_over(model, lane, record)
    finish_row(pool, model, lane, learn)
    return event


@kernel
def observe_column(model, lane, row, c, learn):
    """Let the value of column c through the gate; the features stand before the other targets."""
    is_label = model.sizes.horizon == 0 and c >= model.sizes.features
    model.scratch.arrived[c], shifted = observe(lane.columns, c, row[c], is_label, learn)
    model.scratch.shifted[c] = shifted
    if not shifted:
        return 0
    lane.counts[LEVEL_SHIFTS] += 1
    target_columns = model.roles.target_columns
    for t in range(target_columns.shape[0]):
        if target_columns[t] == c:
            void_target(model, lane, t)
            forget_changes(lane.changes, t)
    return LEVEL_SHIFT


@kernel
def reveal_all(model, lane, learn, record):
    """Let each target that arrived grade what was forecast of it."""
    target_columns, arrived = model.roles.target_columns, model.scratch.arrived
    record[LOSS], record[REVEALED] = 0.0, 0.0
    for t in range(target_columns.shape[0]):
        truth = arrived[target_columns[t]]
        if not math.isnan(truth):
            reveal(model, lane, t, truth, learn, record)
    reveal_labels(model.coding, model, lane, learn, record)
    record[LOSS] = record[LOSS] / record[REVEALED] if record[REVEALED] > 0.0 else math.nan


@kernel
def _learn(model, lane, batch, ahead, number, learn):
    """Learn, if ``stride`` rows have passed and something was revealed; then the guard's check."""
    counts = lane.counts
    counts[SINCE] += 1
    if not learn:
        return 0
    due = counts[SINCE] >= model.rates.stride and counts[UNLEARNED] > 0
    event = _learn_revealed(model, lane, batch, ahead, number) if due else 0
    return event | DIVERGENCE if has_diverged(model, lane) else event


def _learn_revealed(model, lane, batch, ahead, number):
    """Learn all that was revealed since the last update, or let it wait for other keys; returns the events."""


@by_type(_learn_revealed)
def _learn_with_or_without_batch(model, lane, batch, ahead, number):
    if isinstance(batch, types.NoneType):
        return lambda model, lane, batch, ahead, number: sweep_and_update(model, lane, ahead)
    return lambda model, lane, batch, ahead, number: wait(batch, lane, number)


@kernel
def sweep_and_update(model, lane, ahead):
    """Learn all that was revealed since the last update; returns its events."""
    counts = lane.counts
    counts[UNLEARNED] = 0
    earliest, count = backward_sweep(model, lane, ahead)
    if count == 0:
        return 0
    pace = pace_of(model.rates, counts[SINCE])
    counts[SINCE] = 0
    keep_first(model)
    measure_reach(model, earliest, count)
    return 0 if update(model, 1, pace) else UPDATE_SKIPPED


@kernel
def _predict(model, lane, learn, record):
    """One forward step from the carried state; the forecasts become pending."""
    event = 0
    sizes, counts, columns, inputs = model.sizes, lane.counts, lane.columns, lane.ring.inputs
    slot = counts[STEPS] % sizes.slots
    clear_slopes(model, lane, slot)
    standardise(model.roles.feature_columns, columns, model.scratch.arrived, inputs, slot)
    embed(model.coding, model, lane, slot)
    if not _finite_forecast(model, lane, slot):
        event = DIVERGENCE
        counts[DIVERGED] += 1
        if learn and model.rates.guard > 0.0:
            go_back(model, lane)
            _finite_forecast(model, lane, slot)
    make_pending(model, lane, slot)
    make_classes_pending(model.coding, model, lane, slot, record)
    forecast = lane.pending.forecast
    for out in range(sizes.outputs):
        record[EXPECTED + sizes.targets + out] = forecast[slot, out]
    return event


@kernel
def _finite_forecast(model, lane, slot):
    """Take the inputs at a slot to the outputs and the logits; returns whether nothing overflowed."""
    numbers_are_finite = finite_step(model, lane, slot)
    return finite_logits(model.coding, model, lane, slot) and numbers_are_finite


@kernel
def _begin_sequence(model, lane, batch, ahead, number, learn):
    """Learn what is revealed but unlearned, then forget all but weights and scales."""
    sizes, counts = model.sizes, lane.counts
    event = _learn_revealed(model, lane, batch, ahead, number) if learn and counts[UNLEARNED] > 0 else 0
    counts[UNLEARNED] = 0
    for slot in range(sizes.slots):
        clear_slopes(model, lane, slot)
    for t in range(sizes.targets):
        void_target(model, lane, t)
    end_labels(model.coding, lane)
    clear_held(lane.columns)
    clear_state(model, lane, slot_before(counts[STEPS] % sizes.slots, sizes.slots))
    counts[SEQUENCE_START] = counts[STEPS]
    return event
