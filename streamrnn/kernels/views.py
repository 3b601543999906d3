"""What a kernel sees of a learner: groups of named views onto its flat arrays.

Opened once per call from Python, and handed on from kernel to kernel: a `Model`, which all lanes share, and a `Lane`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba.np.unsafe.ndarray import to_fixed_tuple

from .jit import kernel
from .memory import carve1, carve2, carve3
from .state import AT, ENTRY, FIRST_OF_LANE, LANES_AT, RATE_COUNT, SIZE_COUNT, SIZES_AT, Rates, Sizes

FIRST_REAL, FIRST_DOUBLE, FIRST_INTEGER = FIRST_OF_LANE.values()


class Network(NamedTuple):
    """Weights and what an update needs."""

    weights: Any  # (parameters,)
    gradient: Any  # (parameters,)
    moment1: Any  # (parameters,)
    moment2: Any  # (parameters,)
    offsets: Any  # (blocks,)
    updates: Any  # (5,)
    rate_cap: Any  # (1,)
    health: Any  # (6,)


class Guard(NamedTuple):
    """Good weights, and what decides whether those of now are."""

    weights: Any  # (2, parameters)
    errors: Any  # (3,)
    standing: Any  # (1,)


class Scratch(NamedTuple):
    """Work space of one row."""

    gates: Any  # (2, gate_rows)
    d_hidden: Any  # (slots, hidden_width)
    d_gates_input: Any  # (slots, gate_rows)
    d_gates_hidden: Any  # (slots, gate_rows)
    d_state: Any  # (1, hidden_width)
    d_read: Any  # (slots, read_width)
    no_bias: Any  # (norm_rows,): zeros
    arrived: Any  # (columns,): this row's accepted values, NaN where there is none
    shifted: Any  # (columns,): 1 where this row has shifted the level


class Roles(NamedTuple):
    """What each column and output is."""

    feature_columns: Any  # (features,)
    target_columns: Any  # (targets,)
    horizon_index: Any  # (horizon_count,)
    levels: Any  # (quantiles,)
    target_weights: Any  # (all_targets,)


class Ring(NamedTuple):
    """The steps that a sweep can reach."""

    inputs: Any  # (slots, input_width)
    hidden: Any  # (layers, slots, hidden_width)
    kept: Any  # (layers, slots, kept_width)
    read: Any  # (slots, read_width)
    normed: Any  # (layers, slots, normed_width)
    inverse: Any  # (layers, slots, norm_gates)
    outputs: Any  # (slots, outputs)
    d_outputs: Any  # (slots, outputs)
    graded: Any  # (slots, 2)


class Columns(NamedTuple):
    """Statistics of the columns."""

    mean: Any  # (columns,)
    m2: Any  # (columns,)
    held: Any  # (columns,)
    first: Any  # (columns, WARM_UP)
    far: Any  # (columns, WARM_UP)
    seen: Any  # (columns,)
    far_run: Any  # (columns,)
    settled: Any  # (columns,)
    refused: Any  # (columns, 3)
    away: Any  # (WARM_UP,): work space


class Changes(NamedTuple):
    """Statistics of y - base, the unit of a target's outputs."""

    sum2: Any  # (targets, horizons)
    first: Any  # (pairs, WARM_UP)
    seen: Any  # (targets, horizons)
    agreement: Any  # (pairs, 2)
    away: Any  # (WARM_UP,): work space


class Pending(NamedTuple):
    """Forecasts that wait for their truth, and how the graded ones did."""

    forecast: Any  # (slots, outputs)
    base: Any  # (slots, targets)
    scale: Any  # (slots, pairs)
    last: Any  # (slots, targets)
    clock: Any  # (slots, all_targets)
    values_seen: Any  # (all_targets,)
    errors: Any  # (pairs, 4)
    error_count: Any  # (pairs,)


