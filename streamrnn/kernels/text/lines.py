"""What `write_lines` needs to know: rows, column by column, and what stands around their cells.

Here is nothing to compile, so this can be imported without the compiler.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

LONGEST_CELL = 26  # bytes of one that is no text, and what quotes add to one that is
LONGEST_ESCAPE = 6  # bytes for one character of a text
SPARE = 40  # bytes behind the text that are written over


class Kind(IntEnum):
    """What a column holds; an AS_IT_IS is text that needs no quotes, whatever it holds."""

    NOTHING = 0
    FLOAT = 1
    INTEGER = 2
    AS_IT_IS = 3
    CSV_TEXT = 4
    JSON_TEXT = 5


class Lines(NamedTuple):
    """Some rows, and what stands around their cells."""

    columns: Any  # (columns, 2) int64: the kind of each, and which of the numbers or of the texts it is
    numbers: Any  # (number columns, rows) uint64: the bits of each float64 or int64
    spans: Any  # (text columns, rows, 2) int64: where in the characters each text starts and ends; twice -1 if missing
    characters: Any  # (m,) uint8
    pieces: Any  # (n + 8,) uint8: what stands before each cell, behind the last, and instead of one; then 8 bytes more
    piece_ends: Any  # (columns + 3,) int64: where the first piece starts, and where each ends

    def most_bytes(self, rows: int) -> int:
        """Return how many bytes so many rows can take."""
        per_row = self.pieces.size + LONGEST_CELL * len(self.columns)
        return int(rows * per_row + LONGEST_ESCAPE * self.characters.size + SPARE)
