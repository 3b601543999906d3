"""The figures, worked out by hand."""

import math

import numpy as np
import pytest

from streamrnn.evaluation.diebold_mariano import LossDifferences
from streamrnn.evaluation.grading import Graded
from streamrnn.evaluation.scores import Scores
from streamrnn.evaluation.selection import chosen


def graded(errors, values=None, bounds=None, place=0):
    errors = np.array(errors, float)
    count = errors.shape[1]
    values = np.zeros(count) if values is None else np.array(values, float)
    bounds = np.empty((count, 0, 2)) if bounds is None else np.array(bounds, float)
    return Graded(0, place, np.arange(count), values, errors, bounds)


def test_errors_are_means_and_skill_is_what_is_gained_on_the_last_value():
    scores = Scores(("a",), (1,), ("last value", "other", "network"), ())
    scores.add(graded([[2, -4], [1, 1], [3, 0]]))
    scores.add(graded([[6], [1], [0]]))
    last, other, ours = scores.table(np.array([2.0]))
    assert [score.count for score in (last, other, ours)] == [3, 3, 3]
    assert [score.mae for score in (last, other, ours)] == [4.0, 1.0, 1.0]
    assert [score.mase for score in (last, other, ours)] == [2.0, 0.5, 0.5]
    assert ours.rmse == math.sqrt(9 / 3)
    assert (last.skill, other.skill, ours.skill) == (0.0, 0.75, 0.75)


def test_the_learner_is_tested_against_each_of_the_others_in_squared_error():
    random = np.random.default_rng(0)
    errors = random.standard_normal((3, 400))
    scores, by_hand = Scores(("a",), (1,), ("last value", "other", "network"), ()), LossDifferences(2, 24)
    for start in range(0, 400, 90):
        scores.add(graded(errors[:, start : start + 90]))
    by_hand.add(errors[2] ** 2 - errors[:2] ** 2)
    last, other, ours = scores.table(np.ones(1))
    expected = by_hand.verdicts(1)
    assert last.verdict == pytest.approx(expected[0])
    assert other.verdict == pytest.approx(expected[1])
    assert all(map(math.isnan, ours.verdict))


def test_a_better_learner_has_a_negative_statistic():
    random = np.random.default_rng(0)
    scores = Scores(("a",), (1,), ("last value", "network"), ())
    scores.add(graded(random.standard_normal((2, 1000)) * [[2.0], [1.0]]))
    verdict = scores.table(np.ones(1))[0].verdict
    assert verdict.statistic < -5.0 and verdict.p < 1e-6


def test_intervals_are_scored_by_coverage_width_and_what_lies_outside():
    scores = Scores(("a",), (1,), ("last value", "network"), (0.5, 0.9))
    narrow, broad = [[-1, 1]] * 4, [[-3, 3], [-3, 3], [-3, 3], [math.nan, math.nan]]
    bounds = np.stack([narrow, broad], axis=1)
    scores.add(graded(np.zeros((2, 4)), values=[0.0, 1.0, 3.0, -5.0], bounds=bounds))
    half, most = scores.intervals()
    assert (half.nominal, half.count, half.coverage, half.width) == (0.5, 4, 0.5, 2.0)
    assert half.score == 2.0 + 2.0 / 0.5 * (2.0 + 4.0) / 4
    assert (most.nominal, most.count, most.coverage, most.width, most.score) == (0.9, 3, 1.0, 6.0, 6.0)


def test_before_anything_is_graded_all_is_unknown():
    scores = Scores(("a",), (1,), ("last value", "network"), (0.9,))
    for score in scores.table(np.array([math.nan])):
        assert all(map(math.isnan, (score.mae, score.rmse, score.mase, score.skill, *score.verdict)))
    (interval,) = scores.intervals()
    assert all(map(math.isnan, (interval.coverage, interval.width, interval.score)))


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(3, 5, [1, 2, 3]), (24, 3, [1, 5, 24]), (24, 6, [1, 2, 4, 7, 13, 24]), (1000, 2, [1, 1000])],
)
def test_of_many_horizons_the_first_and_the_last_and_more_of_the_near_ones_are_chosen(count, most, expected):
    assert chosen(range(1, count + 1), most) == expected