class Coding(NamedTuple):
    """What all lanes share of the categories."""

    class_columns: Any  # (class_targets,): coded column of each categorical target
    known: Any  # (coded,): codes of each column so far
    arrived: Any  # (coded,): this row's codes, -1 where there is none
    d_inputs: Any  # (slots, d_input_width)
    contexts: Any  # (context_rows, CONTEXT_WIDTH)
    alone: Any  # (class_pairs, counted)
    mixture: Any  # (counted,)


class Classes(NamedTuple):
    """Categories of the inputs, forecasts of categories, and how the graded ones did."""

    codes: Any  # (slots, coded_features)
    logits: Any  # (class_pairs, slots, class_width)
    d_logits: Any  # (class_pairs, slots, class_width)
    graded: Any  # (class_pairs, slots)
    log_sum: Any  # (class_pairs, slots)
    before: Any  # (class_targets, slots, 3)
    history: Any  # (class_targets, order)
    keys: Any  # (class_pairs, slots, order)
    network: Any  # (class_pairs, slots, base_width)
    counted: Any  # (class_pairs, slots, base_width)
    weights: Any  # (class_pairs, 2)
    apart: Any  # (class_pairs, 2)
    label_counts: Any  # (class_targets, classes)
    labels: Any  # (class_targets, 2)
    code_counts: Any  # (coded, 2)
    losses: Any  # (class_pairs,)
    ranks: Any  # (class_pairs, RANKS)
    naive: Any  # (class_pairs, 2)
    table: Any  # (class_pairs, classes, 3)
    recent: Any  # (class_pairs, RECENT, 4)
    sequences: Any  # (class_targets, 4)


class Pool(NamedTuple):
    """What keys have in common, and all lanes as they lie in memory."""

    columns: Any  # (columns, 5)
    changes: Any  # (pairs, 3)
    agreement: Any  # (pairs, 2)
    evicted: Any  # (1,)
    gone_counts: Any  # (8,)
    gone_sequences: Any  # (class_targets, 4)
    real: Any  # (lanes, numbers of a lane)
    double: Any  # (lanes, numbers of a lane)
    integer: Any  # (lanes, numbers of a lane)


class Model(NamedTuple):
    """What all lanes share; ``coding`` is None where no column has categories, and nothing is compiled for it."""

    sizes: Sizes
    rates: Rates
    roles: Roles
    network: Network
    guard: Guard
    scratch: Scratch
    coding: Any


class Lane(NamedTuple):
    """One key's stream; ``classes`` is None where no column has categories."""

    ring: Ring
    columns: Columns
    changes: Changes
    pending: Pending
    classes: Any
    pooled: Any  # (columns,)
    change_pooled: Any  # (pairs,)
    counts: Any  # (8,), at the places that `state.STEPS` and its neighbours name


@kernel
def view1(flat, integer, field, lane):
    """View one field of one dimension."""
    at = ENTRY * field
    return carve1(flat, integer[at] + lane * integer[at + 4], integer[at + 1])


@kernel
def view2(flat, integer, field, lane):
    """View one field of two dimensions."""
    at = ENTRY * field
    return carve2(flat, integer[at] + lane * integer[at + 4], integer[at + 1], integer[at + 2])


@kernel
def view3(flat, integer, field, lane):
    """View one field of three dimensions."""
    at = ENTRY * field
    return carve3(flat, integer[at] + lane * integer[at + 4], integer[at + 1], integer[at + 2], integer[at + 3])


@kernel
def open_sizes(integer):
    """Read the sizes."""
    return Sizes(*to_fixed_tuple(carve1(integer, SIZES_AT, SIZE_COUNT), SIZE_COUNT))


@kernel
def open_rates(double, integer):
    """Read the numbers that steer learning."""
    rates = view1(double, integer, AT.rates, 0)
    return Rates(*to_fixed_tuple(carve1(rates, 0, RATE_COUNT), RATE_COUNT))


