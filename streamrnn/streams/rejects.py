"""Writes down what could not be used: one JSON object for each refused row and each bad cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import orjson

from .batch import Batch
from .sinks.output import Output


class Unused(NamedTuple):
    """A row that could be read, and not used."""

    row: int
    column: str
    reason: str
    raw: str


class Rejects:
    """A file of NDJSON with the fields ``row, line, byte, column, reason, raw``.

    ``row`` is the number of the row, as in the record; ``line`` (from 1) and ``byte`` (from 0) are its place in the
    source, null where the source has none; ``column`` is null where the whole row could not be read; ``raw`` is the
    text of the row, or of the cell.

    Parameters
    ----------
    path : str
    overwrite : bool
        Whether an existing file may be replaced.
    position : int, optional
        Go on with a file that was written before; what stands behind is cut off.
    """

    def __init__(self, path: str, overwrite: bool = False, position: int | None = None) -> None:
        self._output = Output(path, overwrite, position)
        self.name = self._output.name

    @property
    def position(self) -> int:
        """Bytes written; another one can go on from there."""
        return self._output.position

    def write(self, batch: Batch, first_row: int, others: Sequence[Unused] = ()) -> None:
        """Write down what is bad in a batch whose first arrival has this number, and other rows of it."""
        if batch.refused or batch.bad_cells or others:
            entries = sorted([*_entries(batch, first_row), *map(_unused, others)], key=lambda entry: entry[0])
            self._output.write(b"".join(orjson.dumps(entry) + b"\n" for _, entry in entries))

    def sync(self) -> None:
        """Have on the disk what was written."""
        self._output.sync()

    def close(self) -> None:
        """Close the file; it is on the disk when this returns."""
        self._output.close()


def _entries(batch: Batch, first_row: int) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield row number and object of everything that is bad."""
    for before, row in enumerate(batch.refused):
        number = first_row + row.offset + before
        yield number, _entry(number, row.line, row.byte, row.column, row.reason, row.raw)
    for cell in batch.bad_cells:
        number = first_row + batch.arrival_of(cell.row)
        yield number, _entry(number, cell.line, cell.byte, cell.column, cell.cause, cell.text)


def _unused(row: Unused) -> tuple[int, dict[str, object]]:
    return row.row, _entry(row.row, None, None, row.column, row.reason, row.raw)


def _entry(
    row: int, line: int | None, byte: int | None, column: str | None, reason: str, raw: str
) -> dict[str, object]:
    return {"row": row, "line": line, "byte": byte, "column": column, "reason": str(reason), "raw": raw}
