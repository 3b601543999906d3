"""Labels that come late: they grade what was predicted at their row, and teach what they would have taught then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import DoubleLearner, randomised, stream

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view
from streamrnn.settings import SettingsError

LATE: dict[str, Any] = {"hidden": 4, "window": 4, "horizon": 0, "max_delay": 6}


def rows(count: int) -> list[dict[str, Any]]:
    return [{"x": x, "z": z} for x, z in stream(count, columns=2).tolist()]


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("target", [{"y": 1.5}, {"c": "b"}])
@pytest.mark.parametrize("delay", [0, 1, 6])
def test_at_a_rate_of_zero_a_late_label_gives_the_loss_and_the_gradient_that_it_gives_in_time(delay, target, key):
    name = next(iter(target))
    settings = {**LATE, "lr": 0.0, "key": key, "categorical": [name] if name == "c" else []}
    late, timely = (randomised(DoubleLearner(name, ["x", "z"], **settings)) for _ in range(2))
    stream_of = rows(30)
    first = {"y": [0.5, 2.5, 1.0], "c": ["a", "b", "c"]}[name]
    for learner in (late, timely):
        for row in range(20):
            learner.step(stream_of[row] | {name: first[row % 3], "k": row % 2})
    loss = timely.step(stream_of[20] | target | {"k": 0}).loss
    late.step(stream_of[20] | {"k": 0})
    for row in range(delay):
        late.step(stream_of[21 + row] | {"k": 0})
        if key:
            late.step(stream_of[21 + row] | {"k": 1})
    assert late.reveal(20, target) == pytest.approx(loss, rel=1e-9)
    for parameter, gradient in timely.gradient.items():
        np.testing.assert_allclose(late.gradient[parameter], gradient, rtol=1e-9, atol=1e-12, err_msg=parameter)
    assert np.isnan(late.reveal(20, target))


@pytest.mark.parametrize("by_name", [False, True])
def test_a_late_label_has_no_time_of_its_own(by_name):
    settings = {**LATE, "time": "t", "time_features": True, "label_id": "id" if by_name else None}
    learner = Learner("y", "x", **settings)
    for number, row in enumerate(rows(40)):
        learner.step(
            {"x": row["x"], "y": row["z"] if number < 30 else None, "t": 3600.0 * number, "id": f"row {number}"}
        )
    features = learner._intake.layout.time_features
    before = [named_view(learner._state, name)[features].copy() for name in ("seen", "mean", "m2", "held")]
    if by_name:
        learner.step({"id": "row 38", "y": 1.0, "t": 1e6})
    else:
        learner.reveal(38, {"y": 1.0})
    assert learner.metrics.late_labels == 1
    for name, was in zip(("seen", "mean", "m2", "held"), before, strict=True):
        np.testing.assert_array_equal(named_view(learner._state, name)[features], was)


def test_labels_that_are_late_are_learned():
    late, none = (
        Learner("c", "x", categorical="c", hidden=8, window=4, horizon=0, max_delay=10, lr=1e-2) for _ in "ab"
    )
    random = np.random.default_rng(0)
    values, hits = random.standard_normal(1500), []
    for row, value in enumerate(values):
        record = late.step({"x": value})
        none.step({"x": value})
        if row >= 5:
            late.reveal(row - 5, {"c": "up" if values[row - 5] > 0 else "down"})
        hits.append(record.forecast["c"][0] == ("up" if value > 0 else "down"))
    assert np.mean(hits[-500:]) > 0.95
    assert late.metrics.class_scores[0].count == 1495
    assert none.metrics.updates == 0


def test_without_learning_a_late_label_is_counted_and_changes_no_weight():
    learner = Learner("y", "x", **LATE)
    for row in rows(10):
        learner.step(row | {"y": 1.0})
    learner.step({"x": 1.0})
    before = named_view(learner._state, "weights").copy()
    learner.reveal(10, {"y": 3.0}, learn=False)
    np.testing.assert_array_equal(named_view(learner._state, "weights"), before)
    assert learner.metrics.scores[0].count == 10  # the first row had no forecast


@pytest.mark.parametrize("most", [2, 10])
def test_rows_in_one_call_and_one_by_one_with_saving_between_can_be_labelled_alike(most):
    import pyarrow

    settings = {**LATE, "key": "k", "max_keys": most}
    whole, single = Learner("y", ["x", "z"], **settings), Learner("y", ["x", "z"], **settings)
    table = pyarrow.Table.from_pylist(
        [row | {"y": 1.0 if n % 3 else None, "k": n * n % 5} for n, row in enumerate(rows(80))]
    )
    whole.run(table)
    for row in table.to_pylist():
        single.step(row)
    assert whole.to_bytes() == single.to_bytes()
    single = Learner.from_bytes(single.to_bytes())
    found = 0
    for number in range(60, 80):
        try:
            loss = whole.reveal(number, {"y": 2.0})
        except LookupError:
            with pytest.raises(LookupError):
                single.reveal(number, {"y": 2.0})
            continue
        found += 1
        np.testing.assert_equal(single.reveal(number, {"y": 2.0}), loss)
    assert found > 3
    assert whole.to_bytes() == single.to_bytes()


def test_a_label_that_is_too_late_is_refused():
    learner = Learner("y", "x", **LATE)
    for row in rows(20):
        learner.step(row)
    learner.reveal(13, {"y": 1.0})
    for row in (12, 20, -1):
        with pytest.raises(LookupError, match=rf"^row {row} is not among the 7 rows that a label can be for$"):
            learner.reveal(row, {"y": 1.0})


@pytest.mark.parametrize("taken", [0, 1])
def test_a_label_for_a_row_before_the_first_is_refused(taken):
    learner = Learner("y", "x", **LATE)
    for row in rows(taken):
        learner.step(row)
    with pytest.raises(LookupError, match=r"^row -1 is not among the 7 rows that a label can be for$"):
        learner.reveal(-1, {"y": 1.0})
    assert learner.metrics.idle_labels == 0


@pytest.mark.parametrize("row", ["0", 0.0, None, True])
def test_a_label_for_what_is_no_number_of_a_row_is_refused(row):
    learner = Learner("y", "x", **LATE)
    learner.step({"x": 1.0})
    with pytest.raises(TypeError, match=rf"^a label is for the number of a row, .*, not for {row!r}$"):
        learner.reveal(row, {"y": 1.0})


def test_a_label_after_its_sequence_has_ended_grades_nothing():
    learner = Learner("y", "x", **LATE, sequence="s")
    for number, row in enumerate(rows(20)):
        learner.step(row | {"y": 1.0 if number < 10 else None, "s": number // 15})
    assert np.isnan(learner.reveal(14, {"y": 1.0}))


@pytest.mark.parametrize(
    ("settings", "labels", "message"),
    [
        ({"horizon": 0}, {"y": 1.0}, "labels can be late at horizon 0, by max_delay rows"),
        ({"horizon": 0, "max_delay": 3}, {"x": 1.0}, "'x' is no target; the targets are y"),
    ],
)
def test_labels_that_cannot_be_taken_are_refused(settings, labels, message):
    learner = Learner("y", "x", hidden=4, window=4, **settings)
    learner.step({"x": 1.0})
    with pytest.raises(SettingsError, match=message):
        learner.reveal(0, labels)


NAMED: dict[str, Any] = {**LATE, "label_id": "id"}


def named_rows(count: int) -> list[dict[str, Any]]:
    """Rows, and labels of them two rows later."""
    mixed: list[dict[str, Any]] = []
    for number, row in enumerate(rows(count)):
        mixed.append({**row, "id": number, "y": None})
        if number >= 2:
            mixed.append({"x": None, "z": None, "id": number - 2, "y": float(number % 3)})
    return mixed


def test_a_row_of_labels_has_a_record_with_its_loss_and_no_forecast():
    learner = Learner("y", ["x", "z"], **NAMED)
    for row in rows(20):
        learner.step({**row, "id": "a", "y": 1.0})
    learner.step({**rows(1)[0], "id": "b"})
    record = learner.step({"id": "b", "y": 2.5})
    assert record.row == 21
    assert record.values == {"y": 2.5}
    assert record.expected == {"y": 1.0}
    assert np.isnan(record.forecast["y"]).all()
    assert learner.step_cells({"id": "b", "y": 2.5}) is None
    assert learner.metrics.idle_labels == 1


def test_labels_in_one_call_and_one_by_one_are_learned_alike():
    import pyarrow

    whole, single = Learner("y", ["x", "z"], **NAMED), Learner("y", ["x", "z"], **NAMED)
    mixed = [*named_rows(40), {"x": None, "z": None, "id": 0, "y": 1.0}]
    table = whole.run(pyarrow.Table.from_pylist(mixed))
    records = [single.step_cells(row) for row in mixed]
    assert table.num_rows == 40
    assert table["row"].to_pylist() == [record[0] for record in records if record is not None]
    assert whole.to_bytes() == single.to_bytes()
    assert [*whole.lost_labels] == [*single.lost_labels] == [(len(mixed) - 1, "0")]
    assert whole.metrics.late_labels == 38 - 3  # before the first label there was no forecast
    assert whole.metrics.rows == len(mixed)


def test_labels_reveal_nothing_of_the_times_of_their_rows():
    settings = {**NAMED, "time": "t", "time_features": True}
    with_time, without = Learner("y", "x", **settings), Learner("y", "x", **settings)
    for learner, time in ((with_time, 7_000_000.0), (without, None)):
        for number in range(10):
            learner.step({"x": 1.0 + number, "id": number, "t": float(number)})
        learner.step({"id": 5, "y": 2.0, "t": time})
        learner.step({"x": 0.5, "id": 11, "t": 10.0})
    np.testing.assert_equal(with_time.to_bytes(), without.to_bytes())


@pytest.mark.parametrize("settings", [{"horizon": 1}, {"horizon": 0}, {"horizon": 0, "max_delay": 0}])
def test_rows_that_have_names_need_a_delay(settings):
    with pytest.raises(SettingsError, match=r"^label_id = id needs horizon 0 and max_delay: "):
        Learner("y", "x", label_id="id", **settings)


def test_memory_does_not_grow_with_names():
    learner = Learner("y", ["x", "z"], **NAMED)
    before = learner.nbytes
    for row in named_rows(30):
        learner.step({**row, "id": f"{row['id']}" * 500})
    assert learner.nbytes == before == sum(array.nbytes for array in learner._state)
