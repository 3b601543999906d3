"""Batches of rows in, batches of cells out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from operator import itemgetter
from typing import TypeVar

import numpy as np
import pyarrow

from ...times import MISSING
from ...times.reader import TimeReader
from ...times.writer import Write, time_writer
from ..batch import BadCell, Batch, Cause, Refused
from .cells import MOST_EMPTY, Cells, cells_of

T = TypeVar("T")

ROWS = 64 * 1024  # delivered at once
MOST_ROWS = 1024  # that are kept of the open cell until they are reduced to one
MOST_BAD_CELLS = 10_000  # that are kept of it


class Grid:
    """Makes cells of rows; what is in the last one, which is still open, is kept from one batch to the next.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the rows.
    reader : TimeReader
        Reads their times.
    every : int
        Nanoseconds from one cell to the next.
    held : collection of str
        Columns whose last value goes on where they are silent.
    warn : callable
        Is told what the user should hear about.
    """

    def __init__(
        self,
        schema: pyarrow.Schema,
        reader: TimeReader,
        every: int,
        held: Collection[str],
        warn: Callable[[str], None],
    ) -> None:
        self._schema = schema
        self._reader = reader
        self._every = every
        self._held = held
        self._warn = warn
        self._told_of_gap = False
        self._told_of_bad_cells = False
        self._write_times: Write | None = None  # known with the first row
        self._start = MISSING  # of the open cell
        self._rows: list[pyarrow.RecordBatch] = []  # in it; the first may stand for many
        self._row_count = 0
        self._bad: list[BadCell] = []  # in it

    def take(self, batch: Batch) -> Iterator[Batch]:
        """Take rows; yield the cells that they end, and the rows that have no place in any."""
        times = self._reader.read(batch.table[self._reader.name])
        usable = times > MISSING + self._every  # so that the start of the cell is a time, too
        starts = np.where(usable, times - times % self._every, MISSING)
        latest = np.maximum.accumulate(np.append(self._start, starts))
        kept = usable & (starts >= latest[:-1])
        if self._write_times is None and kept.any():
            self._write_times = self._writer(batch.table[self._reader.name][int(np.argmax(kept))])
        refused = _refused(batch, self._reader.name, usable, kept)
        if latest[-1] == self._start and not refused and self._row_count < MOST_ROWS:
            self._keep(batch.table, batch.bad_cells)
            return
        rows = _joined([*self._rows, batch.table if kept.all() else batch.table.filter(pyarrow.array(kept))])
        if not rows.num_rows:  # there is no cell yet
            yield Batch(rows, tuple(row._replace(offset=0) for _, row in refused))
            return
        cells = cells_of(rows, np.append(np.full(self._row_count, self._start), starts[kept]), self._every, self._held)
        # The place of the cell that is open before each row of the batch, and after the last one.
        places = np.append(0, cells.places[cells.of_row])[self._row_count + np.append(0, np.cumsum(kept))]
        bad = [(0, cell) for cell in self._bad]
        bad += [(int(places[cell.row + 1]), cell) for cell in batch.bad_cells if kept[cell.row]]
        yield from self._deliver(cells, [(int(places[row]), what) for row, what in refused], bad)

    def end(self) -> Iterator[Batch]:
        """Yield the last cell."""
        if self._row_count:
            cells = cells_of(_joined(self._rows), np.full(self._row_count, self._start), self._every, self._held)
            yield Batch(self._table(cells, cells.places), (), tuple(cell._replace(row=0) for cell in self._bad))

    def _writer(self, example: pyarrow.Scalar) -> Write:
        """See from one time how they are written."""
        text = example.as_py() if pyarrow.types.is_string(example.type) else ""
        return time_writer(self._reader, example.type, self._every, text)

    def _deliver(
        self, cells: Cells, refused: list[tuple[int, Refused]], bad: list[tuple[int, BadCell]]
    ) -> Iterator[Batch]:
        """Yield all cells but the last, which is kept; refused rows and bad cells come with the place of their cell."""
        count = int(cells.places[-1])
        for start in range(0, count + 1, ROWS):
            stop = min(start + ROWS, count + 1)
            table = self._table(cells, np.arange(start, stop))
            if stop > count:
                self._start, self._rows, self._row_count, self._bad = int(cells.starts[-1]), [], 0, []
                self._keep(table.slice(count - start), [cell for _, cell in _between(bad, count, count + 1)])
                table = table.slice(0, count - start)
            refused_here = tuple(row._replace(offset=place - start) for place, row in _between(refused, start, stop))
            bad_here = tuple(cell._replace(row=place - start) for place, cell in _between(bad, start, min(stop, count)))
            if table.num_rows or refused_here:
                yield Batch(table, refused_here, bad_here)
        self._tell_of_gap(cells)

    def _table(self, cells: Cells, places: np.ndarray) -> pyarrow.RecordBatch:
        """The rows at some places of what is delivered."""
        cell = np.searchsorted(cells.places, places, side="right") - 1
        behind = places - cells.places[cell]  # 0 at the cell itself; empty ones follow it
        arrays = []
        for name in self._schema.names:
            if name == self._reader.name and self._write_times is not None:
                arrays.append(self._write_times(cells.starts[cell] + behind * self._every))
                continue
            last = cells.last_rows[name][cell]
            if name not in self._held:
                last = np.where(behind, -1, last)
            arrays.append(cells.rows[name].take(pyarrow.array(last, mask=last < 0)))
        return pyarrow.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _keep(self, rows: pyarrow.RecordBatch, bad: Sequence[BadCell]) -> None:
        """Add rows to the open cell."""
        self._rows.append(rows)
        self._row_count += rows.num_rows
        self._bad += bad[: MOST_BAD_CELLS - len(self._bad)]
        if len(self._bad) == MOST_BAD_CELLS and not self._told_of_bad_cells:
            self._told_of_bad_cells = True
            self._warn(f"within one step of the grid {MOST_BAD_CELLS:,} cells are bad: further ones are not counted")

    def _tell_of_gap(self, cells: Cells) -> None:
        if len(cells.skipped) and not self._told_of_gap and self._write_times is not None:
            self._told_of_gap = True
            before, after = self._write_times(cells.starts[cells.skipped[0] :][:2]).to_pylist()
            self._warn(
                f"no rows from {before} to {after}: the grid goes on there, because it never fills a gap of more than "
                f"{MOST_EMPTY:,} rows"
            )


def _between(placed: Sequence[tuple[int, T]], start: int, stop: int) -> Sequence[tuple[int, T]]:
    """The part, of what is sorted by place, from one place to before another."""
    first, last = (bisect_left(placed, end, key=itemgetter(0)) for end in (start, stop))
    return placed[first:last]


def _refused(batch: Batch, time: str, usable: np.ndarray, kept: np.ndarray) -> list[tuple[int, Refused]]:
    """The rows that were refused before, and those that are now, each with the row of the table that it precedes."""
    refused = [(row.offset, row) for row in batch.refused]
    if kept.all():
        return refused
    out = np.flatnonzero(~kept)
    texts = batch.table[time].take(pyarrow.array(out)).cast(pyarrow.string()).to_pylist()
    for row, text in zip(out.tolist(), texts, strict=True):
        cause = Cause.LATE if usable[row] else Cause.NO_TIME
        refused.append((row, Refused(row, None, None, cause, f"column {time!r}: {cause}", text or "", time)))
    return sorted(refused, key=itemgetter(0))


def _joined(batches: Sequence[pyarrow.RecordBatch]) -> pyarrow.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    columns = zip(*(batch.columns for batch in batches), strict=True)
    return pyarrow.RecordBatch.from_arrays(
        [pyarrow.concat_arrays(parts) for parts in columns], schema=batches[0].schema
    )
