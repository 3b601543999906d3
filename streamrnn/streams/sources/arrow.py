"""Arrow IPC -> batches, and the columns of any Arrow table -> the columns of a `Batch`.

An IPC file is its magic, then an IPC stream, then an index for random access. So files are read as streams: through a
pipe as well as from a disk, and also when the writer was killed before it wrote the index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow
import pyarrow.ipc

from .. import formats
from ..batch import BadCell, Batch, Cause, Kind, check_request
from ..errors import StreamError, arrow_errors_as
from ..inputs.input import Input, PythonFile
from ..numbers import float64_from_text
from ..options import ReadOptions

LARGEST_SCHEMA = 64 * 1024 * 1024
LARGEST_MESSAGE = 1024 * 1024 * 1024
ROWS = 64 * 1024  # larger batches are delivered in slices of so many rows

_types = pyarrow.types


class ArrowSource:
    """Arrow IPC, stream or file."""

    format = "arrow"
    ended_early = False

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self._stream = stream
        self._schema_message = self._read_schema_message()
        with arrow_errors_as(f"{self.name}: the Arrow schema is damaged"):
            self._schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(self._schema_message))
            self.columns, self.warnings = kinds_of_columns(self.name, self._schema)

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        return delivered_schema(self._schema, numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        schema = self.schema(numbers, others)
        messages = _Messages(self._schema_message, self._stream)
        # Columns that nobody asked for are not decoded.
        wanted = [self._schema.get_field_index(name) for name in schema.names]
        options = pyarrow.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        rows = 0
        with arrow_errors_as(f"{self.name}: the Arrow schema is damaged"):
            reader = pyarrow.ipc.open_stream(pyarrow.PythonFile(PythonFile(messages.read), mode="r"), options=options)
        while (table := self._next_table(reader, messages, rows)) is not None:
            yield from deliver(table, schema, numbers)
            rows += table.num_rows
        if messages.ended_early:
            self.ended_early = True
            self.warnings.append(f"{self.name}: the Arrow stream was cut short after {rows:,} rows")

    def close(self) -> None:
        self._stream.close()

    def _next_table(self, reader: Any, messages: _Messages, rows: int) -> pyarrow.RecordBatch | None:
        """Return the next batch, checked to its last offset, or None at the end."""
        try:
            with arrow_errors_as(f"{self.name}: the Arrow stream is damaged after {rows:,} rows"):
                table = reader.read_next_batch()
                table.validate(full=True)
                return table
        except StopIteration:
            return None
        except StreamError:
            if messages.ended_early:
                return None
            raise

    def _read_schema_message(self) -> bytes:
        """Read the first message by hand: a second look at it can then choose the columns."""
        start = self._stream.read_fully(8)
        if start == formats.ARROW_FILE_MAGIC:
            start = self._stream.read_fully(8)
        length = int.from_bytes(start[4:], "little")
        if not start.startswith(formats.ARROW_STREAM_MAGIC) or not 0 < length <= LARGEST_SCHEMA:
            raise StreamError(f"{self.name} is not Arrow IPC; for another format name it with --input-format")
        message = start + self._stream.read_fully(length)
        if len(message) < 8 + length:
            raise StreamError(f"{self.name}: the Arrow stream was cut short within its schema: there are no rows in it")
        return message


class _Messages:
    """The bytes of an IPC stream, with a note of whether they ended before the end marker."""

    def __init__(self, first: bytes, stream: Input) -> None:
        self.ended_early = False
        self._first = first
        self._stream = stream

    def read(self, size: int) -> bytes:
        if self._first:
            data, self._first = self._first[:size], self._first[size:]
            return data
        if size > LARGEST_MESSAGE:
            raise StreamError(f"{self._stream.name}: a batch of {size:,} bytes is too large; write smaller batches")
        data = self._stream.read_fully(size)
        self.ended_early = len(data) < size
        return data


def kinds_of_columns(name: str, schema: pyarrow.Schema) -> tuple[dict[str, Kind], list[str]]:
    """Return the kind of each column by its type, and a warning for each that cannot be used."""
    columns: dict[str, Kind] = {}
    warnings: list[str] = []
    for field in schema:
        kind = _kind(field.type)
        if field.name in columns:
            raise StreamError(f"{name}: two columns are named {field.name!r}; give each column its own name")
        if kind is None:
            warnings.append(f"{name}: column {field.name!r} is left out: it is of type {field.type}")
        else:
            columns[field.name] = kind
    if not columns:
        raise StreamError(f"{name} has no column of numbers, text or times")
    return columns, warnings


def delivered_schema(source: pyarrow.Schema, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
    """Return numbers as float64, text as string whatever its encoding, and the rest as it is."""
    fields = [pyarrow.field(name, pyarrow.float64()) for name in numbers]
    for name in others:
        value = _decoded(source.field(name).type)
        fields.append(pyarrow.field(name, pyarrow.string() if _is_text(value) else value))
    return pyarrow.schema(fields)


def deliver(table: pyarrow.RecordBatch, schema: pyarrow.Schema, numbers: Sequence[str]) -> Iterator[Batch]:
    """Yield a table's rows with the columns and types of `schema`."""
    for start in range(0, table.num_rows, ROWS):
        part = table.slice(start, ROWS)
        arrays: list[pyarrow.Array] = []
        bad_cells: list[BadCell] = []
        for field in schema:
            column = part.column(field.name)
            if field.name in numbers and _is_text(_decoded(column.type)):
                array, bad = _numbers_from_text(field.name, column)
                bad_cells += bad
            else:
                array = column.cast(field.type, safe=False)  # int64 beyond 2**53 may be rounded
            arrays.append(array)
        yield Batch(pyarrow.RecordBatch.from_arrays(arrays, schema=schema), bad_cells=tuple(bad_cells))


def _numbers_from_text(name: str, column: pyarrow.Array) -> tuple[pyarrow.Array, list[BadCell]]:
    cells = [cell or "" for cell in column.to_pylist()]
    numbers, bad = float64_from_text(cells)
    return numbers, [BadCell(row, None, None, name, Cause.NOT_A_NUMBER, cells[row]) for row in bad]


def _kind(type_: pyarrow.DataType) -> Kind | None:
    value = _decoded(type_)
    if _is_text(value):
        return "text"
    if _types.is_temporal(value):
        return "time"
    numeric = (_types.is_integer, _types.is_floating, _types.is_boolean, _types.is_decimal, _types.is_null)
    return "number" if any(is_such(value) for is_such in numeric) else None


def _decoded(type_: pyarrow.DataType) -> pyarrow.DataType:
    return type_.value_type if _types.is_dictionary(type_) else type_


def _is_text(type_: pyarrow.DataType) -> bool:
    return any(is_such(type_) for is_such in (_types.is_string, _types.is_large_string, _types.is_string_view))
