"""Kernels that give a wrong answer are compiled again, and not believed if that does not help."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from learners import reference_of
from reference import BatchedReference, KeyedReference, ReferenceWatch
from reference.categories import softmax

from streamrnn import Learner, known_answer
from streamrnn.categories.vocabulary import Vocabulary
from streamrnn.kernels.arrays.kind import ANY, Kind
from streamrnn.kernels.late import learn_late_rows
from streamrnn.kernels.surprise.anomaly import score_rows
from streamrnn.known_answer import KernelError, check_kernels, check_scores, known_answers, late_answers
from streamrnn.model.kind import SPECIALISED, kind_of, late_kind_of
from streamrnn.settings import CELLS, Settings

KNOWN = known_answers()
LATE_ANSWER = late_answers()[late_kind_of(Settings("a"))][1]
PLAIN, CODED = kind_of(Settings("a")), kind_of(Settings("s", categorical="s"))
WITHOUT_KEYS = [kind for kind in KNOWN if not kind.keyed and not (kind.seasonal and kind.cell != PLAIN.cell)]
OF_KEYS = [kind for kind in KNOWN if kind.keyed and not kind.seasonal and kind.cell == PLAIN.cell]
KINDS = (PLAIN, CODED, Kind(PLAIN.cell, keyed=True), Kind(PLAIN.cell, coded=True, keyed=True))


@pytest.fixture
def recompiled(monkeypatch):
    """A new process, as far as the check knows; returns how often the kernels were compiled again."""
    compiled = []
    monkeypatch.setattr(known_answer, "_checked", set())
    for kind in (PLAIN, CODED):
        monkeypatch.setattr(known_answer.learn_rows(kind), "recompile", lambda kind=kind: compiled.append(kind))
    return compiled


def test_every_kind_that_settings_may_ask_for_has_an_answer():
    cells = (*map(CELLS.index, SPECIALISED), ANY)
    uses = [use for use in itertools.product((False, True), repeat=4) if use[1] or not use[2]]  # batches are of keys
    assert set(KNOWN) == {Kind(cell, *use) for cell in cells for use in uses}


def test_right_kernels_are_looked_at_once_in_a_process(recompiled, monkeypatch):
    check_kernels(Learner, Settings("a"))
    monkeypatch.setattr(known_answer, "answer", lambda learner: pytest.fail("looked at again"))
    check_kernels(Learner, Settings("a"))
    assert recompiled == []


@pytest.mark.parametrize("kind", [kind for kind in WITHOUT_KEYS if not kind.coded], ids=str)
def test_the_answer_is_that_of_the_reference(kind):
    settings, right = KNOWN[kind]
    reference = reference_of(Learner(**settings))
    numbers = [np.array([row["a"], row["b"]]) for row in known_answer.rows()]
    forecasts = [reference.step(row).forecast.item() for row in numbers]
    assert sum(forecasts) == pytest.approx(right, abs=known_answer.TOLERANCE / 10)


@pytest.mark.parametrize("kind", [kind for kind in WITHOUT_KEYS if kind.coded], ids=str)
def test_the_answer_with_categories_is_that_of_the_reference(kind):
    settings, right = KNOWN[kind]
    reference, total, codes = reference_of(Learner(**settings)), 0.0, Vocabulary(4)
    for row in known_answer.rows():
        total += reference.step_coded([row["a"], row["b"]], [codes.code(row["s"])]).forecast.item()
        total += softmax(reference.forecast_logits[0, 0])[1:].max()
    assert total == pytest.approx(right, abs=known_answer.TOLERANCE / 10)


@pytest.mark.parametrize("kind", OF_KEYS, ids=str)
def test_the_answer_of_keys_is_that_of_the_reference(kind):
    settings, right = KNOWN[kind]
    learner, codes, total = Learner(**settings), Vocabulary(4), 0.0
    kept = (lambda: reference_of(learner)), learner.settings.max_keys
    reference = BatchedReference(*kept, learner.settings.batch_keys) if kind.batched else KeyedReference(*kept)
    for row in known_answer.rows():
        key = row[settings["key"]]
        total += reference.step(key, [row["a"], row["b"]], codes=[codes.code(row["s"])]).forecast.item()
        total += softmax(reference.learners[key].forecast_logits[0, 0])[1:].max() if kind.coded else 0.0
    assert total == pytest.approx(right, abs=known_answer.TOLERANCE / 10)


@pytest.mark.parametrize("kind", [PLAIN, CODED, *OF_KEYS], ids=str)
def test_kernels_that_learn_nothing_would_be_seen(kind):
    settings, right = KNOWN[kind]
    assert abs(known_answer.answer(Learner(**settings | {"lr": 0.0})) - right) > 100 * known_answer.TOLERANCE


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_learner_with_other_weights_would_be_seen(kind):
    settings, right = KNOWN[kind]
    learner = Learner(**settings)
    learner.parameters["weight_hh_l0"][0, 0] += 0.1
    assert abs(known_answer.answer(learner) - right) > known_answer.TOLERANCE


def test_wrong_kernels_are_compiled_again(recompiled, monkeypatch):
    answers = iter([0.0, KNOWN[PLAIN][1]])
    monkeypatch.setattr(known_answer, "answer", lambda learner: next(answers))
    check_kernels(Learner, Settings("a"))
    assert recompiled == [PLAIN]


def test_the_kernels_of_categories_are_looked_at_when_they_are_needed(recompiled, monkeypatch):
    answers = iter([0.0, KNOWN[CODED][1]])
    monkeypatch.setattr(known_answer, "answer", lambda learner: next(answers))
    Learner("s", categorical="s")
    assert recompiled == [CODED]


@pytest.mark.parametrize("wrong", [float("nan"), 0.0])
def test_kernels_that_stay_wrong_are_not_believed_however_often_they_are_asked(recompiled, monkeypatch, wrong):
    monkeypatch.setattr(known_answer, "answer", lambda learner: wrong)
    for attempt in (1, 2):
        with pytest.raises(KernelError, match="wrong numbers on this machine"):
            Learner("a")
        assert recompiled == [PLAIN] * attempt


# --- late labels ------------------------------------------------------------------------------------------------------


def test_the_losses_of_late_labels_are_those_of_the_reference():
    reference, codes = reference_of(Learner(**known_answer.LATE)), Vocabulary(4)
    rows, total = list(known_answer.rows()), 0.0
    for time, row in enumerate(rows):
        reference.step_coded([row["a"], row["b"], math.nan], [-1])
        if time >= 3:
            labelled = rows[time - 3]
            losses = reference.late(time - 3, {2: float(labelled["k"])}, [codes.code(labelled["s"])])
            total += np.mean(losses) if losses else 0.0
    assert total == pytest.approx(LATE_ANSWER, abs=known_answer.TOLERANCE / 10)


def test_a_wrong_kernel_of_late_labels_is_compiled_again_once_labels_may_come_late(recompiled, monkeypatch):
    answers = iter([0.0, LATE_ANSWER])
    monkeypatch.setattr(known_answer, "late_answer", lambda learner: next(answers))
    late = learn_late_rows(late_kind_of(Settings("a")))
    monkeypatch.setattr(late, "recompile", lambda: recompiled.append("late"))
    settings = {"horizon": 0, "max_delay": 2, "hidden": 2}
    Learner("a", "b", **settings)
    assert recompiled == []
    Learner("a", "b", **settings, label_id="id")
    assert recompiled == ["late"]


# --- the anomaly score ------------------------------------------------------------------------------------------------


def test_the_scores_are_those_of_the_reference():
    reference, last, sum_ = ReferenceWatch(2, known_answer.SCORED["alert"]), (math.nan, math.nan), 0.0
    for row in known_answer.scored_rows():
        _, score, _ = reference.step(row, last)
        sum_, last = sum_ + (0.0 if math.isnan(score) else score), row
    assert sum_ == pytest.approx(known_answer.SCORES, abs=known_answer.TOLERANCE / 10)


@pytest.mark.parametrize(("second", "is_believed"), [(known_answer.SCORES, True), (math.nan, False)])
def test_a_wrong_kernel_of_scores_is_compiled_again_and_may_then_be_believed(
    recompiled, monkeypatch, second, is_believed
):
    answers = iter([0.0, second])
    monkeypatch.setattr(known_answer, "scores", lambda learner: next(answers))
    monkeypatch.setattr(score_rows, "recompile", lambda: recompiled.append("scores"))
    if is_believed:
        check_scores(Learner)
    else:
        with pytest.raises(KernelError, match="wrong numbers on this machine"):
            check_scores(Learner)
    assert recompiled == ["scores"]


def test_a_learner_without_scores_asks_nothing_of_their_kernel(monkeypatch):
    monkeypatch.setattr(known_answer, "_checked", set())
    monkeypatch.setattr(known_answer, "scores", lambda learner: pytest.fail("asked"))
    Learner("a", hidden=2)
