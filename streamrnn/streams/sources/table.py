"""A table in memory -> batches: Arrow's own, and whatever has ``__arrow_c_stream__`` (Polars, DuckDB, pandas)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow

from ..batch import Batch, check_request
from ..errors import arrow_errors_as
from ..options import ReadOptions
from .columns import Delivery, delivered_schema, kinds_of_columns

LARGEST = ReadOptions().max_batch_bytes


class TableSource:
    """The rows of a table, or of a reader of tables; a reader can be read once, and only as far as it is asked.

    The table comes from a library in this process, which could do any harm anyway: so only lengths and types are
    checked, which takes no time, and not every offset and every character as in files.

    Parameters
    ----------
    data : pyarrow.RecordBatch, or anything with ``__arrow_c_stream__``
    name : str
        For messages.

    Raises
    ------
    TypeError
        If it is no table.
    StreamError
        If it has no column that can be used.
    """

    format = "table"
    ended_early = False
    restarts = 0

    def __init__(self, data: Any, name: str = "table") -> None:
        if isinstance(data, pyarrow.RecordBatch):
            data = pyarrow.Table.from_batches([data])
        if not hasattr(data, "__arrow_c_stream__"):
            raise TypeError(f"{name} must be a table with __arrow_c_stream__, not {type(data).__name__}")
        self.name = name
        with arrow_errors_as(f"{name} cannot be read"):
            self._reader = pyarrow.RecordBatchReader.from_stream(data)
        self.columns, self.warnings = kinds_of_columns(name, self._reader.schema)

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        return delivered_schema(self._reader.schema, numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        check_request(self.name, self.columns, numbers, others)
        delivery = Delivery(self.name, self._reader.schema, numbers, others, LARGEST)
        while (table := self._next_table([*numbers, *others])) is not None:
            yield from delivery.batches(table)

    def close(self) -> None:
        self._reader.close()

    def _next_table(self, names: Sequence[str]) -> pyarrow.RecordBatch | None:
        try:
            with arrow_errors_as(f"{self.name} cannot be read"):
                table = self._reader.read_next_batch().select(names)
                table.validate()
                return table
        except StopIteration:
            return None
