"""Numbers -> their text: the shortest that reads back as the same number, and the same wherever it is written.

``5.0``, ``0.00001``, ``1e-6``, ``1000000000000000.0``, ``1e+16``: with a point from 10^-5 to below 10^16, else with an
exponent. What stands behind a number, up to 32 bytes from its start, is written over.
"""

from __future__ import annotations

import numpy as np

from ..machine.jit import inlined, kernel
from .shortest import shortest_decimal
from .words import TEN, ZERO, leading_zeros, load_word, store_word, trailing_zeros

MINUS, POINT, DIGIT_0, LETTER_E, PLUS = b"-.0e+"
SIGN = np.uint64(1 << 63)
LEAST_POINT, MOST_POINT = -5, 15  # exponents of ten of numbers without an exponent
MOST_DIGITS = 17
TENS = np.array([10**n for n in range(20)], np.uint64)
TEN_TO_8, TEN_TO_16 = np.uint64(10**8), np.uint64(10**16)
HUNDRED, TEN_THOUSAND = np.uint64(100), np.uint64(10_000)

EIGHT_ZEROS = np.uint64(int.from_bytes(b"00000000"))
ZERO_POINT = np.uint64(int.from_bytes(b"0.000000", "little"))
LAST_OF_EIGHT = np.uint64(1 << 56)


@inlined
def write_float(out, i, bits, powers):
    """Write a finite float64 from out[i] on; return the position behind it."""
    if bits & SIGN != ZERO:
        out[i] = MINUS
        i += 1
    bits &= ~SIGN
    if bits == ZERO:
        store_word(out, i, ZERO_POINT)
        return i + 3
    digits, exponent = shortest_decimal(bits, powers)
    count = _count_digits(digits)
    digits *= TENS[MOST_DIGITS - count]
    exponent += count - 1  # of the first digit
    high, low = _spread(digits // TEN_TO_8 % TEN_TO_8), _spread(digits % TEN_TO_8)
    count = MOST_DIGITS - (leading_zeros(low) >> 3) if low != ZERO else MOST_DIGITS - 8 - (leading_zeros(high) >> 3)
    first = np.int64(digits // TEN_TO_16) + DIGIT_0
    if LEAST_POINT <= exponent < 0:
        store_word(out, i, ZERO_POINT)
        return _put_digits(out, i + 1 - exponent, first, high, low) + count
    if exponent < 0 or exponent > MOST_POINT:
        return _write_with_exponent(out, i, first, high, low, count, exponent)
    _put_digits(out, i, first, high, low)
    point = i + exponent + 1
    tail, last = load_word(out, point), load_word(out, point + 8)
    out[point] = POINT
    store_word(out, point + 1, tail)
    store_word(out, point + 9, last)
    return i + 1 + count if count > exponent + 2 else point + 2


@kernel
def _write_with_exponent(out, i, first, high, low, count, exponent):
    """Write one digit before the point; return the position behind the exponent."""
    _put_digits(out, i + 1, first, high, low)
    out[i], out[i + 1] = first, POINT
    i += 1 + count if count > 1 else 1
    out[i] = LETTER_E
    out[i + 1] = MINUS if exponent < 0 else PLUS
    return _write_below_10_to_8(out, i + 2, np.uint64(abs(exponent)))


@inlined
def write_integer(out, i, number):
    """Write an int64 from out[i] on; return the position behind it."""
    magnitude = np.uint64(number)
    if number < 0:
        out[i] = MINUS
        i += 1
        magnitude = ZERO - magnitude
    if magnitude < TEN_TO_8:
        return _write_below_10_to_8(out, i, magnitude)
    if magnitude < TEN_TO_16:
        i = _write_below_10_to_8(out, i, magnitude // TEN_TO_8)
    else:
        i = _write_below_10_to_8(out, i, magnitude // TEN_TO_16)
        store_word(out, i, _spread(magnitude // TEN_TO_8 % TEN_TO_8) | EIGHT_ZEROS)
        i += 8
    store_word(out, i, _spread(magnitude % TEN_TO_8) | EIGHT_ZEROS)
    return i + 8


@kernel
def _write_below_10_to_8(out, i, number):
    word = _spread(number)
    absent = trailing_zeros(word | LAST_OF_EIGHT) >> 3
    store_word(out, i, (word | EIGHT_ZEROS) >> np.uint64(8 * absent))
    return i + 8 - absent


@inlined
def _put_digits(out, i, first, high, low):
    """Write 17 digits; return i."""
    out[i] = first
    store_word(out, i + 1, high | EIGHT_ZEROS)
    store_word(out, i + 9, low | EIGHT_ZEROS)
    return i


@inlined
def _count_digits(number):
    """Return how many decimal digits a number above zero has."""
    guess = (64 - leading_zeros(number)) * 1233 >> 12  # log10(2) = 1233 / 4096, nearly
    return guess + (number >= TENS[guess])


@inlined
def _spread(number):
    """Return the eight digits of a number as the bytes of a word, the first one lowest: by halves, pairs, ones."""
    quotient = number // TEN_THOUSAND
    word = quotient | number - TEN_THOUSAND * quotient << np.uint64(32)
    quotients = (word * np.uint64(10486) >> np.uint64(20)) & np.uint64(0x0000007F0000007F)  # hundreds
    word = quotients | word - HUNDRED * quotients << np.uint64(16)
    quotients = (word * np.uint64(103) >> TEN) & np.uint64(0x000F000F000F000F)  # tens
    return quotients | word - TEN * quotients << np.uint64(8)
