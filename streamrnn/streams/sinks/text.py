"""Rows -> lines: NDJSON and CSV, in the column order of the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

import pyarrow

from ...kernels.text.lines import Kind
from ..cells import Cells
from .cells import csv_quoted
from .lines import LineWriter
from .output import Output


class _Lines(Protocol):
    def lines(self, rows: pyarrow.Table | pyarrow.RecordBatch | Cells) -> Iterator[bytes]: ...


class TextSink:
    """Lines of a text format, to an output."""

    def __init__(self, format: str, writer: _Lines, output: Output) -> None:
        self.format = format
        self.name = output.name
        self._writer = writer
        self._output = output

    @property
    def position(self) -> int:
        return self._output.position

    def write(self, rows: pyarrow.Table | pyarrow.RecordBatch | Cells) -> None:
        for lines in self._writer.lines(rows):
            self._output.write(lines)

    def sync(self) -> None:
        self._output.sync()

    def close(self) -> None:
        self._output.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def csv_sink(path: str, schema: pyarrow.Schema, overwrite: bool = False, position: int | None = None) -> TextSink:
    """Comma-separated values with a header."""
    before = ["", *[","] * (len(schema) - 1)][: len(schema)]
    writer = LineWriter(schema, before, after="\n", missing="", text=Kind.CSV_TEXT)
    output = Output(path, overwrite, position)
    if not position:
        output.write((",".join(map(csv_quoted, schema.names)) + "\n").encode())
    return TextSink("csv", writer, output)


def ndjson_sink(path: str, schema: pyarrow.Schema, overwrite: bool = False, position: int | None = None) -> TextSink:
    """One JSON object a line."""
    return TextSink("ndjson", _Objects(schema), Output(path, overwrite, position))


class _Objects:
    """Writes rows as JSON objects; a column that the rows lack is left out of its lines."""

    def __init__(self, schema: pyarrow.Schema) -> None:
        self._schema = schema
        self._writer = _object_writer(schema)

    def lines(self, rows: pyarrow.Table | pyarrow.RecordBatch | Cells) -> Iterator[bytes]:
        if rows.schema is self._schema or len(rows.schema) >= len(self._schema):
            return self._writer.lines(rows)
        return _object_writer(pyarrow.schema(map(self._schema.field, rows.schema.names))).lines(rows)


def _object_writer(schema: pyarrow.Schema) -> LineWriter:
    names = [json.dumps(name, ensure_ascii=False) for name in schema.names]
    before = [f"{mark}{name}:" for mark, name in zip("{" + "," * len(names), names, strict=False)]
    return LineWriter(schema, before, after="}\n", missing="null", text=Kind.JSON_TEXT)
