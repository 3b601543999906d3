"""From settings to sizes, names and first weights: what a network of these settings is, before its first row.

Parameter names, shapes and gate order are PyTorch's, so weights go from one to the other as they are.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .kernels.arrays.kind import ANY, Kind
from .kernels.arrays.state import RATE_COUNT, Sizes, State, lanes_view, named_view, padded
from .kernels.categories.temperature import FIXED, LEARNED, SHARPNESS
from .kernels.network.cells import coupled_lstm, elman, gru, lstm
from .kernels.network.products import GROUP
from .mixture import bound_sizes, expert_sizes, handed_sizes, past_sizes, score_sizes
from .schema import (
    categorical_columns,
    categorical_features,
    categorical_targets,
    matrix_columns,
    network_features,
    numeric_targets,
)
from .settings import CELLS, LOSSES, NORMS, OPTIMIZERS, Settings
from .times import CYCLES

CELL_MODULES: dict[str, Any] = {"elman": elman, "gru": gru, "lstm": lstm, "coupled-lstm": coupled_lstm}
SPECIALISED = ("gru", "lstm")  # what most learners have; each cell more is a whole learner more to compile and to check
USUAL = {"norm": "none", "head": "top", "optimizer": "adam", "drift": "off"}  # as in `kernels.arrays.kind`
FORGET_BIAS = 1.0  # Gers et al. 2000; Jozefowicz et al. 2015
OFTEN = 10**15  # rows
TOLERANCE = 5.0  # units of an error that is learned from in full, while one looks out for anomalies


class Block(NamedTuple):
    """One matrix or bias in the flat weights."""

    name: str
    rows: int
    columns: int  # 0: a bias
    width: int  # columns, padded

    @property
    def shape(self) -> tuple[int, ...]:
        """As PyTorch has it."""
        return (self.rows, self.columns) if self.columns else (self.rows,)

    @property
    def length(self) -> int:
        """Numbers in the flat weights."""
        return padded(self.rows * self.width if self.columns else self.rows)


def kind_of(settings: Settings) -> Kind:
    """What these settings need compiled."""
    is_usual = settings.cell in SPECIALISED and all(getattr(settings, name) == usual for name, usual in USUAL.items())
    return Kind(
        cell=CELLS.index(settings.cell) if is_usual else ANY,
        coded=bool(settings.categorical),
        keyed=settings.key is not None,
        batched=settings.batch_keys > 1,
        seasonal=settings.season_lags,
    )


def late_kind_of(settings: Settings) -> Kind:
    """What their late labels need compiled: the same for all that have such a network."""
    return Kind(kind_of(settings).cell, coded=True)


def blocks_of(settings: Settings) -> list[Block]:
    """Every matrix and bias, in the order of the flat weights."""
    hidden, outputs, read = settings.hidden, _outputs(settings), _read(settings)
    gate_rows = CELL_MODULES[settings.cell].GATES * hidden
    blocks = []
    for layer in range(settings.layers):
        inputs = _inputs(settings) if layer == 0 else hidden
        blocks += [
            Block(f"weight_ih_l{layer}", gate_rows, inputs, padded(inputs)),
            Block(f"weight_hh_l{layer}", gate_rows, hidden, padded(hidden)),
            Block(f"bias_ih_l{layer}", gate_rows, 0, 0),
            Block(f"bias_hh_l{layer}", gate_rows, 0, 0),
        ]
    blocks += _dense_blocks("head", outputs, read)
    classes, embedding = 1 + settings.max_categories, settings.embedding
    for name in categorical_features(settings):
        blocks.append(Block(f"embedding.{name}.weight", classes, embedding, padded(embedding)))
    for horizon in settings.horizons:
        for name in categorical_targets(settings):
            blocks += _dense_blocks(f"classifier.{name}_h{horizon}", classes, read)
    if settings.norm != "none":
        for layer in range(settings.layers):
            blocks += [Block(f"gain_{part}_l{layer}", gate_rows, 0, 0) for part in ("ih", "hh")]
    return blocks


def _dense_blocks(name: str, outputs: int, inputs: int) -> list[Block]:
    return [Block(f"{name}.weight", outputs, inputs, padded(inputs)), Block(f"{name}.bias", outputs, 0, 0)]


def _read(settings: Settings) -> int:
    """How many numbers the heads read."""
    return settings.hidden * (settings.layers if settings.head == "all" else 1)


def _inputs(settings: Settings) -> int:
    lags = len(numeric_targets(settings)) if settings.season_lags else 0
    return 2 * len(network_features(settings)) + settings.embedding * len(categorical_features(settings)) + lags


def _outputs(settings: Settings) -> int:
    return len(settings.horizons) * len(numeric_targets(settings)) * len(settings.levels)


def lanes_of(settings: Settings) -> int:
    """How many lanes a learner has: one for each key that there can be, and that of no key; or just one."""
    return settings.max_keys + 1 if settings.key else 1


def sizes_of(settings: Settings, lanes: int) -> Sizes:
    """All that decides a shape or a branch in the kernels; one spare lane comes on top of ``lanes``."""
    cell = CELL_MODULES[settings.cell]
    blocks = blocks_of(settings)
    norm_gates = 0 if settings.norm == "none" else cell.GATES
    horizon, horizons = settings.horizons[-1], len(settings.horizons)
    targets, class_targets = len(numeric_targets(settings)), len(categorical_targets(settings))
    contexts = padded(settings.count_contexts)
    coded_features = len(categorical_features(settings))
    slots = settings.window + settings.stride + max(horizon, 1) - 2 + settings.delay + 1
    is_late = horizon == 0 and settings.delay > 0
    is_batched = settings.batch_keys > 1
    slots += is_batched  # what waits is learned after the next step has been made
    return Sizes(
        cell=CELLS.index(settings.cell),
        relu=int(settings.nonlinearity == "relu"),
        layers=settings.layers,
        hidden=settings.hidden,
        hidden_width=padded(settings.hidden),
        gate_rows=cell.GATES * settings.hidden,
        kept_width=cell.KEPT * settings.hidden if settings.cell != "elman" else cell.KEPT,
        norm=NORMS.index(settings.norm),
        normed_width=2 * norm_gates * settings.hidden,
        norm_gates=2 * norm_gates,
        norm_rows=norm_gates * settings.hidden,
        read_width=padded(_read(settings)) if _read(settings) > settings.hidden else 0,
        head_width=padded(_read(settings)),
        features=len(network_features(settings)),
        input_width=padded(_inputs(settings)),
        columns=len(matrix_columns(settings)),
        targets=targets,
        horizons=horizons,
        quantiles=len(settings.levels),
        middle=settings.levels.index(0.5),
        outputs=_outputs(settings),
        pairs=horizons * targets,
        keyed_pairs=horizons * targets if settings.key and not settings.has_own_weights else 0,
        coded=len(categorical_columns(settings)),
        coded_features=coded_features,
        embedding=settings.embedding,
        embedding_width=padded(settings.embedding),
        d_input_width=padded(_inputs(settings)) if coded_features else 0,
        classes=1 + settings.max_categories,
        last_code=settings.max_categories,
        class_width=padded(1 + settings.max_categories),
        evicted_columns=len(categorical_columns(settings)) if settings.evict_categories else 0,
        seen_codes=1 + settings.max_categories if settings.evict_categories else 0,
        class_targets=class_targets,
        class_pairs=horizons * class_targets,
        all_targets=targets + class_targets,
        losses=_outputs(settings) + horizons * class_targets,
        top=settings.top,
        order=settings.count_order,
        contexts=contexts,
        context_rows=horizons * class_targets * settings.count_order * contexts,
        counted=1 + settings.max_categories if settings.count_order else 0,
        base_width=padded(1 + settings.max_categories) if settings.count_order else 0,
        tempered=_tempered(settings),
        tempered_pairs=horizons * class_targets if _tempered(settings) else 0,
        network_width=padded(1 + settings.max_categories) if settings.count_order or _tempered(settings) else 0,
        mean_width=1 + settings.max_categories if settings.sequence_forecast == "mean" else 0,
        horizon=horizon,
        horizon_count=horizon + 1,
        by_value=int(settings.horizon_unit == "values" and horizon > 0),
        skip=int(settings.uses_skip),
        shrink=int(settings.shrinks),
        reach=horizon + settings.delay,
        window=settings.window,
        slots=slots,
        late_slots=slots if is_late else 0,
        late_kinds=3 if is_late else 0,
        named_slots=slots if settings.label_id else 0,
        loss=LOSSES.index(settings.loss),
        rule=OPTIMIZERS.index(settings.optimizer),
        parameters=sum(block.length for block in blocks),
        blocks=len(blocks),
        lanes=lanes + 1,
        own=int(settings.has_own_weights),
        batch=settings.batch_keys,
        batched=int(is_batched),
        batch_lanes=settings.batch_keys + 1 if is_batched else 0,
        group=GROUP if is_batched else 0,
        group_slots=slots if is_batched else 0,
        networks=0,
        told_rows=0,
        told_width=0,
        told_copies=0,
        **expert_sizes(settings),
        **handed_sizes(settings),
        **past_sizes(settings),
        **bound_sizes(settings),
        **score_sizes(settings),
    )


def _tempered(settings: Settings) -> int:
    """What `kernels.temperature` is to do."""
    return LEARNED if settings.temperature == "auto" else FIXED if settings.temperature != 1.0 else 0


def write_network_roles(state: State, settings: Settings) -> None:
    """Write what a network needs and never changes: where each block begins, what each column is and counts."""
    lengths = [block.length for block in blocks_of(settings)]
    named_view(state, "offsets")[:] = np.cumsum([0, *lengths[:-1]])
    columns = matrix_columns(settings)
    named_view(state, "feature_columns")[:] = [columns.index(name) for name in network_features(settings)]
    coded = categorical_columns(settings)
    named_view(state, "class_columns")[:] = [coded.index(name) for name in categorical_targets(settings)]
    named_view(state, "levels")[:] = settings.levels
    weights = dict(zip(settings.targets, settings.target_weights or [1.0] * len(settings.targets), strict=True))
    targets = (*numeric_targets(settings), *categorical_targets(settings))
    named_view(state, "target_weights")[:] = [weights[name] for name in targets]


def write_roles(state: State, settings: Settings) -> None:
    """Write what is forecast: which columns, and at which horizons."""
    columns = matrix_columns(settings)
    named_view(state, "target_columns")[:] = [columns.index(name) for name in numeric_targets(settings)]
    index = named_view(state, "horizon_index")
    index[:] = -1
    index[list(settings.horizons)] = range(len(settings.horizons))


def write_rates(state: State, settings: Settings) -> None:
    """Write the numbers that steer learning, in the order of `kernels.arrays.state.Rates`."""
    named_view(state, "rates")[:RATE_COUNT] = [
        settings.learning_rate,
        settings.schedule == "inverse-sqrt",
        settings.warmup,
        settings.clip,
        settings.momentum,
        settings.alpha,
        settings.beta1,
        settings.beta2,
        settings.eps,
        settings.weight_decay,
        settings.huber_delta,
        settings.stride,
        settings.guard and settings.learning_rate > 0.0,  # at a rate of 0 the weights are the user's
        math.inf if settings.learns_on_anomaly else TOLERANCE,
        settings.alert or 0.0,
        settings.focal,
        settings.class_weights == "balanced",
        settings.drift == "rate",
    ]


def write_sharpness(state: State, settings: Settings) -> None:
    """Begin with the temperature that was asked for; one that is learned begins with 1."""
    sharpness = 1.0 if settings.temperature == "auto" else 1.0 / float(settings.temperature)
    named_view(state, "sharpness")[:, SHARPNESS] = sharpness


def write_scales_of_cycles(state: State, settings: Settings, lanes: int) -> None:
    """Give the sines and cosines of the time the mean and deviation of their whole circle, for good.

    Statistics of what has been seen would blow up an hour's piece of the daily circle to unit size, and take the next
    morning for far off. As if seen so often, no row moves them.
    """
    if not settings.sees_time:
        return
    places = [matrix_columns(settings).index(name) for name in CYCLES]
    lanes_view(state, "seen", lanes)[:, places] = OFTEN
    lanes_view(state, "m2", lanes)[:, places] = 0.5 * OFTEN


def parameter_views(state: State, settings: Settings, name: str = "weights") -> dict[str, np.ndarray]:
    """Views of the flat weights, gradient or moments under PyTorch's names and in its shapes."""
    flat, views, start = named_view(state, name), {}, 0
    for block in blocks_of(settings):
        if not block.rows:
            continue  # the head of a learner without numbers to forecast
        if block.columns:
            whole = flat[start : start + block.rows * block.width].reshape(block.rows, block.width)
            views[block.name] = whole[:, : block.columns]
        else:
            views[block.name] = flat[start : start + block.rows]
        start += block.length
    return views


