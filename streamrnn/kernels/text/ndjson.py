"""The entry that reads lines of NDJSON: numbers become float64, texts are copied; an odd line is left to others.

A line is plain if it holds one object whose keys are known, each there once, and whose values are numbers, strings or
literals, such as their columns want; a string that is wanted may have no escapes. Which key comes after which is
remembered: it will be the same in the next line.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..machine.jit import entry, inlined, kernel
from ..machine.memory import carve1, carve2
from .decimal import DIGIT_0, LOWER, MINUS, NO_NUMBER, POINT, SIGN, read_decimal
from .fill import LINE_END, NO_ROW, START, end_odd_row, end_row, open_rows, put_null, put_number, put_text
from .nearest import INFINITY
from .rows import UNWANTED
from .words import ZERO, load_word

PLAIN, CLOSING, ESCAPING, STRANGE = range(4)  # what a byte is in a string

QUOTE, COLON, COMMA, OPEN, CLOSE, SPACE, TAB, RETURN = b'":,{} \t\r'
LETTER_U, LETTER_D, DIGIT_8 = b"ud8"
NULL, NOT_A_NUMBER, TRUE, FALSE = (np.frombuffer(word, np.uint8) for word in (b"null", b"NaN", b"true", b"false"))
IS_ESCAPED = np.zeros(256, np.bool_)  # may stand behind a backslash
IS_ESCAPED[list(b'"\\/bfnrt')] = True
IS_HEX = np.zeros(256, np.bool_)
IS_HEX[list(b"0123456789abcdefABCDEF")] = True
ONE_AS_FLOAT = np.float64(1.0).view(np.uint64)

FROM, TO, COLUMN, NEXT = range(4)  # of a key
PLACE, SEEN = range(2)  # of a column
NO_KEY_YET = np.int64(0)  # stands before the first key
NO_KEY = -1


class Keys(NamedTuple):
    """The keys that are known; several may be spellings of one column's name."""

    text: Any  # (m + 8,) uint8: one after the other, and eight more bytes
    table: Any  # (1 + keys, 4) int64: where its text starts and ends, its column, the key that came next to it last
    columns: Any  # (columns, 2) int64: its place in `Rows`, the line in which it was seen last


@entry
def read_ndjson(data, marks, keys, powers, rows):
    """Read lines; each ends in a newline, the last one too.

    data: (n,) uint8
    marks: (256,) uint8: what each byte is in a string; one that is `STRANGE` makes its line odd
    keys: the orders in which keys come are written
    powers: see ``powers.py``
    rows: written
    """
    text, mark_of = carve1(data, 0, data.size), carve1(marks, 0, 256)
    known = Keys(
        text=carve1(keys.text, 0, keys.text.size),
        table=carve2(keys.table, 0, keys.table.shape[0], 4),
        columns=carve2(keys.columns, 0, keys.columns.shape[0], 2),
    )
    table = carve2(powers, 0, powers.shape[0], 2)
    out = open_rows(rows)
    for column in range(known.columns.shape[0]):
        known.columns[column, SEEN] = NO_ROW
    i = START
    while i < text.shape[0]:
        end = _read_object(text, mark_of, known, table, out, i)
        if end == NO_ROW:
            i = end_odd_row(out, text, i)
        else:
            end_row(out)
            i = end


@inlined
def _read_object(data, marks, keys, powers, rows, line):
    """Read the object that starts in a line; return the position behind its newline, or `NO_ROW`."""
    i = _skip(data, line)
    if data[i] != OPEN:
        return NO_ROW
    key, members = NO_KEY_YET, 0
    i = _skip(data, i + 1)
    while data[i] == QUOTE:
        key = _find_key(data, keys, key, i + 1)
        if key == NO_KEY:
            return NO_ROW
        column = keys.table[key, COLUMN]
        if keys.columns[column, SEEN] == line:
            return NO_ROW
        keys.columns[column, SEEN] = line
        members += 1
        i = _skip(data, i + 2 + keys.table[key, TO] - keys.table[key, FROM])
        if data[i] != COLON:
            return NO_ROW
        i = _read_value(data, marks, keys.columns[column, PLACE], powers, rows, _skip(data, i + 1))
        if i == NO_ROW:
            return NO_ROW
        i = _skip(data, i)
        if data[i] != COMMA:
            break
        i = _skip(data, i + 1)
        if data[i] != QUOTE:
            return NO_ROW
    if data[i] != CLOSE:
        return NO_ROW
    i = _skip(data, i + 1)
    if data[i] != LINE_END:
        return NO_ROW
    if members < keys.columns.shape[0]:
        _put_absent(keys, rows, line)
    return i + 1


