"""The arrays that a kernel sees, every one with its shape.

A learner is three flat arrays: ``real`` (the network's dtype), ``double`` (float64) and ``integer`` (int64).
`FIELDS` says what lies in them and is the only place that does: Python allocates by it, kernels make their views by
it (``views.py``), and a checkpoint saves by it. ``integer`` begins with the table of offsets and shapes, then the
sizes, so three arrays are all that has to cross from Python at a call.

Fields of a *lane* (one key's stream) exist once per lane; the last lane is a spare one, for forecasts that must leave
no trace. With keys, the lane before it is that of no key, which every new key's is a copy of. What is *own* is shared,
or exists once per lane where keys have weights of their own. A *tally* counts over all lanes; the spare lane has one of
its own.
"""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np

from ..experts.fields import EXPERT_FIELDS
from ..machine.vector import LANES
from ..surprise.anomaly_fields import SCORE_FIELDS
from ..surprise.conformal_fields import BOUND_FIELDS
from .field import DERIVED, GROUPED, OWN, SCRATCH, SHARED, TALLY, Field

# Values whose median and absolute deviations seed a column's statistics; as many far ones in a row are a level shift.
WARM_UP = 20

RANKS = 11  # places that the truth can have among the forecast categories; the last: none of the first ten
HASH = 2**62  # beyond the key of any context
CONTEXT_WIDTH = 16  # numbers that the counts keep of a context: its key, how often it came, its followers
AGES = 12  # classes of steps, see `scaling.age_class`
RECENT = 1000  # graded forecasts of a category that count as recent


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
    input_width: int  # 2 * features (value and missing indicator) and the embeddings, padded
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
    networks: int  # with arrays of their own, whose answers are gathered here; 0: it has a network itself
    told_rows: int  # that they take at once
    told_width: int  # numbers in an answer of one of them
    told_copies: int  # numbers of their answers that go into this learner's
    experts: int  # forecasters in the mix; 0: the network forecasts alone, and so are all that follow
    voices: int  # the last so many of them are networks
    voices_at: int  # place in a record of the forecasts of the first one
    candidates: int  # the first so many of them are mixed
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
    intervals: int
    bound_sides: int  # two for each interval
    bounds_at: int  # place in a record of the bounds
    watched: int  # targets whose surprise is scored: all, or 0
    channels: int  # streams of surprise: one for each of them, and where they are several one for all
    alerts: int  # 1: surprise is scored
    scores_at: int  # place in a record of the targets' scores; the joint one and the alert follow


