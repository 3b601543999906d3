"""The sizes that decide every shape, and every branch, in the kernels."""

from __future__ import annotations

from typing import NamedTuple


class Sizes(NamedTuple):
    """All that decides a shape or a branch."""

    cell: int  # index into CELLS
    relu: int  # 1: the Elman cell's nonlinearity is relu
    layers: int
    hidden: int
    hidden_width: int  # hidden, padded to whole vectors
    gate_rows: int  # gates * hidden: rows of a recurrent matrix
    kept_width: int  # numbers that a cell keeps per step for its backward pass
    norm: int  # index into NORMS
    normed_width: int  # 2 * gate_rows: both parts; 0 without a norm, and so are the next two
    norm_gates: int  # 2 * gates
    norm_rows: int  # gate_rows
    read_width: int  # layers * hidden, padded; 0: the heads read the top layer alone
    head_width: int  # of what the heads read
    features: int
    inputs: int  # numbers that the lowest layer is given: 2 * features (value and missing indicator), embeddings, lags
    input_width: int  # inputs, padded
    columns: int
    targets: int
    horizons: int
    quantiles: int
    middle: int  # index of the quantile 0.5
    outputs: int  # horizons * targets * quantiles, in this order
    pairs: int  # horizons * targets
    keyed_pairs: int  # pairs, if keys share a network
    coded: int  # columns of categories; those that are features come first
    coded_features: int
    embedding: int  # numbers that stand for a category
    embedding_width: int  # embedding, padded
    d_input_width: int  # input_width; 0 if nothing is learned about inputs
    classes: int  # codes of a column, with the reserved one
    last_code: int  # classes - 1
    class_width: int  # classes, padded
    evicted_columns: int  # coded, if codes may be given to other categories
    seen_codes: int  # classes, if so
    class_targets: int
    class_pairs: int  # horizons * class_targets, in this order
    all_targets: int  # targets of numbers, then of categories
    losses: int  # outputs + class_pairs: what a mean loss is divided by
    top: int  # categories that a record names
    order: int  # categories of a context at most; 0: forecasts start from nothing
    contexts: int  # that are remembered of each length
    context_rows: int  # class_pairs * order * contexts
    counted: int  # classes, if there is an order
    base_width: int  # class_width, if there is an order
    tempered: int  # whether forecasts of categories have a temperature, see `temperature.py`
    tempered_pairs: int  # class_pairs, if so
    network_width: int  # class_width, if a forecast of categories is more than the network's
    mean_width: int  # classes, if there is a forecast for each sequence
    horizon: int  # the longest
    horizon_count: int  # horizon + 1: length of a table by horizon
    by_value: int  # 1: a horizon counts values of its target, 0: rows
    skip: int  # 1: a forecast starts from the last value, 0: from the mean
    shrink: int  # 1: a forecast is shrunk to its base
    reach: int  # rows that a pending forecast can be old
    window: int
    slots: int  # length of the ring
    late_slots: int  # the same, where labels may be late; else 0
    late_kinds: int  # of late labels, by what became of them; else 0
    named_slots: int  # late_slots, where rows have names; else 0
    loss: int  # index into LOSSES
    rule: int  # index into OPTIMIZERS
    parameters: int
    blocks: int  # matrices and biases of the network
    lanes: int  # with the spare one
    own: int  # 1: each lane has weights of its own
    batch: int  # rows of different keys that are learned in one update; 1: each alone, and then these are 0:
    batched: int  # 1
    batch_lanes: int  # batch + 1: a sequence may end when all wait
    group: int  # lanes whose slopes go through a matrix at once
    group_slots: int  # slots
    group_steps: int  # group * slots
    networks: int  # with arrays of their own, whose answers are gathered here; 0: it has a network itself
    told_rows: int  # that they take at once
    told_width: int  # numbers in an answer of one of them
    told_copies: int  # numbers of their answers that go into this learner's
    experts: int  # forecasters in the mix; 0: the network forecasts alone, and so are all that follow
    voices: int  # the last so many of them are networks
    voices_at: int  # place in a record of the forecasts of the first one
    candidates: int  # the first so many of them are mixed
    fallback: int  # that which is forecast as far as the mix has not shown to be better
    mixed: int  # targets
    mixed_pairs: int  # pairs
    mix_slots: int  # ticks that a forecast of the mix waits at most, and this one
    mix_rows: int  # mix_slots * mixed
    linear_width: int  # regressors of each regression, see ``experts/regressors.py``
    joint_width: int
    readout_width: int
    direction_width: int  # of the widest
    history: int  # values that are kept of a target, twice
    season: int  # ticks; 0: none; -1: to be found
    seasons: int  # lags among which it is looked for
    longest_season: int
    weights_at: int  # place in a record of the mix's weights
    handed_at: int  # place in a record of what the experts are told
    handed_inputs: int
    handed_units: int
    handed_states: int  # networks whose units they are: 1, or one for each target
    handed_width: int
    past_targets: int  # targets; 0: the network sees nothing of a season ago, and so are all that follow
    past: int  # values that are kept of each, twice
    past_seasons: int  # lags among which a season is looked for
    longest_past_season: int
    bound_targets: int  # targets; 0: no intervals, and so are all that follow
    bound_pairs: int
    bound_slots: int  # ticks that a forecast waits at most, and this one
    bound_places: int  # of a season; 0: there are no experts to find one
    intervals: int
    bound_sides: int  # two for each interval
    bounds_at: int  # place in a record of the bounds
    watched: int  # targets whose surprise is scored: all, or 0
    channels: int  # streams of surprise: one for each of them, and where they are several one for all
    alerts: int  # 1: surprise is scored
    scores_at: int  # place in a record of the targets' scores; the joint one and the alert follow
