"""Errors and counts, worked out again from the records."""

from __future__ import annotations

import math

import numpy as np
import pytest
from learners import COLUMNS, stream

from streamrnn import Learner
from streamrnn.records.metrics import Metrics, Score

SMALL = {"hidden": 4, "window": 5}


def score(mae: float, last: float) -> Score:
    return Score("a", 1, 10, mae, mae, last, last)


def from_records(values, forecasts, horizon):
    """How many forecasts were graded, their errors, and those of the value held when each was made.

    values: (rows,), some NaN; forecasts: (rows,), each of the row ``horizon`` later
    """
    held, last = math.nan, []
    for value in values.tolist():
        held = held if math.isnan(value) else value
        last.append(held)
    ahead, before = values[horizon:], slice(0, len(values) - horizon)
    graded = np.isfinite(ahead) & np.isfinite(forecasts[before])
    error, of_last = (ahead - forecasts[before])[graded], (ahead - np.array(last)[before])[graded]
    sizes = [(np.abs(errors).mean(), np.sqrt((errors**2).mean())) for errors in (error, of_last)]
    return int(graded.sum()), [*sizes[0], *sizes[1]]


@pytest.mark.parametrize("loss", ["squared", "quantile"])
def test_scores_are_those_of_the_records(loss):
    values = stream(300, columns=2, nulls=0.15)
    learner = Learner(["b", "a"], ["a", "b"], **SMALL, horizon=(1, 4), loss=loss)
    table = learner.run(values)
    scores = iter(learner.metrics.scores)
    for target, column in (("b", 1), ("a", 0)):  # targets as they were named, each with its horizons
        for horizon in (1, 4):
            score = next(scores)
            forecasts = table[f"{target}_h{horizon}"].to_numpy()
            count, expected = from_records(values[:, column], forecasts, horizon)
            assert (score.target, score.horizon, score.count) == (target, horizon, count)
            ours = [score.mae, score.rmse, score.last_value_mae, score.last_value_rmse]
            np.testing.assert_allclose(ours, expected, rtol=1e-12)
    assert next(scores, None) is None


def test_at_horizon_0_the_last_value_is_the_label_before():
    values = stream(200, columns=2)
    learner = Learner("y", "x", **SMALL, horizon=0)
    table = learner.run(values)
    (score,) = learner.metrics.scores
    labels, forecasts = values[:, 1], table["y_h0"].to_numpy()
    assert score.count == 199  # before the first label there is neither mean nor scale
    assert score.mae == pytest.approx(np.abs(labels - forecasts)[1:].mean(), rel=1e-12)
    assert score.last_value_mae == pytest.approx(np.abs(np.diff(labels)).mean(), rel=1e-12)


def test_horizons_in_values_are_graded_by_the_kth_value_that_comes():
    values = stream(200, columns=1, seed=3)[:, 0]
    values[np.random.default_rng(0).random(200) < 0.5] = np.nan
    learner = Learner("a", **SMALL, horizon=(1, 2), horizon_unit="values", experts=False)
    table = learner.run(values[:, None])
    present = np.flatnonzero(np.isfinite(values))
    for k, score in zip((1, 2), learner.metrics.scores, strict=True):
        forecasts, errors = table[f"a_h{k}"].to_numpy(), []
        for row in range(200):
            later = present[present > row]
            if len(later) >= k and np.isfinite(forecasts[row]):
                errors.append(values[later[k - 1]] - forecasts[row])
        assert score.count == len(errors)
        assert score.mae == pytest.approx(np.abs(errors).mean(), rel=1e-12)


def test_counts_are_those_of_the_rows():
    values = stream(120)
    values[10, 0], values[60, 1], values[70:75, 2] = np.nan, 1e300, 1e8
    learner = Learner("a", COLUMNS, **SMALL)
    learner.run(values)
    learner.refuse(2)
    metrics = learner.metrics
    assert (metrics.rows, metrics.refused_rows, metrics.steps) == (122, 2, 120)
    assert (metrics.skipped_updates, metrics.level_shifts, metrics.diverged) == (0, 0, 0)
    assert (metrics.nulls["a"], metrics.invalid["b"], metrics.far["c"]) == (1, 1, 5)
    assert metrics.updates == 117  # no forecast for row 0, no scale for row 1, no value in row 10
    assert all(type(count) is int for count in (metrics.steps, metrics.updates, metrics.nulls["a"]))


def test_before_anything_is_graded_errors_are_nan():
    learner = Learner("a", **SMALL)
    learner.step({"a": 1.0})
    (score,) = learner.metrics.scores
    assert score.count == 0
    assert all(math.isnan(number) for number in (score.mae, score.rmse, score.last_value_mae, score.last_value_rmse))
    assert math.isnan(score.skill) and math.isnan(learner.metrics.skill)


def test_skill_compares_with_the_last_value():
    assert score(0.5, 1.0).skill == 0.5
    assert score(0.0, 1.0).skill == 1.0
    assert score(2.0, 1.0).skill == -1.0
    assert math.isnan(score(0.5, 0.0).skill)


def test_the_skill_of_all_is_the_mean_of_those_that_there_are():
    counts = {"nulls": {}, "unknown": {}, "evicted": {}, "invalid": {}, "far": {}}
    scores = (score(0.5, 1.0), score(1.0, 1.0), score(0.5, 0.0))
    metrics = Metrics(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, **counts, scores=scores, class_scores=())
    assert metrics.skill == 0.25


def test_metrics_are_a_snapshot():
    learner = Learner("a", **SMALL)
    learner.run(stream(30, columns=1))
    before = learner.metrics
    steps = before.steps
    learner.run(stream(30, columns=1))
    assert before.steps == steps and learner.metrics.steps == steps + 30


def test_health_tells_who_is_believed_and_which_season_is_used():
    learner = Learner(("a", "b"), **SMALL)
    assert set(learner.health.believed.values()) == {0.0} and learner.health.seasons == {"a": 0, "b": 0}
    waves = np.sin(np.arange(600) * (2 * np.pi / 24))[:, None] + 0.1 * stream(600, columns=2)
    learner.run(waves)
    assert sum(learner.health.believed.values()) == pytest.approx(1.0)
    assert learner.health.seasons == {"a": 24, "b": 24}
    alone = Learner("a", **SMALL, experts=False)
    assert (alone.health.believed, alone.health.seasons) == ({}, {})
