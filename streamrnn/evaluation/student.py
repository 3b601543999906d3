"""Student's t distribution, without a library for it."""

from __future__ import annotations

import math

SMALLEST = 1e-300
PRECISION = 1e-14
MOST_TERMS = 10_000


def two_sided_probability(t: float, freedom: float) -> float:
    """Return the probability that a t-distributed number is at least as far from 0 as `t`.

    Parameters
    ----------
    t : float
    freedom : float
        Degrees of freedom, above 0.
    """
    if math.isnan(t):
        return math.nan
    return _incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + t * t))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function; its continued fraction converges fast below the mean."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return math.exp(a * math.log(x) + b * math.log1p(-x) - beta) / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by the algorithm of Lentz (1976)."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, MOST_TERMS):
        m = term // 2
        if term % 2:
            factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            factor = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / _away_from_zero(1.0 + factor * d)
        c = _away_from_zero(1.0 + factor / c)
        value *= c * d
        if abs(c * d - 1.0) < PRECISION:
            break
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > SMALLEST else SMALLEST
