"""Learning in batches of keys: a function of the order of rows alone, and of nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import randomised, stream, taken_three_ways

from streamrnn import Learner
from streamrnn.checkpoints.file import CheckpointError, decode, encode
from streamrnn.settings import SettingsError

SMALL: dict[str, Any] = {"hidden": 4, "window": 4, "key": "k"}


def table_of(rows: int, keys: int = 9, seed: int = 0) -> pyarrow.Table:
    random = np.random.default_rng(seed)
    which = np.arange(rows) % keys
    which[random.random(rows) < 0.1] = 0
    a, b = stream(rows, columns=2, seed=seed, nulls=0.05).T
    return pyarrow.table({"k": which, "a": a, "b": b, "s": np.arange(rows) // 41, "c": which % 3})


@pytest.mark.parametrize(
    "settings",
    [{}, {"horizon": 2, "stride": 3, "max_keys": 7}, {"sequence": "s"}, {"intervals": [0.5], "batch_keys": 2},
     {"features": ["a", "c"], "categorical": ["c"]}, {"horizon": 0, "features": ["b"], "max_delay": 3}],
)  # fmt: skip
def test_a_batch_is_one_of_rows_however_they_come_and_whatever_is_saved_between(settings):
    def new() -> Learner:
        return Learner("a", **{"features": ["a", "b"], "max_keys": 10, "batch_keys": 6, **SMALL, **settings})

    table = table_of(300)
    whole, _ = taken_three_ways(new, table, longest=40)
    assert 0 < whole.metrics.updates < 150


def test_a_batch_of_one_is_no_batch():
    table = table_of(300)
    one, none = Learner("a", **SMALL, batch_keys=1), Learner("a", **SMALL)
    assert one.run(table).equals(none.run(table))
    assert one.to_bytes() == none.to_bytes()


def test_what_waits_is_learned_before_the_next_row_of_its_key():
    learner = randomised(Learner("a", **SMALL, max_keys=10, batch_keys=10))
    for row in range(30):
        learner.run(pyarrow.table({"k": [0, 1, 2], "a": np.sin([row, 2.0 * row, 3.0 * row])}))
    updates = learner.metrics.updates
    for key, more in ((1, 1), (2, 0), (0, 0), (1, 1)):  # all three wait; then two and this one
        updates += more
        learner.step({"k": key, "a": 0.5})
        assert learner.metrics.updates == updates


def test_rows_that_are_not_to_be_learned_from_leave_weights_and_what_waits_alone():
    learner = randomised(Learner("a", **SMALL, max_keys=10, batch_keys=6))
    learner.run(table_of(204))
    before = {name: view.copy() for name, view in learner.parameters.items()}
    learner.run(table_of(300, seed=1), learn=False)
    for name, view in learner.parameters.items():
        np.testing.assert_array_equal(view, before[name])
    learner.run(table_of(20, seed=2))
    assert any((view != before[name]).any() for name, view in learner.parameters.items())


def test_a_late_label_is_learned_at_once_beside_what_waits():
    learner = randomised(Learner("y", "x", **SMALL, horizon=0, max_delay=5, max_keys=10, batch_keys=10))
    for row in range(100):
        learner.step({"x": np.sin(row), "y": np.cos(row), "k": row % 4})
    learner.step({"x": 1.0, "k": 0})
    updates = learner.metrics.updates
    assert learner.reveal(100, {"y": 1.0}) > 0.0
    assert learner.metrics.updates == updates + 1
    before = learner.to_bytes()
    assert Learner.from_bytes(before).to_bytes() == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"batch_keys": 2, "key": None},
            "batch_keys = 2 needs key: rows of one stream are learned one after the other",
        ),
        ({"batch_keys": 5, "max_keys": 4}, "batch_keys = 5 is more than max_keys = 4: so many keys are never there"),
        ({"batch_keys": 0}, "batch_keys must be from 1 to 1000000, not 0"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(settings, message):
    with pytest.raises(SettingsError) as raised:
        Learner("a", **{**SMALL, **settings})
    assert str(raised.value) == message


@pytest.mark.parametrize(("name", "value"), [("batch_place", 7), ("batch_count", 7), ("batch_place", -1)])
def test_a_checkpoint_in_which_more_waits_than_can_is_refused(name, value):
    learner = Learner("a", **SMALL, max_keys=10, batch_keys=6)
    learner.run(table_of(100))
    description, tensors = decode(learner.to_bytes())
    tensors[name].flat[0] = value
    with pytest.raises(CheckpointError, match=name):
        Learner.from_bytes(encode(description, tensors))
