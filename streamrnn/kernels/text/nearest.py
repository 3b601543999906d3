"""The float64 nearest to a decimal number, by integers alone.

The product of the decimal digits, as an integer, and of the leading 128 bits of the power of ten nearly always tells
to which float64 the number is nearest (Lemire 2021, "Number parsing at a gigabyte per second").
"""

from __future__ import annotations

import numpy as np

from ..machine.jit import inlined, kernel
from .powers import EXACT, LEAST
from .words import ALL_ONES, ONE, THREE, ZERO, leading_zeros, multiply_wide

INFINITY = np.uint64(0x7FF << 52)
LEFT = ALL_ONES  # these bits mean: let Python's float() decide

LARGEST_POWER = 308
EXPONENT_BIAS, LARGEST_EXPONENT = 1023, 2047
MANTISSA_BITS = np.uint64(52)
HIDDEN_BIT = ONE << MANTISSA_BITS
WORD_SIGN = np.uint64(63)
SPARE_BITS = np.uint64(9)  # of a product's high word: below the float's mantissa and the bit to round by
SPARE = (ONE << SPARE_BITS) - ONE


@inlined
def nearest_float(digits, q, powers):
    """Return the bits of the float64 nearest to digits x 10^q, or `LEFT`."""
    if digits == ZERO or q < LEAST:
        return ZERO
    if q > LARGEST_POWER:
        return INFINITY
    zeros = leading_zeros(digits)
    high, low = _product(digits << np.uint64(zeros), q, powers)
    if low == ALL_ONES and not -27 <= q <= EXACT:
        return LEFT
    upper = high >> WORD_SIGN
    shift = upper + SPARE_BITS
    mantissa = high >> shift  # 54 bits: the float's 53, and one to round by
    exponent = binary_exponent(q) + 63 + np.int64(upper) - zeros + EXPONENT_BIAS
    if exponent <= 0:
        return _subnormal(mantissa, exponent)
    if low <= ONE and -4 <= q <= 23 and mantissa & THREE == ONE and mantissa << shift == high:
        mantissa -= ONE  # halfway between two floats: to the even one
    mantissa = (mantissa + (mantissa & ONE)) >> ONE
    if mantissa == HIDDEN_BIT << ONE:
        mantissa = HIDDEN_BIT
        exponent += 1
    if exponent >= LARGEST_EXPONENT:
        return INFINITY
    return (mantissa - HIDDEN_BIT) | np.uint64(exponent) << MANTISSA_BITS


@kernel
def _subnormal(mantissa, exponent):
    """Return the bits of a float below the least normal one; none of them is halfway between two."""
    if exponent <= -63:
        return ZERO
    mantissa >>= np.uint64(1 - exponent)
    return (mantissa + (mantissa & ONE)) >> ONE


@inlined
def _product(word, q, powers):
    """Return word x 5^q to 128 bits, exact enough to round by its high word."""
    row = q - LEAST
    high, low = multiply_wide(word, powers[row, 0])
    if high & SPARE == SPARE:  # what is missing may carry into the bits that matter
        more = multiply_wide(word, powers[row, 1])[0]
        low += more
        if low < more:
            high += ONE
    return high, low


@kernel
def binary_exponent(q):
    """Return floor(log2(10^q))."""
    return (217706 * q) >> 16
