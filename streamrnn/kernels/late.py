"""A label that comes late is no step: it grades the prediction made at its row, and is learned at once."""

from __future__ import annotations

import math

from .arrays.places import DIVERGENCE, EVENT, LANE, LOSS, STEPS, UNLEARNED
from .arrays.views import open_lane, open_model, open_pool
from .keys import finish_row, prepare_row
from .learn import observe_column, reveal_all, sweep_and_update, take_codes
from .machine.jit import kernel, vector_entries
from .machine.memory import flush_denormals, restore_denormals
from .network.drift import watch_for_drift
from .network.guard import has_diverged

AGE = 1  # place in a mark, behind `LANE`: steps of the lane from the label's row on


@vector_entries
def learn_late_rows(kind):
    """Make the entry of a kind of learner that lets labels grade the predictions made at rows of before.

    rows: (n, columns) float64, NaN but for labels
    codes: (n, coded) int64, -1 but for labels
    marks: (n, 2) int64: the lane, and how many steps ago, from 1, the label's row was
    has_keys: whether lanes are those of keys
    real, double, integer, learn, records: as in `learn.learn_rows`
    """

    def enter(real, double, integer, rows, codes, marks, has_keys, learn, records):
        take_labels((real, double, integer, kind), rows, codes, marks, has_keys, learn, records)

    return enter


@kernel
def take_labels(flat, rows, codes, marks, has_keys, learn, records):
    """Let every label grade what was predicted at its row; flat: as in `learn.take_rows`."""
    before = flush_denormals()
    real, double, integer, kind = flat
    pool = open_pool(real, double, integer, kind, 0)
    for i in range(rows.shape[0]):
        model = open_model(real, double, integer, kind, marks[i, LANE])
        lane = open_lane(real, double, integer, kind, marks[i, LANE])
        for j in range(records.shape[1]):
            records[i, j] = math.nan
        take_codes(model.coding, codes, i)
        if has_keys:
            prepare_row(pool, model, lane)
        records[i, EVENT] = _take_label(model, lane, rows[i], marks[i, AGE], learn, records[i])
        if has_keys:
            finish_row(pool, model, lane, learn)
    restore_denormals(before)


@kernel
def _take_label(model, lane, row, age, learn, record):
    """Grade as if the label's row were the newest, then sweep from it through the window that belonged to it."""
    counts, event = lane.counts, 0
    for c in range(model.sizes.columns):
        model.scratch.arrived[c] = math.nan
        if not math.isnan(row[c]):
            event |= observe_column(model, lane, row, c, learn)
    counts[STEPS] -= age
    reveal_all(model, lane, learn, record)
    counts[STEPS] += age
    event |= watch_for_drift(model, lane, record[LOSS], learn)
    if not learn:
        return event
    if counts[UNLEARNED] > 0:
        event |= sweep_and_update(model, lane, None)
    return event | DIVERGENCE if has_diverged(model, lane) else event
