"""Arrow IPC -> batches, from a stream or a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow
import pyarrow.ipc

from ..batch import Batch, check_request
from ..inputs.input import Input
from ..options import ReadOptions
from .arrow_stream import ArrowStream, arrow_damage_as
from .columns import Delivery, delivered_schema, kinds_of_columns


class ArrowSource:
    """Arrow IPC, stream or file.

    Memory holds at most two batches, each smaller than ``max_batch_bytes`` both packed and unpacked, the dictionaries,
    which together are smaller than that too, and what a slice of a batch is delivered as (`Delivery`).
    """

    format = "arrow"
    ended_early = False

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self._stream = stream
        self._options = options
        self._messages = ArrowStream(stream, options.max_batch_bytes)
        with arrow_damage_as(f"{self.name}: the Arrow schema is damaged"):
            self._schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(self._messages.schema_message))
            self.columns, unusable = kinds_of_columns(self.name, self._schema)
        self.warnings = stream.warnings
        self.warnings += unusable

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        return delivered_schema(self._schema, numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        check_request(self.name, self.columns, numbers, others)
        delivery = Delivery(self.name, self._schema, numbers, others, self._options.max_batch_bytes)
        # Columns that nobody asked for are not decoded.
        wanted = [self._schema.get_field_index(name) for name in (*numbers, *others)]
        self._messages.want(wanted)
        options = pyarrow.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        with arrow_damage_as(f"{self.name}: the Arrow schema is damaged"):
            reader = pyarrow.ipc.open_stream(pyarrow.PythonFile(self._messages, mode="r"), options=options)
        rows = 0
        while (table := self._next_table(reader, rows)) is not None:
            rows += table.num_rows
            yield from delivery.batches(table)
            del table  # before the next is read
        self._warn_of_its_end(rows)

    @property
    def restarts(self) -> int:
        return self._stream.restarts

    def close(self) -> None:
        self._stream.close()

    def _next_table(self, reader: Any, rows: int) -> pyarrow.RecordBatch | None:
        """Return the next batch, checked to its last offset, or None at the end."""
        try:
            if not self._messages.next_batch():
                return None
            table = reader.read_next_batch()
            table.validate(full=True)
            return table
        except Exception:
            with arrow_damage_as(f"{self.name}: the Arrow stream is damaged after {rows:,} rows"):
                raise

    def _warn_of_its_end(self, rows: int) -> None:
        self.ended_early = self._messages.ended_early
        if self.ended_early:
            self.warnings.append(f"{self.name}: the Arrow stream was cut short after {rows:,} rows")
        elif self._messages.has_rest:
            self.warnings.append(f"{self.name}: what follows the end of the Arrow stream, {rows:,} rows, was not read")
