"""What becomes of rows and cells that are not what they should be: kept as null, left out, or the end of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .batch import BadCell, Batch, Refused

OnBad = Literal["null", "skip", "stop"]
ON_BAD = ("null", "skip", "stop")
# Before so many rows have come, a share of them says little; it is looked at once more at the end.
ROWS_FOR_A_SHARE = 100


@dataclass(frozen=True)
class MaxBad:
    """How many rows may be bad: a number of them, or a share of all that came.

    Attributes
    ----------
    count : int, optional
        So many rows may be bad.
    share : float, optional
        So large a part of the rows, from 0 to 1.
    """

    count: int | None = None
    share: float | None = None

    def __str__(self) -> str:
        return f"{self.count:,}" if self.share is None else f"{100 * self.share:g}%"

    def exceeded(self, bad: int, rows: int) -> bool:
        """Whether so many bad rows among so many rows are too many."""
        if self.share is None:
            return self.count is not None and bad > self.count
        return bad > self.share * rows


ANY_NUMBER = MaxBad()


class BadRows:
    """Counts bad rows, treats them as the user wants, and knows where it has been too much.

    A row is bad if it could not be read, or if one of its cells could not.

    Parameters
    ----------
    on_bad : {'null', 'skip', 'stop'}
        A bad cell is null; or its row is left out; or nothing after it is taken.
    most : MaxBad
        After more than this, nothing is taken either.
    """

    def __init__(self, on_bad: OnBad = "null", most: MaxBad = ANY_NUMBER) -> None:
        self._skips = on_bad == "skip"
        self._most = MaxBad(count=0) if on_bad == "stop" else most
        self._rows = 0
        self._bad = 0

    def admitted(self, batch: Batch) -> Batch:
        """Return the batch as the learner should see it; it has as many arrivals."""
        return without_bad_rows(batch) if self._skips and batch.bad_cells else batch

    def allowed(self, batch: Batch) -> int:
        """Count a batch; return how many of its arrivals may be taken before there are too many bad ones."""
        before, self._rows = self._rows, self._rows + batch.arrivals
        for arrival in bad_arrivals(batch):
            self._bad += 1
            rows = before + arrival + 1
            if self._most.exceeded(self._bad, rows) and (self._most.share is None or rows >= ROWS_FOR_A_SHARE):
                self._rows = rows
                return arrival
        return batch.arrivals

    @property
    def too_many(self) -> bool:
        """Whether there have been too many bad rows."""
        return self._most.exceeded(self._bad, self._rows)

    def __str__(self) -> str:
        if self._most.count == 0:
            return "the row is bad, and --on-bad stop ends the run there"
        return f"{self._bad:,} of {self._rows:,} rows are bad, more than --max-bad {self._most}"


def bad_arrivals(batch: Batch) -> list[int]:
    """Return the places, among a batch's arrivals, of its bad rows, ascending."""
    if not batch.refused and not batch.bad_cells:
        return []
    return sorted({*batch.refused_arrivals, *(batch.arrival_of(cell.row) for cell in batch.bad_cells)})


def without_bad_rows(batch: Batch) -> Batch:
    """Refuse every row that has a bad cell, for the first of them."""
    import numpy as np
    import pyarrow

    first_bad: dict[int, BadCell] = {}
    for cell in batch.bad_cells:
        first_bad.setdefault(cell.row, cell)
    kept = np.ones(batch.table.num_rows, bool)
    kept[list(first_bad)] = False
    kept_before = np.concatenate([[0], np.cumsum(kept)])
    refused = dict(zip(batch.refused_arrivals, batch.refused, strict=True))
    for row, cell in first_bad.items():
        reason = f"column {cell.column!r}: {cell.cause}"
        refused[batch.arrival_of(row)] = Refused(row, cell.line, cell.byte, cell.cause, reason, cell.text, cell.column)
    return Batch(
        batch.table.filter(pyarrow.array(kept)),
        tuple(row._replace(offset=int(kept_before[row.offset])) for _, row in sorted(refused.items())),
    )
