"""One cell of CSV -> the bits of a float64: a number, a missing one, or neither."""

from __future__ import annotations

from ..jit import kernel
from .decimal import LOWER, MINUS, PLUS, SIGN, read_decimal
from .fill import NAN
from .nearest import INFINITY
from .words import ZERO

SPACE, TAB = b" \t"


def _letters(word: bytes) -> int:
    return int.from_bytes(word)


MISSING_NAN, MISSING_NA, MISSING_NULL, MISSING_NONE = map(_letters, (b"nan", b"na", b"null", b"none"))
INFINITE, INFINITE_IN_FULL = map(_letters, (b"inf", b"infinity"))
LONGEST_WORD = 8


@kernel
def read_cell(data, start, end, powers):
    """Read data[start:end], which another byte follows: spaces around a number, and words that mean one.

    Returns whether it is a number or missing, and its bits: NaN where missing.
    """
    while start < end and (data[start] == SPACE or data[start] == TAB):
        start += 1
    while start < end and (data[end - 1] == SPACE or data[end - 1] == TAB):
        end -= 1
    if start == end:
        return True, NAN
    stop, bits = read_decimal(data, start, powers)
    if stop == end:
        return True, bits
    return _read_word(data, start, end)


@kernel
def _read_word(data, start, end):
    """Read ``nan``, ``null``, ``NA``, ``None``, ``inf`` or ``infinity``, in any case; some may have a sign."""
    has_sign = data[start] == MINUS or data[start] == PLUS
    sign = SIGN if data[start] == MINUS else ZERO
    start += has_sign
    if end - start > LONGEST_WORD:
        return False, ZERO
    word = 0
    for i in range(start, end):
        word = word << 8 | data[i] | LOWER
    if word == MISSING_NAN or (not has_sign and word in (MISSING_NA, MISSING_NULL, MISSING_NONE)):
        return True, NAN
    return word in (INFINITE, INFINITE_IN_FULL), INFINITY | sign
