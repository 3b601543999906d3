"""Shards: records are those of learners with keys of their own, however threads take turns and tables are cut."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import table_of_keys, taken_three_ways

from streamrnn import CheckpointError, Learner, SettingsError, ShardedLearner, engine
from streamrnn.checkpoints.file import decode, encode
from streamrnn.shards import sharded, side_by_side
from streamrnn.shards.shares import shard_of_key

SMALL: dict[str, Any] = {"hidden": 4, "window": 4, "key": "k"}
KEY_OF_SHARD_1 = next(key for key in map(str, range(100)) if shard_of_key(key, 2) == 1)


def new(shards: int = 2, **settings: Any) -> ShardedLearner:
    return ShardedLearner("a", ["a", "b"], shards=shards, **SMALL, **settings)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of some thirty rows."""
    monkeypatch.setattr(engine, "WORK_PER_SLICE", 30_000)
    monkeypatch.setattr(sharded, "SLICES", 1)


def of_shard(table: pyarrow.Table, shard: int, shards: int) -> pyarrow.Table:
    return table.filter(pyarrow.array([shard_of_key(key, shards) == shard for key in table["k"].to_pylist()]))


# --- as learners of their own -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shards", [1, 2, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {"intervals": [0.5], "alert": 0.9},
        {"horizon": 3, "stride": 2, "sequence": "s"},
        {"time": "t", "time_features": True},
        {"batch_keys": 3},
        {"weights": "per-key"},
        {"experts": True, "horizon": 2, "intervals": [0.5]},
    ],
)
def test_records_are_those_of_learners_that_are_fed_their_own_keys_alone(shards, settings):
    table = table_of_keys(300)
    learner = new(shards, max_keys=12, **settings)
    records = learner.run(table)
    assert records["row"].to_pylist() == list(range(300))
    assert records["k"].equals(table["k"])
    for shard in range(shards):
        alone = Learner("a", ["a", "b"], **SMALL, max_keys=12 // shards, **settings)
        expected = alone.run(of_shard(table, shard, shards))
        assert of_shard(records, shard, shards).drop_columns(["row"]).equals(expected.drop_columns(["row"]))
        for name, weights in alone.parameters.items():
            np.testing.assert_array_equal(learner.shards[shard].parameters[name], weights)


@pytest.mark.parametrize("settings", [{"max_keys": 4}, {"sequence": "s", "horizon": 2}])
def test_rows_in_one_call_one_by_one_and_in_pieces_with_saving_between_give_the_same_bits(settings, small_blocks):
    table = table_of_keys(300)
    taken_three_ways(lambda: new(**settings), table)


def test_records_are_the_same_every_time():
    table = table_of_keys(2000, keys=40)
    learners = [new(4) for _ in range(5)]
    records = [learner.run(table) for learner in learners]
    assert all(found.equals(records[0]) for found in records)
    assert len({learner.to_bytes() for learner in learners}) == 1


def test_refused_rows_have_numbers_and_are_no_rows_of_a_shard():
    table, learner = table_of_keys(40), new()
    records = learner.run(table, refused=[0, 3, 3, 40])
    assert records["row"].to_pylist() == [row + 1 + 2 * (row >= 3) for row in range(40)]
    learner.refuse(2)
    assert (learner.rows, learner.refused_rows) == (46, 6)
    assert learner.step({"k": "pump 1", "a": 1.0, "b": 1.0}).row == 46
    whole = new().run(table)
    assert records.drop_columns(["row"]).equals(whole.drop_columns(["row"]))


def test_predict_leaves_no_trace_and_gives_the_forecasts_of_step():
    learner = new()
    learner.run(table_of_keys(60))
    before = learner.to_bytes()
    row = {"k": "pump 3", "a": 0.5, "b": 0.25}
    forecast = learner.predict(row)
    assert learner.to_bytes() == before
    np.testing.assert_array_equal(forecast["a"], learner.step(row, learn=False).forecast["a"])


def test_a_sequence_begins_in_every_shard():
    table, learner, expected = table_of_keys(80), new(horizon=2), new(horizon=2, sequence="s")
    cut = table.set_column(3, "s", pyarrow.array(np.arange(80) >= 50))
    first = learner.run(cut.slice(0, 50))
    learner.begin_sequence()
    records = pyarrow.concat_tables([first, learner.run(cut.slice(50))])
    assert records.equals(expected.run(cut).drop_columns(["s"]))


def test_an_empty_table_has_no_records():
    learner = new()
    records = learner.run(table_of_keys(5).slice(0, 0))
    assert (records.num_rows, records.schema) == (0, new().run(table_of_keys(5)).schema)
    assert learner.rows == 0


def test_the_first_time_of_all_tells_every_shard_how_times_are_written():
    keys = ["1", KEY_OF_SHARD_1]
    assert shard_of_key("1", 2) == 0
    table = pyarrow.table({"k": keys, "a": [1.0] * 2, "b": [1.0] * 2, "t": [1_700_000_000_000, 1000]})
    at_once, one_by_one = new(time="t", time_features=True), new(time="t", time_features=True)
    at_once.run(table)
    for row in table.to_pylist():
        one_by_one = ShardedLearner.from_bytes(one_by_one.to_bytes())
        one_by_one.step(row)
    assert at_once.to_bytes() == one_by_one.to_bytes()
    assert [shard["time"]["unit"] for shard in decode(at_once.to_bytes())[0]["shards"]] == ["ms", "ms"]


# --- categories and late labels ---------------------------------------------------------------------------------------


def test_the_first_row_of_all_decides_which_columns_are_categorical():
    keys = ["north", "east", "north", "west", "south"]
    assert len({shard_of_key(key, 2) for key in keys}) == 2
    rows = [{"k": key, "a": text} for key, text in zip(keys, ["on", None, "off", "on", "on"], strict=True)]
    one_by_one, at_once = (ShardedLearner("a", shards=2, **SMALL) for _ in range(2))
    records = [one_by_one.step(row).to_dict() for row in rows]
    assert at_once.run(pyarrow.Table.from_pylist(rows)).to_pylist() == records
    assert one_by_one.settings.categorical == ("a",)
    assert one_by_one.to_bytes() == at_once.to_bytes()


def test_late_labels_find_the_shard_of_their_row():
    settings = {"horizon": 0, "max_delay": 8, "categorical": ["y"]}
    learner = ShardedLearner("y", ["a"], shards=3, **SMALL, **settings)
    keys = ["north", "east", "south", "west"]
    for number in range(12):
        learner.step({"k": keys[number % 4], "a": float(number)})
    for row in range(8, 12):
        assert not np.isnan(learner.reveal(row, {"y": "up"}))
        assert np.isnan(learner.reveal(row, {"y": "up"}))  # it has its label
    assert learner.metrics.late_labels == 4
    with pytest.raises(LookupError, match="row 99 is not among the 9 rows"):
        learner.reveal(99, {"y": "up"})


def test_labels_that_name_no_row_are_told_in_their_order():
    settings = {"horizon": 0, "max_delay": 3, "label_id": "id", "categorical": ["y"]}
    rows: list[dict[str, Any]] = [{"k": f"k{n % 5}", "id": f"r{n}", "a": 1.0, "y": None} for n in range(10)]
    rows += [{"k": f"k{n % 5}", "id": f"x{n}", "a": None, "y": "up"} for n in range(10)]
    at_once, one_by_one = (ShardedLearner("y", ["a"], shards=2, **SMALL, **settings) for _ in range(2))
    assert at_once.run(pyarrow.Table.from_pylist(rows)).num_rows == 10
    for row in rows:
        one_by_one.step(row)
    assert [label.name for label in at_once.lost_labels] == [f"x{n}" for n in range(10)]
    assert at_once.lost_labels == one_by_one.lost_labels
    assert at_once.to_bytes() == one_by_one.to_bytes()


# --- what it knows ----------------------------------------------------------------------------------------------------


def test_health_tells_whom_the_keys_of_all_shards_believe():
    learner = new(3, experts=True)
    assert set(learner.health.believed.values()) == {0.0} and learner.health.seasons == {"a": 0}
    wave = np.sin(np.arange(400) * (2 * np.pi / 24)) + 0.1 * np.random.default_rng(0).standard_normal(400)
    for key in range(5):
        learner.run(pyarrow.table({"k": [f"pump {key}"] * 400, "a": wave, "b": wave}))
    keys = [shard.metrics.keys for shard in learner.shards]
    each = [list(shard.health.believed.values()) for shard in learner.shards]
    assert sum(keys) == 5 and len(set(keys)) > 1
    assert list(learner.health.believed.values()) == pytest.approx(np.average(each, axis=0, weights=keys))
    assert learner.health.seasons == {"a": 24}


def test_metrics_are_those_of_all_rows():
    table, learner = table_of_keys(400), new(3, horizon=2)
    records = learner.run(table)
    metrics = learner.metrics
    assert (metrics.rows, metrics.refused_rows, metrics.steps, metrics.keys) == (400, 0, 400, 7)
    errors = (records["a"].to_numpy() - records["a_expected"].to_numpy()).astype(float)
    errors = errors[~np.isnan(errors)]
    score = metrics.scores[0]
    assert score.count == len(errors)
    assert score.mae == pytest.approx(np.abs(errors).mean())
    assert score.rmse == pytest.approx(np.sqrt((errors**2).mean()))
    assert metrics.nulls == {name: table[name].to_pandas().isna().sum() for name in ("a", "b")}


def test_scores_of_categories_are_those_of_all_forecasts():
    table = table_of_keys(200)
    names = pyarrow.array([["low", "high"][number % 7 > 3] for number in range(200)])
    learner = ShardedLearner("a", shards=2, **SMALL)
    records = learner.run(table.set_column(1, "a", names))
    (score,) = learner.metrics.class_scores
    expected = [row for row in records.to_pylist() if row["a_expected"] is not None]
    assert score.count == len(expected)
    assert score.accuracy == pytest.approx(np.mean([row["a"] == row["a_expected"] for row in expected]))
    assert score.recent_accuracy == pytest.approx(score.accuracy)


def test_memory_is_that_of_the_shards_and_their_keys_are_shared_out():
    learner = new(3, max_keys=100)
    assert [shard.settings.max_keys for shard in learner.shards] == [34] * 3
    assert learner.settings.max_keys == 100
    assert learner.nbytes == 3 * Learner("a", ["a", "b"], **SMALL, max_keys=34).nbytes


# --- when something is wrong ------------------------------------------------------------------------------------------


def test_what_cannot_be_used_is_told():
    with pytest.raises(SettingsError, match=r"^shards share out keys: name the column that tells them with key$"):
        ShardedLearner("a", shards=2)
    with pytest.raises(SettingsError, match=r"^shards must be from 1 to 1024, not 0$"):
        new(0)
    with pytest.raises(SettingsError, match=r"there is no setting 'hiden'; did you mean 'hidden'?"):
        new(hiden=3)
    learner = new()
    with pytest.raises(SettingsError, match=r"^an array has no key; use a table$"):
        learner.run(np.ones((2, 2)))
    with pytest.raises(SettingsError, match=r"^the table has no column 'k'; it has 'a', 'b'$"):
        learner.run(table_of_keys(4).select(["a", "b"]))
    with pytest.raises(TypeError, match=r"^row 0, column 'a': b'x' is text, not a number"):
        learner.step({"k": 1, "a": b"x", "b": 1.0})


def test_no_shard_takes_a_row_of_a_table_whose_first_time_cannot_be_read():
    learner = new(time="t", time_format="iso", time_features=True)
    before = learner.to_bytes()
    with pytest.raises(SettingsError, match="soon"):
        learner.run(table_of_keys(40).set_column(4, "t", pyarrow.array(["soon"] * 40)))
    assert learner.to_bytes() == before


def test_a_shards_error_reaches_the_caller_and_the_others_have_taken_their_rows(monkeypatch):
    table, learner = table_of_keys(200), new()
    learner.run(table.slice(0, 100))

    def fails(*_: Any) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(learner.shards[1]._intake, "call", fails)
    with pytest.raises(MemoryError, match=r"^no room$"):
        learner.run(table.slice(100))
    taken = of_shard(table, 0, 2).num_rows
    assert learner.shards[0].metrics.steps == taken
    assert learner.metrics.steps == taken + of_shard(table.slice(0, 100), 1, 2).num_rows
    assert learner.rows == learner.refused_rows + learner.metrics.steps
    monkeypatch.undo()
    assert learner.run(table.slice(0, 1))["row"].to_pylist() == [ShardedLearner.from_bytes(learner.to_bytes()).rows - 1]


def test_ctrl_c_is_heard_when_all_shards_have_taken_the_block(monkeypatch, small_blocks):
    table, whole, learner = table_of_keys(300), new(), new()
    records = whole.run(table)
    wait, waits = side_by_side.wait, []

    def interrupted(calls: Any) -> Any:
        waits.append(learner.rows)
        if len(waits) == 3:
            raise KeyboardInterrupt
        return wait(calls)

    monkeypatch.setattr(side_by_side, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learner.run(table)
    monkeypatch.undo()
    assert 0 < learner.rows < 300
    assert learner.refused_rows == 0
    taken = learner.rows
    assert learner.run(table.slice(taken)).combine_chunks().equals(records.slice(taken).combine_chunks())
    assert learner.to_bytes() == whole.to_bytes()


def test_ctrl_c_before_all_threads_stand_ready_lets_no_shard_begin(monkeypatch):
    learner = new()
    learner.run(table_of_keys(50))
    before, submit, submitted = learner.to_bytes(), ThreadPoolExecutor.submit, []

    def interrupted(*arguments: Any) -> Any:
        submitted.append(arguments)
        if len(submitted) == 2:
            raise KeyboardInterrupt
        return submit(*arguments)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learner.run(table_of_keys(50))
    assert learner.to_bytes() == before


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_one_safetensors_file_and_may_be_pickled(tmp_path):
    from safetensors.numpy import load_file

    learner = new()
    learner.run(table_of_keys(100))
    learner.save(tmp_path / "fleet.safetensors")
    tensors = load_file(tmp_path / "fleet.safetensors")
    for number, shard in enumerate(learner.shards):
        for name, weights in shard.parameters.items():
            np.testing.assert_array_equal(tensors[f"shard{number}.{name}"], weights)
    again = ShardedLearner.load(tmp_path / "fleet.safetensors", lr=0.5)
    assert [shard.settings.lr for shard in (again, *again.shards)] == [0.5] * 3
    assert pickle.loads(pickle.dumps(learner)).to_bytes() == learner.to_bytes()


def test_each_kind_of_file_names_the_class_that_reads_it():
    whole = r"^pump holds the shards of a ShardedLearner: load it with ShardedLearner.load$"
    with pytest.raises(CheckpointError, match=whole):
        Learner.from_bytes(new().to_bytes(), "pump")
    with pytest.raises(CheckpointError, match=r"^pump holds no shards: load it with Learner.load$"):
        ShardedLearner.from_bytes(Learner("a", hidden=2).to_bytes(), "pump")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda saved, _: saved.update(shards=[]), "holds no shards"),
        (lambda saved, _: saved["shards"].pop(), "which belongs to none of its 1 shards"),
        (
            lambda saved, _: saved["shards"][0]["keys"][0].__setitem__(0, KEY_OF_SHARD_1),
            "has a key in shard 0 which is another's",
        ),
        (lambda saved, _: saved["settings"].update(max_keys=7), "has shards that do not share out 7 keys"),
        (lambda saved, _: saved.pop("settings"), "does not say its settings as a learner does: None"),
        (lambda saved, _: saved.update(session=[]), r"does not say its session as a learner does: \[\]"),
        (lambda saved, _: saved["shards"][1]["settings"].update(lr=9.0), "has shards that do not share out"),
        (lambda saved, _: saved["shards"][1].pop("keys"), "does not say its keys as a learner does"),
        (lambda _, tensors: tensors.pop("shard1.mean"), r"does not hold the arrays of its settings: \['mean'\]"),
    ],
)
def test_a_file_that_no_sharded_learner_wrote_is_refused(change, message):
    learner = new()
    learner.run(table_of_keys(100, keys=8))
    description, tensors = decode(learner.to_bytes())
    description = json.loads(json.dumps(description))
    change(description, tensors)
    with pytest.raises(CheckpointError, match=message):
        ShardedLearner.from_bytes(encode(description, tensors))