@inlined
def _skip(data, i):
    """Return the position of the first byte that is no space."""
    while data[i] <= SPACE and (data[i] == SPACE or data[i] == TAB or data[i] == RETURN):
        i += 1
    return i


@inlined
def _find_key(data, keys, before, i):
    """Return the key that starts at data[i], or `NO_KEY`; `before` is the one that came before it."""
    expected = keys.table[before, NEXT]
    if _is_key(data, keys, expected, i):
        return expected
    for key in range(1, keys.table.shape[0]):
        if _is_key(data, keys, key, i):
            keys.table[before, NEXT] = key
            return key
    return NO_KEY


@inlined
def _is_key(data, keys, key, i):
    start = keys.table[key, FROM]
    length = keys.table[key, TO] - start
    if i + length + 8 > data.shape[0]:
        for j in range(length):
            if data[i + j] != keys.text[start + j]:
                return False
        return data[i + length] == QUOTE
    for j in range(0, length, 8):
        difference = load_word(data, i + j) ^ load_word(keys.text, start + j)
        if length - j < 8:
            difference <<= np.uint64(64 - 8 * (length - j))
        if difference != ZERO:
            return False
    return data[i + length] == QUOTE


@kernel
def _put_absent(keys, rows, line):
    """Write that what was not seen in this line is missing."""
    for column in range(keys.columns.shape[0]):
        if keys.columns[column, SEEN] != line:
            put_null(rows, keys.columns[column, PLACE])


@inlined
def _read_value(data, marks, place, powers, rows, i):
    """Read the value that starts at data[i]; return the position behind it, or `NO_ROW`."""
    if data[i] == MINUS or _is_digit(data[i]):
        return _read_number(data, place, powers, rows, i)
    if data[i] != QUOTE:
        return _read_literal(data, place, rows, i)
    end = i + 1
    while marks[data[end]] == PLAIN:
        end += 1
    if marks[data[end]] == ESCAPING and place == UNWANTED:
        end = _end_of_string(data, marks, end)
    if marks[data[end]] != CLOSING or place >= 0:
        return NO_ROW
    if place != UNWANTED:
        put_text(rows, place, data, i + 1, end)
    return end + 1


@kernel
def _end_of_string(data, marks, i):
    """Return where a string with escapes ends, or has what must not be in a string."""
    while marks[data[i]] < STRANGE and marks[data[i]] != CLOSING:
        if marks[data[i]] == PLAIN:
            i += 1
        elif IS_ESCAPED[data[i + 1]]:
            i += 2
        elif data[i + 1] == LETTER_U and _is_character(data, i + 2):
            i += 6
        else:
            return i
    return i


@kernel
def _is_character(data, i):
    """Whether data[i : i + 4] is the number of a character, and not of half of one."""
    for j in range(i, i + 4):
        if not IS_HEX[data[j]]:
            return False
    return data[i] | LOWER != LETTER_D or data[i + 1] < DIGIT_8


@inlined
def _read_number(data, place, powers, rows, i):
    """Read a number as strict JSON has it, and as orjson keeps it."""
    first = i + (data[i] == MINUS)
    if not _is_digit(data[first]) or (data[first] == DIGIT_0 and _is_digit(data[first + 1])):
        return NO_ROW
    end, bits = read_decimal(data, i, powers)
    if end == NO_NUMBER or data[end - 1] == POINT or bits | SIGN == INFINITY | SIGN:
        return NO_ROW
    if bits == SIGN and end == first + 1:  # an integer, and so without a sign
        return NO_ROW
    if place >= 0:
        put_number(rows, place, bits)
    elif place != UNWANTED:
        put_text(rows, place, data, i, end)
    return end


@inlined
def _is_digit(byte):
    return DIGIT_0 <= byte < DIGIT_0 + 10


@kernel
def _read_literal(data, place, rows, i):
    """Read ``null``, ``true`` or ``false``, or ``NaN``, which many programs write for a missing number."""
    end = max(_behind(NULL, data, i), _behind(NOT_A_NUMBER, data, i))
    if end != NO_ROW:
        put_null(rows, place)
        return end
    is_true = _behind(TRUE, data, i)
    end = max(is_true, _behind(FALSE, data, i))
    if end != NO_ROW and place >= 0:
        put_number(rows, place, ZERO if is_true == NO_ROW else ONE_AS_FLOAT)
    elif end != NO_ROW and place != UNWANTED:
        put_text(rows, place, data, i, end)
    return end


@kernel
def _behind(word, data, i):
    """Return the position behind a word that stands at data[i], or `NO_ROW`."""
    for j in range(word.size):
        if data[i + j] != word[j]:
            return NO_ROW
    return i + word.size
