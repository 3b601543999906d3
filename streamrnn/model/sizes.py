"""From settings to sizes: how many of everything a learner has."""

from __future__ import annotations

from ..kernels.arrays.sizes import Sizes
from ..kernels.arrays.state import padded
from ..kernels.categories.temperature import FIXED, LEARNED
from ..kernels.network.products import GROUP
from ..schema import (
    categorical_columns,
    categorical_features,
    categorical_targets,
    matrix_columns,
    network_features,
    numeric_targets,
)
from ..settings import CELLS, LOSSES, NORMS, OPTIMIZERS, Settings
from .blocks import CELL_MODULES, blocks_of, input_size, output_size, read_size
from .mixture import bound_sizes, expert_sizes, handed_sizes, past_sizes, score_sizes


def lanes_of(settings: Settings) -> int:
    """How many lanes a learner has: one for each key that there can be, and that of no key; or just one."""
    return settings.max_keys + 1 if settings.key else 1


def sizes_of(settings: Settings, lanes: int) -> Sizes:
    """All that decides a shape or a branch in the kernels; one spare lane comes on top of ``lanes``."""
    blocks = blocks_of(settings)
    return Sizes(
        parameters=sum(block.length for block in blocks),
        blocks=len(blocks),
        lanes=lanes + 1,
        own=int(settings.has_own_weights),
        loss=LOSSES.index(settings.loss),
        rule=OPTIMIZERS.index(settings.optimizer),
        networks=0,
        told_rows=0,
        told_width=0,
        told_copies=0,
        **_layer_sizes(settings),
        **_ring_sizes(settings),
        **_number_sizes(settings),
        **_category_sizes(settings),
        **expert_sizes(settings),
        **handed_sizes(settings),
        **past_sizes(settings),
        **bound_sizes(settings),
        **score_sizes(settings),
    )


def _layer_sizes(settings: Settings) -> dict[str, int]:
    """Of the recurrent layers, their norms, and what the heads read of them."""
    cell, hidden = CELL_MODULES[settings.cell], settings.hidden
    norm_gates = 0 if settings.norm == "none" else cell.GATES
    read = read_size(settings)
    return {
        "cell": CELLS.index(settings.cell),
        "relu": int(settings.nonlinearity == "relu"),
        "layers": settings.layers,
        "hidden": hidden,
        "hidden_width": padded(hidden),
        "gate_rows": cell.GATES * hidden,
        "kept_width": cell.KEPT * hidden if settings.cell != "elman" else cell.KEPT,
        "norm": NORMS.index(settings.norm),
        "normed_width": 2 * norm_gates * hidden,
        "norm_gates": 2 * norm_gates,
        "norm_rows": norm_gates * hidden,
        "read_width": padded(read) if read > hidden else 0,
        "head_width": padded(read),
        "inputs": input_size(settings),
        "input_width": padded(input_size(settings)),
    }


def _ring_sizes(settings: Settings) -> dict[str, int]:
    """Of the ring: how far back a sweep, a forecast, a late label and a batch reach."""
    horizon, is_batched = settings.horizons[-1], settings.batch_keys > 1
    slots = settings.window + settings.stride + max(horizon, 1) - 2 + settings.delay + 1
    slots += is_batched  # what waits is learned after the next step has been made
    is_late = horizon == 0 and settings.delay > 0
    return {
        "window": settings.window,
        "slots": slots,
        "horizon": horizon,
        "horizon_count": horizon + 1,
        "by_value": int(settings.horizon_unit == "values" and horizon > 0),
        "reach": horizon + settings.delay,
        "late_slots": slots if is_late else 0,
        "late_kinds": 3 if is_late else 0,
        "named_slots": slots if settings.label_id else 0,
        "batch": settings.batch_keys,
        "batched": int(is_batched),
        "batch_lanes": settings.batch_keys + 1 if is_batched else 0,
        "group": GROUP if is_batched else 0,
        "group_slots": slots if is_batched else 0,
        "group_steps": GROUP * slots if is_batched else 0,
    }


def _number_sizes(settings: Settings) -> dict[str, int]:
    """Of columns of numbers, and of the forecasts of them."""
    targets, horizons = len(numeric_targets(settings)), len(settings.horizons)
    return {
        "features": len(network_features(settings)),
        "columns": len(matrix_columns(settings)),
        "targets": targets,
        "all_targets": targets + len(categorical_targets(settings)),
        "horizons": horizons,
        "quantiles": len(settings.levels),
        "middle": settings.levels.index(0.5),
        "outputs": output_size(settings),
        "losses": output_size(settings) + horizons * len(categorical_targets(settings)),
        "pairs": horizons * targets,
        "keyed_pairs": horizons * targets if settings.key and not settings.has_own_weights else 0,
        "skip": int(settings.uses_skip),
        "shrink": int(settings.shrinks),
    }


def _category_sizes(settings: Settings) -> dict[str, int]:
    """Of categories, embeddings, classifiers, counts and temperatures."""
    columns, features = len(categorical_columns(settings)), len(categorical_features(settings))
    targets = len(categorical_targets(settings))
    pairs = len(settings.horizons) * targets
    classes = 1 + settings.max_categories
    counts, gives_way, tempered = bool(settings.count_order), settings.evict_categories, _tempered(settings)
    contexts = padded(settings.count_contexts)
    return {
        "coded": columns,
        "coded_features": features,
        "embedding": settings.embedding,
        "embedding_width": padded(settings.embedding),
        "d_input_width": padded(input_size(settings)) if features else 0,
        "classes": classes,
        "last_code": settings.max_categories,
        "class_width": padded(classes),
        "evicted_columns": columns if gives_way else 0,
        "seen_codes": classes if gives_way else 0,
        "class_targets": targets,
        "class_pairs": pairs,
        "top": settings.top,
        "order": settings.count_order,
        "contexts": contexts,
        "context_rows": pairs * settings.count_order * contexts,
        "counted": classes if counts else 0,
        "base_width": padded(classes) if counts else 0,
        "tempered": tempered,
        "tempered_pairs": pairs if tempered else 0,
        "network_width": padded(classes) if counts or tempered else 0,
        "mean_width": classes if settings.sequence_forecast == "mean" else 0,
    }


def _tempered(settings: Settings) -> int:
    """What `kernels.categories.temperature` is to do."""
    return LEARNED if settings.temperature == "auto" else FIXED if settings.temperature != 1.0 else 0
