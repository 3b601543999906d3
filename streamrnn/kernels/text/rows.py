"""What is read of a block of text: rows of numbers and texts, in the columns that Arrow will have.

Here is nothing to compile, so this can be imported without the compiler.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# The place of a column: its index among the numbers, or FIRST_TEXT minus its index among the texts.
UNWANTED, FIRST_TEXT = -1, -2
NULL = -1  # instead of a length


class Rows(NamedTuple):
    """The rows that were read, and where the odd ones stand that must be read otherwise."""

    numbers: Any  # (number columns, rows) uint64: the bits of a float64, NaN where a number is missing
    lengths: Any  # (text columns, rows) int32: bytes of each text, or NULL
    characters: Any  # (text columns, bytes) uint8: one text after the other
    odd: Any  # (rows, 3) int64: how many rows were read before it, where it starts, where its newline is
    read: Any  # (2,) int64: how many rows were read, how many are odd
    missing: Any  # (number columns,) int64: not 0 if a number may be missing
    filled: Any  # (text columns,) int64: bytes of the texts of all rows

    @classmethod
    def room_for(cls, rows: int, number_columns: int, text_columns: int, size: int) -> Rows:
        """Make room for a block of so many rows and bytes."""
        return cls(
            numbers=np.empty((number_columns, rows), np.uint64),
            lengths=np.empty((text_columns, rows), np.int32),
            characters=np.empty((text_columns, size), np.uint8),
            odd=np.empty((rows, 3), np.int64),
            read=np.zeros(2, np.int64),
            missing=np.zeros(number_columns, np.int64),
            filled=np.zeros(text_columns, np.int64),
        )
