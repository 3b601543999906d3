"""The rows that are read, written cell by cell: what `read_csv` and `read_ndjson` do alike."""

from __future__ import annotations

import numpy as np

from ..machine.jit import inlined, kernel
from ..machine.memory import carve1, carve2
from .rows import FIRST_TEXT, NULL, UNWANTED, Rows

NAN = np.uint64(0x7FF8 << 48)
NO_ROW = -1  # instead of a position: this row is odd
LINE_END = 10
START = np.int64(0)  # of a block; a plain 0 is of a type of its own, for which all would be compiled once more


@kernel
def open_rows(rows):
    """View the arrays."""
    return Rows(
        numbers=carve2(rows.numbers, 0, rows.numbers.shape[0], rows.numbers.shape[1]),
        lengths=carve2(rows.lengths, 0, rows.lengths.shape[0], rows.lengths.shape[1]),
        characters=carve2(rows.characters, 0, rows.characters.shape[0], rows.characters.shape[1]),
        odd=carve2(rows.odd, 0, rows.odd.shape[0], 3),
        read=carve1(rows.read, 0, 2),
        missing=carve1(rows.missing, 0, rows.missing.size),
        filled=carve1(rows.filled, 0, rows.filled.size),
    )


@inlined
def put_number(rows, place, bits):
    """Write a number of the current row."""
    rows.numbers[place, rows.read[0]] = bits


@inlined
def put_null(rows, place):
    """Write that a number or a text of the current row is missing."""
    if place >= 0:
        rows.numbers[place, rows.read[0]] = NAN
        rows.missing[place] = 1
    elif place != UNWANTED:
        rows.lengths[FIRST_TEXT - place, rows.read[0]] = NULL


@inlined
def put_text(rows, place, data, start, end):
    """Write a text of the current row."""
    column, length = FIRST_TEXT - place, end - start
    first = rows.filled[column]
    for i in range(length):
        rows.characters[column, first + i] = data[start + i]
    rows.lengths[column, rows.read[0]] = length


@inlined
def end_row(rows):
    """Keep the current row; the next number and text belong to another."""
    for column in range(rows.filled.shape[0]):
        length = rows.lengths[column, rows.read[0]]
        if length != NULL:
            rows.filled[column] += length
    rows.read[0] += 1


@kernel
def end_odd_row(rows, data, start):
    """Drop the current row and tell where it stands; return the position behind its newline."""
    end = start
    while data[end] != LINE_END:
        end += 1
    odd = rows.read[1]
    rows.odd[odd, 0], rows.odd[odd, 1], rows.odd[odd, 2] = rows.read[0], start, end
    rows.read[1] += 1
    return end + 1
