"""A middle and a deviation of a few values that no single odd one can move."""

from __future__ import annotations

import math

from ..machine.jit import kernel

MAD_TO_DEVIATION = 1.4826  # of a normal distribution


@kernel
def median(values, count):
    """Return the median of values[:count], a few at most, without moving them.

    The value with as many others below it as above it; sorting would need a copy.
    """
    low, high = math.nan, math.nan
    for i in range(count):
        below, equal = 0, 0
        for j in range(count):
            below += values[j] < values[i]
            equal += values[j] == values[i]
        if below <= (count - 1) // 2 < below + equal:
            low = values[i]
        if below <= count // 2 < below + equal:
            high = values[i]
    return 0.5 * low + 0.5 * high


@kernel
def deviation_from(center, values, count, away):
    """Return a robust deviation of values[:count] from their center; away[:count] is work space.

    1.4826 times the median absolute deviation; where more than half of the values are equal, the mean absolute
    deviation without the largest one, so that a single odd value never makes a unit.
    """
    largest, sum_ = 0.0, 0.0
    for i in range(count):
        away[i] = abs(values[i] - center)
        largest = max(largest, away[i])
        sum_ += away[i]
    middle = median(away, count)
    if middle > 0.0 or count < 2:
        return MAD_TO_DEVIATION * middle
    return (sum_ - largest) / (count - 1)
