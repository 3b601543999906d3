"""Rows -> lines: NDJSON and CSV, in the column order of the schema."""

import json
from collections.abc import Callable
from types import TracebackType
from typing import Self

import pyarrow

from .cells import csv_cells, csv_quoted, json_cells
from .output import Output

ROWS = 16 * 1024  # so many rows are formatted at once


class NdjsonSink:
    """One JSON object a line."""

    format = "ndjson"

    def __init__(self, path: str, schema: pyarrow.Schema, overwrite: bool = False, position: int | None = None) -> None:
        names = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in schema.names]
        self._line = "{" + ",".join(f"{name}:%s" for name in names) + "}\n"
        self._schema = schema
        self._output = Output(path, overwrite, position)
        self.name = self._output.name

    @property
    def position(self) -> int:
        return self._output.position

    def write(self, table: pyarrow.Table | pyarrow.RecordBatch) -> None:
        _write_lines(self._output, self._line, self._schema, table, json_cells)

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
        self._line = ",".join(["%s"] * len(schema)) + "\n"
        self._schema = schema
        self._output = Output(path, overwrite, position)
        self.name = self._output.name
        if not position:
            self._output.write((self._line % tuple(map(csv_quoted, schema.names))).encode())

    @property
    def position(self) -> int:
        return self._output.position

    def write(self, table: pyarrow.Table | pyarrow.RecordBatch) -> None:
        _write_lines(self._output, self._line, self._schema, table, lambda column, _: csv_cells(column))

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


def _write_lines(
    output: Output,
    line: str,
    schema: pyarrow.Schema,
    table: pyarrow.Table | pyarrow.RecordBatch,
    cells_of: Callable[[pyarrow.Array, pyarrow.Field], list[str]],
) -> None:
    """Format column by column, which is fast, then put the rows together."""
    if isinstance(table, pyarrow.RecordBatch):
        table = pyarrow.Table.from_batches([table])
    for batch in table.select(schema.names).to_batches(max_chunksize=ROWS):
        if batch.num_rows:
            columns = [cells_of(column, field) for column, field in zip(batch.columns, schema, strict=True)]
            output.write("".join(map(line.__mod__, zip(*columns, strict=True))).encode())
