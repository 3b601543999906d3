"""Text -> a cell of CSV, or a string of JSON, in as few characters as each allows."""

from __future__ import annotations

import numpy as np

from ..machine.jit import kernel

QUOTE, BACKSLASH, LETTER_U, DIGIT_0, LETTER_A = b'"\\u0a'
BY_NUMBER = 1  # instead of a letter

IS_SPECIAL = np.zeros(256, np.uint8)  # in CSV: must stand in quotes
IS_SPECIAL[list(b'",\r\n')] = 1
ESCAPES = np.zeros(256, np.uint8)  # in JSON: what stands behind the backslash, 0 if a byte needs none
ESCAPES[:32] = BY_NUMBER
ESCAPES[list(b'"\\\b\t\n\f\r')] = list(b'"\\btnfr')


@kernel
def write_csv_text(text, start, end, out, i):
    """Write text[start:end] from out[i] on, in quotes if it could be mistaken otherwise; return the position behind."""
    is_quoted = start == end
    for j in range(start, end):
        is_quoted |= IS_SPECIAL[text[j]] != 0
    if is_quoted:
        out[i] = QUOTE
        i += 1
    for j in range(start, end):
        out[i] = text[j]
        i += 1
        if text[j] == QUOTE:
            out[i] = QUOTE
            i += 1
    if is_quoted:
        out[i] = QUOTE
        i += 1
    return i


@kernel
def write_json_text(text, start, end, out, i):
    """Write text[start:end] as a string from out[i] on; return the position behind."""
    out[i] = QUOTE
    i += 1
    for j in range(start, end):
        if ESCAPES[text[j]] != 0:
            i = _write_escape(text[j], out, i)
        else:
            out[i] = text[j]
            i += 1
    out[i] = QUOTE
    return i + 1


@kernel
def _write_escape(byte, out, i):
    """Write a character that must not stand in a string as it is; return the position behind."""
    out[i] = BACKSLASH
    if ESCAPES[byte] != BY_NUMBER:
        out[i + 1] = ESCAPES[byte]
        return i + 2
    out[i + 1], out[i + 2], out[i + 3], out[i + 4] = LETTER_U, DIGIT_0, DIGIT_0, DIGIT_0 + (byte >> 4)
    low = byte & 15
    out[i + 5] = low + (DIGIT_0 if low < 10 else LETTER_A - 10)
    return i + 6
