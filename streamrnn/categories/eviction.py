"""A category that gives its code to another one: what was known of it goes, and the new one starts afresh.

What forecasts that still wait had left for it goes to the reserved category, as which its next arrival will count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..kernels.arrays.places import KNOWN
from ..kernels.arrays.sizes import Sizes
from ..kernels.arrays.state import State, lanes_view, named_view
from ..kernels.categories.labels import GONE
from ..model.blocks import blocks_of
from ..schema import categorical_columns, categorical_features, categorical_targets
from ..settings import Settings

RESERVED = 0


class Evictor:
    """Forgets what a learner knows of a code.

    Parameters
    ----------
    state : State
    sizes : Sizes
    settings : Settings
    """

    def __init__(self, state: State, sizes: Sizes, settings: Settings) -> None:
        self._state, self._settings, self._lanes = state, settings, sizes.lanes
        self._columns = categorical_columns(settings)
        self._features, self._targets = categorical_features(settings), categorical_targets(settings)

    def forget(self, column: str, code: int) -> None:
        """Let a code of a column begin anew."""
        evicted = named_view(self._state, "evicted_codes")
        place = self._columns.index(column)
        evicted[place] += 1
        if column in self._features:
            random = np.random.default_rng([self._settings.seed, place, int(evicted[place])])
            self._write_rows(f"embedding.{column}.weight", code, random.standard_normal(self._settings.embedding))
            codes = self._of_lanes("codes")[:, :, self._features.index(column)]
            codes[codes == code] = -1
        if column in self._targets:
            for horizon in self._settings.horizons:
                for what in ("weight", "bias"):
                    self._write_rows(f"classifier.{column}_h{horizon}.{what}", code, 0.0)
            self._forget_label(self._targets.index(column), code)

    def _of_lanes(self, name: str) -> np.ndarray:
        return lanes_view(self._state, name, self._lanes)

    def _write_rows(self, block: str, code: int, row: np.ndarray | float) -> None:
        """Write a row of a matrix, or an entry of a bias: in the weights, and in those that were good before."""
        for name in ("weights", "good", "moment1", "moment2"):
            value = 0.0 if name.startswith("moment") else row
            for flat in np.atleast_2d(named_view(self._state, name)):
                for place in self._places(block, code):
                    flat[place] = value

    def _places(self, name: str, code: int) -> Iterator[slice]:
        start = 0
        for block in blocks_of(self._settings):
            if block.name == name:
                first = start + code * max(block.width, 1)
                yield slice(first, first + max(block.columns, 1))
            start += block.length

    def _forget_label(self, t: int, code: int) -> None:
        before = self._of_lanes("class_before")[:, t]
        for k in range(len(self._settings.horizons)):
            p = k * len(self._targets) + t
            for name in ("logits", "class_network"):
                self._take_probability(name, p, code, before[:, :, KNOWN] > code)
            self._of_lanes("d_logits")[:, p, :, code] = 0.0
            table = named_view(self._state, "class_table")[p]
            table[RESERVED] += table[code]
            table[code] = 0
        counts, labels = self._of_lanes("label_counts")[:, t], self._of_lanes("labels")[:, t]
        counts[:, code] = 0
        labels[:, 1][labels[:, 1] == code] = RESERVED
        was_most = labels[:, 0] == code
        labels[was_most, 0] = np.argmax(counts[was_most], axis=1)
        if self._settings.sequence_forecast == "mean":
            means = self._of_lanes("class_means")[:, t]
            means[:, RESERVED] += means[:, code]
            means[:, code] = 0.0

    def _take_probability(self, name: str, p: int, code: int, waits: np.ndarray) -> None:
        """Give what forecasts have left for a code to the reserved one; waits: (lanes, slots), where they know it."""
        if not named_view(self._state, name).size:
            return
        logits = self._of_lanes(name)[:, p]
        both = np.logaddexp(logits[:, :, RESERVED], logits[:, :, code])
        logits[:, :, RESERVED] = np.where(waits, both, logits[:, :, RESERVED])
        logits[:, :, code] = np.where(waits, GONE, logits[:, :, code])
