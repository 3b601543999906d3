"""The entry does what the reference does: with moving weights, through nulls, boundaries and hostile values."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from learners import (
    CELLS,
    COLUMNS,
    LEARNED,
    DoubleLearner,
    assert_unchanged,
    check_finite,
    copies,
    mappings,
    randomised,
    reference_of,
    run_beside_reference,
    stream,
    units_of,
    with_fixed_scales,
)

from streamrnn import Learner
from streamrnn.kernels.arrays.kind import Kind
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.learn import learn_rows
from streamrnn.settings import LOSSES, OPTIMIZERS

SMALL: dict[str, Any] = {"hidden": 4, "window": 5}


# --- production's float32 beside the reference's float64 --------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_float32_stays_within_1e_4_of_the_reference_for_1000_rows(cell, nonlinearity, layers):
    learner = Learner(
        ["a", "c"], COLUMNS, cell=cell, nonlinearity=nonlinearity, layers=layers, horizon=2, lr=0.0, experts=False
    )
    learner.parameters["head.weight"][...] = np.random.default_rng(1).standard_normal((4, 32)) * 0.3
    reference = reference_of(learner)
    reference.window = 1  # at rate 0 no sweep changes anything
    values = stream(1000, nulls=0.05)
    for number, row in enumerate(mappings(learner, values)):
        record, expected = learner.step(row), reference.step(values[number])
        off = np.stack(list(record.forecast.values()), axis=1) - expected.forecast[:, :, 0]
        assert np.all(np.isnan(off) | (np.abs(off) <= 1e-4 * units_of(reference))), f"row {number}"
        np.testing.assert_allclose(record.loss, expected.loss, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_float32_follows_the_reference_while_it_learns(optimizer):
    learner = Learner("a", COLUMNS, **SMALL, optimizer=optimizer, lr=1e-2, experts=False)
    run_beside_reference(learner, stream(250, nulls=0.05), tolerance=1e-2)


# --- weights that move ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [1, 5, 0])
@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_moving_weights_are_those_of_the_reference(optimizer, stride, horizon):
    """With nulls, boundaries (also two in a row) and stretches without learning."""
    features = ["b", "c"] if horizon == 0 else ["a", "b"]
    learner = DoubleLearner(
        ["a"], features, **SMALL, sequence="s", optimizer=optimizer, stride=stride, horizon=horizon, lr=1e-2, clip=0.3
    )
    before = {name: view.copy() for name, view in learner.parameters.items()}
    sequences = [sum(number >= start for start in (70, 71, 160)) for number in range(230)]
    learn = [not 100 <= number < 130 for number in range(230)]
    values = stream(230, columns=len(learner.columns), nulls=0.1)
    run_beside_reference(randomised(learner), values, sequences, learn, tolerance=1e-6)
    assert np.abs(learner.parameters["weight_hh_l0"] - before["weight_hh_l0"]).max() > 1e-2
    assert learner.metrics.updates > 40


@pytest.mark.parametrize("schedule", ["constant", "inverse-sqrt"])
@pytest.mark.parametrize("warmup", [0, 30])
@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_schedules_warm_up_and_clipping_are_those_of_the_reference(clip, warmup, schedule):
    settings = {"optimizer": "sgd", "lr": 0.02, "clip": clip, "schedule": schedule, "warmup": warmup}
    learner = DoubleLearner("a", COLUMNS, **SMALL, **settings)
    run_beside_reference(randomised(learner), stream(220), tolerance=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_every_cell_learns_every_loss_as_the_reference_does(cell, nonlinearity, loss):
    settings = SMALL | {"cell": cell, "nonlinearity": nonlinearity, "loss": loss, "horizon": (1, 4), "layers": 2}
    settings |= {"huber_delta": 0.4} if loss == "huber" else {}
    learner = DoubleLearner(["a", "b"], ["b", "c"], **settings, lr=5e-3)
    run_beside_reference(randomised(learner), stream(200, nulls=0.1), tolerance=1e-6)


@pytest.mark.parametrize("max_delay", [0, 3, 40])
def test_horizons_in_values_grade_as_the_reference_does(max_delay):
    learner = DoubleLearner(
        ["a", "b"], COLUMNS, **SMALL, sequence="s", horizon=(1, 3), horizon_unit="values", max_delay=max_delay, lr=1e-2
    )
    values = stream(300)
    values[np.random.default_rng(5).random(300) < 0.7, 0] = np.nan
    run_beside_reference(randomised(learner), values, [number // 140 for number in range(300)], tolerance=1e-6)


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Learner, DoubleLearner])
def test_the_worked_example_with_numbers_made_by_hand(kind):
    """Horizon 2, window 3, stride 1: row 5 grades rows 4 and 3, the sweep runs over 4, 3, 2, 1, then row 5 is forecast.

    One relu unit, h = max(0, w x + u h' + b + c), outputs o_k = v_k h + d_k. All scales are 1, so x = y, a label is
    y - base and a forecast is base + o. Every number is exact in float32, up to the forecast of row 5.
    """
    learner = with_fixed_scales(
        kind(
            "y", cell="elman", nonlinearity="relu", hidden=1, horizon=2, window=3, optimizer="sgd", momentum=0.0,
            lr=0.25, clip=0.0, experts=False,
        )
    )  # fmt: skip
    weights = learner.parameters
    weights["weight_ih_l0"][...] = [[1.0, 0.0]]  # w, and that of the missing indicator
    weights["weight_hh_l0"][...] = 0.5  # u
    weights["head.weight"][...] = [[0.5], [0.25]]  # v_1, v_2
    for bias in ("bias_ih_l0", "bias_hh_l0", "head.bias"):
        weights[bias][...] = 0.0

    for y in (1.0, 2.0, 1.0, 2.0, 1.0):  # h = 1, 2 + 0.5, 1 + 1.25, 2 + 1.125, 1 + 1.5625
        record = learner.step({"y": y}, learn=False)
    assert named_view(learner._state, "hidden")[0, :5, 0].tolist() == [1.0, 2.5, 2.25, 3.125, 2.5625]
    assert record.forecast["y"].tolist() == [1 + 0.5 * 2.5625, 1 + 0.25 * 2.5625]

    record = learner.step({"y": 3.0})
    # row 4, k = 1: o = 0.5 * 2.5625 = 1.28125,  label 3 - 1 = 2, error -0.71875
    # row 3, k = 2: o = 0.25 * 3.125 = 0.78125,  label 3 - 2 = 1, error -0.21875
    assert record.expected["y"] == 1 + 1.28125
    assert record.loss == pytest.approx((0.71875**2 + 0.21875**2) / 2)
    # slope of the loss at o: 2 error / outputs = error
    #   at h4: -0.71875 v_1               = -0.359375
    #   at h3: -0.21875 v_2 + u -0.359375 = -0.0546875 - 0.1796875 = -0.234375
    #   at h2: u -0.234375                = -0.1171875
    #   at h1: u -0.1171875               = -0.05859375            (and no further: the window ends here)
    slopes = np.array([-0.359375, -0.234375, -0.1171875, -0.05859375])
    gradient = {
        "weight_ih_l0": [[slopes @ [1, 2, 1, 2], 0.0]],  # x4, x3, x2, x1: -1.0625
        "weight_hh_l0": [[slopes @ [3.125, 2.25, 2.5, 1.0]]],  # h3, h2, h1, h0: -2.001953125
        "bias_ih_l0": [slopes.sum()],  # -0.76953125
        "bias_hh_l0": [slopes.sum()],
        "head.weight": [[-0.71875 * 2.5625], [-0.21875 * 3.125]],  # error h4, error h3
        "head.bias": [-0.71875, -0.21875],
    }
    for name, expected in gradient.items():
        np.testing.assert_allclose(learner.gradient[name], expected, rtol=1e-6, atol=1e-12, err_msg=name)
    # down the gradient by a quarter of it
    w, u, b = 1 + 0.265625, 0.5 + 0.50048828125, 0.1923828125
    v_1, v_2 = 0.5 + 0.46044921875, 0.25 + 0.1708984375
    np.testing.assert_allclose(weights["weight_ih_l0"], [[w, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(weights["weight_hh_l0"], [[u]], rtol=1e-6)
    np.testing.assert_allclose(weights["head.weight"], [[v_1], [v_2]], rtol=1e-6)
    # forward step 5, with the new weights
    h5 = 3 * w + 2.5625 * u + b + b
    assert record.forecast["y"] == pytest.approx([3 + v_1 * h5 + 0.1796875, 3 + v_2 * h5 + 0.0546875], rel=1e-6)


# --- rows that teach nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_row_that_reveals_nothing_moves_no_weight_decays_no_moment_and_counts_no_update(optimizer):
    learner = randomised(Learner("a", COLUMNS, **SMALL, optimizer=optimizer))
    learner.run(stream(60))
    before = copies(learner, (*LEARNED, "change_sum2", "agreement"))
    silent = stream(30)
    silent[:, 0] = np.nan
    assert learner.run(silent)["loss"].null_count == 30
    assert_unchanged(before, learner)
    assert learner.metrics.updates == before["updates"][0] == 58  # row 0 has no forecast, row 1 no scale yet
    learner.run(stream(3))
    assert learner.metrics.updates == 61


def test_a_gradient_that_is_not_finite_is_skipped_told_counted_and_touches_nothing():
    learner = randomised(Learner("a", COLUMNS, **SMALL, shrink=False))
    values = stream(64)
    learner.run(values[:60])
    learner.parameters["head.weight"][...] = 1e30
    before = copies(learner, ("weights", "moment1", "moment2"))
    updates = learner.metrics.updates
    first, second = (learner.step(row) for row in values[60:62])
    assert (first.event, second.event) == ("update-skipped", "update-skipped")
    assert learner.metrics.skipped_updates == 2
    assert learner.metrics.updates == updates
    assert_unchanged(before, learner)


@pytest.mark.parametrize("window", [1, 5])
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
@pytest.mark.parametrize(("optimizer", "loss"), list(itertools.product(OPTIMIZERS, ["squared", "quantile"])))
def test_a_rate_far_too_large_leaves_weights_and_statistics_finite(cell, nonlinearity, optimizer, loss, window):
    for lr in (1e6, 300.0):
        settings = {"cell": cell, "nonlinearity": nonlinearity, "optimizer": optimizer, "loss": loss, "window": window}
        learner = Learner("a", COLUMNS, hidden=4, **settings, lr=lr, clip=0.0)
        learner.run(stream(600))
        check_finite(learner)


# --- values that would poison -----------------------------------------------------------------------------------------


def spike(values, rows, value):
    values[rows, 0] = value
    return values


def level_shift(values):
    values[120:, 0] += 1e4
    return values


def constant_then_moving(values):
    values[:60, 0] = 5.0
    values[60, 0] = 1000.0  # one odd value
    values[61:90, 0] = 5.0
    return values


HOSTILE = {
    "infinities and 1e300": lambda values: spike(values, [10, 50, 51, 52], [np.inf, 1e300, -np.inf, -1e300]),
    "far values": lambda values: spike(values, range(60, 75), 1e5 * np.arange(1, 16)),
    "far values of either sign, for ever": lambda values: spike(values, range(60, 200), 1e6 * (-1.0) ** np.arange(140)),
    "a level shift": level_shift,
    "a level shift with nulls in it": lambda values: spike(level_shift(values), [125, 131], np.nan),
    "a constant column that moves": constant_then_moving,
    "a column that is constant for ever": lambda values: spike(values, range(200), 61234.5),
    "a first value of 1e20": lambda values: spike(values, 0, 1e20),
    "a first value of 1e300": lambda values: spike(values, 0, 1e300),
    "one odd value among equal ones": lambda values: spike(spike(values, range(200), 2.0), 7, 1e9),
    "nothing but nulls": lambda values: spike(values, range(200), np.nan),
    "a late start": lambda values: spike(values, range(150), np.nan),
    "a column of 1e29": lambda values: values * [1e29, 1.0, 1.0],
    "a column of 1e-29": lambda values: values * [1e-29, 1.0, 1.0],
}


@pytest.mark.parametrize("horizon", [(1, 3), 0])
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_values_are_handled_as_the_reference_does_and_leave_everything_finite(what, horizon):
    features = ["b", "c"] if horizon == 0 else COLUMNS
    learner = DoubleLearner("a", features, **SMALL, horizon=horizon, lr=1e-2)
    values = HOSTILE[what](stream(200))[:, [COLUMNS.index(name) for name in learner.columns]]
    run_beside_reference(randomised(learner), values, tolerance=1e-6)
    check_finite(learner)


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("lr", [None, 1e-3])
def test_updates_go_the_further_the_rarer_labels_are_unless_a_rate_is_named(stride, lr):
    learner = DoubleLearner("a", ["b", "c"], **SMALL, horizon=0, stride=stride, lr=lr)
    values, place = stream(1200), learner.columns.index("a")
    at = np.concatenate([np.arange(60), np.arange(60, 400, 7), np.arange(400, 1000, 30), [1180]])
    values[~np.isin(np.arange(1200), at), place] = np.nan
    run_beside_reference(randomised(learner), values)
    fastest = 10.0 if lr is None else 1.0
    assert learner.health.rate == pytest.approx(min(np.sqrt(210 / stride), fastest) * 1e-3)


def test_what_is_refused_is_counted_by_column_and_kind():
    values = stream(100)
    values[40, 0], values[50:52, 1], values[60:63, 2] = np.nan, (np.inf, 1e300), 1e9
    learner = Learner(COLUMNS)
    learner.run(values)
    metrics = learner.metrics
    assert metrics.nulls == {"a": 1, "b": 0, "c": 0}
    assert metrics.invalid == {"a": 0, "b": 2, "c": 0}
    assert metrics.far == {"a": 0, "b": 0, "c": 3}


def test_a_level_shift_is_told_once_voids_what_is_pending_and_is_learned_from_afresh():
    values = level_shift(stream(300))
    learner = Learner("a", COLUMNS, horizon=3)
    table = learner.run(values).to_pydict()
    told = [row for row, event in enumerate(table["event"]) if event]
    assert told == [139] and table["event"][139] == "level-shift"  # twenty far values: rows 120 to 139
    assert table["loss"][120:140] == [None] * 20
    assert table["a_expected"][140] == table["a_h1"][139]
    assert abs(table["a_h1"][139] - values[139, 0]) < 10.0
    assert learner.metrics.level_shifts == 1


def test_a_relu_cell_that_overflows_is_told_and_starts_again_from_zero():
    learner = randomised(Learner("a", COLUMNS, **SMALL, cell="elman", nonlinearity="relu", lr=0.0))
    learner.parameters["weight_hh_l0"][...] = 1e15
    learner.parameters["bias_ih_l0"][...] = 1.0
    events = [learner.step(row).event or "" for row in stream(40)]
    assert sum("diverged" in event.split(",") for event in events) == learner.metrics.diverged > 3
    check_finite(learner)


@pytest.mark.parametrize("kind", [Learner, DoubleLearner])
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_sums_that_are_not_a_number_count_as_diverged(cell, nonlinearity, kind):
    """Infinity minus infinity must not pass for a state."""
    learner = kind(("a", "b"), cell=cell, nonlinearity=nonlinearity, **SMALL, lr=0.0)
    values = stream(30, columns=2)
    learner.run(values)
    largest = np.finfo(kind.dtype).max
    learner.parameters["weight_ih_l0"][:, :2] = (largest, -largest)
    far_off = values.mean(axis=0) + 50 * values.std(axis=0)
    assert learner.step(far_off).event == "diverged"


def test_a_network_that_diverges_is_told_of_as_the_reference_tells():
    learner = randomised(DoubleLearner("a", COLUMNS, **SMALL, cell="elman", nonlinearity="relu", lr=0.0))
    learner.parameters["weight_hh_l0"][...] = 1e75
    learner.parameters["bias_ih_l0"][...] = 1.0
    run_beside_reference(learner, stream(40))
    assert learner.metrics.diverged > 3


def test_an_output_that_overflows_is_told_and_forecasts_the_last_value():
    learner = Learner(("a", "b"), **SMALL, lr=0.0, experts=False)
    values = stream(40, columns=2)
    learner.run(values[:30])
    learner.parameters["head.bias"][...] = (np.inf, 0.5)  # of a and of b
    record = learner.step(values[30])
    assert "diverged" in record.event.split(",")
    assert record.forecast["a"][0] == values[30, 0] and record.forecast["b"][0] != values[30, 1]
    assert learner.step(values[31]).expected["a"] == values[30, 0]
    assert np.isfinite([score.rmse for score in learner.metrics.scores]).all()


def test_the_kernels_run_without_the_gil():
    assert learn_rows(Kind()).targetoptions["nogil"]


def test_differences_are_taken_in_double_precision_at_any_level():
    """float32 steps by 0.004 at a price of 61,234: a walk of a tenth of that would be lost."""
    steps = 0.0004 * np.random.default_rng(0).standard_normal(300)
    learner = Learner("price", **SMALL)
    prices = 61234.0 + np.cumsum(steps)
    learner.run(prices[:, None])
    (score,) = learner.metrics.scores
    assert score.last_value_mae == pytest.approx(np.abs(np.diff(prices)).mean(), rel=1e-9)
    assert score.mae < 1.2 * score.last_value_mae
