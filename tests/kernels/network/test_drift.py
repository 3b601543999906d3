"""A drift is told where the reference tells it, raises the rate for a while, and never without being asked for."""

from itertools import pairwise

import numpy as np
import pyarrow
import pytest
from reference.drift import drifts

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.network.drift import BOOST, BOOSTED_UPDATES

SMALL = {"hidden": 4, "window": 4, "experts": False}


def changing(rows: int = 1500, change: int = 800) -> np.ndarray:
    """A slow wave that becomes a fast one: (rows, 1)."""
    random = np.random.default_rng(0)
    row = np.arange(rows)
    phases = np.where(row < change, row / 20.0, change / 20.0 + (row - change) / 2.0)
    return (np.sin(phases) + 0.05 * random.standard_normal(rows))[:, None]


def told(table: pyarrow.Table) -> list[int]:
    return [row for row, event in enumerate(table["event"].to_pylist()) if event and "drift" in event]


@pytest.mark.parametrize("horizon", [1, 3])
def test_a_drift_is_told_where_the_reference_tells_it(horizon):
    values = changing()
    values[300:320] = np.nan
    table = Learner("0", horizon=horizon, drift="rate", **SMALL).run(values)
    expected = drifts(table["loss"].to_numpy(), horizon)
    assert told(table) == expected
    assert expected and 800 <= expected[0] < 900


def test_the_rate_is_raised_for_so_many_updates_and_then_as_before():
    learner, values = Learner("0", drift="rate", **SMALL), changing()
    (row, *_) = told(Learner("0", drift="rate", **SMALL).run(values))
    learner.run(values[:row])
    assert learner.health.rate == 1e-3
    learner.run(values[row : row + 1])
    assert learner.health.rate == BOOST * 1e-3
    learner.run(values[row + 1 : row + BOOSTED_UPDATES])
    assert learner.health.rate == BOOST * 1e-3
    learner.run(values[row + BOOSTED_UPDATES : row + BOOSTED_UPDATES + 1])
    assert learner.health.rate == 1e-3


def test_a_raised_rate_stays_below_what_the_guard_allows():
    learner = Learner("0", drift="rate", **SMALL)
    learner.run(changing(50))
    named_view(learner._state, "boost_left")[:] = 10
    named_view(learner._state, "rate_cap")[:] = 1.5e-3
    learner.run(changing(60)[50:55])
    assert learner.health.rate == 1.5e-3


@pytest.mark.parametrize("settings", [{}, {"drift": "rate", "lr": 1e-3}])
def test_nothing_is_told_unasked_or_while_nothing_is_learned(settings):
    learner = Learner("0", **SMALL, **settings)
    assert told(learner.run(changing(), learn=not settings)) == []
    assert not named_view(learner._state, "drift", 0).any()


def test_rows_in_one_call_or_many_with_saving_between_give_the_same_bits():
    values = changing(1200)
    table = pyarrow.table({"a": np.repeat(values, 2), "k": np.tile(["x", "y"], 1200)})
    settings = {"key": "k", "drift": "rate", "hidden": 4, "window": 4}
    whole = Learner("a", **settings)
    records = whole.run(table)
    assert {records["k"][row].as_py() for row in told(records)} == {"x", "y"}
    parts = Learner("a", **settings)
    for start, stop in pairwise([0, 1, 700, 1601, 1702, 1850, 2400]):
        assert parts.run(table.slice(start, stop - start)).equals(records.slice(start, stop - start))
        parts = Learner.from_bytes(parts.to_bytes())
    assert parts.to_bytes() == whole.to_bytes()


def test_losses_that_are_wild_zero_or_missing_poison_nothing():
    values = changing()
    values[400:460, 0] = [np.nan, 1e300, 5.0, -1e20, np.inf, 0.0] * 10
    values[600:900] = 1.0
    learner = Learner("0", drift="rate", **SMALL)
    learner.run(values)
    assert np.isfinite(named_view(learner._state, "drift", 0)).all()
