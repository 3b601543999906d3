"""Text rows -> batches: what CSV and NDJSON do alike.

A format says how a block falls apart into raw rows and how to read one raw row; a row that cannot be read raises
`RowError`, is set aside with its reason, and leaves its neighbours alone.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

import pyarrow

from ..batch import BadCell, Batch, Cause, Kind, Refused, check_request
from ..cells import Cells
from ..errors import StreamError
from ..formats import HOLDS_NUMBERS
from ..inputs.lines import SHOWN, LineBlock, RawRow

Row = TypeVar("Row")
Split = Callable[[LineBlock], Iterable[RawRow]]
Read = Callable[[bytes], Row]
Converted = tuple[list[Any], list[int]]  # the cells of a column as `Cells` has them, and the indices of bad ones

# Within so many rows, and bytes of the stream, a first readable row must be found.
MOST_TRIED = 10_000
LONGEST_SEARCH = 16 * 1024 * 1024


def text_schema(
    name: str, columns: Mapping[str, Kind], numbers: Sequence[str], others: Sequence[str]
) -> pyarrow.Schema:
    """Return what is delivered of columns of text: numbers as float64, all else as it was written."""
    check_request(name, columns, numbers, others)
    fields = [pyarrow.field(column, pyarrow.float64()) for column in numbers]
    for column in others:
        metadata = HOLDS_NUMBERS if columns[column] == "number" else None
        fields.append(pyarrow.field(column, pyarrow.string(), metadata=metadata))
    return pyarrow.schema(fields)


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
            rows.good.append(read_row(block, raw, read))
            rows.raw.append(raw)
        except RowError as error:
            text = _shown(raw.data, error.cause)
            rows.refused.append(Refused(len(rows.good), raw.line, raw.byte, error.cause, str(error), text))
    return rows


def find_first_row(
    name: str, blocks: Iterator[LineBlock], split: Split, read: Read[Row | None]
) -> tuple[Row | None, list[LineBlock]]:
    """Return the first row that can be read, None if there is none, and the blocks with rows that were taken for it.

    A row that `read` gives as None decides nothing.
    """
    taken: list[LineBlock] = []
    trouble, tried = "", 0
    for block in blocks:
        tried_before = tried
        for raw in split(block):
            tried += 1
            try:
                row = read_row(block, raw, read)
            except RowError as reason:
                trouble = trouble or f"line {raw.line}: {reason}"
                continue
            if row is not None:
                return row, [*taken, block]
        if tried > tried_before:
            taken.append(block)
        if tried > MOST_TRIED or block.byte > LONGEST_SEARCH:
            break
    if trouble:
        raise StreamError(f"{name}: no row could be read; {trouble}")
    return None, taken


def read_row(block: LineBlock, raw: RawRow, read: Read[Row]) -> Row:
    """Read one row of a block, or raise RowError with its reason."""
    if block.longer_than is not None:
        raise RowError(Cause.TOO_LONG, f"the line is longer than {block.longer_than:,} bytes")
    try:
        return read(raw.data)
    except RowError as error:
        ends_with_block = raw.byte + len(raw.data) == block.byte + len(block.data)
        if not ends_with_block or error.cause is Cause.TOO_LONG:
            raise
        raise RowError(Cause.CUT_SHORT, f"the stream ended in the middle of the line: {error}") from error


def _shown(raw: bytes, cause: Cause) -> str:
    """Return the text of a row that is set aside; only the start of one that is too long."""
    if cause is not Cause.TOO_LONG:
        return raw.decode("utf-8", "backslashreplace")
    start, _ = codecs.utf_8_decode(raw[:SHOWN], "backslashreplace", False)  # without half of a last character
    return f"{start} [...]"


@dataclass(frozen=True)
class Columns:
    """Which columns are wanted, and how a format's cells become theirs."""

    schema: pyarrow.Schema  # number columns are float64, all others string
    to_numbers: Callable[[Sequence[Any]], Converted]
    to_text: Callable[[Sequence[Any]], Converted]
    describe: Callable[[Any], tuple[Cause, str]]  # why a bad cell is bad, and its text

    @cached_property
    def names(self) -> list[str]:
        """The names of all columns."""
        return list(self.schema.names)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The names of the number columns."""
        return frozenset(field.name for field in self.schema if field.type == pyarrow.float64())

    def batch(self, rows: Rows[Row], cells_of: Callable[[str], Sequence[Any]], block: LineBlock) -> Batch:
        """Build the batch of the rows of a block; `cells_of` gives the cells of a column."""
        columns: dict[str, list[Any]] = {}
        bad_cells: list[BadCell] = []
        for name in self.names:
            cells = cells_of(name)
            columns[name], bad = (self.to_numbers if name in self.numbers else self.to_text)(cells)
            for row in bad:
                raw = rows.raw[row]
                bad_cells.append(BadCell(row, raw.line, raw.byte, name, *self.describe(cells[row])))
        return Batch(Cells(self.schema, columns), tuple(rows.refused), tuple(bad_cells), block)
