"""Every matrix and bias of a network: its name, its shape, and its place in the flat weights.

Parameter names, shapes and gate order are PyTorch's, so weights go from one to the other as they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kernels.arrays.state import State, named_view, padded
from ..kernels.network.cells import coupled_lstm, elman, gru, lstm
from ..schema import categorical_features, categorical_targets, network_features, numeric_targets
from ..settings import Settings

CELL_MODULES: dict[str, Any] = {"elman": elman, "gru": gru, "lstm": lstm, "coupled-lstm": coupled_lstm}


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


def blocks_of(settings: Settings) -> list[Block]:
    """Every matrix and bias, in the order of the flat weights."""
    hidden, outputs, read = settings.hidden, output_size(settings), read_size(settings)
    gate_rows = CELL_MODULES[settings.cell].GATES * hidden
    blocks = []
    for layer in range(settings.layers):
        inputs = input_size(settings) if layer == 0 else hidden
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


def read_size(settings: Settings) -> int:
    """How many numbers the heads read."""
    return settings.hidden * (settings.layers if settings.head == "all" else 1)


def input_size(settings: Settings) -> int:
    """How many numbers the first layer reads: of each column its value and whether there is one, codes, and lags."""
    lags = len(numeric_targets(settings)) if settings.season_lags else 0
    return 2 * len(network_features(settings)) + settings.embedding * len(categorical_features(settings)) + lags


def output_size(settings: Settings) -> int:
    """How many numbers the head forecasts."""
    return len(settings.horizons) * len(numeric_targets(settings)) * len(settings.levels)


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
