"""Diebold and Mariano's test, against its formula written down for a whole series at once."""

import math

import numpy as np
import pytest

from streamrnn.evaluation.diebold_mariano import LossDifferences, lags_for


def textbook(d, lags, horizon):
    """The statistic of one series of loss differences."""
    n, mean = len(d), d.mean()
    off = d - mean
    variance = (off**2).sum() / n
    for lag in range(1, lags + 1):
        variance += 2.0 * (1.0 - lag / (lags + 1)) * (off[lag:] * off[:-lag]).sum() / n
    few = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    return mean / math.sqrt(variance / n) * math.sqrt(few)


def series(rows=300, count=3, seed=0):
    noise = np.random.default_rng(seed).standard_normal((count, rows + 4)) + 0.2
    return noise[:, 4:] + 0.8 * noise[:, 3:-1] + 0.5 * noise[:, :-4]


@pytest.mark.parametrize("lags", [1, 5, 24])
@pytest.mark.parametrize("piece", [1, 7, 24, 300])
def test_autocovariances_are_those_of_the_whole_series_however_it_comes(lags, piece):
    whole, differences = series(), LossDifferences(3, lags)
    for start in range(0, whole.shape[1], piece):
        differences.add(whole[:, start : start + piece])
    off = whole - whole.mean(axis=1, keepdims=True)
    n = whole.shape[1]
    expected = [[(row[lag:] * row[: n - lag]).sum() / n for lag in range(lags + 1)] for row in off]
    np.testing.assert_allclose(differences.autocovariances(), expected, rtol=1e-10, atol=1e-12)


def test_the_statistic_is_the_textbooks():
    whole, differences = series(), LossDifferences(3, 24)
    differences.add(whole)
    for verdict, row in zip(differences.verdicts(12), whole, strict=True):
        assert verdict.statistic == pytest.approx(textbook(row, 24, 12), rel=1e-10)


def test_a_made_up_series_has_the_statistic_worked_out_by_hand():
    """+1 and -1 in turn around 0.5, one lag: g0 = 1, g1 = -59/60, so V = 1 - 2 * 0.5 * 59/60 = 1/60, V / n = 1/3600."""
    differences = LossDifferences(1, 1)
    differences.add(0.5 + np.array([[1.0, -1.0] * 30]))
    (verdict,) = differences.verdicts(1)
    assert verdict.statistic == pytest.approx(0.5 * 60 * math.sqrt(59 / 60))


def test_numbers_far_from_zero_lose_no_digits_that_count():
    whole, differences = series(rows=2000, count=1) * 1e-3 + 1.0, LossDifferences(1, 24)
    for start in range(0, 2000, 100):
        differences.add(whole[:, start : start + 100])
    assert differences.verdicts(1)[0].statistic == pytest.approx(textbook(whole[0], 24, 1), rel=1e-6)


def test_differences_that_overlap_are_not_taken_for_proof():
    """Of series without a difference, whose errors hang together over 12 rows, about one in twenty is called one."""
    random, called = np.random.default_rng(1), []
    noise = random.standard_normal((400, 1011))
    overlapping = np.stack([np.convolve(row, np.ones(12), "valid") for row in noise])
    for lags in (lags_for(12), 1):
        differences = LossDifferences(400, lags)
        differences.add(overlapping)
        called.append(np.mean([verdict.p < 0.05 for verdict in differences.verdicts(12)]))
    assert 0.02 < called[0] < 0.10
    assert called[1] > 0.3  # what happens if the overlap is left out


def test_there_are_at_least_as_many_lags_as_forecasts_overlap():
    assert all(lags_for(horizon) >= horizon for horizon in (1, 10, 48, 1000))


def test_where_nothing_can_be_said_it_says_nothing():
    few, none, always = LossDifferences(1, 24), LossDifferences(1, 1), LossDifferences(1, 1)
    few.add(series(rows=40, count=1))
    none.add(np.zeros((1, 100)))
    always.add(np.full((1, 100), 0.1))
    for differences in (few, none, always):
        assert all(map(math.isnan, differences.verdicts(1)[0]))


def test_memory_does_not_grow():
    differences = LossDifferences(2, 24)
    differences.add(series(count=2))
    size = sum(part.nbytes for part in vars(differences).values() if isinstance(part, np.ndarray))
    for _ in range(20):
        differences.add(series(count=2))
    assert sum(part.nbytes for part in vars(differences).values() if isinstance(part, np.ndarray)) == size
