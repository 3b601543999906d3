"""Rows in the order of time -> the cells of a grid that they fall into, and the last values in each."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pyarrow

MOST_EMPTY = 100_000  # empty cells in a row that are delivered: a wrong clock must not make millions


class Cells(NamedTuple):
    """Some rows, the cells that they fall into, and where these stand in what is delivered.

    The last cell is open: more rows may fall into it.
    """

    rows: pyarrow.RecordBatch
    of_row: np.ndarray  # (rows,) the cell of each row
    starts: np.ndarray  # (cells,) nanoseconds, ascending
    places: np.ndarray  # (cells,) of each one's row among those that are delivered; empty cells stand between them
    last_rows: dict[str, np.ndarray]  # (cells,) by column: the last row with a value, -1 where there is none
    skipped: np.ndarray  # the cells behind which too many are empty to be delivered


def cells_of(rows: pyarrow.RecordBatch, starts: np.ndarray, every: int, held: Collection[str]) -> Cells:
    """Find the cells of some rows, at least one.

    starts: (rows,) where each row's cell starts, ascending; every: nanoseconds from one cell to the next
    held: columns whose value goes on where they are silent
    """
    begins = np.concatenate([[True], starts[1:] != starts[:-1]])
    first_rows = np.flatnonzero(begins)
    cell_starts = starts[first_rows]
    distances = np.diff(cell_starts.view(np.uint64)) // np.uint64(every)  # as signed numbers they may not fit
    empty = np.minimum(distances, 2 * MOST_EMPTY).astype(np.int64) - 1
    skipped = np.flatnonzero(empty > MOST_EMPTY)
    empty[skipped] = 0
    places = np.concatenate([[0], np.cumsum(1 + empty)])
    last_rows = {name: _last_rows(rows[name], first_rows, name in held) for name in rows.schema.names}
    return Cells(rows, np.cumsum(begins) - 1, cell_starts, places, last_rows, skipped)


def _last_rows(column: pyarrow.Array, first_rows: np.ndarray, is_held: bool) -> np.ndarray:
    """The last row of each cell where a column has a value, of earlier cells too if it is held; -1 if none has."""
    ends = np.append(first_rows[1:], len(column)) - 1
    present = _present(column)
    if present is None:
        return ends
    rows = np.where(present, np.arange(len(column)), -1)
    last: np.ndarray = np.maximum.accumulate(rows)[ends] if is_held else np.maximum.reduceat(rows, first_rows)
    return last


def _present(column: pyarrow.Array) -> np.ndarray | None:
    """Where a column has values, None if it has them everywhere; NaN is none."""
    if pyarrow.types.is_floating(column.type):
        present: np.ndarray = ~np.isnan(column.to_numpy(zero_copy_only=False))
    elif column.null_count:
        present = column.is_valid().to_numpy(zero_copy_only=False)
    else:
        return None
    return None if present.all() else present