FIELDS = (
    Field("weights", "real", ("parameters",), "matrices and biases, rows padded; saved by name", **DERIVED, own=True),
    Field("moment1", "real", ("parameters",), "momentum, or adam's mean", **OWN),
    Field("moment2", "real", ("parameters",), "mean square of the gradient", **OWN),
    Field("rates", "double", (24,), "what `Rates` names", **DERIVED),
    Field("levels", "double", ("quantiles",), "quantiles that are forecast", **DERIVED),
    Field("updates", "integer", (5,), "what `MADE` and its neighbours name", **OWN),
    Field("rate_cap", "double", (1,), "what the guard lets the learning rate be; 0: anything", **OWN),
    Field("boost_left", "integer", (1,), "updates that a drift still raises the rate of", **OWN),
    Field("health", "double", (6,), "decaying sums about gradients, see `health.py`", **OWN),
    Field("good", "real", (2, "parameters"), "weights that were good, and those of the last check", **OWN),
    Field("guard_errors", "double", (3,), "sums since the last check, see `guard.py`", **OWN),
    Field("guard_standing", "integer", (1,), "how the good weights stand", most=2, **OWN),
    Field("known", "integer", ("coded",), "codes so far, with the reserved one", most="classes", least=1, **SHARED),
    Field("evicted_codes", "integer", ("evicted_columns",), "how often a code was given to another one", **SHARED),
    Field("last_seen", "integer", ("evicted_columns", "seen_codes"), "when each code came last", **SHARED),
    Field("class_columns", "integer", ("class_targets",), "coded column of each categorical target", **DERIVED),
    Field("target_weights", "double", ("all_targets",), "how much the loss of each counts", **DERIVED),
    Field("contexts", "integer", ("context_rows", CONTEXT_WIDTH), "what followed, see `counts.py`", most=HASH, **OWN),
    Field("alone", "integer", ("class_pairs", "counted"), "what came where no context knew it", **OWN),
    Field("sharpness", "double", ("tempered_pairs", 2), "of each forecast, see `temperature.py`", **OWN),
    Field("mixture", "double", ("counted",), "probability of each code by the counts", **SCRATCH),
    Field("offsets", "integer", ("blocks",), "where each matrix and bias begins in the weights", **DERIVED),
    Field("feature_columns", "integer", ("features",), "column of each feature", **DERIVED),
    Field("target_columns", "integer", ("targets",), "column of each target", **DERIVED),
    Field("horizon_index", "integer", ("horizon_count",), "index of each horizon, -1 where none", **DERIVED),
    Field("gradient", "real", ("parameters",), "of the last sweep", **SCRATCH),
    Field("gates", "real", (2, "gate_rows"), "the input's and the state's part, before they are added", **SCRATCH),
    Field("d_hidden", "real", ("slots", "hidden_width"), "slope at each step's output", **SCRATCH),
    Field("d_gates_input", "real", ("slots", "gate_rows"), "slope at the input's part", **SCRATCH),
    Field("d_gates_hidden", "real", ("slots", "gate_rows"), "slope at the state's part", **SCRATCH),
    Field("d_state", "real", (1, "hidden_width"), "slope at the cell state", **SCRATCH),
    Field("d_read", "real", ("slots", "read_width"), "slope at what the heads read of all layers", **SCRATCH),
    Field("no_bias", "real", ("norm_rows",), "zeros", **SCRATCH),
    Field("arrived", "double", ("columns",), "this row's accepted values, NaN where none", **SCRATCH),
    Field("away", "double", (WARM_UP,), "how far each of a few values is off", **SCRATCH),
    Field("d_inputs", "real", ("slots", "d_input_width"), "slope at each step's inputs", **SCRATCH),
    Field("arrived_codes", "integer", ("coded",), "this row's codes, -1 where none", **SCRATCH),
    Field("shifted", "double", ("columns",), "1: this row has shifted the column's level", **SCRATCH),
    Field("inputs", "real", ("slots", "input_width"), "standardised features, indicators, embeddings", ring=0),
    Field("hidden", "real", ("layers", "slots", "hidden_width"), "each layer's output", ring=1),
    Field("read", "real", ("slots", "read_width"), "the outputs of all layers side by side", ring=0),
    Field("normed", "real", ("layers", "slots", "normed_width"), "both parts, before their gain", ring=1),
    Field("inverse", "real", ("layers", "slots", "norm_gates"), "what each gate was multiplied with", ring=1),
    Field("outputs", "real", ("slots", "outputs"), "of the head, when the step was made", ring=0),
    Field("kept", "real", ("layers", "slots", "kept_width"), "what each cell keeps", ring=1),
    Field("d_outputs", "real", ("slots", "outputs"), "slopes that reveals have written", ring=0),
    Field("graded", "integer", ("slots", 2), "outputs with a slope: first, one past last", ring=0, most="outputs"),
    Field("mean", "double", ("columns",), "of each column"),
    Field("m2", "double", ("columns",), "sum of squared deviations from it"),
    Field("held", "double", ("columns",), "last accepted value of this sequence, else NaN"),
    Field("first", "double", ("columns", WARM_UP), "the values that seed the statistics"),
    Field("far", "double", ("columns", WARM_UP), "ring of far values in a row"),
    Field("seen", "integer", ("columns",), "values in the statistics"),
    Field("far_run", "integer", ("columns",), "far values in a row", most=WARM_UP),
    Field("settled", "integer", ("columns",), "1: the held value is in the statistics", most=1),
    Field("refused", "integer", ("columns", 3), "nulls, invalid values, far values", **TALLY),
    Field("change_sum2", "double", ("targets", "horizons"), "sum of squares of y - base"),
    Field("change_first", "double", ("pairs", WARM_UP), "the |y - base| that seed it"),
    Field("change_seen", "integer", ("targets", "horizons"), "how many"),
    Field("agreement", "double", ("pairs", 2), "decaying sums of output * change and output^2, scaled units"),
    Field("forecast", "double", ("slots", "outputs"), "pending forecasts, NaN where none", ring=0),
    Field("base", "double", ("slots", "targets"), "what they start from", ring=0),
    Field("scale", "double", ("slots", "pairs"), "their unit; NaN: learn nothing from it", ring=0),
    Field("last", "double", ("slots", "targets"), "the last-value forecast beside them", ring=0),
    Field("clock", "integer", ("slots", "all_targets"), "step, or values of the target so far", ring=0),
    Field("values_seen", "integer", ("all_targets",), "values of each target so far"),
    Field("errors", "double", ("pairs", 4), "sums: absolute, squared, and both of last value", **TALLY),
    Field("error_count", "integer", ("pairs",), "forecasts graded", **TALLY),
    Field("codes", "integer", ("slots", "coded_features"), "of inputs, -1: none", ring=0, most="last_code", least=-1),
    Field("logits", "real", ("class_pairs", "slots", "class_width"), "of each category, as forecast", ring=1),
    Field("d_logits", "real", ("class_pairs", "slots", "class_width"), "slopes that reveals have written", ring=1),
    Field("class_graded", "integer", ("class_pairs", "slots"), "1: there are slopes", ring=1, most=1),
    Field("log_sum", "double", ("class_pairs", "slots"), "log of the sum of exp(logits), NaN: not pending", ring=1),
    Field("class_before", "integer", ("class_targets", "slots", 3), "see `KNOWN` and its like", ring=1, most="classes"),
    Field("label_history", "integer", ("class_targets", "order"), "the last codes plus 1, 0: none", most="classes"),
    Field("context_keys", "integer", ("class_pairs", "slots", "order"), "of a forecast's contexts", ring=1, most=HASH),
    Field("class_network", "real", ("class_pairs", "slots", "network_width"), "logits of the network alone", ring=1),
    Field("class_counted", "real", ("class_pairs", "slots", "base_width"), "log probability by the counts", ring=1),
    Field("sharpness_then", "double", ("tempered_pairs", "slots"), "of a forecast, see `temperature.py`", ring=1),
    Field("class_means", "double", ("class_targets", "mean_width"), "sum of the probabilities of a sequence's rows"),
    Field("class_weights", "double", ("class_pairs", 2), "of network and counts in the mix"),
    Field("importance", "double", ("class_targets", "classes"), "how much a label of each category counts", **DERIVED),
    Field("class_apart", "double", ("class_pairs", 2), "sums of the losses of network and counts", **TALLY),
    Field("class_unsharpened", "double", ("tempered_pairs",), "sum of the losses at a temperature of 1", **TALLY),
    Field("label_counts", "integer", ("class_targets", "classes"), "how often each category has come"),
    Field("labels", "integer", ("class_targets", 2), "the most frequent code so far, the last", most="last_code"),
    Field("code_counts", "integer", ("coded", 2), "nulls, categories without a code of their own", **TALLY),
    Field("class_losses", "double", ("class_pairs",), "sum of the losses of graded forecasts", **TALLY),
    Field("class_ranks", "integer", ("class_pairs", RANKS), "how often the truth had each place", **TALLY),
    Field("class_naive", "integer", ("class_pairs", 2), "hits of the most frequent and of the last category", **TALLY),
    Field("class_table", "integer", ("class_pairs", "classes", 3), "by category: came, was forecast, both", **TALLY),
    Field("class_sequences", "integer", ("class_targets", 4), "see `SEQUENCE_GRADED` and its neighbours"),
    Field("class_recent", "double", ("class_pairs", RECENT, 4), "loss, place and naive hits of the latest", **TALLY),
    Field("lane_counts", "integer", (8,), "what `STEPS` and its neighbours name"),
    Field("drift", "double", (4,), "what is known of the losses, see `drift.py`"),
    Field("row_numbers", "integer", ("late_slots",), "1 + the number of each step's row, 0: none", ring=0),
    Field("row_names", "integer", ("named_slots",), "what its name is known by, see `late.py`; 0: none", ring=0),
    Field("late_counts", "integer", ("late_kinds",), "what `LATE` and its neighbours name", **SHARED),
    Field("batch_place", "integer", ("batched",), "place among those that wait, from 1; 0: none", most="batch"),
    Field("pooled", "integer", ("columns",), "1: keys to come know of this column of it", most=1),
    Field("change_pooled", "integer", ("pairs",), "1: and of these changes", most=1),
    Field("past_values", "double", ("past_targets", "past"), "ring of a target's values, as `history`"),
    Field("past_season_sums", "double", ("past_targets", "past_seasons"), "as `season_sums`"),
    Field("past_own_season", "integer", ("past_targets",), "as `own_season`", most="longest_past_season"),
    Field("past_season_depth", "double", ("past_targets",), "as `season_depth`"),
    Field("past_season", "integer", ("past_targets",), "as `season_of`", most="longest_past_season"),
    Field("past_ticks", "integer", ("past_targets",), "as `ticks`"),
    Field("batch_count", "integer", ("batched",), "rows that wait to be learned", most="batch", **SHARED),
    Field("batch_lanes", "integer", ("batch_lanes",), "their lanes, -1 where there is none any more", **DERIVED),
    Field("group_spans", "integer", ("group", 5), "of a group's sweeps, see `batch.py`", **SCRATCH),
    Field("group_rows", "integer", ("group",), "row of each lane's step in what follows", **SCRATCH),
    Field("group_places", "integer", ("group",), "row of the step before", **SCRATCH),
    Field("group_d_hidden", "real", ("group_slots", "hidden_width"), "as those above without `group_`", **GROUPED),
    Field("group_d_gates_input", "real", ("group_slots", "gate_rows"), "", **GROUPED),
    Field("group_d_gates_hidden", "real", ("group_slots", "gate_rows"), "", **GROUPED),
    Field("group_d_state", "real", ("batched", "hidden_width"), "", **GROUPED),
    Field("group_d_read", "real", ("group_slots", "read_width"), "", **GROUPED),
    Field("pool_columns", "double", ("columns", 5), "how the columns of keys are, see `keys.py`", **SHARED),
    Field("pool_changes", "double", ("pairs", 3), "how their changes are", **SHARED),
    Field("pool_agreement", "double", ("keyed_pairs", AGES, 2), "agreement of all keys' latest reveals", **SHARED),
    Field("evicted", "integer", (1,), "keys that gave way to others", **SHARED),
    Field("gone_counts", "integer", (8,), "sums of the lane_counts of evicted keys", **SHARED),
    Field("gone_updates", "integer", ("own", 5), "sums of the own updates of evicted keys", **SHARED),
    Field("gone_sequences", "integer", ("class_targets", 4), "and of their class_sequences", **SHARED),
    Field("told", "double", ("networks", "told_rows", "told_width"), "what each network has answered", **SCRATCH),
    Field("told_copies", "integer", ("told_copies", 3), "place in an answer; network, place in its own", **DERIVED),
    Field("told_leads", "integer", ("networks",), "1: its loss is that of the record", **DERIVED),
    *EXPERT_FIELDS,
    *BOUND_FIELDS,
    *SCORE_FIELDS,
)  # fmt: skip

