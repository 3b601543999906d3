"""Experts of many keys: each key's are its own, beside a network that all share, and begin and end with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute
import pytest
from kernels.experts.test_mix import told_to
from learners import DoubleLearner, check_close, randomised, stream, table_of_keys, taken_three_ways
from reference import ReferenceExperts
from reference.experts import LAST, NETWORK

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.experts.fields import EXPERT_FIELDS
from streamrnn.model.answers import answers_of

SMALL: dict[str, Any] = {"hidden": 4, "window": 4, "experts": True}


def seasons(rows: int, keys: int, seed: int = 0) -> pyarrow.Table:
    """Keys that come in any order, each a noisy season of its own in a unit of its own; some cells are null."""
    random = np.random.default_rng(seed)
    which = np.concatenate([random.permutation(keys) for _ in range(rows)])
    times = np.repeat(np.arange(rows), keys)
    noise = 0.3 * random.standard_normal((2, rows * keys))
    waves = np.sin(2 * np.pi * times / (12 + which) + [[0.0], [1.0]]) + noise
    a, b = (1.0 + 1000.0**which) * waves
    a[random.random(len(a)) < 0.03] = np.nan
    return pyarrow.table({"k": which, "a": a, "b": b, "s": times // (rows // 2), "t": 60.0 * times})


def of_key(table: pyarrow.Table, key: int) -> pyarrow.Table:
    return table.filter(pyarrow.compute.equal(table["k"], key))


def check_as_if_alone(records: pyarrow.Table, table: pyarrow.Table, new: Callable[[], Learner]) -> None:
    """Every key's records are those of a learner that sees its rows alone, bit for bit."""
    for key in table["k"].unique().to_pylist():
        expected = new().run(of_key(table, key))
        assert of_key(records, key).select(expected.column_names[1:]).equals(expected.drop_columns(["row"])), key


@pytest.mark.parametrize("mix_network", [True, False])
@pytest.mark.parametrize(
    "settings",
    [
        {"horizon": 3, "emit_weights": True, "intervals": [0.5, 0.9], "alert": 0.99},
        {"horizon": (2, 5), "sequence": "s", "time": "t"},
        {"horizon": 2, "horizon_unit": "values", "season": 12, "loss": "huber"},
        {"batch_keys": 2},
    ],
)
def test_beside_a_network_that_does_not_learn_a_key_is_forecast_as_if_it_were_alone(settings, mix_network):
    """Of keys that begin together nothing is lent. Without the network a learner without keys does the same."""
    table, still = seasons(400, 3), {**SMALL, **settings, "mix_network": mix_network, "lr": 0.0, "shrink": False}
    records = randomised(Learner("a", ["a", "b"], key="k", **still)).run(table)
    if not mix_network:
        still.pop("batch_keys", None)
    key = "k" if mix_network else None
    check_as_if_alone(records, table, lambda: randomised(Learner("a", ["a", "b"], key=key, **still)))


@pytest.mark.parametrize("settings", [{"intervals": [0.9], "emit_weights": True}, {"horizon": 3, "stride": 2}])
def test_with_weights_per_key_a_key_learns_and_is_forecast_as_if_it_were_alone(settings):
    table, settings = seasons(300, 3), {**SMALL, **settings}
    records = Learner("a", ["a", "b"], key="k", weights="per-key", **settings).run(table)
    check_as_if_alone(records, table, lambda: Learner("a", ["a", "b"], **settings))


def test_the_order_in_which_keys_take_turns_changes_no_bit_of_their_experts():
    table = seasons(300, 3)
    order = np.argsort(table["k"].to_numpy(), kind="stable")
    mixed, sorted_learner = (
        randomised(Learner("a", ["a", "b"], key="k", lr=0.0, shrink=False, **SMALL)) for _ in range(2)
    )
    mixed.run(table.slice(0, 60))  # all keys have begun before one of them is known well enough to lend from
    sorted_learner.run(table.slice(0, 60))
    mixed.run(table.slice(60))
    sorted_learner.run(table.take(order[order >= 60]))
    for key in range(3):
        lanes = [learner._intake.keys.states[key].lane for learner in (mixed, sorted_learner)]
        for field in EXPERT_FIELDS:
            if field.lane:
                first, second = (
                    named_view(learner._state, field.name, lane)
                    for learner, lane in zip((mixed, sorted_learner), lanes, strict=True)
                )
                np.testing.assert_array_equal(first, second, err_msg=field.name)


@pytest.mark.parametrize(("weights", "unit"), [("shared", "rows"), ("shared", "values"), ("per-key", "rows")])
def test_every_keys_mix_is_that_of_the_reference(weights, unit):
    settings = {"key": "k", "horizon": (1, 3), "horizon_unit": unit, "hidden": 4, "window": 4, "weights": weights}
    learner = DoubleLearner("a", ["a", "b"], experts=True, max_keys=3, **settings)
    network = DoubleLearner("a", ["a", "b"], max_keys=3, **settings)
    places = answers_of(learner.settings)
    sizes, fallback = (1, (1, 3), places.inputs, places.units, None), LAST if weights == "per-key" else NETWORK
    references = [ReferenceExperts(*sizes, by_value=unit == "values", fallback=fallback) for _ in range(3)]
    for number, row in enumerate(seasons(300, 3).select(["k", "a", "b"]).to_pylist()):
        learning = number % 7 > 0
        record, alone = learner.step(row, learn=learning), network.step(row, learn=learning)
        told = told_to(learner)
        told[0]["network"] = alone.forecast["a"][None]
        expected, forecasts = references[row["k"]].step(told, learning, False)
        size = 1000.0 ** row["k"]
        check_close([record.expected["a"]], expected, 1e-7, size, f"row {number}")
        check_close([record.forecast["a"]], forecasts, 1e-7, size, f"row {number}")