@kernel
def open_model(real, double, integer, coding):
    """Read sizes and rates, and view what all lanes share; coding: as `open_coding` gives it, or None."""
    return Model(
        open_sizes(integer),
        open_rates(double, integer),
        Roles(
            feature_columns=view1(integer, integer, AT.feature_columns, 0),
            target_columns=view1(integer, integer, AT.target_columns, 0),
            horizon_index=view1(integer, integer, AT.horizon_index, 0),
            levels=view1(double, integer, AT.levels, 0),
            target_weights=view1(double, integer, AT.target_weights, 0),
        ),
        Network(
            weights=view1(real, integer, AT.weights, 0),
            gradient=view1(real, integer, AT.gradient, 0),
            moment1=view1(real, integer, AT.moment1, 0),
            moment2=view1(real, integer, AT.moment2, 0),
            offsets=view1(integer, integer, AT.offsets, 0),
            updates=view1(integer, integer, AT.updates, 0),
            rate_cap=view1(double, integer, AT.rate_cap, 0),
            health=view1(double, integer, AT.health, 0),
        ),
        Guard(
            weights=view2(real, integer, AT.good, 0),
            errors=view1(double, integer, AT.guard_errors, 0),
            standing=view1(integer, integer, AT.guard_standing, 0),
        ),
        Scratch(
            gates=view2(real, integer, AT.gates, 0),
            d_hidden=view2(real, integer, AT.d_hidden, 0),
            d_gates_input=view2(real, integer, AT.d_gates_input, 0),
            d_gates_hidden=view2(real, integer, AT.d_gates_hidden, 0),
            d_state=view2(real, integer, AT.d_state, 0),
            d_read=view2(real, integer, AT.d_read, 0),
            no_bias=view1(real, integer, AT.no_bias, 0),
            arrived=view1(double, integer, AT.arrived, 0),
            shifted=view1(double, integer, AT.shifted, 0),
        ),
        coding,
    )


@kernel
def open_coding(real, double, integer):
    """View what all lanes share of the categories."""
    return Coding(
        class_columns=view1(integer, integer, AT.class_columns, 0),
        known=view1(integer, integer, AT.known, 0),
        arrived=view1(integer, integer, AT.arrived_codes, 0),
        d_inputs=view2(real, integer, AT.d_inputs, 0),
        contexts=view2(integer, integer, AT.contexts, 0),
        alone=view2(integer, integer, AT.alone, 0),
        mixture=view1(double, integer, AT.mixture, 0),
    )


@kernel
def open_pool(real, double, integer):
    """View what keys have in common, and all lanes."""
    return Pool(
        columns=view2(double, integer, AT.pool_columns, 0),
        changes=view2(double, integer, AT.pool_changes, 0),
        agreement=view2(double, integer, AT.pool_agreement, 0),
        evicted=view1(integer, integer, AT.evicted, 0),
        gone_counts=view1(integer, integer, AT.gone_counts, 0),
        gone_sequences=view2(integer, integer, AT.gone_sequences, 0),
        real=_all_lanes(real, integer, FIRST_REAL),
        double=_all_lanes(double, integer, FIRST_DOUBLE),
        integer=_all_lanes(integer, integer, FIRST_INTEGER),
    )


@kernel
def _all_lanes(flat, integer, field):
    at = ENTRY * field
    return carve2(flat, integer[at], integer[LANES_AT], integer[at + 4])


