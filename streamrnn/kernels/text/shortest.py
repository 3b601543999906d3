"""float64 -> the shortest decimal number that reads back as the same float64.

Of the numbers with the fewest digits in the interval that rounds to a float, the one closest to it (Giulietti 2020,
"The Schubfach way to render doubles"). A float is c x 2^q; its interval's bounds and itself are scaled by a power of
ten that makes them integers of at most 17 digits, in quarters.
"""

from __future__ import annotations

import numpy as np

from ..machine.jit import inlined
from .nearest import binary_exponent
from .powers import EXACT, LEAST
from .words import ONE, TEN, TWO, ZERO, multiply_wide

MANTISSA_BITS = np.uint64(52)
HIDDEN_BIT = ONE << MANTISSA_BITS
EXPONENT_BITS = np.uint64(0x7FF)
EXPONENT_BIAS = 1075  # of the integer c
FOUR, FORTY = np.uint64(4), np.uint64(40)


@inlined
def shortest_decimal(bits, powers):
    """Return digits and k of the shortest digits x 10^k for a finite float64 above zero."""
    mantissa = bits & (HIDDEN_BIT - ONE)
    biased = bits >> MANTISSA_BITS & EXPONENT_BITS
    c, q = mantissa, 1 - EXPONENT_BIAS
    if biased != ZERO:
        c, q = mantissa | HIDDEN_BIT, np.int64(biased) - EXPONENT_BIAS
    is_narrow = mantissa == ZERO and biased > ONE  # the next lower float is half as far
    k = (q * 1262611 - 524031 * is_narrow) >> 22  # floor(log10(2^q)), of 3/4 as much if narrow
    shift = np.uint64(q + binary_exponent(-k) + 1)
    row = -k - LEAST
    high, low = powers[row, 0], powers[row, 1]
    if not -27 <= -k <= EXACT:
        low += ONE  # rounded up, and never all ones
    odd = c & ONE
    quarters = c << TWO
    lower = _scaled(high, low, quarters - TWO + np.uint64(is_narrow) << shift) + odd  # an even c has its bounds too
    value = _scaled(high, low, quarters << shift)
    upper = _scaled(high, low, quarters + TWO << shift) - odd
    digits = value >> TWO
    tens = digits // TEN
    if tens != ZERO:
        is_below, is_above = lower <= FORTY * tens, FORTY * tens + FORTY <= upper
        if is_below != is_above:
            return tens + np.uint64(is_above), k + 1
    is_below, is_above = lower <= FOUR * digits, FOUR * digits + FOUR <= upper
    if is_below == is_above:
        half = FOUR * digits + TWO
        is_above = value > half or (value == half and digits & ONE == ONE)
    return digits + np.uint64(is_above), k


@inlined
def _scaled(high, low, word):
    """Return word x power / 2^128, and an odd number for all that is not whole: so comparisons stay right."""
    carry = multiply_wide(low, word)[0]
    result, rest = multiply_wide(high, word)
    rest += carry
    if rest < carry:
        result += ONE
    return result | np.uint64(rest > ONE)
