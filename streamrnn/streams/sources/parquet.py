"""Parquet -> batches, a part of a row group at a time: memory does not grow with the file."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow
import pyarrow.parquet

from ..batch import Batch, check_request
from ..errors import StreamError, arrow_errors_as
from ..inputs.input import Input
from .arrow import ROWS, deliver, delivered_schema, kinds_of_columns


class ParquetSource:
    """A Parquet file; its index stands at its end, so it cannot come through a pipe."""

    format = "parquet"
    ended_early = False

    def __init__(self, stream: Input) -> None:
        self.name = stream.name
        self._stream = stream
        if not stream.seekable:
            raise StreamError(f"{self.name}: Parquet cannot be read from a pipe or compressed; save it to a file first")
        # Through the descriptor, because stdin may be a file too.
        self._file = os.fdopen(stream.descriptor, "rb", closefd=False)
        with arrow_errors_as(f"{self.name} is not Parquet, or was cut short"):
            self._parquet: Any = pyarrow.parquet.ParquetFile(self._file, pre_buffer=False)
            self._schema = self._parquet.schema_arrow
            self.columns, self.warnings = kinds_of_columns(self.name, self._schema)

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        return delivered_schema(self._schema, numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        schema = self.schema(numbers, others)
        tables = self._parquet.iter_batches(ROWS, columns=schema.names, use_threads=False)
        rows = 0
        while (table := self._next_table(tables, rows)) is not None:
            yield from deliver(table, schema, numbers)
            rows += table.num_rows

    def close(self) -> None:
        self._file.close()
        self._stream.close()

    def _next_table(self, tables: Iterator[pyarrow.RecordBatch], rows: int) -> pyarrow.RecordBatch | None:
        with arrow_errors_as(f"{self.name}: the Parquet file is damaged after {rows:,} rows"):
            table = next(tables, None)
            if table is not None:
                table.validate(full=True)
            return table