@kernel
def open_lane(real, double, integer, coding, lane):
    """View one key's stream, and the tally that it counts for."""
    tally = 1 if lane == integer[LANES_AT] - 1 else 0
    ring = Ring(
        inputs=view2(real, integer, AT.inputs, lane),
        hidden=view3(real, integer, AT.hidden, lane),
        kept=view3(real, integer, AT.kept, lane),
        read=view2(real, integer, AT.read, lane),
        normed=view3(real, integer, AT.normed, lane),
        inverse=view3(real, integer, AT.inverse, lane),
        outputs=view2(real, integer, AT.outputs, lane),
        d_outputs=view2(real, integer, AT.d_outputs, lane),
        graded=view2(integer, integer, AT.graded, lane),
    )
    away = view1(double, integer, AT.away, 0)
    columns = Columns(
        mean=view1(double, integer, AT.mean, lane),
        m2=view1(double, integer, AT.m2, lane),
        held=view1(double, integer, AT.held, lane),
        first=view2(double, integer, AT.first, lane),
        far=view2(double, integer, AT.far, lane),
        seen=view1(integer, integer, AT.seen, lane),
        far_run=view1(integer, integer, AT.far_run, lane),
        settled=view1(integer, integer, AT.settled, lane),
        refused=view2(integer, integer, AT.refused, tally),
        away=away,
    )
    changes = Changes(
        sum2=view2(double, integer, AT.change_sum2, lane),
        first=view2(double, integer, AT.change_first, lane),
        seen=view2(integer, integer, AT.change_seen, lane),
        agreement=view2(double, integer, AT.agreement, lane),
        away=away,
    )
    pending = Pending(
        forecast=view2(double, integer, AT.forecast, lane),
        base=view2(double, integer, AT.base, lane),
        scale=view2(double, integer, AT.scale, lane),
        last=view2(double, integer, AT.last, lane),
        clock=view2(integer, integer, AT.clock, lane),
        values_seen=view1(integer, integer, AT.values_seen, lane),
        errors=view2(double, integer, AT.errors, tally),
        error_count=view1(integer, integer, AT.error_count, tally),
    )
    classes = _open_classes(coding, real, double, integer, lane, tally)
    return Lane(
        ring,
        columns,
        changes,
        pending,
        classes,
        pooled=view1(integer, integer, AT.pooled, lane),
        change_pooled=view1(integer, integer, AT.change_pooled, lane),
        counts=view1(integer, integer, AT.lane_counts, lane),
    )


@kernel
def _open_classes(coding, real, double, integer, lane, tally):
    if coding is None:
        return None
    return Classes(
        codes=view2(integer, integer, AT.codes, lane),
        logits=view3(real, integer, AT.logits, lane),
        d_logits=view3(real, integer, AT.d_logits, lane),
        graded=view2(integer, integer, AT.class_graded, lane),
        log_sum=view2(double, integer, AT.log_sum, lane),
        before=view3(integer, integer, AT.class_before, lane),
        history=view2(integer, integer, AT.label_history, lane),
        keys=view3(integer, integer, AT.context_keys, lane),
        network=view3(real, integer, AT.class_network, lane),
        counted=view3(real, integer, AT.class_counted, lane),
        weights=view2(double, integer, AT.class_weights, lane),
        apart=view2(double, integer, AT.class_apart, tally),
        label_counts=view2(integer, integer, AT.label_counts, lane),
        labels=view2(integer, integer, AT.labels, lane),
        code_counts=view2(integer, integer, AT.code_counts, tally),
        losses=view1(double, integer, AT.class_losses, tally),
        ranks=view2(integer, integer, AT.class_ranks, tally),
        naive=view2(integer, integer, AT.class_naive, tally),
        table=view3(integer, integer, AT.class_table, tally),
        recent=view3(double, integer, AT.class_recent, tally),
        sequences=view2(integer, integer, AT.class_sequences, lane),
    )


@kernel
def matrix(flat, network, block, rows, width):
    """View one matrix of the flat weights, or of the flat gradient."""
    return carve2(flat, network.offsets[block], rows, width)


@kernel
def bias(flat, network, block, rows):
    """View one bias of the flat weights, or of the flat gradient."""
    return carve1(flat, network.offsets[block], rows)


@kernel
def plane(cube, index):
    """View cube[index]: one layer's slots."""
    return carve2(cube, index * cube.shape[1] * cube.shape[2], cube.shape[1], cube.shape[2])
