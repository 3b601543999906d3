"""Text rows -> batches: what CSV and NDJSON do alike.

A format says how a block falls apart into raw rows and how to read one raw row; a row that cannot be read raises
`RowError`, is set aside with its reason, and leaves its neighbours alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pyarrow

from ..batch import BadCell, Batch, Cause, Refused
from ..errors import StreamError
from ..inputs.lines import LineBlock, RawRow

Row = TypeVar("Row")
Split = Callable[[LineBlock], Iterable[RawRow]]
Read = Callable[[bytes], Row]

LONGEST_SEARCH = 16 * 1024 * 1024  # bytes in which a first readable row must be found


class RowError(Exception):
    """A row cannot be read; the message says why, with the details."""

    def __init__(self, cause: Cause, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


@dataclass
class Rows(Generic[Row]):
    """The rows of a block: those that could be read, each with its text, and those that could not."""

    good: list[Row] = field(default_factory=list)
    raw: list[RawRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def read_rows(block: LineBlock, split: Split, read: Read[Row]) -> Rows[Row]:
    """Read every row of a block, and set aside those that cannot be read."""
    rows: Rows[Row] = Rows()
    for raw in split(block):
        try:
            rows.good.append(read(raw.data))
            rows.raw.append(raw)
        except RowError as error:
            text = raw.data.decode("utf-8", "backslashreplace")
            rows.refused.append(Refused(len(rows.good), raw.line, raw.byte, error.cause, str(error), text))
    return rows


def find_first_row(
    name: str, blocks: Iterator[LineBlock], split: Split, read: Read[Row]
) -> tuple[Row | None, list[LineBlock]]:
    """Return the first row that can be read, None if there is no row at all, and the blocks taken to find it."""
    taken: list[LineBlock] = []
    trouble = ""
    for block in blocks:
        taken.append(block)
        for raw in split(block):
            try:
                return read(raw.data), taken
            except RowError as reason:
                trouble = trouble or f"line {raw.line}: {reason}"
        if sum(len(block.data) for block in taken) > LONGEST_SEARCH:
            break
    if trouble:
        raise StreamError(f"{name}: no row could be read; {trouble}")
    return None, taken


@dataclass(frozen=True)
class Columns:
    """Which columns are wanted, and how a format's cells become Arrow arrays."""

    schema: pyarrow.Schema  # number columns are float64, all others string
    to_numbers: Callable[[Sequence[Any]], tuple[pyarrow.Array, list[int]]]
    to_text: Callable[[Sequence[Any]], pyarrow.Array]

    def batch(self, rows: Rows[Row], cells_of: Callable[[str], Sequence[Any]]) -> Batch:
        """Build the batch of these rows; `cells_of` gives the cells of a column."""
        arrays: list[pyarrow.Array] = []
        bad_cells: list[BadCell] = []
        for column in self.schema:
            cells = cells_of(column.name)
            if column.type != pyarrow.float64():
                arrays.append(self.to_text(cells))
                continue
            numbers, bad = self.to_numbers(cells)
            arrays.append(numbers)
            for row in bad:
                raw = rows.raw[row]
                bad_cells.append(BadCell(row, raw.line, raw.byte, column.name, Cause.NOT_A_NUMBER, str(cells[row])))
        table = pyarrow.RecordBatch.from_arrays(arrays, schema=self.schema)
        return Batch(table, tuple(rows.refused), tuple(bad_cells))
