"""What a learner's arrays hold before its first row, beside the weights: which column is what, and how to learn."""

from __future__ import annotations

import math

import numpy as np

from ..kernels.arrays.places import RATE_COUNT
from ..kernels.arrays.state import State, lanes_view, named_view
from ..kernels.categories.temperature import SHARPNESS
from ..schema import categorical_columns, categorical_targets, matrix_columns, network_features, numeric_targets
from ..settings import Settings
from ..times import CYCLES
from .blocks import blocks_of

OFTEN = 10**15  # rows
TOLERANCE = 5.0  # units of an error that is learned from in full, while one looks out for anomalies


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
    """Write the numbers that steer learning, in the order of `kernels.arrays.places.Rates`."""
    named_view(state, "rates")[:RATE_COUNT] = [
        settings.learning_rate,
        settings.schedule == "inverse-sqrt",
        settings.warmup,
        settings.gradient_clip,
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
        settings.is_paced,
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