# places in `lane_counts`
STEPS = 0  # accepted rows
SEQUENCE_START = 1  # step that began this sequence
SINCE = 2  # steps since the last update
LEVEL_SHIFTS = 3
DIVERGED = 4
UNLEARNED = 5  # slopes written since the last update
RENEWED = 6  # step that began with weights of before; nothing older teaches
RETURNS_SEEN = 7  # `RETURNS` as it was after the lane's last row

# places in `class_before`: what was known when a forecast was made
KNOWN, MAJORITY, LAST_LABEL = 0, 1, 2  # codes so far; the most frequent one, the last one

# places in a row of `class_sequences`: of this sequence's last forecast, then of all that have ended
SEQUENCE_GRADED, SEQUENCE_HIT, SEQUENCES, SEQUENCE_HITS = 0, 1, 2, 3

# places in `late_counts`: labels that graded something, that graded nothing, and that are of no row that is known
LATE, IDLE, LOST = 0, 1, 2

# places in `updates`
MADE, SKIPPED, SKIPPED_IN_A_ROW = 0, 1, 2
LEARNED = 3  # rows that are in the moments, since those were last cleared
RETURNS = 4  # how often weights were gone back to

# places in a row of `records`, the kernel's answer; each target's expected value follows, then the forecasts, then
# each categorical target's expected code, then `top` codes and their probabilities for each of its forecasts
EVENT, LOSS, REVEALED, EXPECTED = 0, 1, 2, 3  # bits; mean loss of what was revealed, NaN if nothing; how many outputs

