"""Kernels that give a wrong answer are compiled again, and not believed if that does not help."""

from __future__ import annotations

import numpy as np
import pytest
from learners import reference_of

from streamrnn import Learner, known_answer
from streamrnn.known_answer import KernelError, check_kernels


@pytest.fixture
def recompiled(monkeypatch):
    """A new process, as far as the check knows; returns how often the kernels were compiled again."""
    compiled = []
    monkeypatch.setattr(known_answer, "_checked", set())
    monkeypatch.setattr(known_answer.learn_rows, "recompile", lambda: compiled.append(1))
    return compiled


def test_right_kernels_are_looked_at_once_in_a_process(recompiled, monkeypatch):
    check_kernels(Learner)
    monkeypatch.setattr(known_answer, "answer", lambda learner: pytest.fail("looked at again"))
    check_kernels(Learner)
    assert recompiled == []


def test_the_answer_is_that_of_the_reference():
    reference = reference_of(Learner(**known_answer.SETTINGS))
    forecasts = [reference.step(np.array(row)).forecast.item() for row in known_answer.rows()]
    assert sum(forecasts) == pytest.approx(known_answer.ANSWER, abs=known_answer.TOLERANCE / 10)


def test_a_learner_with_other_weights_would_be_seen():
    learner = Learner(**known_answer.SETTINGS)
    learner.parameters["weight_hh_l0"][0, 0] += 0.01
    assert abs(known_answer.answer(learner) - known_answer.ANSWER) > known_answer.TOLERANCE


def test_wrong_kernels_are_compiled_again(recompiled, monkeypatch):
    answers = iter([known_answer.ANSWER + 1.0, known_answer.ANSWER])
    monkeypatch.setattr(known_answer, "answer", lambda learner: next(answers))
    check_kernels(Learner)
    assert recompiled == [1]


@pytest.mark.parametrize("wrong", [float("nan"), 0.0])
def test_kernels_that_stay_wrong_are_not_believed_however_often_they_are_asked(recompiled, monkeypatch, wrong):
    monkeypatch.setattr(known_answer, "answer", lambda learner: wrong)
    for attempt in (1, 2):
        with pytest.raises(KernelError, match="wrong numbers on this machine"):
            Learner("a")
        assert recompiled == [1] * attempt
