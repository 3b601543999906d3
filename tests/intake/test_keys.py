"""Keys: each is a stream of its own, however its rows come, and memory stays what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import randomised, table_of_keys, taken_three_ways

from streamrnn import Learner
from streamrnn.checkpoints.file import CheckpointError
from streamrnn.intake.keys import Keys
from streamrnn.kernels.arrays.state import named_view
from streamrnn.settings import SettingsError

SMALL: dict[str, Any] = {"hidden": 4, "window": 4, "key": "k"}


# --- one key's rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize(
    "settings", [{"intervals": [0.5, 0.9]}, {"horizon": 3, "stride": 2}, {"horizon": 2, "horizon_unit": "values"}]
)
def test_with_weights_that_stay_each_key_is_as_if_it_were_alone(settings, learn):
    """At a rate of 0 statistics are learned; of keys with fewer than 60 rows nothing but trust is lent."""
    settings, table = {**settings, "shrink": False}, table_of_keys(250, keys=5)
    records = randomised(Learner("a", ["a", "b"], **SMALL, lr=0.0, **settings)).run(table, learn=learn)
    for key in set(table["k"].to_pylist()):
        mask = pyarrow.array([cell == key for cell in table["k"].to_pylist()])
        alone = randomised(Learner("a", ["a", "b"], **{**SMALL, "key": None}, experts=False, lr=0.0, **settings))
        expected = alone.run(table.filter(mask), learn=learn).drop_columns(["row"])
        assert records.filter(mask).drop_columns(["row", "k"]).equals(expected)


@pytest.mark.parametrize(
    "settings", [{"intervals": [0.5]}, {"sequence": "s"}, {"sequence": "s", "time": "t", "time_features": True}]
)
@pytest.mark.parametrize("most", [1, 3, 10])
def test_rows_in_one_call_one_by_one_and_in_pieces_with_saving_between_give_the_same_bits(most, settings):
    def new() -> Learner:
        return Learner("a", ["a", "b"], **SMALL, max_keys=most, horizon=2, stride=3, **settings)

    table = table_of_keys(300)
    taken_three_ways(new, table)


def test_a_sequence_that_begins_is_one_keys_own():
    learner = Learner("a", **SMALL, sequence="s")
    for value in (1.0, 2.0):
        for key in "xy":
            learner.step({"a": value, "k": key, "s": 1})
    assert learner.step({"a": 3.0, "k": "x", "s": 2}).to_dict()["a_expected"] is None
    assert learner.step({"a": 3.0, "k": "y", "s": 1}).to_dict()["a_expected"] is not None


def test_a_sequence_can_be_begun_for_all_keys():
    learner = Learner("a", **SMALL)
    for key in "xyxy":
        learner.step({"a": 1.0, "k": key})
    learner.begin_sequence()
    expected = [learner.step({"a": 1.0, "k": key}).expected["a"] for key in "xyxy"]
    assert np.isnan(expected).tolist() == [True, True, False, False]


def test_time_since_the_last_row_is_since_the_last_one_of_the_key():
    learner = Learner("a", **SMALL, time="t", time_features=True)
    for time, key in ((0, "x"), (50, "y"), (60, "x"), (110, "y")):
        learner.step({"a": float(time), "t": float(time), "k": key})
    assert [state.time for state in learner._intake.keys.states.values()] == [60 * 10**9, 110 * 10**9]


def test_a_null_an_absent_key_and_a_missing_number_are_one_key():
    learner = Learner("a", **SMALL)
    for row in ({"a": 1.0}, {"a": 1.0, "k": None}, {"a": 1.0, "k": float("nan")}):
        learner.step(row)
    assert learner.metrics.keys == 1


@pytest.mark.parametrize(
    "keys",
    [
        pyarrow.array([1, 2, 1], pyarrow.int32()), pyarrow.array([0.5, None, 0.5]), pyarrow.array([True, False, None]),
        pyarrow.array(["é", "", None]), pyarrow.array(["é", "", None], pyarrow.string_view()),
        pyarrow.array(["x", "y", "x"]).dictionary_encode(),
        pyarrow.array([1, 2, 3], pyarrow.timestamp("s")),
    ],
)  # fmt: skip
def test_the_record_has_the_key_as_it_came(keys):
    records = Learner("a", **SMALL).run(pyarrow.table({"a": [1.0, 2.0, 3.0], "k": keys}))
    assert records.schema.names[:3] == ["row", "k", "a"]
    assert records["k"].combine_chunks().equals(keys)
    learner = Learner("a", **SMALL)
    row = {"a": 1.0, "k": keys[0].as_py()}
    assert learner.step(row).key == row["k"]


def test_many_keys_that_begin_at_once_are_never_forecast_worse_than_by_their_last_values():
    """All that the network has seen is younger than what it forecasts next, so it must not be believed yet."""
    keys, rows = 4000, 12
    values = np.random.default_rng(0).standard_normal((rows, keys))
    table = pyarrow.table({"a": values.ravel(), "k": np.tile(np.arange(keys), rows)})
    records = Learner("a", key="k", max_keys=keys).run(table)
    errors = values - records["a_expected"].to_numpy().reshape(rows, keys)
    ours, last = np.mean(errors[1:] ** 2, axis=1), np.mean(np.diff(values, axis=0) ** 2, axis=1)
    assert (ours < 1.02 * last).all()
    assert ours[-1] < 0.75 * last[-1]


# --- weights of each key's own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"intervals": [0.5, 0.9]},
        {"horizon": 3, "stride": 2, "cell": "lstm"},
        {"drift": "rate", "lr": 0.5, "optimizer": "sgd"},
    ],
)
def test_with_weights_per_key_each_key_learns_as_if_it_were_alone(settings):
    """Of keys with fewer than 60 rows nothing is lent."""
    table = table_of_keys(250, keys=5)
    learner = Learner("a", ["a", "b"], **SMALL, weights="per-key", max_keys=8, **settings)
    records, updates = learner.run(table), 0
    for key in set(table["k"].to_pylist()):
        mask = pyarrow.array([cell == key for cell in table["k"].to_pylist()])
        alone = Learner("a", ["a", "b"], **{**SMALL, "key": None}, experts=False, **settings)
        expected = alone.run(table.filter(mask)).drop_columns(["row"])
        assert records.filter(mask).drop_columns(["row", "k"]).equals(expected)
        updates += alone.metrics.updates
    assert learner.metrics.updates == updates > 0
    assert not records.equals(Learner("a", ["a", "b"], **SMALL, max_keys=8, **settings).run(table))


@pytest.mark.parametrize("settings", [{}, {"intervals": [0.5], "sequence": "s", "horizon": 2, "stride": 3}])
@pytest.mark.parametrize("most", [3, 10])
def test_with_weights_per_key_a_run_that_goes_on_is_that_of_an_uninterrupted_one(most, settings):
    def new() -> Learner:
        return Learner("a", ["a", "b"], **SMALL, weights="per-key", max_keys=most, **settings)

    table = table_of_keys(300)
    whole, cut = taken_three_ways(new, table)
    assert cut.metrics.updates == whole.metrics.updates > 0


def test_with_weights_per_key_a_network_that_goes_back_leaves_the_others_alone():
    table = table_of_keys(600, keys=2)
    learner, calm = (Learner("a", **SMALL, weights="per-key", max_keys=2) for _ in range(2))
    for each in (learner, calm):
        each.run(table.slice(0, 300))
    lane = learner._intake.keys.states["pump 1"].lane
    named_view(learner._state, "weights", lane)[:] = 1e30
    mask = pyarrow.array([key is None for key in table["k"].to_pylist()[300:]])
    records, expected = (each.run(table.slice(300)) for each in (learner, calm))
    assert learner.metrics.diverged > 0
    assert records.filter(mask).equals(expected.filter(mask))
    assert not records.equals(expected)


def test_with_weights_per_key_a_new_key_begins_with_the_first_weights_and_a_forecast_leaves_no_trace():
    learner = randomised(Learner("a", **SMALL, weights="per-key", max_keys=2))
    first = {name: weight.copy() for name, weight in learner.parameters.items()}
    for row in range(200):
        learner.step({"a": float(row % 7), "k": "xy"[row % 2]})
    before = learner.to_bytes()
    forecast = learner.predict({"a": 3.0, "k": "z"})
    assert learner.to_bytes() == before
    assert learner.step({"a": 3.0, "k": "z"}, learn=False).forecast["a"] == forecast["a"]
    for name, weight in learner.parameters.items():
        np.testing.assert_array_equal(weight, first[name])


def test_updates_of_keys_that_are_gone_stay_counted():
    learner = Learner("a", **SMALL, weights="per-key", max_keys=1)
    for row in range(20):
        learner.step({"a": float(row % 7), "k": "x"})
    updates = learner.metrics.updates
    learner.step({"a": 1.0, "k": "y"})
    assert learner.metrics.updates == updates > 0
    assert learner.health.rate != learner.health.rate  # no key that is there has learned


@pytest.mark.parametrize("late", [False, True])
def test_categories_with_weights_per_key_go_on_as_if_never_interrupted(late):
    delay = {"horizon": 0, "max_delay": 3, "features": "a"} if late else {"features": ["a", "c"]}
    settings = {
        **SMALL,
        **delay,
        "weights": "per-key",
        "max_keys": 4,
        "max_categories": 5,
        "count_order": 2,
        "categorical": "c",
    }
    rows = [{"a": float(row % 5), "c": "uvwxy"[row % 5], "k": row % 3} for row in range(120)]

    def take(learner: Learner, first: int, last: int) -> list[float]:
        losses = []
        for number in range(first, last):
            row = rows[number]
            losses.append(learner.step({**row, "c": None} if late else row).loss)
            if late and number > 2:
                losses.append(learner.reveal(number - 2, {"c": rows[number - 2]["c"]}))
        return losses

    whole = Learner("c", **settings, temperature="auto")
    cut = Learner("c", **settings, temperature="auto")
    expected, found = take(whole, 0, 120), take(cut, 0, 50)
    cut = Learner.from_bytes(cut.to_bytes())
    found += take(cut, 50, 120)
    np.testing.assert_array_equal(found, expected)
    assert cut.to_bytes() == whole.to_bytes()
    assert np.nanmean(expected[-30:]) < 0.5 * np.nanmean(expected[:60])


def test_memory_of_weights_per_key_is_known_and_counts_every_key():
    shared, own = (Learner("a", **SMALL, max_keys=50, weights=weights) for weights in ("shared", "per-key"))
    assert own.nbytes == sum(array.nbytes for array in own._state)
    parameters = 4 * named_view(own._state, "weights").size
    assert own.nbytes - shared.nbytes > 50 * 5 * parameters  # two moments and two good copies beside the weights


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"key": None}, "weights = per-key needs key: name the column that tells streams apart"),
        (
            {"batch_keys": 2},
            "batch_keys needs weights = shared: keys with networks of their own have no update in common",
        ),
        (
            {"evict_categories": True},
            "evict_categories needs weights = shared: a category cannot be forgotten by every key's network",
        ),
        ({"weights": "mine"}, "weights must be one of shared, per-key, not 'mine'"),
    ],
)
def test_what_weights_per_key_cannot_do_is_refused(settings, message):
    with pytest.raises(SettingsError) as raised:
        Learner("a", **{**SMALL, "weights": "per-key", **settings})
    assert str(raised.value) == message


# --- keys that come and go --------------------------------------------------------------------------------------------


def test_the_key_least_recently_seen_gives_way_and_it_is_told_and_counted():
    learner = Learner("a", **SMALL, max_keys=2)
    records = learner.run(pyarrow.table({"a": np.arange(6.0), "k": list("xyxzxy")}))
    assert records["event"].to_pylist() == [None, None, None, "evicted", None, "evicted"]
    assert learner.metrics.evicted_keys == 2 and learner.metrics.keys == 2
    assert list(learner._intake.keys.states) == ["x", "y"]


def test_a_key_that_comes_back_is_a_new_one():
    learner = Learner("a", **SMALL, max_keys=1)
    for key in "xyx":
        record = learner.step({"a": 1.0, "k": key})
    assert np.isnan(record.expected["a"])


@pytest.mark.parametrize("stride", [1, 5])
def test_what_keys_that_are_gone_have_counted_stays_counted(stride):
    table = table_of_keys(300)
    few, many = (Learner("a", ["a", "b"], **SMALL, max_keys=most, stride=stride) for most in (3, 10))
    few.run(table)
    many.run(table)
    assert few.metrics.steps == many.metrics.steps == 300
    assert few.metrics.nulls == many.metrics.nulls
    assert 0 < few.metrics.scores[0].count < many.metrics.scores[0].count


def test_what_a_key_had_still_to_learn_is_learned_before_it_is_gone():
    learner = Learner("y", "x", **SMALL, max_keys=1, horizon=0, stride=1000)
    for row in range(30):
        learner.step({"x": float(row % 3), "y": float(row % 5), "k": "first"})
    assert learner.metrics.updates == 0
    learner.step({"x": 1.0, "y": 1.0, "k": "second"})
    assert learner.metrics.updates == 1


def test_memory_is_known_from_the_settings_and_no_key_adds_to_it():
    learner = Learner("a", **SMALL, max_keys=5)
    arrays = [array.ctypes.data for array in learner._state]
    announced = learner.nbytes
    for row in range(100):
        learner.step({"a": float(row), "k": row})
    assert learner.nbytes == announced == sum(array.nbytes for array in learner._state)
    assert [array.ctypes.data for array in learner._state] == arrays
    assert len(learner._intake.keys.states) == 5


def test_more_keys_than_the_machine_has_memory_for_are_refused_before_any_is_taken(monkeypatch):
    needed, sizes = Learner("a", **SMALL, max_keys=5).nbytes, {"SC_PAGE_SIZE": 1}
    monkeypatch.setattr("streamrnn.engine.os.sysconf", lambda name: sizes[name])
    sizes["SC_PHYS_PAGES"] = needed
    assert Learner("a", **SMALL, max_keys=5).nbytes == needed
    monkeypatch.setattr("streamrnn.engine.new_arrays", None)
    sizes["SC_PHYS_PAGES"] = needed - 1
    with pytest.raises(
        MemoryError, match=f"^{needed:,} bytes are needed, and the machine has {needed - 1:,}; fewer keys"
    ):
        Learner("a", **SMALL, max_keys=5)


def test_a_forecast_of_a_key_never_seen_leaves_no_trace():
    learner = Learner("a", **SMALL, max_keys=2)
    for row in range(200):
        learner.step({"a": float(row % 7), "k": "xy"[row % 2]})
    before = learner.to_bytes()
    forecast = learner.predict({"a": 3.0, "k": "z"})
    assert learner.to_bytes() == before
    np.testing.assert_array_equal(learner.step({"a": 3.0, "k": "z"}, learn=False).forecast["a"], forecast["a"])


def test_a_forecast_is_that_of_the_rows_own_key():
    learner = randomised(Learner("a", **SMALL))
    for row in range(200):
        learner.step({"a": float(row % 7) * (1 + row % 2), "k": "xy"[row % 2]})
    for key in "yx":
        before = learner.to_bytes()
        forecast = learner.predict({"a": 3.0, "k": key})
        assert learner.to_bytes() == before
        np.testing.assert_array_equal(learner.step({"a": 3.0, "k": key}, learn=False).forecast["a"], forecast["a"])


def test_equal_learners_give_equal_bytes_whatever_lanes_their_keys_have():
    one = Learner("a", **SMALL, max_keys=3)
    for key in "pqrp":
        one.step({"a": 1.0, "k": key})
    other = Learner.from_bytes(one.to_bytes())
    assert one._intake.keys.lanes != other._intake.keys.lanes
    for learner in (one, other):
        learner.run(pyarrow.table({"a": [1.0, 2.0, 3.0], "k": list("rps")}))
    assert one.to_bytes() == other.to_bytes()


# --- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": "k"}, "column 'k' cannot be key and feature or target"),
        ({"sequence": "k"}, "column 'k' cannot be both key and sequence"),
        ({"time": "k"}, "column 'k' cannot be both time and key"),
        ({"max_keys": 0}, "max_keys must be from 1 to 1000000, not 0"),
    ],
)
def test_a_key_that_cannot_be_is_refused(settings, message):
    with pytest.raises(SettingsError) as raised:
        Learner("a", **SMALL, **settings)
    assert message in str(raised.value)


def test_a_checkpoint_of_more_keys_than_there_can_be_is_refused():
    learner = Learner("a", **SMALL, max_keys=2)
    learner.step({"a": 1.0, "k": "x"})
    for wrong in ([["x", None, False, None]], [["x", None, False, None, 1]], [["x", None, False, 2**70, True]]):
        with pytest.raises(CheckpointError):
            Learner.from_bytes(forged(learner, wrong))
    whole = learner._intake.keys.to_list()
    with pytest.raises(CheckpointError, match="2 keys"):
        Learner.from_bytes(forged(learner, whole * 2))
    assert Learner.from_bytes(forged(learner, whole)).metrics.keys == 1


def forged(learner: Learner, keys: Any) -> bytes:
    """Its checkpoint with other keys, whole and with the right checksum."""
    from streamrnn.checkpoints.file import decode, encode

    description, tensors = decode(learner.to_bytes())
    return encode({**description, "keys": keys}, tensors)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("most", [1, 2, 5, 100])
def test_rows_at_once_get_the_lanes_that_they_get_one_by_one(most, seed):
    from streamrnn.rows.tables import cells_of

    random = np.random.default_rng(seed)
    rows = [None if key == 0 else f"k{key}" for key in random.integers(1 + seed, size=60)]
    one, many = Keys(most), Keys(most)
    expected = []
    for key in rows:
        state, begins = one.look(key)
        one.take(key, state)
        state.take(None, 0)
        expected.append((state.lane, begins))
    found = []
    for piece in (rows[:10], rows[10:11], rows[11:]):
        arrivals = many.take_rows(cells_of(pyarrow.array(piece, pyarrow.string())), cells_of(None), len(piece))
        arrivals.times_before(np.zeros(len(piece), np.int64))
        arrivals.take()
        found += list(zip(arrivals.lanes.tolist(), arrivals.begins.tolist(), strict=True))
    assert found == expected
    assert many.to_list() == one.to_list()
