"""The gate, the standardised inputs and the scales of the outputs, against NumPy and the reference."""

from __future__ import annotations

import numpy as np
import pytest
from learners import compiled
from reference import Column, Scale, robust

from streamrnn import Learner
from streamrnn.kernels.arrays.kind import Kind
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.arrays.views import open_lane, open_model
from streamrnn.kernels.columns.gate import clear_held, observe
from streamrnn.kernels.columns.robust import deviation_from, median
from streamrnn.kernels.columns.scaling import add_change, scale_of, standardise

PLAIN = Kind()


@compiled
def middle_and_deviation(values, count, center, away, out):
    out[0] = median(values, count)
    out[1] = deviation_from(out[0], values, count, away)
    out[2] = deviation_from(center, values, count, away)


@compiled
def observe_all(real, double, integer, values, begins, learn, out):
    """out: (n, 3): the accepted value, whether the level shifted, the standardised input of this row."""
    model, lane = open_model(real, double, integer, PLAIN, 0), open_lane(real, double, integer, PLAIN, 0)
    arrived, inputs = model.scratch.arrived, lane.ring.inputs
    for i in range(values.shape[0]):
        if begins[i]:
            clear_held(lane.columns)
        arrived[0], shifted = observe(lane.columns, 0, values[i], learn[i])
        standardise(model.roles.feature_columns, lane.columns, arrived, inputs, 0)
        out[i, 0], out[i, 1], out[i, 2] = arrived[0], shifted, inputs[0, 0]


@compiled
def add_changes(real, double, integer, changes, scales):
    known = open_lane(real, double, integer, PLAIN, 0).changes
    for i in range(changes.shape[0]):
        add_change(known, 0, 0, changes[i])
        scales[i] = scale_of(known, 0, 0)


# --- a column's first values ------------------------------------------------------------------------------------------


def samples():
    random = np.random.default_rng(0)
    for count in range(1, 21):
        for kind in range(5):
            values = np.round(random.standard_normal(20) * 3) if kind == 4 else random.standard_normal(20) * 10.0**kind
            if kind == 3:
                values[random.random(20) < 0.7] = 7.0  # more than half are equal
            yield values, count


def test_the_median_is_numpys_and_the_deviation_is_robust():
    away, out = np.empty(20), np.empty(3)
    for values, count in samples():
        middle_and_deviation(values, count, 0.0, away, out)
        expected = np.median(values[:count])
        assert out[0] == pytest.approx(expected, rel=1e-15)
        off = np.abs(values[:count] - expected)
        if np.median(off) > 0:
            assert out[1] == pytest.approx(1.4826 * np.median(off), rel=1e-12)
        assert out[1] == pytest.approx(robust(values[:count].tolist())[1], rel=1e-12)
        assert out[2] == pytest.approx(robust(values[:count].tolist(), 0.0)[1], rel=1e-12)


def test_one_odd_value_among_equal_ones_makes_no_deviation():
    away, out = np.empty(20), np.empty(3)
    for count in (3, 4, 20):
        values = np.full(20, 5.0)
        values[count - 1] = 1e9
        middle_and_deviation(values, count, 5.0, away, out)
        assert out[2] == 0.0


# --- the gate ---------------------------------------------------------------------------------------------------------


def hostile(seed: int, rows: int = 600) -> np.ndarray:
    """Walks, jumps, constants, nulls and monsters, in stretches of random length."""
    random = np.random.default_rng(seed)
    values: list[float] = []
    while len(values) < rows:
        level, size = 10.0 ** random.uniform(-8, 12), 10.0 ** random.uniform(-6, 3)
        stretch = level * random.choice([-1, 0, 1]) + size * random.standard_normal(random.integers(1, 60))
        kind = random.integers(6)
        if kind == 0:
            stretch[:] = stretch[0]
        elif kind == 1:
            stretch[random.random(len(stretch)) < 0.4] = np.nan
        elif kind == 2:
            monsters = random.choice([np.inf, -np.inf, 1e300, -1e31, 1e30, 1e29, 0.0, -0.0, 5e-324], len(stretch))
            stretch = np.where(random.random(len(stretch)) < 0.3, monsters, stretch)
        values.extend(stretch.tolist())
    return np.array(values[:rows])


