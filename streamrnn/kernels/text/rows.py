"""What is read of a block of text: rows of numbers and texts, in the columns that Arrow will have."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..jit import kernel
from ..memory import carve1, carve2
from .inlined import inlined

NAN = np.uint64(0x7FF8 << 48)
UNWANTED = -1  # the place of a column that nobody asked for
NO_ROW = -1  # instead of a position: this row is odd, somebody must look at it closely
NULL = -1  # instead of a length
LINE_END = 10
START = np.int64(0)  # of a block; a plain 0 is of a type of its own, for which all would be compiled once more


class Rows(NamedTuple):
    """Rows that were read, and where the odd ones stand that must be read otherwise."""

    numbers: Any  # (number columns, rows) uint64: the bits of a float64, NaN where a number is missing
    lengths: Any  # (text columns, rows) int32: bytes of each text, or NULL
    characters: Any  # (text columns, bytes) uint8: one text after the other
    odd: Any  # (rows, 3) int64: how many rows were read before it, where it starts, where its newline is
    read: Any  # (2,) int64: how many rows were read, how many are odd
    missing: Any  # (number columns,) int64: not 0 if a number may be missing
    filled: Any  # (text columns,) int64: bytes of the texts of all rows


def text_place(column: int) -> int:
    """Return the place of a text column, or the column at a place; a number column is its own place."""
    return -2 - column


def make_rows(rows: int, number_columns: int, text_columns: int, size: int) -> Rows:
    """Make room for a block of so many rows and bytes."""
    return Rows(
        numbers=np.empty((number_columns, rows), np.uint64),
        lengths=np.empty((text_columns, rows), np.int32),
        characters=np.empty((text_columns, size), np.uint8),
        odd=np.empty((rows, 3), np.int64),
        read=np.zeros(2, np.int64),
        missing=np.zeros(number_columns, np.int64),
        filled=np.zeros(text_columns, np.int64),
    )


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
        rows.lengths[-2 - place, rows.read[0]] = NULL


@inlined
def put_text(rows, place, data, start, end):
    """Write a text of the current row."""
    column, length = -2 - place, end - start
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
