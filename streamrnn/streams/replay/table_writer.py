"""Batches -> another format than they came in, or one that has no lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..sinks import open_sink
from .translation import TEXT_FORMATS, Translation, first_row, unlike_in_csv

if TYPE_CHECKING:
    import pyarrow

    from ..batch import Batch, Refused
    from ..sinks import Sink
    from ..sources import Source
    from .plan import ReplayPlan


class TableWriter:
    """Writes the columns of the source; rows that could not be read are left out."""

    _sink: Sink | None = None
    _warn: Callable[[str], None]

    def __init__(self, source: Source, plan: ReplayPlan, format: str) -> None:
        self._source = source
        self._plan = plan
        self._format = format
        self._translation = Translation(source, format)
        self.numbers, self.others = self._translation.numbers, self._translation.others
        self._has_begun = format not in TEXT_FORMATS  # there the first row decides what kind each column is

    def open(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._sink = open_sink(self._plan.output, self._translation.schema, self._format, self._plan.overwrite)

    def write_of(self, batch: Batch) -> Callable[[int, int], None]:
        sink, table, refused = self._sink, self._translation.table(batch.table), batch.refused_arrivals
        assert sink is not None, "the output is open"

        def write(start: int, stop: int) -> None:
            first, end = (place - bisect_left(refused, place) for place in (start, stop))
            if first < end and not self._has_begun:
                sink.write(self._first_row(table.slice(first, 1)))
                first += 1
            if first < end:
                sink.write(table.slice(first, end - first))

        return write

    def leaves_out(self, row: Refused) -> bool:
        return True

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()

    def _first_row(self, row: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
        self._has_begun = True
        kinds = self._source.columns
        if self._format == "csv" and (unlike := unlike_in_csv(row, kinds)):
            self._warn(
                f"in the first row of this CSV {', '.join(unlike)} could be numbers: whoever reads it will expect them "
                "there; NDJSON and Arrow keep the difference"
            )
        return first_row(row, kinds, self._format)
