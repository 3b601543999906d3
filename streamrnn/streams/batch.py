"""What a source delivers: rows, and what could not be used."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .cells import Cells
from .errors import StreamError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    from .inputs.lines import LineBlock

Kind = Literal["number", "text", "time"]

FEW = 4  # rows of text are done in Python before there is a table of them


class Cause(StrEnum):
    """Why a row or a cell could not be used: what a summary counts by."""

    RAGGED = "wrong number of cells"
    ENCODING = "not UTF-8"
    OPEN_QUOTE = "open quote"
    NOT_CSV = "not CSV"
    OTHER_ORDER = "columns in another order"
    OTHER_NAMES = "columns of other names"
    NOT_JSON = "not JSON"
    NO_OBJECT = "no JSON object"
    TOO_LONG = "line too long"
    CUT_SHORT = "line cut short"
    NOT_A_NUMBER = "not a number"
    REPEATED_KEY = "repeated key"
    NO_TIME = "no time"
    LATE = "too late for its place"


class Refused(NamedTuple):
    """A row that could not be read: it has a number among the arrivals, but no values."""

    offset: int  # how many rows of this batch's table came before it
    line: int | None  # in the file, from 1; None where a format has no lines
    byte: int | None  # in the uncompressed file, from 0, where the row starts; None where a format has no lines
    cause: Cause
    reason: str  # the cause with its details, in words
    raw: str  # the text of the row; of the cell, if a cell is the cause
    column: str | None = None  # the one that is the cause, if a column is


class BadCell(NamedTuple):
    """A cell of a number column that holds something else, and so became null."""

    row: int  # in this batch's table
    line: int | None
    byte: int | None  # where the row starts
    column: str
    cause: Cause
    text: str


@dataclass(frozen=True)
class Batch:
    """Rows in the order in which they came.

    Attributes
    ----------
    rows : pyarrow.RecordBatch or Cells
        The accepted rows: number columns as float64 (null where missing), then the others as they came.
    refused : tuple of Refused
        The rows between them that could not be read, in their order.
    bad_cells : tuple of BadCell
        The cells that were present but could not be used; put into the order of their rows.
    block : LineBlock, optional
        The lines that all of this came in; None where a format has no lines, and in a part of a batch.
    """

    rows: pyarrow.RecordBatch | Cells
    refused: tuple[Refused, ...] = ()
    bad_cells: tuple[BadCell, ...] = ()
    block: LineBlock | None = None

    def __post_init__(self) -> None:
        if self.bad_cells:
            object.__setattr__(self, "bad_cells", tuple(sorted(self.bad_cells, key=lambda cell: cell.row)))

    @cached_property
    def arrivals(self) -> int:
        """How many rows came: the accepted and the refused ones."""
        return self.rows.num_rows + len(self.refused)

    @cached_property
    def table(self) -> pyarrow.RecordBatch:
        """The accepted rows as a table."""
        return self.rows.table() if isinstance(self.rows, Cells) else self.rows

    @cached_property
    def few_rows(self) -> list[dict[str, Any]] | None:
        """The accepted rows, by column name, if they are so few that it is not worth to make a table of them."""
        rows = self.rows
        return rows.by_name() if isinstance(rows, Cells) and rows.num_rows <= FEW else None

    @cached_property
    def refused_arrivals(self) -> list[int]:
        """The places of the refused rows among the arrivals."""
        return [row.offset + before for before, row in enumerate(self.refused)]

    def arrival_of(self, row: int) -> int:
        """Return the place among the arrivals of a row of the table."""
        return row + bisect_right(self.refused, row, key=lambda refused: refused.offset)

    def places_of(self, arrivals: np.ndarray) -> np.ndarray:
        """Return the rows of the table that came as these arrivals, (n,) int64 ascending."""
        import numpy as np

        return arrivals - np.searchsorted(self.refused_arrivals, arrivals)

    def slice(self, start: int, stop: int) -> Batch:
        """Return the arrivals from `start` to before `stop`."""
        if start == 0 and stop >= self.arrivals:
            return self
        refused = self.refused[slice(*(bisect_left(self.refused_arrivals, end) for end in (start, stop)))]
        before = bisect_left(self.refused_arrivals, start)
        first = start - before
        rows = min(stop, self.arrivals) - start - len(refused)
        bad = [bisect_left(self.bad_cells, end, key=lambda cell: cell.row) for end in (first, first + rows)]
        return Batch(
            self.rows.slice(first, rows),
            tuple(row._replace(offset=row.offset - first) for row in refused),
            tuple(cell._replace(row=cell.row - first) for cell in self.bad_cells[slice(*bad)]),
        )

    def split(self, arrivals: int) -> tuple[Batch, Batch]:
        """Cut behind so many arrivals; either part may be empty."""
        arrivals = min(max(0, arrivals), self.arrivals)
        return self.slice(0, arrivals), self.slice(arrivals, self.arrivals)


def check_request(name: str, columns: Mapping[str, Kind], numbers: Sequence[str], others: Sequence[str]) -> None:
    """Raise unless `numbers` and `others` name columns that can be had so."""
    wanted = [*numbers, *others]
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError(f"name at least one column, and each once, among numbers and others: got {wanted}")
    for column in wanted:
        if column not in columns:
            raise StreamError(f"{name}: there is no column {column!r}; there are {', '.join(columns)}")
    for column in numbers:
        if columns[column] == "time":
            raise StreamError(f"{name}: column {column!r} holds times, not numbers; name it as --time, or leave it out")
