"""Rows -> Arrow IPC: a stream, or a file.

A file is of no use before its index is written at its end. So it is written as a stream in ``FILE.partial``, which can
be read whenever the writer dies, and sealed into a file at the end. To go on with a sealed file, it is made a stream
again; until the new one is sealed, the old one stays.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow
import pyarrow.ipc

from ... import files
from ..cells import Cells
from ..errors import StreamError, arrow_errors_as
from .output import Output, refuse_existing

BUFFER = 1024 * 1024
END = b"\xff\xff\xff\xff\0\0\0\0"

_types = pyarrow.types


class ArrowStreamSink:
    """An Arrow IPC stream; each write is one batch, if the table is in one piece.

    Equal rows give equal bytes, however they were put together. Categories are written as their values: then a stream
    can be gone on with, and made a file, without their dictionary.
    """

    format = "arrow"

    def __init__(self, path: str, schema: pyarrow.Schema, overwrite: bool = False, position: int | None = None) -> None:
        fields = [field.with_type(_written_type(field.type)) for field in schema]
        self._schema = pyarrow.schema(fields, schema.metadata)
        self._output = Output(path, overwrite, position)
        self.name = self._output.name
        self._is_open = True
        if not position:
            self._output.write(self._schema.serialize())

    @property
    def position(self) -> int:
        return self._output.position

    def write(self, rows: pyarrow.Table | pyarrow.RecordBatch | Cells) -> None:
        table = rows.table() if isinstance(rows, Cells) else rows
        for batch in _batches(table.select(self._schema.names)):
            columns = map(_written, batch.columns, self._schema.types)
            self._output.write(pyarrow.RecordBatch.from_arrays(list(columns), schema=self._schema).serialize())

    def sync(self) -> None:
        self._output.sync()

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        position = self._output.position
        try:
            self._output.write(END)
        finally:
            self._output.close()
            self._output.position = position  # a later sink goes on before the end marker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ArrowFileSink(ArrowStreamSink):
    """An Arrow IPC file, which appears under its name when it is complete."""

    def __init__(self, path: str, schema: pyarrow.Schema, overwrite: bool = False, position: int | None = None) -> None:
        self._path = path
        self._partial_path = f"{path}.partial"
        if position is None:
            refuse_existing(path, overwrite)
        elif not os.path.exists(self._partial_path):
            with arrow_errors_as(f"cannot go on with {path}"):
                _unseal(path, self._partial_path, position)
        super().__init__(self._partial_path, schema, overwrite, position)
        self.name = path

    def close(self) -> None:
        if self._is_open:
            super().close()
            sealing_path = f"{self._path}.sealing"
            try:
                with arrow_errors_as(f"cannot write {sealing_path}"):
                    self._seal(sealing_path)
            except StreamError as error:
                files.remove(sealing_path)
                raise StreamError(f"{self._partial_path} holds every row, but is no file yet: {error}") from error

    def _seal(self, sealing_path: str) -> None:
        with (
            pyarrow.OSFile(self._partial_path) as partial,
            pyarrow.ipc.open_stream(partial) as reader,
            _new_file(sealing_path) as sealing,
            pyarrow.ipc.new_file(sealing, reader.schema) as file,
        ):
            for batch in reader:
                file.write_batch(batch)
        files.replace(sealing_path, self._path)
        files.sync_directory(self._path)
        files.remove(self._partial_path)
        files.sync_directory(self._path)


@contextmanager
def _new_file(path: str) -> Iterator[io.BufferedIOBase]:
    """A file to write, which is on the disk at the end."""
    output = Output(path, overwrite=True)
    try:
        with io.BufferedWriter(_Raw(output), BUFFER) as buffered:
            yield buffered
    finally:
        output.close()


class _Raw(io.RawIOBase):
    """An output as Python's files are."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._output.position

    def write(self, data: Any) -> int:
        self._output.write(data)
        return len(data)


def _batches(table: pyarrow.Table | pyarrow.RecordBatch) -> list[pyarrow.RecordBatch]:
    """A table's batches that have rows."""
    batches = [table] if isinstance(table, pyarrow.RecordBatch) else table.to_batches()
    return [batch for batch in batches if batch.num_rows]


def _written_type(type_: pyarrow.DataType) -> pyarrow.DataType:
    value = type_.value_type if _types.is_dictionary(type_) else type_
    return pyarrow.string() if _types.is_string_view(value) else value


def _written(column: pyarrow.Array, type_: pyarrow.DataType) -> pyarrow.Array:
    """Return a column as it is written: of this type, and with nothing in it but its values."""
    if _types.is_dictionary(column.type):
        return column.dictionary.cast(type_).take(column.indices)
    column = column.cast(type_)
    if _types.is_primitive(type_) and not _types.is_boolean(type_) and not column.null_count and _fits(column):
        return column
    # A slice comes with what stands around it, and a null with the value that it hides.
    return column.take(pyarrow.array(np.arange(len(column))))


def _fits(column: pyarrow.Array) -> bool:
    """Whether a column's memory holds its values and no more."""
    return bool(column.buffers()[1].size == len(column) * column.type.bit_width // 8)


def _unseal(path: str, partial_path: str, position: int) -> None:
    """Write the stream that a file was sealed from, up to `position`."""
    opening_path = f"{path}.opening"
    with pyarrow.OSFile(path) as sealed, _new_file(opening_path) as stream:
        reader: Any = pyarrow.ipc.open_file(sealed)
        stream.write(reader.schema.serialize())
        for index in range(reader.num_record_batches):
            if stream.tell() < position:
                stream.write(reader.get_batch(index).serialize())
        length = stream.tell()
    if length != position:
        files.remove(opening_path)
        raise StreamError(f"{path} is not as it was left: replace it with --overwrite, or choose another name")
    files.replace(opening_path, partial_path)
    files.sync_directory(path)
