"""Many streams in one learner: how a key's lane begins, and what it begins with.

State, window, pending forecasts and statistics are the key's own. Weights are shared; or they are its own too, and then
it begins with the first ones. A new key has no statistics, so it begins with some values that are typical of keys
before it. How many is the empirical Bayes weight (Efron & Morris 1973): the variance of one value's evidence over the
variance between keys. Keys that are alike lend a new one all that they may, keys in different units lend it nothing. A
key tells once how it is, when it has had `KNOWN_AT` values, so that one that talks much counts no more than others.
"""

from __future__ import annotations

import math

from numba import types

from .arrays.places import EVICTION, EVICTS, LANE, NEW_KEY, RETURNS, RETURNS_SEEN
from .columns.gate import deviation
from .columns.robust import MAD_TO_DEVIATION
from .columns.scaling import scale_of
from .machine.jit import by_type, kernel
from .network.guard import renew

KNOWN_AT = 60  # values: few of those that were lent are then left in the statistics
MOST_LENT = 10  # values, half as many as seed a column's statistics
VARIANCE_OF_ONE = 1.25  # of the log of one normal value's size: pi^2 / 8
PRIOR_KEYS = 2  # that would disagree: a few that agree may do so by chance

KEYS, MEAN, MEAN_M2, LOG_UNIT, LOG_UNIT_M2 = 0, 1, 2, 3, 4  # places in a row of `Pool.columns`
LOG_SCALE, LOG_SCALE_M2 = 1, 2  # places in a row of `Pool.changes`, after KEYS


def lane_after(pool, marks, i):
    """View all numbers in the lane of the row after row i, one flat array after the other; None without keys."""


@by_type(lane_after)
def _lane_after(pool, marks, i):
    if isinstance(pool, types.NoneType):
        return lambda pool, marks, i: None
    return lambda pool, marks, i: lane_rows(pool, marks[min(i + 1, marks.shape[0] - 1), LANE])


@kernel
def lane_rows(pool, number):
    """View all numbers of a lane, one flat array after the other."""
    return pool.real[number], pool.double[number], pool.integer[number]


@kernel
def prepare_row(pool, model, lane):
    """Before a row: where another key's row has made the network go back, this lane goes back too."""
    if pool is None:
        return
    if lane.counts[RETURNS_SEEN] != model.network.updates[RETURNS]:
        renew(model, lane)
        lane.counts[RETURNS_SEEN] = model.network.updates[RETURNS]


@kernel
def begin_key(pool, model, lane, number, begins):
    """Begin a key's stream, if this row does, in a lane that is free or another key's; returns its events."""
    if pool is None or begins < NEW_KEY:
        return 0
    keyless = pool.real.shape[0] - 2  # the lane of no key
    if begins == EVICTS:
        _count_evicted(pool, model, lane)
    _copy_row(pool.real, keyless, number)
    _copy_row(pool.double, keyless, number)
    _copy_row(pool.integer, keyless, number)
    lane.counts[RETURNS_SEEN] = model.network.updates[RETURNS]
    for c in range(model.sizes.columns):
        _lend_values(pool, lane.columns, c)
    for t in range(model.sizes.targets):
        for k in range(model.sizes.horizons):
            _lend_changes(pool, lane.changes, t, k)
    return EVICTION if begins == EVICTS else 0


@kernel
def _count_evicted(pool, model, lane):
    """Keep what a lane has counted beyond its end."""
    pool.evicted[0] += 1
    for place in range(lane.counts.shape[0]):
        pool.gone_counts[place] += lane.counts[place]
    for i in range(pool.gone_updates.shape[0]):
        for place in range(pool.gone_updates.shape[1]):
            pool.gone_updates[i, place] += model.network.updates[place]
    _count_sequences(lane.classes, pool)


@kernel
def _count_sequences(classes, pool):
    if classes is None:
        return
    sequences = classes.sequences
    for t in range(sequences.shape[0]):
        for place in range(sequences.shape[1]):
            pool.gone_sequences[t, place] += sequences[t, place]


