"""What a run did, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..streams import Batch


@dataclass
class Outcome:
    """What a run did.

    Attributes
    ----------
    rows, refused : int
        Arrivals of this run, and those among them that could not be used.
    bad_cells : int
        Cells of number columns that held something else, and so counted as null.
    first_refused, first_bad_cell : str or None
        Where the first of them was, and why it could not be used.
    seconds : float
        From the first row to the last record.
    signal : int or None
        Number of the signal that ended it early.
    resumed : bool
        Whether it went on behind rows of the source that had been taken before.
    complete : bool
        Whether the source was whole as far as it was read.
    """

    rows: int = 0
    refused: int = 0
    bad_cells: int = 0
    first_refused: str | None = None
    first_bad_cell: str | None = None
    seconds: float = 0.0
    signal: int | None = None
    resumed: bool = False
    complete: bool = True

    def count(self, batch: Batch, number: int) -> None:
        """Take note of a batch; `number` is its first row's."""
        if batch.refused and not self.refused:
            row = batch.refused[0]
            self.first_refused = f"{_place(row.line, number + row.offset)}: {row.reason}"
        if batch.bad_cells and not self.bad_cells:
            cell = min(batch.bad_cells, key=lambda bad: bad.row)
            number += cell.row + sum(row.offset <= cell.row for row in batch.refused)
            self.first_bad_cell = f"{_place(cell.line, number)}: {cell.text!r} in column {cell.column!r}"
        self.rows += batch.arrivals
        self.refused += len(batch.refused)
        self.bad_cells += len(batch.bad_cells)


def _place(line: int | None, row: int) -> str:
    return f"row {row:,}" if line is None else f"line {line:,}"
