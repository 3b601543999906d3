"""CSV -> batches. Large blocks go through Arrow, which is fast; all that is small or unusual through exact Python.

Arrow is given only blocks in which nothing can go wrong unnoticed, and gives up on the others: so both ways read the
same, and where a pipe happens to cut its blocks changes nothing.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import pyarrow
import pyarrow.compute
import pyarrow.csv

from ..batch import Batch, Cause, Kind, check_request
from ..errors import StreamError
from ..formats import BYTE_ORDER_MARK
from ..inputs.input import Input
from ..inputs.lines import LineBlock, line_blocks
from ..numbers import float64_from_text, is_number
from ..options import ReadOptions
from .csv_records import read_record, record_blocks, split_records
from .rows import Columns, RowError, find_first_row, read_rows

# Below this size Python is ready before Arrow has started.
ARROW_FROM_BYTES = 32 * 1024
_ARROW_MISSING = ["", "NA", "na", "null", "NULL", "None", "none"]


class CsvSource:
    """Comma-separated values with a header, in UTF-8."""

    format = "csv"
    ended_early = False

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self.warnings: list[str] = []
        self._stream = stream
        self._blocks = record_blocks(line_blocks(stream))
        self._names, rest = self._read_header()
        blocks = chain([rest], self._blocks)
        first, self._taken = find_first_row(self.name, blocks, split_records, self._read_row)
        cells = first or [""] * len(self._names)
        self.columns: dict[str, Kind] = {
            name: "number" if is_number(cell) else "text" for name, cell in zip(self._names, cells, strict=True)
        }

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        fields = [(name, pyarrow.float64()) for name in numbers] + [(name, pyarrow.string()) for name in others]
        return pyarrow.schema(fields)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        columns = Columns(self.schema(numbers, others), float64_from_text, _text)
        taken, self._taken = self._taken, []
        for block in chain(taken, self._blocks):
            table = read_with_arrow(block, self._names, columns.schema)
            batch = self._read_exactly(block, columns) if table is None else Batch(table)
            if batch.table.num_rows or batch.refused:
                yield batch

    def close(self) -> None:
        self._stream.close()

    def _read_header(self) -> tuple[list[str], LineBlock]:
        """Return the column names and what follows the header in its block."""
        for block in self._blocks:
            for raw in split_records(block):
                end = raw.byte - block.byte + len(raw.data)
                rest = LineBlock(block.data[end:], raw.line + raw.data.count(b"\n"), raw.byte + len(raw.data))
                return self._names_in(raw.data), rest
        raise StreamError(f"{self.name} holds blank lines only")

    def _names_in(self, header: bytes) -> list[str]:
        try:
            names = [name.strip() for name in read_record(header)]
        except RowError as reason:
            raise StreamError(f"{self.name}: the header cannot be read: {reason}") from reason
        if all(is_number(name) for name in names):
            shown = ",".join(names)[:60]
            raise StreamError(f"{self.name} has no header: its first line is {shown!r}; put a line of names before it")
        # An index column that was written without a name.
        names = [name or f"column{position}" for position, name in enumerate(names, 1)]
        for name in names:
            if names.count(name) > 1:
                raise StreamError(f"{self.name}: the header names {name!r} twice; give each column its own name")
        return names

    def _read_row(self, raw: bytes) -> list[str]:
        cells = read_record(raw)
        if len(cells) != len(self._names):
            raise RowError(Cause.RAGGED, f"the row has {len(cells)} cells, the header {len(self._names)}")
        return cells

    def _read_exactly(self, block: LineBlock, columns: Columns) -> Batch:
        rows = read_rows(block, split_records, self._read_row)
        cells = dict(zip(self._names, zip(*rows.good, strict=True), strict=True)) if rows.good else {}
        return columns.batch(rows, lambda name: cells.get(name, ()))


def read_with_arrow(block: LineBlock, names: Sequence[str], schema: pyarrow.Schema) -> pyarrow.RecordBatch | None:
    """Return the columns of `schema`, or None if the block is small, or holds anything that is not plain."""
    data = block.data
    if len(data) < ARROW_FROM_BYTES or block.ends_in_quotes or not _is_plain(data):
        return None
    try:
        table = pyarrow.csv.read_csv(
            pyarrow.py_buffer(data),
            # One block, one thread.
            pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
            pyarrow.csv.ParseOptions(newlines_in_values=b'"' in data),
            pyarrow.csv.ConvertOptions(
                column_types=schema, include_columns=schema.names, null_values=_ARROW_MISSING, strings_can_be_null=False
            ),
        )
    except pyarrow.ArrowInvalid:  # a ragged row or a cell that is no number: somebody must look closely
        return None
    arrays = [_without_nothings(column.combine_chunks()) for column in table.columns]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def _is_plain(data: bytes) -> bool:
    """Whether Arrow and `read_record` see the same rows: UTF-8 all through, and no carriage return inside a row."""
    if data.startswith(BYTE_ORDER_MARK):  # Arrow would drop it
        return False
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _without_nothings(column: pyarrow.Array) -> pyarrow.Array:
    """Return the column with null for NaN in numbers and for empty text."""
    compute = pyarrow.compute
    is_nothing = compute.is_nan(column) if column.type == pyarrow.float64() else compute.equal(column, "")
    if not compute.any(is_nothing).as_py():
        return column
    return compute.if_else(is_nothing, None, column)


def _text(cells: Sequence[object]) -> pyarrow.Array:
    return pyarrow.array([cell or None for cell in cells], pyarrow.string())
