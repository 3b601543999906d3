"""Learners on hostile streams, and what their forecasts are worth afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
from learners import COLUMNS

from streamrnn import Learner
from streamrnn.kernels.arrays.fields import FIELDS
from streamrnn.kernels.arrays.state import named_view

SETTLED = 2000  # rows that a learner has to recover
MONSTERS = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 1e20])
NULL_WHERE_NONE = {"held", "forecast", "base", "scale", "last", "arrived"}  # NaN is an answer there
BOUNDS = {"rates"}  # an infinite one bounds nothing


def waves(rows: int, noise: float = 0.05, seed: int = 0) -> np.ndarray:
    """Three noisy waves around a level: (rows, columns). A network forecasts them far better than their last value."""
    random = np.random.default_rng(seed)
    phases = np.arange(rows)[:, None] / np.array([2.0, 3.1, 4.7])
    return 20.0 + np.sin(phases) + noise * random.standard_normal((rows, 3))


def struck(values: np.ndarray, first: int, last: int, share: float = 0.01, seed: int = 0) -> tuple[np.ndarray, ...]:
    """The stream with monsters in a share of the cells of some rows; with nulls there; and where they are."""
    random = np.random.default_rng(seed)
    cells = np.zeros(values.shape, bool)
    cells[first:last] = random.random((last - first, values.shape[1])) < share
    hostile, nulls = values.copy(), values.copy()
    hostile[cells], nulls[cells] = random.choice(MONSTERS, int(cells.sum())), np.nan
    return hostile, nulls, cells


def taken(values: np.ndarray, **settings: Any) -> tuple[Learner, np.ndarray]:
    """A new learner that has taken a stream, and its forecasts (rows, columns) of the next row."""
    learner = Learner(COLUMNS, **settings)
    table = learner.run(values)
    return learner, np.column_stack([table[f"{name}_h1"].to_numpy() for name in COLUMNS])


def error(forecasts: np.ndarray, truth: np.ndarray, first: int, last: int | None = None) -> float:
    """Mean absolute error over rows from ``first`` on, beside that of the last value, where the truth is a value."""
    rows, before = slice(first, last), slice(first - 1, len(truth[:last]) - 1)
    last_off = np.abs(truth[rows] - truth[before])
    return float(np.nanmean(np.abs(truth[rows] - forecasts[before])) / np.nanmean(last_off))


def not_finite(learner: Learner) -> list[str]:
    """Names of the arrays that hold what they must not."""
    names = [field.name for field in FIELDS if field.name not in NULL_WHERE_NONE | BOUNDS]
    return [name for name in names if not np.isfinite(named_view(learner._state, name)).all()]
