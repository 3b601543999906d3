"""What a learner promises: the same bits however its rows are cut, no peeking, bounded memory, clear refusals."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import tracemalloc
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import COLUMNS, LEARNED, STATISTICS, DoubleLearner, assert_unchanged, copies, mappings, randomised, stream

from streamrnn import Learner, SettingsError, engine
from streamrnn.kernels.learn import learn_rows
from streamrnn.model.blocks import parameter_views
from streamrnn.model.kind import kind_of

SMALL: dict[str, Any] = {"hidden": 6, "window": 8, "lr": 1e-2}
VARIED: list[dict[str, Any]] = [
    {"horizon": 3, "stride": 1, "cell": "lstm"},
    {"horizon": (2, 5), "stride": 3, "cell": "gru", "layers": 2, "optimizer": "adamw", "loss": "quantile"},
    {"horizon": 2, "horizon_unit": "values", "cell": "elman", "optimizer": "rmsprop", "loss": "huber"},
]


def table_of(values: np.ndarray, **more: Any) -> pyarrow.Table:
    """Columns a, b, ... (NaN as null), and others as they are."""
    columns = {name: pyarrow.array(column, from_pandas=True) for name, column in zip(COLUMNS, values.T, strict=True)}
    return pyarrow.table(columns | more)


def long_stream(rows: int = 400) -> pyarrow.Table:
    values = stream(rows, nulls=0.1)
    values[rows // 2 :, 0] += 1e4  # a level shift
    return table_of(values, s=[f"part {number // 90}" for number in range(rows)])


def skill(truth: np.ndarray, forecast: np.ndarray) -> float:
    """1 - MAE / MAE of the mean of all values before: shuffling cannot make that a poor yardstick."""
    mean = np.cumsum(truth)[:-1] / np.arange(1, len(truth))
    half = len(truth) // 2
    return float(1 - np.abs(truth - forecast)[half:].mean() / np.abs(truth[1:] - mean)[half - 1 :].mean())


# --- the same bits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", VARIED)
def test_one_call_and_many_calls_give_the_same_bits_also_with_saving_between(settings):
    table = long_stream()
    whole = Learner(["a", "b"], COLUMNS, sequence="s", **SMALL, **settings)
    expected = whole.run(table)
    random = np.random.default_rng(3)
    for _ in range(3):
        learner = Learner(["a", "b"], COLUMNS, sequence="s", **SMALL, **settings)
        cuts = [0, *sorted(random.integers(0, len(table) + 1, 12).tolist()), len(table)]
        parts = []
        for start, stop in pairwise(cuts):
            parts.append(learner.run(table.slice(start, stop - start)))
            if random.random() < 0.5:
                learner = Learner.from_bytes(learner.to_bytes())
        assert pyarrow.concat_tables(parts).equals(expected)
        assert learner.to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("settings", VARIED)
def test_run_is_step_row_by_row(settings):
    table = long_stream(250)
    by_table, by_row = (Learner(["a", "b"], COLUMNS, sequence="s", **SMALL, **settings) for _ in range(2))
    records = [by_row.step(row).to_dict() for row in table.to_pylist()]
    assert by_table.run(table).to_pylist() == records
    assert by_row.to_bytes() == by_table.to_bytes()
    assert {"level-shift"} <= {record["event"] for record in records}


def test_slicing_the_work_so_that_ctrl_c_is_heard_changes_no_bit(monkeypatch):
    expected = Learner("a", COLUMNS, **SMALL).run(stream(100))
    monkeypatch.setattr(engine, "WORK_PER_SLICE", 1)
    assert Learner("a", COLUMNS, **SMALL).run(stream(100)).equals(expected)


def test_a_row_is_a_mapping_or_numbers_in_the_order_of_the_columns():
    learners = [Learner("a", ["b", "c"], **SMALL) for _ in range(4)]
    assert learners[0].columns == ("b", "c", "a")
    for row in stream(30, nulls=0.2):
        given = [float(value) for value in row]
        mapping = dict(zip(learners[0].columns, given, strict=True))
        present = {name: value for name, value in mapping.items() if value == value}
        nones = {name: present.get(name) for name in mapping}
        rows = (row, given, {**present, "other": "not mine"}, nones)
        records = [learner.step(one).to_dict() for learner, one in zip(learners, rows, strict=True)]
        assert all(record == records[0] for record in records)


@pytest.mark.parametrize("keep", [copy.deepcopy, lambda learner: pickle.loads(pickle.dumps(learner))])
def test_copies_and_pickles_go_on_bit_for_bit(keep):
    learner = Learner("a", COLUMNS, **SMALL)
    learner.run(stream(50))
    learner.session["note"] = {"offset": 3}
    other = keep(learner)
    assert type(other) is Learner and other.session == {"note": {"offset": 3}}
    assert other.run(stream(50, seed=9)).equals(learner.run(stream(50, seed=9)))
    assert other.to_bytes() == learner.to_bytes()
    learner.session["note"]["offset"] = 4
    assert other.session == {"note": {"offset": 3}}


def test_pickles_hold_checkpoint_bytes_and_nothing_else():
    learner = Learner("a", **SMALL)
    assert learner.__getstate__() == {"checkpoint": learner.to_bytes()}


def test_the_seed_alone_decides_the_first_weights():
    assert Learner("a", seed=5, **SMALL).to_bytes() == Learner("a", seed=5, **SMALL).to_bytes()
    weights = [Learner("a", seed=seed, **SMALL).parameters["weight_hh_l0"] for seed in (5, 6)]
    assert not np.array_equal(*weights)


# --- no peeking -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [1, 4, 0])
def test_shuffling_the_future_changes_no_bit_of_the_past(horizon):
    features = ["b", "c"] if horizon == 0 else COLUMNS
    values, past = stream(300, nulls=0.1), 180
    shuffled = values.copy()
    np.random.default_rng(0).shuffle(shuffled[past:])
    intact, other = (Learner("a", features, **SMALL, horizon=horizon).run(rows) for rows in (values, shuffled))
    assert intact.slice(0, past).equals(other.slice(0, past))
    assert not intact.slice(past).equals(other.slice(past))


def test_at_horizon_0_a_rows_own_label_changes_no_bit_of_its_forecast():
    learner = Learner("a", ["b", "c"], **SMALL, horizon=0)
    values = stream(120)
    learner.run(values[:100])
    others = [copy.deepcopy(learner) for _ in range(3)]
    rows = [dict(zip(learner.columns, values[100], strict=True)) | {"a": label} for label in (0.0, 1.5, None)]
    records = [other.step(row) for other, row in zip(others, rows, strict=True)]
    assert len({record.forecast["a"].tobytes() for record in records}) == 1
    assert len({record.loss for record in records[:2]}) == 2
    after = [other.step(values[101]).forecast["a"].tobytes() for other in others]
    assert len(set(after)) == 3  # but it is learned from


@pytest.mark.parametrize("settings", [{}, {"sequence": "clip"}])
def test_a_number_that_labels_each_row_of_a_clip_alike_is_learned(settings):
    random = np.random.default_rng(0)
    learner, errors = Learner("age", "weight", **SMALL, horizon=0, **settings), []
    for clip, age in enumerate(random.integers(1, 6, size=80)):
        for _ in range(25):  # more than a column's first values
            row = {"age": float(age), "weight": 2.0 * age + 0.1 * random.standard_normal(), "clip": str(clip)}
            errors.append(float(learner.step(row).forecast["age"][0] - age))
    assert learner.metrics.updates > 1900
    first_rows = np.abs(errors[1000::25])
    assert first_rows.mean() < 0.4


def test_at_horizon_1_a_rows_own_target_changes_no_bit_of_any_forecast_made_before():
    learner = Learner("a", COLUMNS, **SMALL, horizon=3)
    values = stream(120)
    changed = values.copy()
    changed[100, 0] += 0.5
    before, after = (copy.deepcopy(learner).run(rows) for rows in (values, changed))
    assert before.slice(0, 100).equals(after.slice(0, 100))
    assert before["a_expected"][100] == after["a_expected"][100]
    assert before["a_h1"][100] != after["a_h1"][100]


@pytest.mark.parametrize("horizon", [0, 1])
def test_skill_is_clear_on_a_stream_with_sense_and_vanishes_when_its_target_is_scrambled(horizon):
    random = np.random.default_rng(0)
    cause = np.sin(np.arange(4001) / 5.0) + 0.2 * random.standard_normal(4001)
    effect = np.roll(cause, horizon) + 0.1 * random.standard_normal(4001)
    settings = {"horizon": horizon, "skip": False, "hidden": 8, "window": 8, "lr": 3e-3}
    skills = []
    for target in (effect, random.permutation(effect)):
        table = Learner("y", ["x"], **settings).run(np.column_stack([cause, target])).to_pydict()
        forecasts = table["y_h0" if horizon == 0 else "y_expected"]
        skills.append(skill(target[1:], np.array(forecasts[1:], float)))
    assert skills[0] > 0.5
    assert abs(skills[1]) < 0.05


# --- predict, and step without learning -------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [*VARIED, {"horizon": 0}])
def test_predict_changes_nothing_and_gives_what_a_step_without_learning_would(settings):
    features = ["b", "c"] if settings["horizon"] == 0 else COLUMNS
    learner = randomised(Learner("a", features, sequence="s", **SMALL, **settings))
    rows = mappings(learner, stream(80, nulls=0.1), [number // 30 for number in range(80)])
    for number, row in enumerate(rows):
        if number % 7 == 0 or number == 60:  # also where a sequence begins
            before = learner.to_bytes()
            predicted = learner.predict(row)
            assert learner.to_bytes() == before
            record = copy.deepcopy(learner).step(row, learn=False)
            np.testing.assert_array_equal(predicted["a"], (record.quantiles or record.forecast)["a"])
        learner.step(row)


def test_predicting_between_changes_no_bit_of_what_follows():
    plain, asked = (randomised(Learner("a", COLUMNS, **SMALL, horizon=2)) for _ in range(2))
    values = stream(60)
    for row in values:
        asked.predict(values[0])
        asked.predict(row)
        asked.predict(-row)
        assert asked.step(row).to_dict() == plain.step(row).to_dict()


def test_a_step_without_learning_freezes_weights_moments_and_statistics_while_state_and_metrics_go_on():
    learner = randomised(Learner("a", COLUMNS, **SMALL, horizon=2))
    values = stream(200, nulls=0.1)
    values[150] = (np.inf, 1e9, np.nan)  # invalid and far ones, too, leave no trace but in the counts
    learner.run(values[:100])
    before = copies(learner, (*LEARNED, *STATISTICS))
    steps, graded = learner.metrics.steps, learner.metrics.scores[0].count
    first = learner.step(values[100], learn=False)
    table = learner.run(values[101:], learn=False)
    assert_unchanged(before, learner)
    assert learner.metrics.steps == steps + 100
    assert learner.metrics.scores[0].count > graded + 50
    assert (learner.metrics.invalid["a"], learner.metrics.far["b"]) == (1, 1)
    assert not np.array_equal(first.forecast["a"], table["a_h1"].to_numpy()[:2])
    learner.run(values)
    assert learner.metrics.updates > before["updates"][0]


# --- bounded ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", VARIED)
@pytest.mark.parametrize("kind", [Learner, DoubleLearner])
def test_nbytes_is_what_its_arrays_take(kind, settings):
    learner = kind(["a", "b"], COLUMNS, **SMALL, **settings)
    assert learner.nbytes == sum(flat.nbytes for flat in learner._state)
    assert learner.nbytes > 2 * len(learner.to_bytes()) / 3  # a spare lane and scratch come on top of what is saved


def test_nothing_grows_with_the_rows():
    learner = Learner("a", COLUMNS, **SMALL, horizon=3)
    values = stream(4000, nulls=0.05)
    learner.run(values[:500])
    arrays = [flat.ctypes.data for flat in learner._state]
    size, kept = learner.nbytes, len(learner.to_bytes())
    tracemalloc.start()
    try:
        traced = []
        for start in (500, 1500, 2500):
            for row in values[start : start + 500].tolist():
                learner.step(row)
            learner.run(values[start + 500 : start + 1000])
            gc.collect()  # what is garbage is no growth, whenever it is collected
            traced.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert traced[2] - traced[0] < 2000
    assert learner.nbytes == size and [flat.ctypes.data for flat in learner._state] == arrays
    assert abs(len(learner.to_bytes()) - kept) < 16  # the digits of the row number, in the header
    assert sys.getsizeof(learner.__dict__) < 2000


def test_padding_of_the_weights_stays_zero():
    """A vector's lanes beyond a row's end must never take part."""
    learner = randomised(Learner("a", COLUMNS, hidden=5, layers=2, optimizer="adamw", lr=1e-2))
    learner.run(stream(200, nulls=0.1))
    for name, flat in copies(learner, ("weights", "gradient", "moment1", "moment2")).items():
        inside = parameter_views(learner._state, learner.settings, name).values()
        assert np.count_nonzero(flat) == sum(np.count_nonzero(view) for view in inside) > 0


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_cell_that_is_not_a_number_is_refused_and_leaves_no_trace():
    learner = Learner("load", ["load", "wind"], **SMALL)
    learner.step({"load": 1.0, "wind": 2.0})
    before = learner.to_bytes()
    for value, message in (
        ("12.5", "row 1, column 'wind': '12.5' is text, not a number; pass a number or None"),
        (b"12", "row 1, column 'wind': b'12' is text, not a number; pass a number or None"),
        ([1.0], "row 1, column 'wind': [1.0] is not a number"),
        (1j, "row 1, column 'wind': 1j is not a number"),
    ):
        for take in (learner.step, learner.predict):
            with pytest.raises(TypeError) as error:
                take({"load": 3.0, "wind": value})
            assert str(error.value) == message
    assert learner.to_bytes() == before
    assert learner.step({"load": 3.0}).row == 1


def test_integers_too_large_for_a_float_are_refused_as_clearly():
    with pytest.raises(TypeError, match=r"row 0, column 'a': 1000.* is not a number"):
        Learner("a", **SMALL).step({"a": 10**400})


def test_a_row_with_too_few_or_too_many_numbers_is_refused():
    learner = Learner("a", ["b", "c"], **SMALL)
    for row in ([1.0, 2.0], [1.0, 2.0, 3.0, 4.0], np.zeros(2)):
        with pytest.raises(TypeError, match=rf"^row 0 has {len(row)} numbers; the columns are b, c, a$"):
            learner.step(row)


@pytest.mark.parametrize("shape", [(10,), (10, 2), (10, 4), (2, 5, 3)])
def test_an_array_of_another_shape_is_refused(shape):
    learner = Learner("a", ["b", "c"], **SMALL)
    before = learner.to_bytes()
    with pytest.raises(SettingsError, match=r"^an array must be \(rows, 3\): b, c, a$"):
        learner.run(np.zeros(shape))
    assert learner.to_bytes() == before


def test_an_array_cannot_carry_a_time_a_key_or_a_sequence():
    message = r"^an array has no time, no key, no sequence and no categories; use a table$"
    for role in ("time", "key", "sequence"):
        with pytest.raises(SettingsError, match=message):
            Learner("a", **SMALL, **{role: "s"}).run(np.zeros((3, 1)))


def test_arrays_of_any_layout_and_kind_of_number_will_do():
    values = (8 * stream(60)).round()
    expected = Learner("a", COLUMNS, **SMALL).run(values)
    wide = np.zeros((60, 6))
    wide[:, ::2] = values
    for other in (np.asfortranarray(values), wide[:, ::2], values.astype(np.float32), values.astype(np.int16)):
        assert Learner("a", COLUMNS, **SMALL).run(other).equals(expected)


def test_a_learner_needs_targets_and_features():
    with pytest.raises(SettingsError, match=r"^a learner needs targets: name at least one column$"):
        Learner()
    with pytest.raises(SettingsError, match=r"^a learner needs features: name at least one column$"):
        Learner("a", [])


def test_columns_whose_names_clash_in_the_record_are_refused():
    with pytest.raises(SettingsError, match="two columns named 'a_h1'"):
        Learner(["a", "a_h1"])


# --- what it says of itself -------------------------------------------------------------------------------------------


def test_refused_rows_have_a_number_but_are_no_step():
    learner = Learner("a", **SMALL)
    learner.step({"a": 1.0})
    learner.refuse(3)
    assert learner.step({"a": 2.0}).row == 4
    learner.refuse()
    assert learner.run(np.zeros((2, 1)))["row"].to_pylist() == [6, 7]
    assert (learner.metrics.rows, learner.metrics.refused_rows, learner.metrics.steps) == (8, 4, 4)
    assert Learner.from_bytes(learner.to_bytes()).metrics == learner.metrics


def test_what_is_written_to_a_parameter_changes_the_learner():
    learner = Learner("a", **SMALL, shrink=False, experts=False)
    learner.run(stream(40, columns=1))
    learner.parameters["head.bias"][...] = 7.0
    before = learner.predict([0.0])["a"][0]
    learner.parameters["head.bias"][...] = 9.0
    assert learner.predict([0.0])["a"][0] > before
    assert "head.bias" in learner.gradient and set(learner.gradient) == set(learner.parameters)


def test_it_shows_what_it_is():
    learner = Learner(["a", "b"], cell="lstm", hidden=6, layers=2, horizon=12)
    assert repr(learner) == "<Learner of a, b: lstm 2 x 6, horizon 12, 0 rows>"


def test_no_array_and_no_flag_of_the_user_makes_the_kernels_compile_again():
    learner = Learner("a", ["a", "b"], hidden=3)
    values = np.random.default_rng(0).standard_normal((30, 2))
    learner.run(values)
    entry = learn_rows(kind_of(learner.settings))
    compiled = len(entry.signatures)
    frozen = values.copy()
    frozen.flags.writeable = False
    for same in (frozen, np.asfortranarray(values), values[::-1], values.astype(np.float32), values.view(np.ndarray)):
        learner.run(same, learn=np.bool_(True))
        learner.step(same[0], learn=1)
    assert len(entry.signatures) == compiled


def test_a_run_that_is_interrupted_has_counted_every_row_that_it_took(monkeypatch):
    learner = Learner("a", ["a", "b"], hidden=3)
    monkeypatch.setattr(engine, "WORK_PER_SLICE", 1)
    calls, call = [], learner._intake.call

    def interrupted(portion):
        if len(calls) == 5:
            raise KeyboardInterrupt
        calls.append(None)
        return call(portion)

    monkeypatch.setattr(learner._intake, "call", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learner.run(np.zeros((20, 2)))
    assert learner.rows == learner.metrics.steps == 5


@pytest.mark.parametrize(
    "settings", [{}, {"horizon": 2, "intervals": [0.9], "alert": 0.99}, {"key": "k", "alert": 0.99}]
)
def test_what_one_kernel_has_taken_when_it_is_interrupted_the_others_take_and_it_is_counted(settings):
    """Ctrl-C is heard when a kernel returns, before anything else can be done."""
    values = [{"a": float(value), "k": value % 3} for value in range(40)]
    interrupted, whole = (Learner("a", hidden=3, **settings) for _ in range(2))
    calls = interrupted._row_by_row.calls(learn=True)
    network = calls[0]

    def heard():
        network()
        raise KeyboardInterrupt

    calls[0] = heard
    for row in values:
        with pytest.raises(KeyboardInterrupt):
            interrupted.step(row)
        whole.step(row)
    assert interrupted.rows == interrupted.metrics.steps == 40
    assert interrupted.to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("often", [1, 2, 5])
def test_rows_of_new_keys_are_all_taken_when_it_is_interrupted_between_two_of_them(often):
    """The row that begins a key is a part of its own; nothing of the second one has been taken yet."""
    rows = pyarrow.table({"a": [1.0, 2.0, 3.0] * 8, "k": [0, 1, 2] * 8})
    interrupted, whole = (Learner("a", key="k", alert=0.99, hidden=3) for _ in range(2))
    calls_of, times = interrupted._engine.calls, []

    def heard_before_the_second(network):
        times.append(None)
        if 2 <= len(times) < 2 + often:
            raise KeyboardInterrupt
        network()

    def intercepted(portion):
        network, *others = calls_of(portion)
        return [partial(heard_before_the_second, network), *others]

    interrupted._engine.calls = intercepted
    with pytest.raises(KeyboardInterrupt):
        interrupted.run(rows)
    whole.run(rows)
    assert interrupted.rows == interrupted.metrics.steps == 24
    assert interrupted.to_bytes() == whole.to_bytes()


def test_a_masked_cell_is_a_null_and_text_is_refused_before_any_row_is_taken():
    learner = Learner("a", ["a", "b"], hidden=3)
    learner.run(np.ma.masked_array(np.ones((3, 2)), [[True, False]] * 3))
    assert learner.metrics.nulls == {"a": 3, "b": 0}
    with pytest.raises(SettingsError, match=r"^an array must hold numbers, not <U1$"):
        learner.run(np.array([["1", "2"]]))
    with pytest.raises(SettingsError, match=r"^the table has 2 columns named 'a'; rename all but one$"):
        learner.run(pyarrow.table([[1.0], [2.0], [3.0]], names=["a", "a", "b"]))
    assert learner.rows == 3


@pytest.mark.parametrize("row", [b"ab", "ab", 5])
def test_what_is_no_row_is_refused_in_words(row):
    learner = Learner("a", ["a", "b"], hidden=3)
    with pytest.raises(TypeError, match=r"pass a mapping, or numbers by position$"):
        learner.step(row)
    assert learner.rows == 0
