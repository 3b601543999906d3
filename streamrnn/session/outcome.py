"""What a run did, in numbers and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..streams import BadCell, Batch, Cause, Refused


@dataclass
class Trouble:
    """How often something was not what it should be, and where first."""

    count: int
    first: str


@dataclass
class Outcome:
    """What a run did.

    Attributes
    ----------
    rows : int
        Arrivals of this run, those that could not be used among them.
    refused, bad_cells : dict of Cause to Trouble
        Rows that could not be used; cells that could not, and so counted as null.
    backward : int
        Rows whose time lies before that of the row before them.
    lost_labels : int
        Labels in rows of their own that named no row which they could still be for.
    alerts : int
        Rows at which an event began.
    last_alert : int or None
        The last of them.
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
    refused: dict[Cause, Trouble] = field(default_factory=dict)
    bad_cells: dict[Cause, Trouble] = field(default_factory=dict)
    backward: int = 0
    lost_labels: int = 0
    alerts: int = 0
    last_alert: int | None = None
    seconds: float = 0.0
    signal: int | None = None
    resumed: bool = False
    complete: bool = True

    @property
    def ending(self) -> str:
        """What ended it before its time, to stand behind what it did; empty if nothing has."""
        if self.signal is not None:
            return "; stopped by a signal"
        return "" if self.complete else "; the source broke off"

    def count(self, batch: Batch, number: int) -> None:
        """Take note of a batch; `number` is its first row's."""
        self.rows += batch.arrivals
        if not (batch.refused or batch.bad_cells):
            return
        for troubles, found in ((self.refused, _refused(batch, number)), (self.bad_cells, _bad_cells(batch, number))):
            for cause, where in found:
                if cause in troubles:
                    troubles[cause].count += 1
                else:
                    troubles[cause] = Trouble(1, where)

    def count_alerts(self, rows: list[int]) -> None:
        """Take note of the rows that were told."""
        self.alerts += len(rows)
        self.last_alert = rows[-1] if rows else self.last_alert


def first_trouble(batch: Batch, number: int) -> str:
    """Say where the first bad row of a batch is, and why it is bad; `number` is the batch's first row's."""
    places = [*zip(batch.refused_arrivals, _refused(batch, number), strict=True)]
    places += zip((batch.arrival_of(cell.row) for cell in batch.bad_cells), _bad_cells(batch, number), strict=True)
    return min(places, key=lambda place: place[0])[1][1]


def _refused(batch: Batch, number: int) -> Iterator[tuple[Cause, str]]:
    for arrival, row in zip(batch.refused_arrivals, batch.refused, strict=True):
        yield row.cause, f"{_place(row, number + arrival)}: {row.reason}"


def _bad_cells(batch: Batch, number: int) -> Iterator[tuple[Cause, str]]:
    for cell in batch.bad_cells:
        place = _place(cell, number + batch.arrival_of(cell.row))
        yield cell.cause, f"{place}: {cell.text!r} in column {cell.column!r}"


def _place(bad: Refused | BadCell, row: int) -> str:
    return f"row {row:,}" if bad.line is None else f"line {bad.line:,}"
