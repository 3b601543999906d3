"""Categories that give their codes to new ones: who gives way, what is forgotten, and that nothing else changes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow
import pytest
from kernels.categories.test_categories import check_counts, check_forecasts
from learners import DoubleLearner, reference_of
from reference import KeyedReference
from reference.eviction import LeastRecentlySeen, forget_feature, forget_in_all, forget_label

from streamrnn import Learner, SettingsError
from streamrnn.kernels.arrays.state import named_view

GIVES_WAY: dict[str, Any] = {
    "hidden": 4, "window": 4, "embedding": 3, "max_categories": 3, "evict_categories": True, "lr": 1e-2, "top": 3,
}  # fmt: skip


def drifting(rows: int) -> list[dict[str, Any]]:
    """A few categories at a time, of many."""
    random = np.random.default_rng(3)
    return [{"s": f"c{row // 15 + random.integers(3)}", "k": int(random.integers(4))} for row in range(rows)]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"horizon": 2, "stride": 3},
        {"temperature": "auto", "norm": "layer"},
        {"optimizer": "sgd", "guard": False},
        {"max_categories": 2, "horizon": 3},
        {"max_categories": 1, "horizon": 2},
    ],
)
def test_categories_give_way_as_in_the_reference(settings):
    """Every record and weight, where what is forgotten is looked for in all that was ever remembered."""
    learner = DoubleLearner(["s", "x"], ["s", "x"], categorical="s", **GIVES_WAY | settings)
    reference, seen, given_away = reference_of(learner), LeastRecentlySeen(learner.settings.max_categories), 0
    random = np.random.default_rng(5)
    for row in drifting(200):
        category = row["s"] if random.random() > 0.1 else None
        code, takes_over = seen.see(category)
        if takes_over:
            given_away += 1
            draw = np.random.default_rng([learner.settings.seed, 0, given_away])
            forget_feature(reference, 0, code, draw.standard_normal(learner.settings.embedding))
            forget_label(reference, 0, code)
        record = learner.step({"s": category, "x": random.standard_normal()})
        assert learner._row_by_row.code[0, 0] == code
        expected = reference.step_coded(learner._row_by_row.row[0], [code])
        np.testing.assert_allclose(record.loss, expected.loss, rtol=1e-9)
        learner._intake.vocabularies["s"].begin_answers()  # codes by what they mean now
        check_forecasts(learner, record, reference)
    for name, view in learner.parameters.items():
        np.testing.assert_allclose(view, reference.parameters[name], rtol=1e-8, atol=1e-12, err_msg=name)
    check_counts(learner, reference)
    assert learner.metrics.evicted["s"] == given_away > 15


@pytest.mark.parametrize("settings", [{}, {"horizon": 2, "horizon_unit": "values"}, {"guard": False, "cell": "lstm"}])
def test_categories_give_way_in_the_streams_of_all_keys_as_in_the_reference(settings):
    """Also in streams that have never seen the new category, or whose last one is gone."""
    learner = DoubleLearner(["s", "x"], ["s", "x"], categorical="s", key="k", max_keys=3, **GIVES_WAY | settings)
    reference = KeyedReference(lambda: reference_of(learner), learner.settings.max_keys)
    seen, given_away, random = LeastRecentlySeen(learner.settings.max_categories), 0, np.random.default_rng(5)
    for row in drifting(300):
        category = row["s"] if random.random() > 0.4 else None
        code, takes_over = seen.see(category)
        if takes_over:
            given_away += 1
            draw = np.random.default_rng([learner.settings.seed, 0, given_away]).standard_normal(3)
            forget_in_all(reference, partial(forget_feature, feature=0, code=code, embedding=draw))
            forget_in_all(reference, partial(forget_label, t=0, code=code))
        record = learner.step({"s": category, "x": random.standard_normal(), "k": row["k"]})
        assert learner._row_by_row.code[0, 0] == code
        expected = reference.step(row["k"], learner._row_by_row.row[0], codes=[code])
        np.testing.assert_allclose(record.loss, expected.loss, rtol=1e-9)
        learner._intake.vocabularies["s"].begin_answers()
        check_forecasts(learner, record, reference.learners[row["k"]])
    for name, view in learner.parameters.items():
        np.testing.assert_allclose(view, reference.shared.parameters[name], rtol=1e-8, atol=1e-12, err_msg=name)
    check_counts(learner, *reference.learners.values(), *reference.gone)
    assert learner.metrics.evicted["s"] == given_away > 15
    assert learner.metrics.evicted_keys == len(reference.gone) > 15


def test_a_new_category_takes_the_place_of_the_one_least_recently_seen():
    learner = Learner("s", **GIVES_WAY)
    for text in "abcabd":
        record = learner.step({"s": text})
    assert learner.metrics.evicted == {"s": 1}
    assert sorted(name for name, _ in record.top["s"][0]) == ["a", "b", "d"]
    assert [learner.step({"s": "c"}).values["s"], learner.metrics.evicted] == ["c", {"s": 2}]


def test_a_category_is_not_expected_under_the_name_of_the_one_that_took_its_place():
    learner = Learner("s", **GIVES_WAY | {"lr": 0.0})
    for text in "abc":
        learner.step({"s": text})
    learner.parameters["classifier.s_h1.bias"][1] = 5.0  # a, which gives way, is sure to come
    learner.step({"s": "b"})
    learner.step({"s": "c"})
    record = learner.step({"s": "new"})
    assert record.expected["s"] != "new"
    assert learner.metrics.class_scores[0].count == 5
    assert record.loss == pytest.approx(-np.log(record_probability(5.0)), abs=0.02)


def record_probability(bias: float) -> float:
    """What was left for the reserved category and the one that gave way, of four equal ones but for a bias."""
    return (1.0 + np.exp(bias)) / (3.0 + np.exp(bias))


def test_what_took_a_place_begins_afresh():
    learner = Learner("s", **GIVES_WAY)
    for text in "abc" * 20 + "bc":
        learner.step({"s": text})
    code = learner._intake.vocabularies["s"].code("a", grow=False)
    table = learner.parameters["embedding.s.weight"][code].copy()
    learner.step({"s": "d"}, learn=True)
    assert learner._intake.vocabularies["s"].code("d", grow=False) == code
    assert not np.allclose(learner.parameters["embedding.s.weight"][code], table, atol=0.1)
    np.testing.assert_allclose(learner.parameters["classifier.s_h1.weight"][code], 0.0, atol=0.03)
    assert named_view(learner._state, "label_counts")[0, code] == 1


@pytest.mark.parametrize("key", [None, "k"])
def test_categories_give_way_alike_in_one_call_one_by_one_and_after_loading(key):
    settings = GIVES_WAY | {"key": key, "horizon": 2, "temperature": "auto", "stride": 2}
    rows = drifting(150)
    whole, single = Learner("s", **settings), Learner("s", **settings)
    table = whole.run(pyarrow.Table.from_pylist(rows))
    records = []
    for number, row in enumerate(rows):
        records.append(single.step(row).to_dict())
        if number % 40 == 20:
            single = Learner.from_bytes(single.to_bytes())
    assert table.to_pylist() == records
    assert whole.to_bytes() == single.to_bytes()
    assert whole.metrics.evicted["s"] > 10
    assert whole.metrics.unknown == {"s": 0}


def test_without_learning_no_category_gives_way():
    learner = Learner("s", **GIVES_WAY)
    for text in "abc":
        learner.step({"s": text})
    before = learner._intake.vocabularies["s"].categories
    learner.step({"s": "d"}, learn=False)
    learner.predict({"s": "e"})
    assert learner._intake.vocabularies["s"].categories == before
    assert learner.metrics.evicted == {"s": 0}


def test_memory_does_not_grow_with_categories_that_give_way():
    learner = Learner("s", categorical="s", **GIVES_WAY)
    before = learner.nbytes
    for row in drifting(300):
        learner.step(row)
    assert learner.nbytes == before == sum(array.nbytes for array in learner._state)
    assert len(learner._intake.vocabularies["s"]) == 3


def test_counts_cannot_forget_a_category():
    with pytest.raises(SettingsError, match="evict_categories and count_order do not go together"):
        Learner("s", categorical="s", evict_categories=True, count_order=2)
