"""Batches of keys beside the reference, and the product that a group of lanes shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import (
    COLUMNS,
    DoubleLearner,
    check_record,
    compiled,
    mappings,
    randomised,
    reference_of,
    stream,
    units_of,
)
from reference import BatchedReference

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view, padded
from streamrnn.kernels.network.products import (
    GROUP,
    linear_backward_biases,
    linear_backward_columns,
    linear_backward_inputs,
    linear_backward_weights,
)

SMALL: dict[str, Any] = {"hidden": 4, "window": 4, "key": "k"}


def interleaved(rows: int, keys: int, seed: int = 0) -> np.ndarray:
    """The key of each row: mostly in turns, sometimes one that has just come."""
    random = np.random.default_rng(seed)
    which = np.arange(rows) % keys
    odd = random.random(rows) < 0.1
    which[odd] = random.integers(keys, size=odd.sum())
    return which


def run_beside_batched_reference(
    learner: Learner, values: np.ndarray, keys: np.ndarray, learn: np.ndarray, boundary: np.ndarray
) -> BatchedReference:
    """Feed both the same rows; every record must agree, and the weights and counts in the end."""
    settings = learner.settings
    reference = BatchedReference(lambda: reference_of(learner), settings.max_keys, settings.batch_keys)
    for number, row in enumerate(mappings(learner, values)):
        key, learning = int(keys[number]), bool(learn[number])
        if boundary[number] and key in learner._intake.keys.states:
            learner._intake.keys.states[key].goes_on = False
        record = learner.step(row | {"k": key}, learn=learning)
        begins = bool(boundary[number]) and key in reference.learners
        expected = reference.step(key, values[number], learning, begins)
        unit = np.maximum(1.0, units_of(reference.learners[key]))
        check_record(record, expected, 1e-9, unit, f"row {number}")
    for name, value in reference.shared.parameters.items():
        np.testing.assert_allclose(learner.parameters[name], value, rtol=1e-7, atol=1e-9, err_msg=name)
    assert (learner.metrics.updates, learner.metrics.skipped_updates) == (reference.updates, reference.skipped)
    assert named_view(learner._state, "batch_count")[0] == len(reference.waiting)
    return reference


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"cell": "lstm", "layers": 2}, {"cell": "elman"}, {"horizon": 3, "stride": 3}, {"loss": "quantile"},
        {"horizon": 2, "horizon_unit": "values"}, {"optimizer": "sgd", "momentum": 0.5}, {"optimizer": "rmsprop"},
        {"optimizer": "adamw", "weight_decay": 0.3, "hidden": 17}, {"clip": 0.01}, {"max_keys": 6},
        {"batch_keys": 3}, {"batch_keys": 20}, {"norm": "layer"}, {"norm": "rms", "cell": "coupled-lstm"},
        {"layers": 2, "head": "all"}, {"features": ["a", "b"], "targets": ["a"]},
    ],
)  # fmt: skip
def test_the_rows_of_a_batch_are_learned_with_the_same_weights_in_one_update(settings):
    rows, keys = 300, 12
    chosen = {"targets": ["a", "b"], "features": COLUMNS, "max_keys": 20, "batch_keys": 5, "lr": 3e-3, "guard": False}
    learner = randomised(DoubleLearner(**{**chosen, **SMALL, **settings}), size=0.2)
    random = np.random.default_rng(3)
    reference = run_beside_batched_reference(
        learner,
        stream(rows, columns=len(learner.columns), nulls=0.05),
        interleaved(rows, keys),
        random.random(rows) < 0.95,
        random.random(rows) < 0.03,
    )
    assert 0 < learner.metrics.updates < rows / 2
    assert (learner.metrics.evicted_keys > 0) == ("max_keys" in settings)
    assert learner.metrics.evicted_keys == len(reference.gone)


def test_a_network_that_goes_back_does_so_in_every_lane_that_waits():
    learner = DoubleLearner(["a", "b"], COLUMNS, **SMALL, max_keys=8, batch_keys=4, lr=1e-2)
    randomised(learner).parameters["head.bias"][...] = 30.0
    always = np.ones(400, bool)
    run_beside_batched_reference(learner, stream(400), interleaved(400, 5), always, ~always)
    assert learner.metrics.diverged > 0


@compiled
def backward_inputs(weight, d_out, rows, d_x, places):
    linear_backward_inputs(weight, d_out, rows, d_x, places)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("units", "width"), [(1, 1), (5, 17), (12, 40), (96, 32), (64, 64)])
def test_the_slopes_of_a_group_go_through_a_matrix_as_those_of_each_alone(units, width, dtype):
    random = np.random.default_rng(units)
    weight = random.standard_normal((units, padded(width))).astype(dtype)
    d_out, d_x = (
        random.standard_normal((30, units)).astype(dtype),
        random.standard_normal((30, padded(width))).astype(dtype),
    )
    rows, places = random.integers(30, size=GROUP), random.permutation(30)[:GROUP]
    expected = d_x.astype(np.float64)
    expected[places] += d_out[rows].astype(np.float64) @ weight
    backward_inputs(weight, d_out, rows, d_x, places)
    np.testing.assert_allclose(
        d_x, expected, rtol=1e-4 if dtype == np.float32 else 1e-12, atol=1e-4 if dtype == np.float32 else 1e-12
    )


@compiled
def backward_weights(d_out, d_at, x, x_at, count, d_weight, d_bias):
    linear_backward_weights(d_out, d_at, x, x_at, count, d_weight)
    linear_backward_biases(d_out, d_at, count, d_bias)


@compiled
def backward_columns(d_out, d_at, x, x_at, count, columns, sums, d_weight):
    linear_backward_columns(d_out, d_at, x, x_at, count, columns, sums, d_weight)


def steps_of_lanes(units: int, width: int, dtype: type) -> tuple[np.ndarray, ...]:
    """Flat slopes and inputs, where each of some steps has its own, and how many steps count."""
    random = np.random.default_rng(units)
    d_out, x = random.standard_normal(40 * units).astype(dtype), random.standard_normal(90 * width).astype(dtype)
    return d_out, random.permutation(40) * units, x, random.permutation(90)[:40] * width, np.array(37)


def expected_sums(d_out, d_at, x, x_at, count, units, width):
    slopes = np.stack([d_out[at : at + units] for at in d_at[:count]]).astype(np.float64)
    inputs = np.stack([x[at : at + width] for at in x_at[:count]]).astype(np.float64)
    return slopes.T @ inputs, slopes.sum(axis=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("units", "width"), [(1, 1), (5, 17), (27, 48), (96, 32), (64, 300)])
def test_the_gradient_of_a_matrix_is_one_sum_over_steps_wherever_they_lie(units, width, dtype):
    width = padded(width)
    d_out, d_at, x, x_at, count = steps_of_lanes(units, width, dtype)
    d_weight, d_bias = np.full((units, width), 2, dtype), np.full(units, 3, dtype)
    backward_weights(d_out, d_at, x, x_at, int(count), d_weight, d_bias)
    of_weight, of_bias = expected_sums(d_out, d_at, x, x_at, count, units, width)
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(d_weight, 2 + of_weight, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(d_bias, 3 + of_bias, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("units", "columns"), [(1, 1), (5, 2), (20, 3), (96, 2), (100, 4)])
def test_a_few_columns_of_it_are_summed_alone_where_the_others_are_padding(units, columns, dtype):
    d_out, d_at, x, x_at, count = steps_of_lanes(units, padded(1), dtype)
    x.reshape(-1, padded(1))[:, columns:] = 0
    d_weight, sums = np.full((units, padded(1)), 2, dtype), np.zeros((2, units), dtype)
    backward_columns(d_out, d_at, x, x_at, int(count), columns, sums, d_weight)
    of_weight, _ = expected_sums(d_out, d_at, x, x_at, count, units, padded(1))
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(d_weight, 2 + of_weight, rtol=tolerance, atol=tolerance)
