"""Rows -> lines of text: in a kernel where there are many, in Python where there are few; the bytes are the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow

from ...kernels.text.lines import Kind, Lines
from ...kernels.text.start import KernelStart
from ..cells import Cells
from .cells import cells_of_kind, column_of_kind, value_writer

ROWS = 16 * 1024  # so many rows are written at once, at most
KERNEL_FROM_ROWS = 8  # Python is done with fewer before the arrays for a kernel are made


class LineWriter:
    """Writes rows as lines.

    Parameters
    ----------
    schema : pyarrow.Schema
        The columns that every table will have.
    before : list of str
        What stands before each cell of a line.
    after : str
        What stands behind the last.
    missing : str
        What stands for a cell that is missing.
    text : Kind
        How text is written.
    """

    def __init__(self, schema: pyarrow.Schema, before: list[str], after: str, missing: str, text: Kind) -> None:
        self._schema = schema
        self._fields = list(schema)
        self._line = "%s".join(piece.replace("%", "%%") for piece in (*before, after))
        pieces = [piece.encode() for piece in (*before, after, missing)]
        self._pieces = np.frombuffer(b"".join(pieces) + bytes(8), np.uint8)
        self._piece_ends = np.cumsum([0, *map(len, pieces)])
        self._missing = missing
        self._text = text
        self._writers = {field.name: value_writer(field, text, missing) for field in schema}
        self._start = KernelStart("write_lines")

    def lines(self, rows: pyarrow.Table | pyarrow.RecordBatch | Cells) -> Iterator[bytes]:
        """Yield the lines of some rows, many at once."""
        if isinstance(rows, Cells) and rows.schema is self._schema:
            yield self._joined([write(rows.columns[name]) for name, write in self._writers.items()])
            return
        table = rows.table() if isinstance(rows, Cells) else rows
        if not table.schema.equals(self._schema):
            table = table.select(self._schema.names)
        batches = [table] if isinstance(table, pyarrow.RecordBatch) else table.to_batches()
        for batch in batches:
            for start in range(0, batch.num_rows, ROWS):
                yield self._lines(batch.slice(start, ROWS))

    def _lines(self, batch: pyarrow.RecordBatch) -> bytes:
        pairs = zip(batch.columns, self._fields, strict=True)
        columns = [column_of_kind(column, field, self._text) for column, field in pairs]
        if batch.num_rows >= KERNEL_FROM_ROWS and self._start.is_due(batch.num_rows):
            return self._by_kernel(columns, batch.num_rows)
        return self._joined([cells_of_kind(kind, self._missing, column.to_pylist()) for kind, column in columns])

    def _joined(self, cells: list[list[str]]) -> bytes:
        """Put the texts of all cells, column by column, into lines."""
        return "".join(map(self._line.__mod__, zip(*cells, strict=True))).encode()

    def _by_kernel(self, columns: list[tuple[Kind, pyarrow.Array]], rows: int) -> bytes:
        from ...kernels.text.powers import powers_of_five
        from ...kernels.text.write import write_lines

        lines = self._columns(columns, rows)
        out, written = np.empty(lines.most_bytes(rows), np.uint8), np.empty(1, np.int64)
        write_lines(lines, powers_of_five(), rows, out, written)
        return out[: written[0]].tobytes()

    def _columns(self, columns: list[tuple[Kind, pyarrow.Array]], rows: int) -> Lines:
        """Lay the columns out as the kernel wants them."""
        table = np.zeros((len(columns), 2), np.int64)
        numbers, spans, texts, size = [_NO_NUMBERS], [_NO_SPANS], [_NO_TEXT], 0
        for row, (kind, column) in zip(table, columns, strict=True):
            if kind in (Kind.FLOAT, Kind.INTEGER):
                row[:] = kind, len(numbers) - 1
                numbers.append(column.to_numpy(zero_copy_only=False).view(np.uint64))
            elif kind is not Kind.NOTHING:
                row[:] = kind, len(spans) - 1
                text, span = _characters(column)
                spans.append(np.where(span < 0, span, span + size))
                texts.append(text)
                size += len(text)
        return Lines(
            columns=table,
            numbers=np.concatenate(numbers).reshape(-1, rows),
            spans=np.concatenate(spans).reshape(-1, rows, 2),
            characters=np.concatenate(texts),
            pieces=self._pieces,
            piece_ends=self._piece_ends,
        )


_NO_NUMBERS, _NO_SPANS, _NO_TEXT = np.empty(0, np.uint64), np.empty((0, 2), np.int64), np.empty(0, np.uint8)


def _characters(column: pyarrow.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of a string column, and where in them each text starts and ends: (rows, 2), -1 if missing."""
    rows = len(column)
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32, rows + 1, 4 * column.offset).astype(np.int64)
    characters = np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]]
    spans = np.stack([ends[:-1], ends[1:]], axis=1) - ends[0]
    if column.null_count:
        spans[~column.is_valid().to_numpy(zero_copy_only=False)] = -1
    return characters, spans
