"""A learner whose network sees a season ago: the same however rows come, bounded, and never ahead of its time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import randomised, stream, taken_three_ways

from streamrnn import Learner, SettingsError
from streamrnn.kernels.arrays.state import named_view

SMALL: dict[str, Any] = {"hidden": 4, "window": 4, "season_lags": True}
KINDS: dict[str, dict[str, Any]] = {
    "a season that is named": {"season": 7, "horizon": 3},
    "a season to be found": {"experts": False, "horizon": (2, 30)},
    "values": {"season": 5, "horizon": 2, "horizon_unit": "values"},
    "sequences": {"season": 5, "sequence": "s"},
    "keys": {"season": 5, "key": "k", "max_keys": 2},
    "keys in batches": {"season": 5, "key": "k", "max_keys": 4, "batch_keys": 3, "sequence": "s"},
    "categories": {"season": 5, "features": ["a", "k"], "categorical": ["k"]},
    "categories of keys": {"season": 5, "features": ["a", "c"], "categorical": ["c"], "key": "k"},
}  # fmt: skip


def table_of(rows: int = 250) -> pyarrow.Table:
    values = stream(rows, columns=2, nulls=0.1)
    values[:, 0] += 3.0 * np.sin(2 * np.pi * np.arange(rows) / 12)
    keys = np.random.default_rng(1).integers(0, 3, rows)
    return pyarrow.table(
        {"a": values[:, 0], "b": values[:, 1], "k": [f"pump {key}" for key in keys], "s": np.arange(rows) // 90,
         "c": [f"kind {row % 3}" for row in range(rows)]}
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_rows_in_one_call_one_by_one_and_in_pieces_with_saving_between_give_the_same_bits(kind):
    settings, table = {**SMALL, **KINDS[kind]}, table_of()
    taken_three_ways(lambda: Learner("a", **settings), table)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forecast_leaves_no_trace_and_is_that_of_the_step(kind):
    learner = Learner("a", **SMALL, **KINDS[kind])
    for row in table_of(60).to_pylist():
        before = learner.to_bytes()
        forecast = learner.predict(row)["a"]
        assert learner.to_bytes() == before
        np.testing.assert_array_equal(learner.step(row, learn=False).forecast["a"], forecast)
        learner.step(row)


@pytest.mark.parametrize("horizon", [1, 5, 30])
def test_no_forecast_knows_what_comes_after_it(horizon):
    table, known = table_of(), 180
    values = table["a"].to_numpy().copy()
    np.random.default_rng(2).shuffle(values[known:])
    other = table.set_column(0, "a", pyarrow.array(values))
    first, second = (
        randomised(Learner(["a", "b"], **SMALL, horizon=horizon, experts=False)).run(rows) for rows in (table, other)
    )
    assert first.slice(0, known).equals(second.slice(0, known))
    assert not first.equals(second)


def test_a_sequence_knows_nothing_of_the_last_one():
    learner = Learner("a", **SMALL, season=3, sequence="s")
    for row in range(40):
        learner.step({"a": float(row), "s": row // 30})
    assert named_view(learner._state, "past_ticks").tolist() == [10]


def test_what_is_kept_of_the_past_is_announced_and_does_not_grow():
    plain, lagged, found = (
        Learner(["a", "b"], hidden=4, window=4, experts=False, **more)
        for more in ({}, {"season_lags": True, "season": 1000}, {"season_lags": True})
    )
    assert 2 * 2 * 2 * 1000 * 8 <= lagged.nbytes - plain.nbytes < 2 * 2 * 2 * 1000 * 8 + 10_000  # two lanes of two
    before = lagged.nbytes, found.nbytes
    for learner in (lagged, found):
        learner.run(stream(3000, columns=2))
    assert (lagged.nbytes, found.nbytes) == before
    assert named_view(lagged._state, "past_values").shape == (2, 2000)


def test_a_network_that_sees_its_season_learns_what_repeats_itself():
    """Each period repeats a random one, which a short memory does not hold."""
    values = np.tile(np.random.default_rng(0).standard_normal(40), 60)
    errors = []
    for season_lags in (False, True):
        seen = {"season": 40, "season_lags": True} if season_lags else {}
        settings = {"experts": False, "hidden": 8, "window": 4, "lr": 1e-2}
        forecasts = Learner("0", **settings, **seen).run(values[:, None])["0_h1"].to_numpy()
        errors.append(np.mean((forecasts[1000:-1] - values[1001:]) ** 2))
    assert errors[1] < 0.1 * errors[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"season_lags": 2}, "season_lags must be true or false, not 2"),
        (
            {"season_lags": True, "horizon": 0, "features": "b"},
            "season_lags = yes needs a horizon of 1 or more: at horizon 0 there is no past of the target",
        ),
        (
            {"season_lags": True, "categorical": "a"},
            "season_lags = yes needs a target of numbers: all targets are categorical",
        ),
        (
            {"season_lags": True, "season": 0},
            "season_lags = yes needs a season: name its rows, or let auto find it, instead of season 0",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(SettingsError) as error:
        Learner("a", **settings)
    assert str(error.value) == message
