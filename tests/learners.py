"""Learners in double precision, and the reference beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from reference import ReferenceLearner

from streamrnn import Learner

COLUMNS = ("a", "b", "c")


class DoubleLearner(Learner):
    """The learner with a float64 network and an exact tanh."""

    dtype = np.float64


def randomised(learner: Learner, seed: int = 1, size: float = 0.4) -> Learner:
    """Give every parameter a random value: a zero head would hide every gradient below it."""
    random = np.random.default_rng(seed)
    for view in learner.parameters.values():
        view[...] = random.standard_normal(view.shape) * size
    return learner


def reference_of(learner: Learner, **options: Any) -> ReferenceLearner:
    """A reference learner with the same settings and weights."""
    settings = learner.settings
    names = (
        "cell", "nonlinearity", "layers", "window", "stride", "loss", "huber_delta", "quantiles", "optimizer", "lr",
        "momentum", "alpha", "beta1", "beta2", "eps", "weight_decay", "clip", "schedule", "warmup",
    )  # fmt: skip
    return ReferenceLearner(
        parameters={name: view.astype(np.float64) for name, view in learner.parameters.items()},
        features=[learner.columns.index(name) for name in settings.features],
        targets=[learner.columns.index(name) for name in settings.targets],
        columns=len(learner.columns),
        horizons=settings.horizons,
        horizon_unit=settings.horizon_unit,
        max_delay=settings.delay,
        skip=settings.uses_skip,
        shrink=settings.shrinks,
        **{name: getattr(settings, name) for name in names},
        **options,
    )


def stream(rows: int, columns: int = 3, seed: int = 0, nulls: float = 0.0) -> np.ndarray:
    """A stream with structure: noisy waves around a walk, some cells null."""
    random = np.random.default_rng(seed)
    time = np.arange(rows)[:, None]
    waves = np.sin(time / (3.0 + np.arange(columns))) + 0.3 * random.standard_normal((rows, columns))
    values = waves + 0.1 * np.cumsum(random.standard_normal((rows, columns)), axis=0)
    values[random.random(values.shape) < nulls] = np.nan
    return values
