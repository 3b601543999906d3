"""Rows -> Arrow IPC: a stream, or a file.

A file is of no use before its index is written at its end. So it is written as a stream in ``FILE.partial``, which can
be read whenever the writer dies, and sealed into a file at the end.
"""

import os
from types import TracebackType
from typing import Self

import pyarrow
import pyarrow.ipc

from ..errors import arrow_errors_as
from .output import Output, refuse_existing


class ArrowStreamSink:
    """An Arrow IPC stream; each write is one batch or more."""

    format = "arrow"

    def __init__(self, path: str, schema: pyarrow.Schema, overwrite: bool = False) -> None:
        self._schema = schema
        self._output = Output(path, overwrite)
        self.name = self._output.name
        self._messages = _Messages()
        self._is_open = True
        self._writer = pyarrow.ipc.new_stream(pyarrow.PythonFile(self._messages, mode="w"), schema)
        self._output.write(self._messages.take())

    def write(self, table: pyarrow.Table | pyarrow.RecordBatch) -> None:
        self._writer.write(table.select(self._schema.names).cast(self._schema))
        self._output.write(self._messages.take())

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._writer.close()
        try:
            self._output.write(self._messages.take())
        finally:
            self._output.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ArrowFileSink(ArrowStreamSink):
    """An Arrow IPC file, which appears under its name when it is complete."""

    def __init__(self, path: str, schema: pyarrow.Schema, overwrite: bool = False) -> None:
        refuse_existing(path, overwrite)
        self._path = path
        self._partial_path = f"{path}.partial"
        super().__init__(self._partial_path, schema, overwrite)
        self.name = path

    def close(self) -> None:
        if self._is_open:
            super().close()
            with arrow_errors_as(f"cannot write {self._path}"):
                self._seal()

    def _seal(self) -> None:
        sealing_path = f"{self._path}.sealing"
        with (
            pyarrow.OSFile(self._partial_path) as partial,
            pyarrow.ipc.open_stream(partial) as reader,
            pyarrow.ipc.new_file(sealing_path, reader.schema) as file,
        ):
            for batch in reader:
                file.write_batch(batch)
        os.replace(sealing_path, self._path)
        os.unlink(self._partial_path)


class _Messages:
    """Collects what Arrow writes in small pieces, so that the system is given it at once."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self._pieces.append(bytes(piece))

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken

    def flush(self) -> None: ...

    def close(self) -> None: ...
