"""Where the rows of a replay go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from .line_writer import LineWriter
from .table_writer import TableWriter
from .translation import TEXT_FORMATS

if TYPE_CHECKING:
    from ..batch import Batch, Refused
    from ..sources import LineSource, Source
    from .plan import ReplayPlan


class Writer(Protocol):
    """Writes the rows of batches.

    Attributes
    ----------
    numbers, others : list of str
        The columns to ask the source for.
    """

    numbers: list[str]
    others: list[str]

    def open(self, warn: Callable[[str], None]) -> None:
        """Open the output; `warn` is told what the user should hear."""

    def write_of(self, batch: Batch) -> Callable[[int, int], None]:
        """Return what writes the arrivals of a batch, from the first given to before the second."""

    def leaves_out(self, row: Refused) -> bool:
        """Whether a row that could not be read cannot be written either."""

    def close(self) -> None:
        """Finish the output."""


def writer_of(source: Source, plan: ReplayPlan, format: str, time: str | None) -> Writer:
    """Return what writes this format; `time` is the column that is needed for the times."""
    if format == source.format and format in TEXT_FORMATS:
        return LineWriter(cast("LineSource", source), plan, time)
    return TableWriter(source, plan, format)
