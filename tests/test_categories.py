"""A learner with categories keeps every promise that one of numbers keeps."""

from __future__ import annotations

import copy
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow
import pytest

from streamrnn import Learner, SettingsError

SMALL: dict[str, Any] = {"hidden": 6, "window": 5, "embedding": 4, "max_categories": 5}


def table_of(rows=120, seed=0, kinds=7):
    """Two categories and a number, some null; more kinds than codes."""
    random = np.random.default_rng(seed)
    states = np.cumsum(random.integers(1, 3, rows)) % kinds
    letters = [None if random.random() < 0.1 else "abcdefghij"[state] for state in states]
    others = [None if random.random() < 0.1 else f"day {random.integers(3)}" for _ in range(rows)]
    return pyarrow.table({"state": letters, "day": others, "x": np.sin(states) + random.normal(0, 0.1, rows)})


def learner_of(**settings):
    return Learner(["state", "x"], ["state", "x", "day"], categorical=["state", "day"], **SMALL | settings)


def test_a_table_and_its_rows_one_by_one_give_the_same_records():
    table = table_of()
    whole, single = learner_of(top=2, horizon=2), learner_of(top=2, horizon=2)
    records = whole.run(table).to_pylist()
    assert [single.step(row).to_dict() for row in table.to_pylist()] == records
    assert single.to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("order", [0, 3])
@pytest.mark.parametrize("cut", [1, 17, 60])
def test_saved_and_loaded_at_any_row_a_learner_goes_on_to_the_same_bytes(cut, order):
    table = table_of()
    whole, parts = learner_of(count_order=order), learner_of(count_order=order)
    expected = whole.run(table)
    first = parts.run(table.slice(0, cut))
    parts = Learner.from_bytes(parts.to_bytes())
    assert pyarrow.concat_tables([first, parts.run(table.slice(cut))]).equals(expected)
    assert parts.to_bytes() == whole.to_bytes()


def test_no_forecast_changes_when_the_future_does():
    table, other = table_of(seed=1), table_of(seed=2, kinds=10)
    before = learner_of().run(table).slice(0, 60)
    changed = learner_of().run(pyarrow.concat_tables([table.slice(0, 60), other])).slice(0, 60)
    assert before.equals(changed)


def test_memory_does_not_grow_with_categories():
    learner = learner_of()
    before = learner.nbytes
    learner.run(table_of(kinds=10))
    assert learner.nbytes == before
    assert max(len(vocabulary) for vocabulary in learner._intake.vocabularies.values()) == 5
    assert learner.metrics.unknown["state"] > 10


def test_predict_gives_what_a_step_without_learning_gives_and_leaves_no_trace():
    learner = learner_of(horizon=2)
    learner.run(table_of())
    before = learner.to_bytes()
    row = {"state": "never seen", "x": 0.5, "day": "day 1"}
    forecast = learner.predict(row)
    assert learner.to_bytes() == before
    record = copy.deepcopy(learner).step(row, learn=False)
    for target in ("state", "x"):
        np.testing.assert_array_equal(forecast[target], record.forecast[target])


def test_without_learning_no_category_is_added_and_no_weight_moves():
    learner = learner_of()
    learner.run(table_of(40, kinds=3))
    weights = {name: view.copy() for name, view in learner.parameters.items()}
    known = learner._intake.vocabularies["state"].categories
    learner.run(table_of(40, seed=4), learn=False)
    assert learner._intake.vocabularies["state"].categories == known
    for name, view in learner.parameters.items():
        np.testing.assert_array_equal(view, weights[name])


# --- which columns ----------------------------------------------------------------------------------------------------


def test_a_column_whose_first_value_is_text_is_categorical():
    learner = Learner("state", ["state", "x"], **SMALL)
    learner.refuse(2)
    record = learner.step({"state": "on", "x": 1.0})
    assert learner.settings.categorical == ("state",)
    assert (record.row, record.values, learner.refused_rows) == (2, {"state": "on"}, 2)
    in_table = Learner("state", ["state", "x"], **SMALL)
    in_table.refuse(2)
    in_table.run(pyarrow.table({"state": ["on"], "x": [1.0]}))
    assert in_table.to_bytes() == learner.to_bytes()


def test_what_the_first_row_has_decided_is_fixed():
    learner = Learner("state", hidden=6)
    learner.step({"state": None})
    with pytest.raises(TypeError, match="'on' is text, not a number"):
        learner.step({"state": "on"})
    named = Learner("state", categorical="state", **SMALL)
    named.step({"state": 3})
    assert named.step({"state": 3.0}).values == {"state": "3"}


def test_a_first_row_that_cannot_be_taken_decides_nothing():
    learner = Learner(["state", "x"], **SMALL)
    before = learner.to_bytes()
    with pytest.raises(TypeError):
        learner.step({"state": "on", "x": [1]})
    assert learner.to_bytes() == before


