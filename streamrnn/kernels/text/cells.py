"""One cell of CSV -> the bits of a float64: a number, a missing one, or neither."""

from __future__ import annotations

import numpy as np

from ..machine.jit import kernel
from .decimal import LOWER, MINUS, PLUS, SIGN, read_any_decimal
from .fill import NAN
from .nearest import INFINITY
from .words import ZERO

SPACE, TAB = b" \t"


def _words(*words: bytes) -> np.ndarray:
    """Return words as numbers: their letters are the digits."""
    return np.array([int.from_bytes(word) for word in words], np.int64)


NOT_A_NUMBER, MISSING, INFINITE = _words(b"nan"), _words(b"na", b"null", b"none"), _words(b"inf", b"infinity")
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
    stop, bits = read_any_decimal(data, start, powers)
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
    if _is_one_of(word, NOT_A_NUMBER) or (not has_sign and _is_one_of(word, MISSING)):
        return True, NAN
    return _is_one_of(word, INFINITE), INFINITY | sign


@kernel
def _is_one_of(word, words):
    found = False
    for i in range(words.size):
        found |= word == words[i]
    return found