# bits of an event
LEVEL_SHIFT, UPDATE_SKIPPED, DIVERGENCE, EVICTION, DRIFT = 1, 2, 4, 8, 16

# places in a row of `marks`
LANE, BOUNDARY = 0, 1  # the row's lane, and what it begins there:
GOES_ON, NEW_SEQUENCE, NEW_KEY, EVICTS = 0, 1, 2, 3  # the last: a key, in the lane of another one

NAMES = [field.name for field in FIELDS]
AT: Any = namedtuple("Index", NAMES)(*range(len(FIELDS)))  # noqa: PYI024  # each field's row in the table
FIRST_OF_LANE = {  # where a lane begins in each flat array
    flat: next(index for index, field in enumerate(FIELDS) if field.lane and field.flat == flat)
    for flat in ("real", "double", "integer")
}
ENTRY = 5  # offset, three dimensions, distance between lanes, or between those of a group
SIZES_AT = ENTRY * len(FIELDS)
SIZE_COUNT = len(Sizes._fields)
LANES_AT = SIZES_AT + Sizes._fields.index("lanes")
OWN_AT = SIZES_AT + Sizes._fields.index("own")
HEADER = SIZES_AT + SIZE_COUNT
TALLIES = 2  # that of all lanes, that of the spare one


class Rates(NamedTuple):
    """Numbers that steer learning; they may change while a model lives. Stored in this order."""

    lr: float
    inverse_sqrt: float  # 1: the rate decays with the root of the updates
    warmup: float
    clip: float
    momentum: float
    alpha: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float
    huber_delta: float
    stride: float
    guard: float  # 1: weights that have diverged are taken back
    tolerance: float  # units beyond which an error, or a change, is learned from as one of so many
    alert: float  # score at which a row is told
    focal: float  # how much less a category counts that is forecast well
    balances: float  # 1: rare categories count more
    drift: float  # 1: a rise of the losses raises the rate for a while


