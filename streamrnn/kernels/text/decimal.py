"""Decimal text -> float64, rounded to the nearest as Python's float() does, or left to it."""

from __future__ import annotations

import numpy as np

from ..machine.jit import inlined, kernel
from .nearest import LEFT, nearest_float
from .words import ONE, TEN, ZERO, load_word, quotient, trailing_zeros

PLUS, MINUS, POINT, DIGIT_0, LETTER_E = b"+-.0e"
LOWER = 0x20  # the bit that makes a letter a small one
SIGN = np.uint64(1 << 63)

NO_NUMBER = -1
MOST_DIGITS = 19  # that a word always holds
LARGEST_COUNT = 10**15  # more decimals than any text has

# Eight bytes of text at once.
EIGHT = np.uint64(8)
EIGHT_ZEROS = np.uint64(int.from_bytes(b"00000000"))
EIGHT_FROM_TEN = np.uint64(0x7676767676767676)  # added to bytes, it sets the highest bit of those from ten on
EIGHT_HIGH_BITS = np.uint64(0x8080808080808080)
WHOLE_BYTES = 0x78  # of a count of bits up to 64
TEN_TO_8 = np.uint64(10**8)
TENS = np.array([10**n for n in range(9)], np.uint64)


@inlined
def read_decimal(data, i, powers):
    """Read the number that starts at data[i]: digits with or without a point, sign and exponent.

    Returns the position behind it and its bits; `NO_NUMBER` where none starts, or where Python's float() must decide.
    The last byte of the data must be no part of a number, so that all reading ends there.
    """
    is_negative = data[i] == MINUS
    first = i + is_negative
    if first + 8 <= data.shape[0]:
        end, digits, decimals = _read_usual(data, first)
        if first < end <= first + MOST_DIGITS + 1 and data[end] | LOWER != LETTER_E:
            # Of so few digits two exact floats make the number, rounded once (Clinger 1990).
            is_short = end < first + 8
            bits = quotient(digits, TENS[decimals]) if is_short else nearest_float(digits, -decimals, powers)
            if bits != LEFT:
                return end, (bits | SIGN if is_negative else bits)
    return read_any_decimal(data, i, powers)


@inlined
def _read_usual(data, i):
    """Read a number without sign and exponent that ends within eight bytes, or has its point there.

    Returns the position behind it, its digits and how many of them are decimals; i where there is no such number.
    """
    word = load_word(data, i) ^ EIGHT_ZEROS  # a digit's byte becomes its value
    others = _not_digits(word)
    point = trailing_zeros(others) & WHOLE_BYTES
    if point == 0 or point == 64:
        return i, ZERO, 0
    if data[i + (point >> 3)] != POINT:
        return i + (point >> 3), _eight_digits(word << np.uint64(64 - point)), 0
    before = (ONE << np.uint64(point)) - ONE
    word = word & before | word >> EIGHT & ~before  # without the point
    end = trailing_zeros(others & (others - ONE)) & WHOLE_BYTES
    if end < 64:
        return i + (end >> 3), _eight_digits(word << np.uint64(72 - end)), (end - point - 8) >> 3
    stop, digits = _read_digits(data, i + 8, _eight_digits(word << EIGHT))
    return stop, digits, stop - i - (point >> 3) - 1


@kernel
def read_any_decimal(data, i, powers):
    """Read a number as `read_decimal` does, but slower and in less code."""
    sign = SIGN if data[i] == MINUS else ZERO
    first = i + (data[i] == MINUS or data[i] == PLUS)
    i, digits = _read_digits(data, first, ZERO)
    count, decimals = i - first, 0
    if data[i] == POINT:
        point = i
        i, digits = _read_digits(data, i + 1, digits)
        decimals = i - point - 1
        count += decimals
    if count == 0 or (count > MOST_DIGITS and _significant_digits(data, first, i) > MOST_DIGITS):
        return NO_NUMBER, ZERO
    exponent = 0
    if data[i] | LOWER == LETTER_E:
        if data[i - 1] == POINT:  # which not everybody takes for a number
            return NO_NUMBER, ZERO
        i, exponent = _read_exponent(data, i + 1)
    bits = nearest_float(digits, exponent - decimals, powers)
    return (NO_NUMBER if bits == LEFT else i), bits | sign


@inlined
def _read_digits(data, i, digits):
    """Read digits onto the number `digits`; return the position behind them, and the number."""
    while i + 8 <= data.shape[0]:
        word = load_word(data, i) ^ EIGHT_ZEROS
        others = _not_digits(word)
        if others != ZERO:
            end = trailing_zeros(others) & WHOLE_BYTES
            if end == 0:
                return i, digits
            return i + (end >> 3), digits * TENS[end >> 3] + _eight_digits(word << np.uint64(64 - end))
        digits = digits * TEN_TO_8 + _eight_digits(word)
        i += 8
    digit = np.uint64(data[i] - DIGIT_0)
    while digit < TEN:
        digits = digits * TEN + digit
        i += 1
        digit = np.uint64(data[i] - DIGIT_0)
    return i, digits


@inlined
def _not_digits(word):
    """Set the highest bit of each byte above nine, exact up to the first that is above 137."""
    return (word + EIGHT_FROM_TEN | word) & EIGHT_HIGH_BITS


@inlined
def _eight_digits(word):
    """Return the number whose digits are the bytes of a word, the first one lowest: by pairs, fours, eights."""
    word = (word * np.uint64(10) + (word >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    word = (word * np.uint64(100) + (word >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (word * np.uint64(10_000) + (word >> np.uint64(32))) & np.uint64(0xFFFFFFFF)


@kernel
def _read_exponent(data, i):
    """Read an exponent; return the position behind it, or -1 if there is none."""
    is_negative = data[i] == MINUS
    if is_negative or data[i] == PLUS:
        i += 1
    first, exponent = i, 0
    while DIGIT_0 <= data[i] < DIGIT_0 + 10:
        if exponent < LARGEST_COUNT:
            exponent = exponent * 10 + data[i] - DIGIT_0
        i += 1
    return (i if i > first else NO_NUMBER), (-exponent if is_negative else exponent)


@kernel
def _significant_digits(data, i, end):
    """Count the digits from the first that is not zero on."""
    while i < end and (data[i] == DIGIT_0 or data[i] == POINT):
        i += 1
    count = 0
    for j in range(i, end):
        count += data[j] != POINT
    return count