def stepping(seed: int, rows: int = 600) -> np.ndarray:
    """Constants for long and for one row alone, a few noisy stretches, and nulls."""
    random = np.random.default_rng(seed)
    values: list[float] = []
    while len(values) < rows:
        stretch = np.full(random.choice([1, 2, 30, 50]), float(random.choice([0.0, 1.0, 1.0, 5.0, 1e9])))
        if random.random() < 0.1:
            stretch = stretch + random.standard_normal(len(stretch))
        stretch[random.random(len(stretch)) < 0.05] = np.nan
        values.extend(stretch.tolist())
    return np.array(values[:rows])


@pytest.mark.parametrize("stream", [hostile, stepping])
@pytest.mark.parametrize("seed", range(20))
def test_the_gate_is_the_references(seed, stream):
    values, random = stream(seed), np.random.default_rng(seed)
    learn = random.random(len(values)) < (0.9 if seed % 2 else 1.0)
    begins = random.random(len(values)) < (0.03 if seed % 4 > 1 else 0.0)
    learner = Learner("a", hidden=1, window=1)
    out = np.empty((len(values), 3))
    observe_all(*learner._state, values, begins, learn, out)
    counts = {"nulls": 0, "invalid": 0, "far": 0}
    column = Column(counts)
    for row, value in enumerate(values.tolist()):
        if begins[row]:
            column.start_sequence()
        accepted, shifted = column.observe(value, bool(learn[row]))
        np.testing.assert_array_equal(out[row, 0], accepted, err_msg=f"row {row}")
        assert bool(out[row, 1]) == shifted, f"row {row}"
        assert out[row, 2] == pytest.approx(column.standardise(accepted), rel=1e-4, abs=1e-5), f"row {row}"
    view = {
        name: named_view(learner._state, name)[0] for name in ("mean", "m2", "seen", "held", "settled", "last_step")
    }
    known = [view["mean"], view["m2"], view["last_step"]]
    np.testing.assert_allclose(known, [column.mean, column.m2, column.last_step], rtol=1e-6)
    assert (view["seen"], bool(view["settled"])) == (column.n, column.settled)
    np.testing.assert_array_equal(view["held"], column.held)
    assert named_view(learner._state, "refused")[0].tolist() == list(counts.values())


def observed(values, learn=True, begins=()):
    learner = Learner("a", hidden=1, window=1)
    values = np.asarray(values, float)
    out = np.empty((len(values), 3))
    starts = np.isin(np.arange(len(values)), begins)
    observe_all(*learner._state, values, starts, np.full(len(values), learn), out)
    return learner, out


def statistics(learner):
    """Mean and deviation of the column."""
    mean, m2, seen = (named_view(learner._state, name)[0] for name in ("mean", "m2", "seen"))
    return mean, np.sqrt(m2 / seen)


def test_running_mean_and_variance_are_those_of_all_values():
    values = 61234.5 + np.random.default_rng(0).standard_normal(100_000) * 0.25
    learner, _ = observed(values)
    assert named_view(learner._state, "mean")[0] == pytest.approx(values.mean(), rel=1e-9)
    deviation = np.sqrt(named_view(learner._state, "m2")[0] / len(values))
    assert deviation == pytest.approx(values.std(), rel=1e-3)  # the first twenty count by their robust deviation


def test_a_value_is_far_beyond_100_deviations_and_not_before():
    base = [-1.0, 1.0] * 10  # median 0, deviation 1.4826
    assert observed([*base, 148.0])[1][-1, 0] == 148.0
    assert np.isnan(observed([*base, 148.5])[1][-1, 0])
    assert np.isnan(observed([*base, -148.5])[1][-1, 0])


def test_1e30_is_a_value_and_what_is_larger_is_none():
    _, out = observed([1e30, -1e30, 1.0000001e30, -np.inf])
    np.testing.assert_array_equal(out[:, 0], [1e30, -1e30, np.nan, np.nan])


def test_a_level_has_shifted_with_the_twentieth_far_value_in_a_row_that_agrees():
    random = np.random.default_rng(1)
    base, level = random.standard_normal(50), 1e6 + random.standard_normal(25)
    _, out = observed([*base, *level])
    assert np.flatnonzero(out[:, 1]).tolist() == [69]
    _, out = observed([*base, *level[:19], 0.0, *level[:19]])  # one near value, and the count begins again
    assert not out[:, 1].any()
    _, out = observed([*base, *level[:10], np.nan, np.inf, *level[10:]])  # nulls do not break it
    assert np.flatnonzero(out[:, 1]).tolist() == [71]