def test_a_categorical_column_must_be_used():
    with pytest.raises(SettingsError, match=r"^categorical column 'y' is neither a target nor a feature$"):
        Learner("x", categorical="y")


def test_categories_cannot_come_by_position():
    learner = learner_of()
    with pytest.raises(TypeError, match="categories: pass a mapping by column name"):
        learner.step([1.0, 2.0, 3.0])
    with pytest.raises(SettingsError, match="no categories; use a table"):
        learner.run(np.zeros((2, 3)))


# --- records and scores -----------------------------------------------------------------------------------------------


def test_the_most_probable_categories_come_first_and_the_reserved_one_never():
    learner = learner_of(top=5)
    records = learner.run(table_of()).to_pylist()
    for record in records[60:]:
        named = [record["state_h1"], *(record[f"state_h1_top{place}"] for place in range(2, 6))]
        shares = [record["state_h1_p"], *(record[f"state_h1_top{place}_p"] for place in range(2, 6))]
        assert None not in named and len(set(named)) == 5
        assert shares == sorted(shares, reverse=True) and 0.0 < sum(shares) < 1.0


def test_scores_count_what_the_records_tell():
    table = table_of(400, kinds=4)
    learner = learner_of()
    records = learner.run(table).to_pylist()
    graded = [
        (before["state_h1"], record["state"]) for before, record in pairwise(records) if record["state"] is not None
    ]
    (score,) = learner.metrics.class_scores
    assert score.count == len(graded)
    assert score.accuracy == pytest.approx(np.mean([forecast == truth for forecast, truth in graded]))
    assert score.accuracy == score.top[0] <= score.top[2] <= score.top[9]
    came = {truth for _, truth in graded}
    recalls = [np.mean([forecast == truth for forecast, truth in graded if truth == name]) for name in came]
    assert score.balanced_accuracy == pytest.approx(np.mean(recalls), abs=0.02)  # of a first time there is no forecast
    assert score.accuracy > score.majority_accuracy > score.previous_accuracy
    assert score.bits == pytest.approx(score.log_loss / math.log(2.0))
    assert (score.recent_count, score.recent_accuracy) == (score.count, score.accuracy)


def test_an_untrained_network_finds_all_categories_equally_probable():
    learner = Learner("state", categorical="state", lr=0.0, **SMALL)
    for known, state in enumerate("abcab", 2):
        record = learner.step({"state": state})
        assert record.top["state"][0][0][1] == pytest.approx(1.0 / min(known, 4))


# --- labels of sequences ----------------------------------------------------------------------------------------------


def clips(count, length, seed=0):
    """Clips of a slow or of a fast wave; the label stands on the last row only."""
    random = np.random.default_rng(seed)
    rows = []
    for clip in range(count):
        kind = ("slow", "fast")[random.integers(2)]
        phase, step = random.random() * 6, 0.3 if kind == "slow" else 1.5
        for place in range(length):
            wave = np.sin(phase + step * place)
            rows.append({"clip": clip, "x": wave, "kind": kind if place == length - 1 else None})
    return rows


@pytest.mark.parametrize("stride", [1, 4, 100])
def test_a_clips_only_label_is_learned_whatever_the_stride(stride):
    learner = Learner(
        "kind", "x", categorical="kind", horizon=0, sequence="clip", window=12, hidden=16, stride=stride, lr=0.01,
        max_categories=2,
    )  # fmt: skip
    rows = clips(300, 12)
    for row in rows:
        learner.step(row)
    assert learner.metrics.updates in (299, 300)
    (score,) = learner.metrics.class_scores
    assert (score.count, score.sequences) == (300, 299)
    assert score.sequence_accuracy > 0.75


def test_the_last_forecast_of_a_sequence_is_the_sequences():
    learner = Learner("kind", "x", categorical="kind", horizon=0, sequence="clip", hidden=4, max_categories=3)
    hits = []
    for clip, kinds in enumerate(["ab", "ba", "bb", "a", "ab"]):
        for kind in kinds:
            record = learner.step({"clip": clip, "x": float(clip), "kind": kind})
        hits.append(record.forecast["kind"][0] == record.values["kind"])
    (score,) = learner.metrics.class_scores
    assert (score.sequences, score.count) == (4, 9)
    assert score.sequence_accuracy == np.mean(hits[:4])


def test_recent_shares_are_those_of_the_latest_thousand():
    learner = Learner("kind", categorical="kind", hidden=4, max_categories=20)
    random = np.random.default_rng(0)
    kinds = random.choice(list("abcdefghijklmnop"), 1500)
    shown = learner.run(pyarrow.table({"kind": kinds.tolist()}))
    (score,) = learner.metrics.class_scores
    hits = np.array(shown["kind_h1"].to_pylist()[:-1]) == kinds[1:]
    assert (score.recent_count, score.recent_accuracy) == (1000, hits[-1000:].mean())
    assert score.recent_top[0] == score.recent_accuracy
    assert sorted(score.recent_top) == list(score.recent_top) and score.recent_top[9] > score.recent_accuracy