def write_first_weights(state: State, settings: Settings) -> None:
    """Draw the first weights.

    Recurrent matrices are orthogonal, gate by gate (Saxe et al. 2014); input matrices uniform with the variance 1 /
    fan-in (LeCun et al. 1998), embeddings normal, as PyTorch's. The head is zero where forecasts start from the last
    value, so that an untrained network *is* the last-value forecast, and so are those of categories: all that are
    known are equally probable. The forget gate starts open, or as `expected_lag` asks (Tallec & Ollivier
    2018).
    """
    random = np.random.default_rng(settings.seed)
    hidden = settings.hidden
    for name, view in parameter_views(state, settings).items():
        if name.startswith("weight_hh"):
            for gate in range(view.shape[0] // hidden):
                view[gate * hidden : (gate + 1) * hidden] = _orthogonal(random, hidden)
        elif name.startswith("weight_ih"):
            fan_in = _inputs(settings) - len(network_features(settings)) if name == "weight_ih_l0" else hidden
            view[:] = _uniform(random, view.shape, fan_in)
        elif name == "head.weight" and not settings.uses_skip:
            view[:] = _uniform(random, view.shape, view.shape[1])
        elif name.startswith("embedding"):
            view[:] = random.standard_normal(view.shape)
        elif name.startswith("gain"):
            view[:] = 1.0
        elif name.startswith("bias_ih"):
            _open_gates(random, view, settings)


def _orthogonal(random: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(random.standard_normal((size, size)))
    turned: np.ndarray = q * np.sign(np.diag(r))  # uniform over the orthogonal matrices (Mezzadri 2007)
    return turned


def _uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    bound = math.sqrt(3.0 / max(1, fan_in))
    return random.uniform(-bound, bound, shape)


def _open_gates(random: np.random.Generator, bias: np.ndarray, settings: Settings) -> None:
    """Bias of the gate that keeps the state: the LSTM's f, the GRU's z."""
    if settings.cell == "elman":
        return
    gate: int = CELL_MODULES[settings.cell].KEEPS
    keep = bias[gate * settings.hidden : (gate + 1) * settings.hidden]
    if settings.expected_lag is None:
        keep[:] = FORGET_BIAS
        return
    keep[:] = np.log(random.uniform(1.0, max(2.0, settings.expected_lag - 1.0), settings.hidden))
    if settings.cell == "lstm":
        bias[: settings.hidden] = -keep
