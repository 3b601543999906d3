"""A source on a grid: follows the protocol of a source, and passes what comes from another one through a `Grid`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import pyarrow

from ...times import TimeError
from ...times.reader import TimeReader
from ..batch import Batch, Kind
from ..errors import StreamError
from ..sources import Source
from .grid import Grid


class GridSource:
    """A source whose rows stand on a regular grid of times.

    A column that had no value within a cell is null in its row; a cell without any row is delivered, too, all null. A
    row without a usable time is refused, and one whose cell has been delivered already.

    Parameters
    ----------
    source : Source
        Where the rows come from.
    time : str
        The column that holds their times. In the grid it holds the start of the cell, in the form of the source.
    every : int
        Length of a cell, in nanoseconds.
    time_format : str, optional
        How the times are written, as for `streamrnn.times.reader.TimeReader`.
    held : collection of str
        Columns whose last value goes on where they are silent: the one that names the sequence.
    admit : callable, optional
        What becomes of a batch of rows before they fall into cells: ``BadRows.admitted``, say.

    Raises
    ------
    ValueError
        If there is no such time format.
    """

    def __init__(
        self,
        source: Source,
        time: str,
        every: int,
        time_format: str | None = None,
        held: Collection[str] = (),
        admit: Callable[[Batch], Batch] = lambda batch: batch,
    ) -> None:
        TimeReader(time, time_format)
        self.name = source.name
        self.format = source.format
        self.columns: dict[str, Kind] = source.columns
        self.warnings: list[str] = source.warnings
        self._source = source
        self._time = time
        self._every = every
        self._time_format = time_format
        self._held = held
        self._admit = admit

    @property
    def ended_early(self) -> bool:
        """Whether the stream turned out to lack its end."""
        return self._source.ended_early

    @property
    def restarts(self) -> int:
        """How often another file took the name of the one that is followed."""
        return self._source.restarts

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None:
        self._source.expect(numbers, others)

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        return self._source.schema(numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        names = [*numbers, *others]
        if self._time not in names:
            others = [*others, self._time]
        schema = self._source.schema(numbers, others)
        grid = Grid(schema, TimeReader(self._time, self._time_format), self._every, self._held, self._warn)
        try:
            for batch in self._source.batches(numbers, others):
                yield from (_only(names, part) for part in grid.take(self._admit(batch)))
            yield from (_only(names, part) for part in grid.end())
        except TimeError as error:
            raise StreamError(f"{self.name}: {error}") from None

    def close(self) -> None:
        self._source.close()

    def _warn(self, text: str) -> None:
        self.warnings.append(f"{self.name}: {text}")


def _only(names: list[str], batch: Batch) -> Batch:
    """Leave out a time column that nobody asked for."""
    return batch if batch.table.num_columns == len(names) else replace(batch, rows=batch.table.select(names))
