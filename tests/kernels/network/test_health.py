"""What is told of the gradient is what it was."""

from __future__ import annotations

import math

import numpy as np
import pytest
from learners import COLUMNS, DoubleLearner, randomised, stream

from streamrnn import Learner
from streamrnn.kernels.network.health import DECAY, UPDATES_PER_MEASURE


def test_before_any_update_nothing_is_known():
    health = Learner("a").health
    assert health.rate_cap is None
    assert all(math.isnan(number) for number in (health.rate, health.gradient_norm, health.clipped, health.reach))


def test_the_norm_and_the_clipped_share_are_weighted_means_over_the_updates():
    learner = randomised(DoubleLearner("a", COLUMNS, hidden=4, window=4, clip=0.5))
    norms: list[float] = []
    for row in stream(300):
        updates = learner.metrics.updates
        learner.step(row)
        if learner.metrics.updates > updates:
            norms.append(math.sqrt(sum(float((view**2).sum()) for view in learner.gradient.values())))
    weights = DECAY ** np.arange(len(norms))[::-1]
    assert learner.health.gradient_norm == pytest.approx(np.average(norms, weights=weights))
    assert learner.health.clipped == pytest.approx(np.average(np.array(norms) > 0.5, weights=weights))
    assert 0.0 < learner.health.clipped < 1.0


@pytest.mark.parametrize("kept", [0.5, 0.9, 1.25])
def test_the_reach_of_a_linear_network_is_a_power_of_what_it_keeps(kept):
    """Every step back multiplies the slope by the weight of the state, here a multiple of the identity."""
    learner = DoubleLearner("a", ["a"], cell="elman", nonlinearity="relu", hidden=4, window=7, lr=0.0)
    learner.parameters["weight_ih_l0"][...] = 0.0
    learner.parameters["weight_hh_l0"][...] = kept * np.eye(4)
    learner.parameters["bias_ih_l0"][...] = 1e-6  # every unit stays above zero
    learner.parameters["head.weight"][...] = 1.0
    learner.run(stream(min(UPDATES_PER_MEASURE + 60, 150), columns=1))
    assert learner.health.reach == pytest.approx(kept**6)


def test_the_rate_is_the_schedules():
    learner = Learner("a", hidden=4, lr=0.01, warmup=100)
    learner.run(stream(51, columns=1))
    assert learner.health.rate == pytest.approx(0.01 * learner.metrics.updates / 100)
