"""What a source delivers: rows as an Arrow table, and what could not be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from .errors import StreamError

if TYPE_CHECKING:
    import pyarrow

Kind = Literal["number", "text", "time"]


class Refused(NamedTuple):
    """A row that could not be read: it has a number among the arrivals, but no values."""

    offset: int  # how many rows of this batch's table came before it
    line: int | None  # in the file, from 1; None where a format has no lines
    reason: str
    raw: str


class BadCell(NamedTuple):
    """A cell of a number column that holds something else, and so became null."""

    row: int  # in this batch's table
    line: int | None
    column: str
    text: str


@dataclass(frozen=True)
class Batch:
    """Rows in the order in which they came.

    Attributes
    ----------
    table : pyarrow.RecordBatch
        The accepted rows: number columns as float64 (null where missing), then the others as they came.
    refused : tuple of Refused
        The rows between them that could not be read.
    bad_cells : tuple of BadCell
        The cells of number columns that were present but no number.
    """

    table: pyarrow.RecordBatch
    refused: tuple[Refused, ...] = ()
    bad_cells: tuple[BadCell, ...] = ()

    @property
    def bad_cell_counts(self) -> dict[str, int]:
        """How many bad cells each column has; a column without any is absent."""
        return dict(Counter(cell.column for cell in self.bad_cells))

    @property
    def arrivals(self) -> int:
        """How many rows came: the accepted and the refused ones."""
        rows: int = self.table.num_rows
        return rows + len(self.refused)

    def split(self, arrivals: int) -> tuple[Batch, Batch]:
        """Cut behind so many arrivals; either part may be empty."""
        refused = sum(row.offset + before < arrivals for before, row in enumerate(self.refused))
        rows = max(0, min(arrivals - refused, self.table.num_rows))
        bad = sum(cell.row < rows for cell in self.bad_cells) if self.bad_cells else 0
        by_row = sorted(self.bad_cells, key=lambda cell: cell.row)
        return (
            Batch(self.table.slice(0, rows), self.refused[:refused], tuple(by_row[:bad])),
            Batch(
                self.table.slice(rows),
                tuple(row._replace(offset=row.offset - rows) for row in self.refused[refused:]),
                tuple(cell._replace(row=cell.row - rows) for cell in by_row[bad:]),
            ),
        )


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
