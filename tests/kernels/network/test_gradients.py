"""The sweep is the exact truncated gradient: against finite differences and an independent reference, in float64.

The rate is 0, so activations and matrices agree; every check is made after the ring has turned three times, with a
carried state that is not zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import CELLS, COLUMNS, DoubleLearner, check_gradient, randomised, reference_of, stream

LOSSES = ["squared", "absolute", "huber", "quantile"]
SMALL: dict[str, Any] = {"hidden": 5, "window": 4, "lr": 0.0, "optimizer": "sgd", "clip": 0.0}


def check_stream(learner, values, boundaries=(), checks=12):
    """Run learner and reference side by side; compare every record, and every late gradient with both references."""
    reference = reference_of(learner, record_sweeps=True)
    slots = learner._engine.sizes.slots
    compared = 0
    for number, row in enumerate(values):
        boundary = number in boundaries
        learner._row_by_row.mark[0, 1] = boundary
        learner._row_by_row.row[0] = row
        learner._engine.take(learner._row_by_row.portion(learn=True))
        sweep_before = reference.last_sweep
        expected = reference.step(row, boundary=boundary)
        check_record(learner, expected)
        if reference.last_sweep is not sweep_before and number >= 3 * slots:
            check_gradient(learner, reference)
            compared += 1
    assert compared >= checks


def check_record(learner, expected):
    answer, targets = learner._row_by_row.answer[0], learner._engine.sizes.targets
    np.testing.assert_allclose(answer[1], expected.loss, rtol=1e-9)
    np.testing.assert_allclose(answer[3 : 3 + targets], expected.expected, rtol=1e-9)
    np.testing.assert_allclose(answer[3 + targets :], expected.forecast.ravel(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_every_cell_loss_and_depth(cell, nonlinearity, loss, layers):
    settings = SMALL | {"cell": cell, "nonlinearity": nonlinearity, "loss": loss, "layers": layers, "horizon": 2}
    learner = randomised(DoubleLearner(["a", "c"], ["a", "b"], **settings))
    check_stream(learner, stream(90, nulls=0.1), boundaries=(60,))


@pytest.mark.parametrize("horizon", [1, 5, 7, (2, 6), 0])
@pytest.mark.parametrize("stride", [1, 3, 6])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_every_stride_and_horizon_also_beyond_the_window(cell, stride, horizon):
    features = ["b"] if horizon == 0 else ["a", "b"]
    learner = randomised(DoubleLearner(["a", "c"], features, **SMALL, cell=cell, stride=stride, horizon=horizon))
    values = stream(150, columns=len(learner.columns), nulls=0.15)
    check_stream(learner, values, boundaries=(100, 102, 111))


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_horizons_that_count_values_of_the_target(cell):
    learner = randomised(DoubleLearner("a", COLUMNS, **SMALL, cell=cell, horizon=3, horizon_unit="values", max_delay=9))
    values = stream(220, nulls=0.0)
    values[np.random.default_rng(5).random(len(values)) < 0.6, 0] = np.nan
    check_stream(learner, values, boundaries=(150,))


@pytest.mark.parametrize("season", ["auto", 7])
def test_inputs_of_a_season_ago(season):
    learner = randomised(DoubleLearner(["a", "c"], ["a", "b"], **SMALL, season_lags=True, season=season, horizon=2))
    values = stream(150, nulls=0.1)
    values[:, 0] += 3.0 * np.sin(2 * np.pi * np.arange(150) / 12)
    check_stream(learner, values, boundaries=(140,))


@pytest.mark.parametrize("hidden", [1, 16, 19, 35])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "coupled-lstm"])
def test_sizes_that_fill_a_vector_and_sizes_that_do_not(cell, hidden):
    learner = randomised(DoubleLearner(COLUMNS, **SMALL | {"hidden": hidden}, cell=cell, layers=2), size=0.2)
    check_stream(learner, stream(40))


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("hidden", [5, 16])
@pytest.mark.parametrize("norm", ["layer", "rms"])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "coupled-lstm"])
def test_normalised_gates_of_every_cell(cell, norm, hidden, stride):
    settings = SMALL | {"cell": cell, "hidden": hidden, "stride": stride, "layers": 2}
    learner = randomised(DoubleLearner(["a", "c"], COLUMNS, **settings, norm=norm, horizon=2))
    check_stream(learner, stream(90, nulls=0.1), boundaries=(60,))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize(("layers", "hidden"), [(2, 5), (3, 16), (1, 5)])
def test_a_head_that_reads_every_layer(cell, layers, hidden):
    settings = SMALL | {"cell": cell, "hidden": hidden, "layers": layers, "head": "all", "horizon": (1, 3)}
    learner = randomised(DoubleLearner(["a", "c"], COLUMNS, **settings), size=0.3)
    assert learner.parameters["head.weight"].shape == (4, layers * hidden)
    check_stream(learner, stream(80, nulls=0.1), boundaries=(60,))


def test_without_skip_and_with_a_window_of_one():
    learner = randomised(DoubleLearner(COLUMNS, **SMALL | {"window": 1}, skip=False))
    check_stream(learner, stream(40))


def test_a_window_as_long_as_the_sequence_is_full_backpropagation():
    """The gradient of a clip's last row reaches its first row, as the whole clip's does."""
    values, length = stream(80, columns=2), 20
    gradients = []
    for window in (length, 3 * length):
        learner = randomised(DoubleLearner("a", ["b"], **SMALL | {"window": window, "stride": length}, horizon=0))
        labels = np.where(np.arange(80) % length == length - 1, values[:, 1], np.nan)
        check_stream(learner, np.column_stack([values[:, 0], labels]), boundaries=range(20, 80, length), checks=0)
        gradients.append(learner.gradient)
    for name, gradient in gradients[0].items():
        np.testing.assert_array_equal(gradient, gradients[1][name])
    assert np.abs(gradients[0]["weight_hh_l0"]).max() > 0
