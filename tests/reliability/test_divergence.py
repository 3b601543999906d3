"""A network that diverges comes back by itself, and what is only hard is left to learn.

The long versions, on recorded streams: ``python -m benchmarks.robustness``.
"""

from __future__ import annotations

import numpy as np
import pytest
from learners import COLUMNS
from reliability.hostile import error, not_finite, taken, waves

from streamrnn import Learner


@pytest.mark.parametrize("clip", [0.0, 1.0])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_a_rate_a_thousand_times_too_large_costs_a_tenth_at_most(cell, clip):
    """Over rows 10,000 to 20,000, when it has come back; of five networks the middle one, as chance has its part."""
    values, errors = waves(20_000, noise=0.2), {}
    for lr in (1.0, 1e-3):
        errors[lr] = []
        for seed in range(5):
            learner, forecasts = taken(
                values, cell=cell, clip=clip, lr=lr, hidden=16, window=8, experts=False, seed=seed
            )
            assert (learner.metrics.diverged > 0) == (lr == 1.0)
            assert not_finite(learner) == []
            errors[lr].append(error(forecasts, values, 10_000))
    assert np.median(errors[1.0]) <= 1.1 * np.median(errors[1e-3])
    assert max(errors[1e-3]) < 0.8


def test_cells_that_no_gradient_passes_are_not_gone_back_to():
    """On waves that are easy, a network of saturated cells may beat the last value for thousands of rows."""
    values = waves(20_000)
    learner, forecasts = taken(values, lr=1.0, hidden=16, window=8, experts=False)
    assert learner.metrics.diverged > 0
    assert error(forecasts, values, 12_000) < 0.3


def test_a_rate_beyond_all_measure_ends_in_forecasts_no_worse_than_the_last_value():
    values = waves(6000)
    learner, forecasts = taken(values, lr=1e6, clip=0.0, optimizer="sgd", hidden=8, window=8, experts=False)
    assert not_finite(learner) == []
    assert error(forecasts, values, 4000) < 1.05


def test_a_divergence_is_told_where_it_happens_and_counted():
    learner = Learner(COLUMNS, lr=10.0, hidden=8, window=8)
    events = learner.run(waves(3000))["event"].to_pylist()
    told = [event for event in events if event]
    assert told and all("diverged" in event.split(",") for event in told)
    assert learner.metrics.diverged == len(told)
    assert learner.health.rate_cap is not None and learner.health.rate <= learner.health.rate_cap


def test_at_defaults_nothing_is_taken_back():
    """Waves, walks, noise, rare jumps, and a level that drifts."""
    random = np.random.default_rng(3)
    walks = random.standard_normal((6000, 3)).cumsum(axis=0)
    noise = random.standard_normal((6000, 3))
    jumps = np.where(random.random((6000, 3)) < 0.002, 50.0, 0.0) + 0.1 * noise
    for values in (waves(6000), walks, noise, jumps, waves(6000) + np.arange(6000)[:, None]):
        for horizon in (1, 12):
            learner = Learner(COLUMNS, horizon=horizon, hidden=16, window=8)
            learner.run(values)
            assert learner.metrics.diverged == 0
            assert learner.metrics.skipped_updates == 0
