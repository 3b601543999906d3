"""Lanes beside the reference: what is shared, what is a key's own, and what a new key begins with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import COLUMNS, DoubleLearner, check_record, mappings, randomised, reference_of, stream, units_of
from reference import KeyedReference

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.keys import KEYS

SMALL: dict[str, Any] = {"hidden": 4, "window": 4}


def interleaved(rows: int, keys: int, seed: int = 0) -> np.ndarray:
    """The key of each row: some are frequent, some rare."""
    random = np.random.default_rng(seed)
    return random.choice(keys, rows, p=np.arange(1, keys + 1) / sum(range(1, keys + 1)))


def run_beside_keyed_reference(
    learner: Learner, values: np.ndarray, keys: np.ndarray, learn: np.ndarray | None = None
) -> KeyedReference:
    """Feed both the same rows; every record must agree, and the weights in the end."""
    reference = KeyedReference(lambda: reference_of(learner), learner.settings.max_keys)
    for number, row in enumerate(mappings(learner, values)):
        learning = learn is None or bool(learn[number])
        record = learner.step(row | {"k": int(keys[number])}, learn=learning)
        expected = reference.step(int(keys[number]), values[number], learning)
        unit = np.maximum(1.0, units_of(reference.learners[keys[number]]))
        check_record(record, expected, 1e-9, unit, f"row {number}")
    for name, value in reference.shared.parameters.items():
        np.testing.assert_allclose(learner.parameters[name], value, rtol=1e-7, atol=1e-9, err_msg=name)
    return reference


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"cell": "lstm", "layers": 2}, {"cell": "elman"}, {"horizon": 3}, {"stride": 3}, {"loss": "quantile"},
        {"horizon": 2, "horizon_unit": "values"}, {"shrink": False, "skip": False}, {"guard": False},
    ],
)  # fmt: skip
@pytest.mark.parametrize("most", [3, 10])
def test_every_key_has_a_stream_of_its_own_and_all_have_the_same_weights(settings, most):
    learner = DoubleLearner(["a", "b"], COLUMNS, **SMALL, key="k", max_keys=most, lr=1e-2, **settings)
    reference = run_beside_keyed_reference(randomised(learner), stream(200, nulls=0.05), interleaved(200, 6))
    assert learner.metrics.evicted_keys == len(reference.gone)
    assert (learner.metrics.evicted_keys > 0) == (most < 6)
    assert learner.metrics.keys == min(most, 6)


def test_rows_that_are_not_to_be_learned_from_change_no_weight_of_any_key():
    learner = DoubleLearner("a", COLUMNS, **SMALL, key="k", max_keys=3)
    learn = np.random.default_rng(2).random(200) < 0.5
    run_beside_keyed_reference(randomised(learner), stream(200), interleaved(200, 6), learn)


def test_a_network_that_goes_back_does_so_in_every_lane():
    learner = DoubleLearner(["a", "b"], COLUMNS, **SMALL, key="k", max_keys=4, lr=1e-2)
    randomised(learner).parameters["head.bias"][...] = 30.0
    run_beside_keyed_reference(learner, stream(300), interleaved(300, 5))
    assert learner.metrics.diverged == 2


@pytest.mark.parametrize("shrink", [False, True])
def test_a_new_key_begins_with_what_is_typical_of_the_others(shrink):
    learner = DoubleLearner(["a", "b"], COLUMNS, **SMALL, key="k", max_keys=16, horizon=2, shrink=shrink)
    rows = np.random.default_rng(5).standard_normal((1500, 3)) * [1.0, 10.0, 100.0] + [0.0, 50.0, 0.0]
    keys = np.r_[np.arange(1400) % 14, 50 + np.arange(100) % 7]
    reference = run_beside_keyed_reference(randomised(learner), rows, keys)
    assert [len(known) for known in reference.columns.values()] == [14] * 3
    assert named_view(learner._state, "pool_columns")[:, KEYS].tolist() == [14.0] * 3
    lent = [column.n for column in reference.begin().columns]
    assert min(lent) >= 6


def test_keys_in_different_units_lend_each_other_nothing():
    units = 10.0 ** np.arange(8)
    rows = np.random.default_rng(5).standard_normal((800, 3)) * np.tile(units, 100)[:, None]
    learner = Learner("a", COLUMNS, **SMALL, key="k")
    single = Learner("a", COLUMNS, **SMALL)
    for number, row in enumerate(mappings(learner, rows)):
        learner.step(row | {"k": number % 8}, learn=True)
    for values in stream(5):
        row = dict(zip(COLUMNS, values, strict=True))
        new, alone = learner.step(row | {"k": "new"}, learn=False), single.step(row, learn=False)
        assert new.loss == alone.loss or np.isnan([new.loss, alone.loss]).all()
    assert named_view(learner._state, "change_seen", learner._intake.keys.states["new"].lane).sum() == 0


def test_a_key_that_talks_much_counts_no_more_than_others():
    learner = Learner("a", **SMALL, key="k")
    for number, value in enumerate(np.random.default_rng(0).standard_normal(500)):
        learner.step({"a": value, "k": "much" if number % 5 else "little"})
    assert named_view(learner._state, "pool_columns")[0, KEYS] == 2.0
