"""The entry that reads records of CSV: numbers become float64, texts are copied.

A record is plain if it has a cell for each column, every number that is wanted is one or is missing, and quotes stand
around whole cells and nowhere in them. All others are odd: only their place is told, and somebody must look closely.
"""

from __future__ import annotations

from ..machine.jit import entry, inlined, kernel
from ..machine.memory import carve1, carve2
from .cells import read_cell
from .decimal import read_decimal
from .fill import NAN, NO_ROW, START, end_odd_row, end_row, open_rows, put_null, put_number, put_text
from .rows import UNWANTED

ORDINARY, QUOTE, DELIMITER, RETURN, NEWLINE, STRANGE = range(6)  # what a byte is
CARRIAGE_RETURN = 13


@entry
def read_csv(data, marks, places, header, comment, powers, rows):
    """Read records; each ends in a newline, the last one too, and has no other.

    data: (n,) uint8
    marks: (256,) uint8: what each byte is; one that is `STRANGE` makes its record odd
    places: (columns,) int64: where each goes, see ``rows.py``
    header: (m,) uint8: a record that repeats it is odd
    comment: a record that starts with this byte is odd
    powers: see ``powers.py``
    rows: written
    """
    text, mark_of, place_of = carve1(data, 0, data.size), carve1(marks, 0, 256), carve1(places, 0, places.size)
    table = carve2(powers, 0, powers.shape[0], 2)
    out = open_rows(rows)
    i = START
    while i < text.shape[0]:
        end = _read_record(text, mark_of, place_of, table, out, i)
        if end == NO_ROW or text[i] == comment or _repeats(text, i, end, header):
            i = end_odd_row(out, text, i)
        else:
            end_row(out)
            i = end


@inlined
def _read_record(data, marks, places, powers, rows, i):
    """Read the record that starts at data[i]; return the position behind its newline, or `NO_ROW`."""
    for column in range(places.shape[0]):
        if column > 0:
            if marks[data[i]] != DELIMITER:
                return NO_ROW
            i += 1
        place = places[column]
        if place >= 0:
            end, bits = read_decimal(data, i, powers)
            if end > i and DELIMITER <= marks[data[end]] <= NEWLINE:
                put_number(rows, place, bits)
                i = end
                continue
        i = _read_cell(data, marks, place, powers, rows, i)
        if i == NO_ROW:
            return NO_ROW
    if marks[data[i]] == RETURN:
        i += 1
    return i + 1 if marks[data[i]] == NEWLINE else NO_ROW


@kernel
def _read_cell(data, marks, place, powers, rows, i):
    """Read any cell that is plain; return the position behind it, or `NO_ROW`."""
    is_quoted = marks[data[i]] == QUOTE
    start = i + is_quoted
    end = start
    if is_quoted:
        while marks[data[end]] != QUOTE and marks[data[end]] < NEWLINE:
            end += 1
        if marks[data[end]] != QUOTE:
            return NO_ROW
    else:
        while marks[data[end]] <= QUOTE:
            end += 1
    if place >= 0:
        is_number, bits = read_cell(data, start, end, powers)
        if not is_number:
            return NO_ROW
        if bits != NAN:
            put_number(rows, place, bits)
        else:
            put_null(rows, place)
    elif start == end:
        put_null(rows, place)
    elif place != UNWANTED:
        put_text(rows, place, data, start, end)
    return end + is_quoted


@kernel
def _repeats(data, start, end, header):
    """Whether the record before data[end] is the header."""
    surplus = end - start - 1 - header.size
    if surplus != 0 and not (surplus == 1 and data[end - 2] == CARRIAGE_RETURN):
        return False
    i = 0
    while i < header.size and data[start + i] == header[i]:
        i += 1
    return i == header.size