@pytest.mark.parametrize(
    "settings",
    [
        {"max_keys": 10, "horizon": 3, "intervals": [0.9], "emit_weights": True},
        {"max_keys": 3, "horizon": 2, "sequence": "s"},
        {"max_keys": 10, "weights": "per-key", "time": "t"},
        {"max_keys": 4, "batch_keys": 3, "alert": 0.9},
    ],
)
def test_rows_in_one_call_one_by_one_and_in_pieces_with_saving_between_give_the_same_bits(settings):
    taken_three_ways(lambda: Learner("a", ["a", "b"], key="k", **SMALL, **settings), table_of_keys(900, keys=5), 120)


def test_a_key_of_which_experts_know_nothing_yet_is_forecast_as_by_the_network_that_others_have_taught():
    table, settings = seasons(200, 3), {**SMALL, "key": "k", "max_keys": 4}
    mixed, network = (Learner("a", ["a", "b"], **{**settings, "experts": experts}) for experts in (True, False))
    for learner in (mixed, network):
        learner.run(table)
    new = of_key(table, 1).set_column(0, "k", pyarrow.array([3] * 200)).slice(0, 60)
    said, alone = mixed.run(new)["a_h1"].to_numpy(), network.run(new)["a_h1"].to_numpy()
    np.testing.assert_array_equal(said, alone)
    last = named_view(mixed._state, "expert_forecasts", mixed._intake.keys.states[3].lane)[LAST]
    assert not np.isin(said[-1], last)


def test_a_key_that_comes_back_after_it_gave_way_begins_anew():
    table = seasons(300, 2)
    first, second = of_key(table, 0), of_key(table, 1)
    still = {**SMALL, "key": "k", "max_keys": 1, "lr": 0.0, "shrink": False}
    learner = randomised(Learner("a", ["a", "b"], **still))
    for part in (first, second, first):
        records = learner.run(part)
        assert records["a_h1"].equals(randomised(Learner("a", ["a", "b"], **still)).run(part)["a_h1"])
    assert learner.metrics.evicted_keys == 2


def test_a_forecast_is_that_of_the_keys_own_experts_and_leaves_no_trace():
    learner = Learner("a", ["a", "b"], key="k", max_keys=2, **SMALL)
    learner.run(seasons(200, 2))
    for key in (1, 0, 2):
        row = {"a": 3.0, "b": 1.0, "k": key}
        before = learner.to_bytes()
        forecast = learner.predict(row)["a"]
        assert learner.to_bytes() == before
        np.testing.assert_array_equal(learner.step(row, learn=False).forecast["a"], forecast)


def test_a_boundary_of_one_keys_sequence_leaves_the_experts_of_others_alone():
    learner = Learner("a", key="k", sequence="s", **SMALL)
    for row in range(20):
        learner.step({"a": float(row), "k": row % 2, "s": 0})
    learner.step({"a": 1.0, "k": 0, "s": 1})
    assert [named_view(learner._state, "ticks", lane).tolist() for lane in (0, 1)] == [[1], [10]]


def test_errors_of_the_mix_are_counted_over_all_keys_also_those_that_are_gone():
    table = table_of_keys(600, keys=5)
    learner = Learner("a", ["a", "b"], key="k", max_keys=3, horizon=2, **SMALL)
    records = learner.run(table)
    errors = records["a"].to_numpy() - records["a_expected"].to_numpy()
    score = learner.metrics.scores[0]
    assert learner.metrics.evicted_keys > 0
    assert score.count == np.isfinite(errors).sum()
    assert score.mae == pytest.approx(np.nanmean(np.abs(errors)), rel=1e-9)
    assert score.rmse == pytest.approx(np.sqrt(np.nanmean(errors**2)), rel=1e-9)


def test_health_tells_whom_keys_believe_and_the_season_that_most_of_them_have():
    learner = Learner("a", ["a"], key="k", **SMALL)
    assert set(learner.health.believed.values()) == {0.0} and learner.health.seasons == {"a": 0}
    rows, walk = np.arange(600), stream(600, columns=1)[:, 0]
    wave = 5.0 * np.sin(2 * np.pi * rows / 24) + 0.1 * walk
    for key, values in enumerate((wave, 3.0 * wave, np.cumsum(walk))):
        learner.run(pyarrow.table({"a": values, "k": np.full(600, key)}))
    assert learner.health.seasons == {"a": 24}
    assert sum(learner.health.believed.values()) == pytest.approx(1.0)
    weights = [named_view(learner._state, "mix_weights", lane)[0] for lane in range(3)]
    assert list(learner.health.believed.values()) == pytest.approx(np.mean(weights, axis=0))


def test_memory_of_experts_is_known_before_the_first_row_and_no_key_adds_to_it():
    learner = Learner("a", key="k", max_keys=5, **SMALL)
    announced = learner.nbytes
    learner.run(table_of_keys(300, keys=9).select(["a", "k"]))
    assert learner.nbytes == announced == sum(array.nbytes for array in learner._state)
