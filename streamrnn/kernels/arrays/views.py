"""What a kernel sees of a learner: groups of named views onto its flat arrays.

Opened once per call from Python, and handed on from kernel to kernel: a `Model`, which all lanes share, and a `Lane`.
"""

from __future__ import annotations

from typing import Any

from ..machine.jit import kernel
from ..machine.memory import carve1, carve2
from .group import EveryLane, Group, network_opener
from .places import Rates
from .sizes import Sizes


class Network(Group):
    """Weights and what an update needs."""

    weights: Any  # (parameters,)
    gradient: Any  # (parameters,)
    moment1: Any  # (parameters,)
    moment2: Any  # (parameters,)
    offsets: Any  # (blocks,)
    updates: Any  # (5,)
    rate_cap: Any  # (1,)
    boost_left: Any  # (1,)
    health: Any  # (6,)


class Guard(Group):
    """Good weights, and what decides whether those of now are."""

    weights: Any = "good"  # (2, parameters)
    errors: Any = "guard_errors"  # (3,)
    standing: Any = "guard_standing"  # (1,)


class Scratch(Group):
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


class Roles(Group):
    """What each column and output is."""

    feature_columns: Any  # (features,)
    target_columns: Any  # (targets,)
    horizon_index: Any  # (horizon_count,)
    levels: Any  # (quantiles,)
    target_weights: Any  # (all_targets,)


class Ring(Group):
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


class Columns(Group):
    """Statistics of the columns."""

    mean: Any  # (columns,)
    m2: Any  # (columns,)
    held: Any  # (columns,)
    first: Any  # (columns, WARM_UP)
    far: Any  # (columns, WARM_UP)
    seen: Any  # (columns,)
    last_step: Any  # (columns,)
    far_run: Any  # (columns,)
    settled: Any  # (columns,)
    refused: Any  # (columns, 3)
    away: Any  # (WARM_UP,): work space


class Changes(Group):
    """Statistics of y - base, the unit of a target's outputs."""

    sum2: Any = "change_sum2"  # (targets, horizons)
    first: Any = "change_first"  # (pairs, WARM_UP)
    seen: Any = "change_seen"  # (targets, horizons)
    agreement: Any  # (pairs, 2)
    pooled: Any = "pool_agreement"  # (keyed_pairs, AGES, 2)
    away: Any  # (WARM_UP,): work space


class Pending(Group):
    """Forecasts that wait for their truth, and how the graded ones did."""

    forecast: Any  # (slots, outputs)
    base: Any  # (slots, targets)
    scale: Any  # (slots, pairs)
    last: Any  # (slots, targets)
    clock: Any  # (slots, all_targets)
    values_seen: Any  # (all_targets,)
    errors: Any  # (pairs, 4)
    error_count: Any  # (pairs,)


class Coding(Group):
    """What all lanes share of the categories."""

    class_columns: Any  # (class_targets,): coded column of each categorical target
    known: Any  # (coded,): codes of each column so far
    importance: Any  # (class_targets, classes)
    arrived: Any = "arrived_codes"  # (coded,): this row's codes, -1 where there is none
    d_inputs: Any  # (slots, d_input_width)
    contexts: Any  # (context_rows, CONTEXT_WIDTH)
    alone: Any  # (class_pairs, counted)
    mixture: Any  # (counted,)
    sharpness: Any  # (tempered_pairs, 2)


class Classes(Group):
    """Categories of the inputs, forecasts of categories, and how the graded ones did."""

    codes: Any  # (slots, coded_features)
    logits: Any  # (class_pairs, slots, class_width)
    d_logits: Any  # (class_pairs, slots, class_width)
    graded: Any = "class_graded"  # (class_pairs, slots)
    log_sum: Any  # (class_pairs, slots)
    before: Any = "class_before"  # (class_targets, slots, 3)
    history: Any = "label_history"  # (class_targets, order)
    keys: Any = "context_keys"  # (class_pairs, slots, order)
    network: Any = "class_network"  # (class_pairs, slots, network_width)
    counted: Any = "class_counted"  # (class_pairs, slots, base_width)
    weights: Any = "class_weights"  # (class_pairs, 2)
    apart: Any = "class_apart"  # (class_pairs, 2)
    label_counts: Any  # (class_targets, classes)
    labels: Any  # (class_targets, 2)
    code_counts: Any  # (coded, 2)
    losses: Any = "class_losses"  # (class_pairs,)
    ranks: Any = "class_ranks"  # (class_pairs, RANKS)
    naive: Any = "class_naive"  # (class_pairs, 2)
    table: Any = "class_table"  # (class_pairs, classes, 3)
    recent: Any = "class_recent"  # (class_pairs, RECENT, 4)
    sequences: Any = "class_sequences"  # (class_targets, 4)
    sharpness: Any = "sharpness_then"  # (tempered_pairs, slots)
    unsharpened: Any = "class_unsharpened"  # (tempered_pairs,)
    means: Any = "class_means"  # (class_targets, mean_width)


class Pool(Group):
    """What keys have in common, and all lanes as they lie in memory."""

    columns: Any = "pool_columns"  # (columns, 5)
    changes: Any = "pool_changes"  # (pairs, 3)
    evicted: Any  # (1,)
    gone_counts: Any  # (8,)
    gone_updates: Any  # (own, 5)
    gone_sequences: Any  # (class_targets, 4)
    real: Any = EveryLane("real")  # (lanes, numbers of a lane)
    double: Any = EveryLane("double")  # (lanes, numbers of a lane)
    integer: Any = EveryLane("integer")  # (lanes, numbers of a lane)


class Model(Group):
    """What all lanes share, but for weights per key.

    ``coding`` is None where no column has categories, and nothing is compiled for it.
    """

    sizes: Sizes
    rates: Rates
    roles: Roles
    network: Network
    guard: Guard
    scratch: Scratch
    coding: Coding | None


class Lane(Group):
    """One key's stream; ``classes`` is None where no column has categories."""

    ring: Ring
    columns: Columns
    changes: Changes
    pending: Pending
    classes: Classes | None
    pooled: Any  # (columns,)
    change_pooled: Any  # (pairs,)
    counts: Any = "lane_counts"  # (8,), at the places that `places.STEPS` and its neighbours name
    drift: Any  # (4,)


open_model = network_opener(Model)
open_lane = network_opener(Lane)
open_pool = network_opener(Pool)


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
