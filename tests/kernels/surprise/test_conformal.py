"""Intervals are those of the reference, hold what they promise, and are never poisoned."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from learners import COLUMNS, stream
from reference.conformal import ReferenceBounds

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view

SMALL = {"hidden": 4, "window": 4}


def bounds_of(table, name: str, shares: tuple[str, ...]) -> np.ndarray:
    """(rows, 2 * intervals)"""
    sides = [f"{name}_{side}{share}" for share in shares for side in ("lo", "hi")]
    return np.column_stack([table[side].to_numpy() for side in sides])


@pytest.mark.parametrize("experts", [False, True])
@pytest.mark.parametrize("horizon", [1, 7])
def test_bounds_are_those_of_the_reference(horizon, experts):
    values = np.maximum(stream(1300)[:, :1], -0.8)  # which is an end
    season = {"season": 24} if experts else {}
    learner = Learner("a", horizon=(horizon,), intervals=(0.5, 0.9, 0.999), experts=experts, **season, **SMALL)
    table = learner.run(values)
    forecasts = table[f"a_h{horizon}"].to_numpy()
    reference = ReferenceBounds(horizon, (0.5, 0.9, 0.999))
    expected = [
        reference.step(truth, forecast, season=24 * experts)
        for truth, forecast in zip(values[:, 0], forecasts, strict=True)
    ]
    bounds = bounds_of(table, f"a_h{horizon}", ("50", "90", "99_9"))
    np.testing.assert_allclose(bounds, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(named_view(learner._state, "bounds_missed")[0], reference.missed)
    assert learner.health.coverage["90"] == pytest.approx(1.0 - sum(reference.missed[2:4]) / reference.graded)


def test_an_interval_holds_what_it_promises_also_while_the_noise_changes():
    random = np.random.default_rng(0)
    noise = np.repeat([1.0, 4.0, 0.5, 2.0], 2000) * random.standard_normal(8000)
    table = Learner("a", intervals=(0.5, 0.9), **SMALL).run(noise[:, None])
    bounds, truth = bounds_of(table, "a_h1", ("50", "90"))[:-1], noise[1:]
    known = np.isfinite(bounds[:, 0])
    for low, share in ((0, 0.5), (2, 0.9)):
        held = (truth >= bounds[:, low]) & (truth <= bounds[:, low + 1])
        assert abs(held[known].mean() - share) < 0.01


def test_an_interval_far_ahead_holds_what_it_promises_in_nine_of_ten_thousands_of_rows():
    random = np.random.default_rng(0)
    drift = np.convolve(random.standard_normal(21047), np.ones(48) / math.sqrt(48), "valid")
    table = Learner("a", horizon=(48,), intervals=(0.5, 0.9), lr=0.0, experts=False, **SMALL).run(drift[:, None])
    bounds, truth = bounds_of(table, "a_h48", ("50", "90"))[:-48], drift[48:]
    for low, share in ((0, 0.5), (2, 0.9)):
        held = ((truth >= bounds[:, low]) & (truth <= bounds[:, low + 1]))[500:20500].reshape(-1, 1000).mean(axis=1)
        assert abs(held.mean() - share) < 0.01
        assert np.mean(abs(held - share) < 0.05) >= 0.9


def test_bounds_are_as_skewed_as_the_errors_surely_are():
    random = np.random.default_rng(2)
    skewed, symmetric = random.exponential(size=2000), random.standard_normal(2000)
    settings = {"intervals": 0.9, "lr": 0.0, "skip": False, "experts": False, **SMALL}
    below, above = abs(bounds_of(table_of(skewed, **settings), "a_h1", ("90",))[-1] - 1.0)
    assert below < 1.0 and above > 1.7
    table = table_of(symmetric, horizon=(48,), **settings)
    low, high = bounds_of(table, "a_h48", ("90",))[-1] - table["a_h48"].to_numpy()[-1]
    assert low == pytest.approx(-high)


def table_of(values: np.ndarray, **settings: Any) -> Any:
    return Learner("a", **settings).run(values[:, None])


def test_intervals_lie_in_each_other_and_are_finite_once_twenty_errors_are_known():
    table = Learner("a", horizon=3, intervals=(0.2, 0.5, 0.999), **SMALL).run(stream(700)[:, :1])
    for horizon in (1, 3):
        bounds = bounds_of(table, f"a_h{horizon}", ("20", "50", "99_9"))
        assert np.isnan(bounds[: 19 + horizon]).all() and np.isfinite(bounds[20 + horizon :]).all()
        lower, upper = bounds[20 + horizon :, 0::2], bounds[20 + horizon :, 1::2]
        assert (np.diff(lower) <= 0).all() and (np.diff(upper) >= 0).all() and (lower <= upper).all()


def test_the_future_changes_no_bit_of_a_bound():
    values = stream(400)[:, :1]
    other = np.concatenate([values[:300], 100.0 * values[300:]])
    tables = [Learner("a", horizon=4, intervals=0.9, **SMALL).run(data) for data in (values, other)]
    before, after = (bounds_of(table, "a_h4", ("90",))[:300] for table in tables)
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("unit", ["rows", "values"])
def test_rows_in_one_call_or_many_with_saving_between_give_the_same_bits(unit):
    values = stream(300, nulls=0.2)
    settings = {"horizon": 3, "horizon_unit": unit, "intervals": (0.5, 0.9), **SMALL}
    whole = Learner(["a", "b"], COLUMNS, **settings)
    table = whole.run(values)
    parts = Learner(["a", "b"], COLUMNS, **settings)
    for start, stop in pairwise([0, 1, 2, 90, 91, 207, 300]):
        assert parts.run(values[start:stop]).equals(table.slice(start, stop - start))
        parts = Learner.from_bytes(parts.to_bytes())
    assert parts.to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("bad", [[np.inf, -np.inf, np.nan, 1e300], [1e9, -1e9] * 30, [3.0] * 100, [1e7] * 60])
def test_nothing_that_arrives_poisons_a_bound(bad):
    values = stream(600)[:, :1]
    values[200 : 200 + len(bad), 0] = bad
    learner = Learner("a", horizon=2, intervals=0.9, **SMALL)
    table = learner.run(values)
    for name in ("bound_errors", "bound_ascending", "bound_levels"):
        assert np.isfinite(named_view(learner._state, name)).all(), name
    assert np.isfinite(bounds_of(table, "a_h2", ("90",))[-200:]).all()


def test_a_record_holds_bounds_behind_their_forecast():
    learner = Learner(["a", "b"], horizon=(1, 3), intervals=(0.5, 0.9), **SMALL)
    record = [learner.step([math.sin(row), math.cos(row)]) for row in range(90)][-1]
    names, flat = ["a_h1_lo50", "a_h1_hi50", "a_h1_lo90", "a_h1_hi90"], record.to_dict()
    place = list(flat).index("a_h1")
    assert list(flat)[place + 1 : place + 5] == names
    assert record.intervals["a"].shape == (2, 2, 2)
    assert [flat[name] for name in names] == record.intervals["a"][0].ravel().tolist()


def test_frozen_rows_leave_the_errors_alone_and_a_prediction_leaves_no_trace():
    learner = Learner("a", horizon=2, intervals=0.9, **SMALL)
    values = stream(200)[:, :1]
    learner.run(values[:150])
    before = learner.to_bytes()
    learner.predict(values[150])
    assert learner.to_bytes() == before
    errors = named_view(learner._state, "bound_errors").copy()
    learner.run(values[150:], learn=False)
    np.testing.assert_array_equal(named_view(learner._state, "bound_errors"), errors)
