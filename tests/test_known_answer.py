"""Kernels that give a wrong answer are compiled again, and not believed if that does not help."""

from __future__ import annotations

import math

import numpy as np
import pytest
from learners import reference_of
from reference import ReferenceWatch
from reference.categories import softmax

from streamrnn import Learner, known_answer
from streamrnn.kernels.late import learn_late_rows
from streamrnn.kernels.surprise.anomaly import score_rows
from streamrnn.known_answer import KernelError, check_kernels, check_scores
from streamrnn.vocabulary import Vocabulary


@pytest.fixture
def recompiled(monkeypatch):
    """A new process, as far as the check knows; returns how often the kernels were compiled again."""
    compiled = []
    monkeypatch.setattr(known_answer, "_checked", set())
    for entry in (known_answer.learn_rows, known_answer.learn_coded_rows):
        monkeypatch.setattr(entry, "recompile", lambda: compiled.append(1))
    return compiled


def test_right_kernels_are_looked_at_once_in_a_process(recompiled, monkeypatch):
    check_kernels(Learner)
    monkeypatch.setattr(known_answer, "answer", lambda learner: pytest.fail("looked at again"))
    check_kernels(Learner)
    assert recompiled == []


def test_the_answer_is_that_of_the_reference():
    reference = reference_of(Learner(**known_answer.SETTINGS))
    numbers = [np.array([row["a"], row["b"]]) for row in known_answer.rows()]
    forecasts = [reference.step(row).forecast.item() for row in numbers]
    assert sum(forecasts) == pytest.approx(known_answer.ANSWER, abs=known_answer.TOLERANCE / 10)


def test_the_answer_with_categories_is_that_of_the_reference():
    reference, total, codes = reference_of(Learner(**known_answer.CODED)), 0.0, Vocabulary(4)
    for row in known_answer.rows():
        total += reference.step_coded([row["a"], row["b"]], [codes.code(row["s"])]).forecast.item()
        total += softmax(reference.forecast_logits[0, 0])[1:].max()
    assert total == pytest.approx(known_answer.CODED_ANSWER, abs=known_answer.TOLERANCE / 10)


def test_a_learner_with_other_weights_would_be_seen():
    for settings, right in (
        (known_answer.SETTINGS, known_answer.ANSWER), (known_answer.CODED, known_answer.CODED_ANSWER)
    ):  # fmt: skip
        learner = Learner(**settings)
        learner.parameters["weight_hh_l0"][0, 0] += 0.1
        assert abs(known_answer.answer(learner) - right) > known_answer.TOLERANCE


def test_wrong_kernels_are_compiled_again(recompiled, monkeypatch):
    answers = iter([known_answer.ANSWER + 1.0, known_answer.ANSWER])
    monkeypatch.setattr(known_answer, "answer", lambda learner: next(answers))
    check_kernels(Learner)
    assert recompiled == [1]


def test_the_kernels_of_categories_are_looked_at_when_they_are_needed(recompiled, monkeypatch):
    answers = iter([known_answer.CODED_ANSWER + 1.0, known_answer.CODED_ANSWER])
    monkeypatch.setattr(known_answer, "answer", lambda learner: next(answers))
    Learner("s", categorical="s")
    assert recompiled == [1]


@pytest.mark.parametrize("wrong", [float("nan"), 0.0])
def test_kernels_that_stay_wrong_are_not_believed_however_often_they_are_asked(recompiled, monkeypatch, wrong):
    monkeypatch.setattr(known_answer, "answer", lambda learner: wrong)
    for attempt in (1, 2):
        with pytest.raises(KernelError, match="wrong numbers on this machine"):
            Learner("a")
        assert recompiled == [1] * attempt


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
    assert total == pytest.approx(known_answer.LATE_ANSWER, abs=known_answer.TOLERANCE / 10)


def test_a_wrong_kernel_of_late_labels_is_compiled_again_once_labels_may_come_late(recompiled, monkeypatch):
    answers = iter([0.0, known_answer.LATE_ANSWER])
    monkeypatch.setattr(known_answer, "late_answer", lambda learner: next(answers))
    monkeypatch.setattr(learn_late_rows, "recompile", lambda: recompiled.append("late"))
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
