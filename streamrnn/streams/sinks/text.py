"""Rows -> lines: NDJSON and CSV, in the column order of the schema."""

import json
from types import TracebackType
from typing import Self

import pyarrow

from ...kernels.text.lines import Kind
from ..cells import Cells
from .cells import csv_quoted
from .lines import LineWriter
from .output import Output


class NdjsonSink:
    """One JSON object a line; a column that the rows lack is left out of its lines."""

    format = "ndjson"

    def __init__(self, path: str, schema: pyarrow.Schema, overwrite: bool = False, position: int | None = None) -> None:
        self._schema = schema
        self._writer = _object_writer(schema)
        self._output = Output(path, overwrite, position)
        self.name = self._output.name

    @property
    def position(self) -> int:
        return self._output.position

    def write(self, rows: pyarrow.Table | pyarrow.RecordBatch | Cells) -> None:
        writer = self._writer
        if rows.schema is not self._schema and len(rows.schema) < len(self._schema):
            writer = _object_writer(pyarrow.schema(map(self._schema.field, rows.schema.names)))
        for lines in writer.lines(rows):
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


class CsvSink:
    """Comma-separated values with a header."""

    format = "csv"

    def __init__(self, path: str, schema: pyarrow.Schema, overwrite: bool = False, position: int | None = None) -> None:
        before = ["", *[","] * (len(schema) - 1)][: len(schema)]
        self._writer = LineWriter(schema, before, after="\n", missing="", text=Kind.CSV_TEXT)
        self._output = Output(path, overwrite, position)
        self.name = self._output.name
        if not position:
            self._output.write((",".join(map(csv_quoted, schema.names)) + "\n").encode())

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


def _object_writer(schema: pyarrow.Schema) -> LineWriter:
    names = [json.dumps(name, ensure_ascii=False) for name in schema.names]
    before = [f"{mark}{name}:" for mark, name in zip("{" + "," * len(names), names, strict=False)]
    return LineWriter(schema, before, after="}\n", missing="null", text=Kind.JSON_TEXT)