@kernel
def _copy_row(matrix, source, out):
    for j in range(matrix.shape[1]):
        matrix[out, j] = matrix[source, j]


@kernel
def _lend_values(pool, columns, c):
    """Begin a column with values around the mean of the keys' means, as far apart as theirs are."""
    keys, unit = pool.columns[c, KEYS], math.exp(pool.columns[c, LOG_UNIT])
    if keys == 0.0 or columns.seen[c] > 0:
        return
    spread = _variance(pool.columns[c, MEAN_M2], unit * unit, keys)
    count = min(
        _weight(VARIANCE_OF_ONE, _variance(pool.columns[c, LOG_UNIT_M2], VARIANCE_OF_ONE, keys)),
        _weight(unit * unit, spread),
    )
    for i in range(count):
        columns.first[c, i] = pool.columns[c, MEAN] + (unit if i % 2 == 0 else -unit) / MAD_TO_DEVIATION
    columns.seen[c] = count
    columns.mean[c] = pool.columns[c, MEAN]
    columns.m2[c] = unit * unit * count


@kernel
def _lend_changes(pool, changes, t, k):
    """Begin the unit of a target's changes with some as large as the keys' are."""
    pair = k * changes.seen.shape[0] + t
    keys, unit = pool.changes[pair, KEYS], math.exp(pool.changes[pair, LOG_SCALE])
    if keys == 0.0:
        return
    count = _weight(VARIANCE_OF_ONE, _variance(pool.changes[pair, LOG_SCALE_M2], VARIANCE_OF_ONE, keys))
    for i in range(count):
        changes.first[pair, i] = unit / MAD_TO_DEVIATION
    changes.seen[t, k] = count
    changes.sum2[t, k] = unit * unit * count


@kernel
def _variance(m2, variance_of_one, keys):
    """Return the variance between keys, as if `PRIOR_KEYS` had disagreed by as much as one value does."""
    return (m2 + PRIOR_KEYS * variance_of_one) / keys


@kernel
def _weight(variance_of_one, variance):
    """Return how many values to lend: an even number, so that they have a middle."""
    return 2 * int(0.5 * min(variance_of_one / variance, MOST_LENT))


@kernel
def finish_row(pool, model, lane, learn):
    """After a row: what this key is like becomes known to keys to come."""
    if pool is None or not learn:
        return
    for c in range(model.sizes.columns):
        if lane.pooled[c] == 0 and lane.columns.seen[c] >= KNOWN_AT:
            lane.pooled[c] = 1
            _pool_column(pool, lane.columns, c)
    for t in range(model.sizes.targets):
        for k in range(model.sizes.horizons):
            pair = k * model.sizes.targets + t
            if lane.change_pooled[pair] == 0 and lane.changes.seen[t, k] >= KNOWN_AT:
                lane.change_pooled[pair] = 1
                _pool_changes(pool, lane.changes, t, k)
    lane.counts[RETURNS_SEEN] = model.network.updates[RETURNS]


@kernel
def _pool_column(pool, columns, c):
    unit = deviation(columns, c)
    if unit > 0.0:  # one that never moves tells nothing about units
        pool.columns[c, KEYS] += 1.0
        _add(pool.columns, c, MEAN, columns.mean[c])
        _add(pool.columns, c, LOG_UNIT, math.log(unit))


@kernel
def _pool_changes(pool, changes, t, k):
    unit, pair = scale_of(changes, t, k), k * changes.seen.shape[0] + t
    if unit > 0.0:
        pool.changes[pair, KEYS] += 1.0
        _add(pool.changes, pair, LOG_SCALE, math.log(unit))


@kernel
def _add(sums, row, place, value):
    """Let a value into a running mean, and into the squared deviations beside it (Welford 1962)."""
    off = value - sums[row, place]
    sums[row, place] += off / sums[row, KEYS]
    sums[row, place + 1] += off * (value - sums[row, place])
