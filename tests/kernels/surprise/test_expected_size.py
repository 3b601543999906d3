"""Intervals are as wide as errors are expected to be: in rough times, at hard hours, near the ends of a range."""

import numpy as np
import pytest
from learners import stream

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view

ALONE = {"hidden": 2, "window": 2, "lr": 0.0, "experts": False}


def bounds_of(table, name: str) -> tuple[np.ndarray, np.ndarray]:
    return table[f"{name}_lo90"].to_numpy(), table[f"{name}_hi90"].to_numpy()


def test_bounds_far_ahead_widen_before_an_error_far_ahead_is_known():
    random = np.random.default_rng(0)
    walk = np.cumsum(np.repeat([1.0, 5.0], [1500, 40]) * random.standard_normal(1540))
    low, high = bounds_of(Learner("a", horizon=(48,), intervals=0.9, **ALONE).run(walk[:, None]), "a_h48")
    widths = high - low
    assert widths[1530] > 1.25 * widths[1400:1500].max()


def test_bounds_are_wider_where_the_season_has_larger_errors():
    random = np.random.default_rng(1)
    hour = np.arange(4000) % 24
    values = np.sin(2.0 * np.pi * hour / 24.0) + np.where(hour < 12, 0.05, 0.5) * random.standard_normal(4000)
    table = Learner("a", intervals=0.9, season=24, hidden=2, window=2).run(values[:, None])
    low, high = bounds_of(table, "a_h1")
    of_next = (hour[3000:] + 1) % 24
    widths = [(high - low)[3000:][of_next == ahead].mean() for ahead in (6, 18)]
    assert widths[1] > 3.0 * widths[0]


def test_another_season_begins_a_profile_of_its_own():
    learner = Learner("a", intervals=0.9, hidden=2, window=2)
    learner.run(np.tile(np.sin(np.arange(12) * np.pi / 6.0), 60)[:, None])
    assert named_view(learner._state, "bound_season")[0] == 12
    before = named_view(learner._state, "bound_profile").copy()
    learner.run(np.tile(np.sin(np.arange(40) * np.pi / 20.0), 80)[:, None])
    assert named_view(learner._state, "bound_season")[0] not in (0, 12)
    assert (before[0] != -0.4).sum() <= 12


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_no_bound_lies_beyond_an_end_of_the_range_that_values_often_reach(side):
    random = np.random.default_rng(2)
    free = np.convolve(random.standard_normal(3009), np.ones(10) / 3.0, "valid")
    values = side * np.minimum(free, 0.5)
    low, high = bounds_of(Learner("a", horizon=(4,), intervals=0.9, **ALONE).run(values[:, None]), "a_h4")
    assert np.nanmax(side * (high if side > 0 else low)[1000:]) == 0.5
    held = ((values[4:] >= low[:-4]) & (values[4:] <= high[:-4]))[1000:]
    assert abs(held.mean() - 0.9) < 0.01


def test_an_end_of_the_range_that_is_passed_is_none():
    values = np.concatenate([np.minimum(stream(2000)[:, 0], 0.5), 0.5 + 0.3 * np.random.default_rng(3).random(200)])
    _, high = bounds_of(Learner("a", intervals=0.9, **ALONE).run(values[:, None]), "a_h1")
    assert np.nanmax(high[1000:2000]) <= 0.5 and high[-1] > 0.8


def test_a_run_of_misses_far_ahead_takes_the_level_to_its_floor_and_not_beyond_at_once():
    random = np.random.default_rng(4)
    noise = np.concatenate([random.standard_normal(1500), np.full(80, 50.0)])
    learner = Learner("a", horizon=(48,), intervals=0.9, skip=False, **ALONE)
    learner.run(noise[:, None])
    level = named_view(learner._state, "bound_levels")[0, 0]
    assert 0.001 < level < 0.1 / (4.0 - 0.3)


def test_frozen_rows_still_say_how_rough_the_stream_is():
    random = np.random.default_rng(5)
    walk = np.cumsum(np.repeat([1.0, 5.0], [1500, 40]) * random.standard_normal(1540))
    learner = Learner("a", horizon=(12,), intervals=0.9, **ALONE)
    calm = np.subtract(*bounds_of(learner.run(walk[:1500, None]), "a_h12")[::-1])
    rough = np.subtract(*bounds_of(learner.run(walk[1500:, None], learn=False), "a_h12")[::-1])
    assert rough[-1] > 1.15 * calm[1400:].max()


@pytest.mark.parametrize("values", [np.zeros(400), np.repeat([0.0, 1e25, 0.0], 150), np.tile([1e-300, -1e-300], 300)])
def test_sizes_of_nothing_and_of_the_largest_values_are_finite(values):
    learner = Learner("a", horizon=(1, 5), intervals=0.9, **ALONE)
    table = learner.run(values[:, None])
    for horizon in (1, 5):
        low, high = bounds_of(table, f"a_h{horizon}")
        known = np.isfinite(table[f"a_h{horizon}"].to_numpy())
        assert np.isfinite(low[-50:][known[-50:]]).all() and (low <= high)[-50:][known[-50:]].all()
    for name in ("bound_expected", "error_sizes", "step_sizes", "bound_profile"):
        assert np.isfinite(named_view(learner._state, name)).all(), name


def test_a_shift_of_the_level_begins_with_ends_of_its_own():
    values = np.minimum(stream(2400)[:, 0], 0.5) - np.repeat([0.0, 1e4], 1200)
    learner = Learner("a", intervals=0.9, **ALONE)
    _, high = bounds_of(learner.run(values[:, None]), "a_h1")
    assert named_view(learner._state, "bound_reached")[0, 2] < 1300
    assert high[-1] <= 0.5 - 1e4