RATE_COUNT = len(Rates._fields)


class State(NamedTuple):
    """The three flat arrays of a learner."""

    real: np.ndarray
    double: np.ndarray
    integer: np.ndarray


def padded(size: int) -> int:
    """Round up to whole vectors."""
    return -(-size // LANES) * LANES


def shape_of(field: Field, sizes: Sizes) -> tuple[int, ...]:
    """A field's shape in numbers."""
    return tuple(size if isinstance(size, int) else getattr(sizes, size) for size in field.shape)


def _lay_out(sizes: Sizes) -> tuple[np.ndarray, dict[str, int]]:
    """Place every field: shared ones first, then the tallies, then lane after lane.

    Returns the table and each flat array's length.
    """
    table = np.zeros((len(FIELDS), ENTRY), np.int64)
    ends = {"real": 0, "double": 0, "integer": padded(HEADER)}
    for of_lane, of_tally, copies in ((False, False, 1), (False, True, TALLIES), (True, False, sizes.lanes)):
        starts = dict(ends)
        placed = [
            (index, field)
            for index, field in enumerate(FIELDS)
            if (field.is_of_lane(sizes.own), field.tally) == (of_lane, of_tally)
        ]
        if of_lane:  # what its own weights need lies at a lane's end, so `FIRST_OF_LANE` is always its beginning
            placed.sort(key=lambda place: place[1].own)
        for index, field in placed:
            shape = shape_of(field, sizes)
            length = math.prod(shape)
            table[index, 0] = ends[field.flat]
            table[index, 1 : 1 + len(shape)] = shape
            table[index, 4] = length if field.grouped else 0
            ends[field.flat] += padded(length * (sizes.group if field.grouped else 1))
        for index, field in placed if copies > 1 else ():
            table[index, 4] = ends[field.flat] - starts[field.flat]
        ends = {flat: starts[flat] + copies * (ends[flat] - starts[flat]) for flat in ends}
    return table, ends


def _aligned_zeros(length: int, dtype: Any) -> np.ndarray:
    """Zeros that begin on a cache line, so that no vector straddles two.

    They are written here: memory that could not be had is missed now, and a large array gets large pages, which
    many lanes need (NumPy asks for them unless the system is to bring zeros).
    """
    item = np.dtype(dtype).itemsize
    spare = np.empty(length + 64 // item, dtype)
    spare[:] = 0
    start = (-spare.ctypes.data % 64) // item
    return spare[start : start + length]


def nbytes(sizes: Sizes, dtype: Any) -> int:
    """Bytes of the three arrays, known before any is made."""
    _, lengths = _lay_out(sizes)
    return lengths["real"] * np.dtype(dtype).itemsize + 8 * (lengths["double"] + lengths["integer"])


def allocate(sizes: Sizes, dtype: Any) -> State:
    """Make the arrays of a new learner, with the header written and all else zero."""
    table, lengths = _lay_out(sizes)
    state = State(
        _aligned_zeros(lengths["real"], dtype),
        _aligned_zeros(lengths["double"], np.float64),
        _aligned_zeros(lengths["integer"], np.int64),
    )
    state.integer[:SIZES_AT] = table.ravel()
    state.integer[SIZES_AT:HEADER] = sizes
    return state


def named_view(state: State, name: str, lane: int | None = None) -> np.ndarray:
    """View one field; what is written to it is written to the learner.

    Without a lane it is that of the first; of what belongs to weights it is that of no key, which new keys begin with.
    """
    field = FIELDS[getattr(AT, name)]
    if lane is None:
        lane = int(state.integer[LANES_AT]) - 2 if field.own else 0
    start, *shape, stride = state.integer[ENTRY * getattr(AT, name) :][:ENTRY].tolist()
    shape = shape[: len(field.shape)]
    start += lane * stride
    flat: np.ndarray = getattr(state, field.flat)
    return flat[start : start + math.prod(shape)].reshape(shape)


def lanes_view(state: State, name: str, lanes: int) -> np.ndarray:
    """View one field of the first lanes: (lanes, ...)."""
    first = named_view(state, name, 0)
    distance = int(state.integer[ENTRY * getattr(AT, name) + 4]) * first.itemsize
    return np.lib.stride_tricks.as_strided(first, (lanes, *first.shape), (distance, *first.strides))


def lane_block(state: State, lane: int) -> list[np.ndarray]:
    """All that belongs to one lane: a slice of each flat array."""
    blocks = []
    for flat, index in FIRST_OF_LANE.items():
        start, stride = state.integer[ENTRY * index], state.integer[ENTRY * index + 4]
        blocks.append(getattr(state, flat)[start + lane * stride : start + (lane + 1) * stride])
    return blocks