def test_far_values_that_do_not_agree_are_never_a_level():
    base = np.random.default_rng(1).standard_normal(50)
    _, out = observed([*base, *(1e6 * 10.0 ** (np.arange(200) % 15))])
    assert not out[:, 1].any() and np.isnan(out[50:, 0]).all()


@pytest.mark.parametrize("width", [2, 20, 50, 500])
@pytest.mark.parametrize("apart", [30, 50, 500])
def test_a_switch_has_a_deviation_from_its_second_step_on(width, apart):
    values = np.tile(np.repeat([0.0, 3.0], [apart, width]), 3)
    once, _ = observed(values[: apart + width])
    twice, out = observed(values[: 2 * (apart + width) + 1])
    assert statistics(once)[1] == 0.0
    assert 0.1 < statistics(twice)[1] < 2.0
    np.testing.assert_array_equal(out[:, 0], values[: len(out)])


@pytest.mark.parametrize("length", [25, 2000])
@pytest.mark.parametrize("begins", [True, False])
def test_what_is_constant_over_a_sequence_has_statistics_of_all_of_them(length, begins):
    levels = [3.0, 5.0, 4.0, 3.0, 5.0, 4.0, 3.0, 5.0, 4.0]
    starts = [length * number for number in range(len(levels))]
    learner, out = observed(np.repeat(levels, length), begins=starts if begins else ())
    np.testing.assert_array_equal(out[:, 0], np.repeat(levels, length))
    assert statistics(learner) == (pytest.approx(4.0, abs=0.3), pytest.approx(np.std(levels), abs=0.2))


def test_a_constant_column_that_wakes_has_the_statistics_of_what_comes_then():
    awake = 1000.0 + np.random.default_rng(0).standard_normal(30)
    for values, begins in (([1000.0, 1000.0, *awake], ()), (awake, (40,))):
        learner, _ = observed([*[0.0] * 40, *values], begins=begins)
        assert statistics(learner) == (pytest.approx(1000.0, abs=1.0), pytest.approx(1.0, abs=0.5))


def test_wild_values_among_constants_make_no_deviation():
    alone, _ = observed([*[0.0] * 40, 1e20, *[0.0] * 40, -1e20, *[0.0] * 40, 1e20, *[0.0] * 40])
    assert statistics(alone) == (0.0, 0.0)
    beside, _ = observed([*[0.0] * 40, 1e20, *[0.0] * 40, *[5.0] * 30, 1e20, *[5.0] * 30, *[0.0] * 30])
    assert 1.0 < statistics(beside)[1] < 3.0


def test_a_wild_step_counts_ten_times_another_one_at_most():
    values, _ = observed([*[0.0] * 40, *[1e20] * 40, *[1e20 + 1e8] * 3])
    assert statistics(values)[1] == pytest.approx(5e8, rel=0.3)


def test_inputs_are_clamped_and_a_constant_column_gives_zero():
    _, out = observed([5.0] * 40)
    assert not out[:, 2].any()
    learner, _ = observed([-1.0, 1.0] * 10)
    out = np.empty((1, 3))
    named_view(learner._state, "m2")[0] = 20e-10  # deviation 1e-5: near by the gate of a learner that is not learning
    observe_all(*learner._state, np.array([9e-4]), np.array([False]), np.array([False]), out)
    assert out[0, 2] == pytest.approx(90.0, rel=1e-5)


# --- the scale of an output -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zeros", [0.0, 0.4, 0.97])
@pytest.mark.parametrize("seed", range(5))
def test_an_outputs_scale_is_the_references(seed, zeros):
    random = np.random.default_rng(seed)
    changes = random.standard_normal(200) * 10.0 ** random.uniform(-3, 3)
    changes[random.random(200) < zeros] = 0.0
    learner, scales, scale = Learner("a", hidden=1, window=1), np.empty(200), Scale()
    add_changes(*learner._state, changes, scales)
    for row, change in enumerate(changes.tolist()):
        scale.add(change)
        assert scales[row] == pytest.approx(scale.value, rel=1e-12)


def test_an_outputs_scale_comes_to_be_the_root_mean_square():
    changes = 3.0 * np.random.default_rng(0).standard_normal(50_000)
    scales = np.empty(50_000)
    add_changes(*Learner("a", hidden=1, window=1)._state, changes, scales)
    assert scales[-1] == pytest.approx(np.sqrt(np.mean(changes**2)), rel=1e-3)
