"""Student's t, against what tables say."""

import math

import pytest

from streamrnn.evaluation.student import two_sided_probability


@pytest.mark.parametrize(
    ("t", "freedom", "probability"),
    [
        (12.706, 1, 0.05),  # from the tables of any textbook
        (2.228, 10, 0.05),
        (-3.169, 10, 0.01),
        (1.980, 120, 0.05),
        (0.0, 5, 1.0),
    ],
)
def test_it_gives_the_numbers_of_the_tables(t, freedom, probability):
    assert two_sided_probability(t, freedom) == pytest.approx(probability, abs=5e-5)


@pytest.mark.parametrize("t", [0.01, 0.5, 1.0, 3.0, 40.0])
def test_with_one_degree_of_freedom_it_is_cauchys(t):
    assert two_sided_probability(t, 1) == pytest.approx(1.0 - 2.0 / math.pi * math.atan(t), rel=1e-12)


@pytest.mark.parametrize("t", [0.1, 1.0, 1.96, 4.0])
def test_with_many_it_is_the_normal_distribution(t):
    assert two_sided_probability(t, 1e7) == pytest.approx(math.erfc(t / math.sqrt(2.0)), rel=1e-4)


def test_far_off_is_not_negative_and_nan_stays_nan():
    assert 0.0 <= two_sided_probability(1e9, 17_000) < 1e-300
    assert math.isnan(two_sided_probability(math.nan, 10))
