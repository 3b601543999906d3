"""Text -> batches through a kernel, which reads the plain rows; the odd ones are read exactly and woven in.

A kernel takes no row that exact reading would read in another way. So both read the same, row by row, and where a pipe
happens to cut its blocks changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import pyarrow

from ...kernels.text.rows import FIRST_TEXT, UNWANTED, Rows
from ...kernels.text.start import KernelStart
from ..batch import Batch
from ..inputs.lines import LineBlock, RawRow
from .rows import Split

MOST_BYTES = 1 << 30  # so that 32 bits count them

ReadExactly = Callable[[LineBlock, Split], Batch]


class PlainRows(Protocol):
    """Reads the plain rows of a block."""

    kernel: str

    def read(self, block: LineBlock) -> Rows | None:
        """Read a block of whole lines, or return None if it must be read exactly."""
        ...


class FastText:
    """Reads blocks of text.

    Parameters
    ----------
    plain : PlainRows
        Reads the plain rows, by a kernel.
    schema : pyarrow.Schema
        The columns that are wanted: numbers as float64, then text.
    split : Split
        Cuts a block into rows.
    read_exactly : ReadExactly
        Reads the rows of a block that a `Split` gives.
    """

    def __init__(self, plain: PlainRows, schema: pyarrow.Schema, split: Split, read_exactly: ReadExactly) -> None:
        self._plain = plain
        self._schema = schema
        self._split = split
        self._read_exactly = read_exactly
        self._start = KernelStart(plain.kernel)
        self._line = 0

    def batches(self, blocks: Iterable[LineBlock]) -> Iterator[Batch]:
        """Read blocks; those without rows give no batch."""
        for block in blocks:
            if not block.data:  # a line that is too long passes
                continue
            batch = self._batch(block)
            if batch.arrivals:
                yield batch

    def _batch(self, block: LineBlock) -> Batch:
        rows = self._plain.read(block) if self._is_worth_it(block) else None
        if rows is None:
            return self._read_exactly(block, self._split)
        plain, odd_count = rows.read.tolist()
        if not plain:
            return self._read_exactly(block, self._split)
        table = _table(rows, self._schema)
        if not odd_count:
            return Batch(table, block=block)
        odd = list(self._odd_rows(block, rows.odd[:odd_count]))
        exact = self._read_exactly(block, lambda _: (raw for _, raw in odd))
        return _woven(table, exact, np.array([before for before, _ in odd], np.int64))

    def _is_worth_it(self, block: LineBlock) -> bool:
        rows, self._line = block.line - self._line, block.line  # of the block before
        is_whole = len(block.data) < MOST_BYTES and block.longer_than is None
        return self._start.is_due(rows) and is_whole

    def _odd_rows(self, block: LineBlock, odd: np.ndarray) -> Iterator[tuple[int, RawRow]]:
        """Yield the odd rows, each with the number of plain rows before it; a blank line is none.

        odd: (odd rows, 3): plain rows before it, where it starts in the block, where its newline is
        """
        firsts = np.flatnonzero(np.diff(odd[:, 0], prepend=-1))  # of those that stand together
        lasts = np.append(firsts[1:], len(odd)) - 1
        line, counted = block.line, 0
        for before, start, end in np.stack([*odd[firsts, :2].T, odd[lasts, 2]], axis=1).tolist():
            line += block.data.count(b"\n", counted, start)
            counted = start
            for raw in self._split(LineBlock(block.data[start : end + 1], line, block.byte + start)):
                yield before, raw


def bytes_of(data: bytes) -> np.ndarray:
    """Return whole lines as a kernel wants them: the last one, too, ends in a newline."""
    return np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)


class Wanted:
    """The columns that are wanted, as the kernels know them."""

    def __init__(self, schema: pyarrow.Schema) -> None:
        self._numbers = [column.name for column in schema if column.type == pyarrow.float64()]
        self._texts = [column.name for column in schema if column.type != pyarrow.float64()]

    def room_for(self, data: np.ndarray) -> Rows:
        """Make room for the rows in some whole lines."""
        lines = int(np.count_nonzero(data == ord("\n")))
        return Rows.room_for(lines, len(self._numbers), len(self._texts), data.size)

    def places(self, names: Sequence[str]) -> np.ndarray:
        """Return where each column goes in `Rows`: (columns,) int64."""
        places = {name: index for index, name in enumerate(self._numbers)}
        places |= {name: FIRST_TEXT - index for index, name in enumerate(self._texts)}
        return np.array([places.get(name, UNWANTED) for name in names], np.int64)


def is_utf8(data: bytes) -> bool:
    """Whether data are UTF-8."""
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _table(rows: Rows, schema: pyarrow.Schema) -> pyarrow.RecordBatch:
    """Return what a kernel has read as a table; its memory becomes the table's."""
    count = int(rows.read[0])
    memory = pyarrow.py_buffer(rows.numbers)
    arrays = []
    for column, may_miss in enumerate(rows.missing.tolist()):
        if may_miss:
            arrays.append(pyarrow.array(rows.numbers[column, :count].view(np.float64), from_pandas=True))
        else:
            numbers = memory.slice(column * rows.numbers.strides[0], 8 * count)
            arrays.append(pyarrow.Array.from_buffers(pyarrow.float64(), count, [None, numbers], null_count=0))
    arrays += [_texts(rows, column, count) for column in range(len(rows.lengths))]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def _texts(rows: Rows, column: int, count: int) -> pyarrow.Array:
    lengths = rows.lengths[column, :count]
    is_there = lengths >= 0
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.where(is_there, lengths, 0), out=offsets[1:])
    missing = count - int(np.count_nonzero(is_there))
    bitmap = pyarrow.py_buffer(np.packbits(is_there, bitorder="little")) if missing else None
    characters = pyarrow.py_buffer(rows.characters[column, : rows.filled[column]])
    return pyarrow.StringArray.from_buffers(count, pyarrow.py_buffer(offsets), characters, bitmap, missing)


def _woven(plain: pyarrow.RecordBatch, odd: Batch, before: np.ndarray) -> Batch:
    """Put the odd rows between the plain ones.

    before: (odd arrivals,) how many plain rows came before each
    """
    accepted = np.delete(before, odd.refused_arrivals)
    places = accepted + np.arange(len(accepted))
    is_odd = np.zeros(plain.num_rows + len(places), bool)
    is_odd[places] = True
    order = np.where(is_odd, plain.num_rows + np.cumsum(is_odd) - 1, np.cumsum(~is_odd) - 1)
    both = pyarrow.Table.from_batches([plain, odd.table]).combine_chunks().take(order)
    refused = [
        row._replace(offset=row.offset + int(before[arrival]))
        for row, arrival in zip(odd.refused, odd.refused_arrivals, strict=True)
    ]
    bad_cells = [cell._replace(row=int(places[cell.row])) for cell in odd.bad_cells]
    (table,) = both.to_batches() or [plain]
    return replace(odd, rows=table, refused=tuple(refused), bad_cells=tuple(bad_cells))
