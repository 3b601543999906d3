"""Parquet -> batches, a part of a row group at a time: memory grows neither with the file nor with its row groups."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow
import pyarrow.parquet

from ..batch import Batch, check_request
from ..errors import StreamError, arrow_errors_as
from ..inputs.input import Input
from ..options import ReadOptions
from .columns import ROWS, Delivery, delivered_schema, is_text, kinds_of_columns, text_lengths

READ_BUFFER = 64 * 1024  # bytes


class ParquetSource:
    """A Parquet file; its index stands at its end, so it cannot come through a pipe.

    For each column that is read, memory holds its dictionary and a page, both unpacked; together as many rows as fit
    into ``max_batch_bytes``, by the average size that the index tells, and by the longest text in the dictionaries; and
    its part of a row group as it is packed, if all row groups fit into ``max_batch_bytes``.

    This cannot be held against a file that was made to burst memory: how large a page is once it is unpacked stands in
    the page only, and Arrow believes it (at most 2 GiB), and in the encoding ``DELTA_BYTE_ARRAY`` a text may be said to
    begin like the one before it, however long that is.
    """

    format = "parquet"
    ended_early = False
    restarts = 0

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self._stream = stream
        self._largest = options.max_batch_bytes
        if not stream.seekable:
            raise StreamError(f"{self.name}: Parquet cannot be read from a pipe or compressed; save it to a file first")
        # Through the descriptor, because stdin may be a file too.
        self._file = os.fdopen(stream.descriptor, "rb", closefd=False)
        self._read_buffer = 0
        with arrow_errors_as(f"{self.name} is not Parquet, or was cut short"):
            parquet = self._open()
            self._index: Any = parquet.metadata
            self._schema = parquet.schema_arrow
            self._read_buffer = READ_BUFFER if self._has_large_row_groups() else 0
            self.columns, unusable = kinds_of_columns(self.name, self._schema)
        self.warnings = stream.warnings
        self.warnings += unusable

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        return delivered_schema(self._schema, numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        check_request(self.name, self.columns, numbers, others)
        delivery = Delivery(self.name, self._schema, numbers, others, self._largest)
        tables = self._tables([*numbers, *others])
        rows = 0
        while (table := self._next_table(tables, rows)) is not None:
            rows += table.num_rows
            yield from delivery.batches(table)
            del table  # before the next is read

    def close(self) -> None:
        self._file.close()
        self._stream.close()

    def _open(self, **options: Any) -> Any:
        return pyarrow.parquet.ParquetFile(self._file, buffer_size=self._read_buffer, pre_buffer=False, **options)

    def _has_large_row_groups(self) -> bool:
        """Whether columns of a row group must be read piece by piece.

        Otherwise Arrow takes each as a whole, and no page in it can claim to be larger. Of the pieces that it asks for
        in the name of a page it takes all the memory before it finds that the file ends.
        """
        sizes = [self._index.row_group(group).total_byte_size for group in range(self._index.num_row_groups)]
        return min(os.fstat(self._file.fileno()).st_size, max(sizes, default=0)) > self._largest

    def _next_table(self, tables: Iterator[pyarrow.RecordBatch], rows: int) -> pyarrow.RecordBatch | None:
        """Return the next batch, checked to its last offset, or None at the end."""
        with arrow_errors_as(f"{self.name}: the Parquet file is damaged after {rows:,} rows"):
            table = next(tables, None)
            if table is not None:
                table.validate(full=True)
            return table

    def _tables(self, names: Sequence[str]) -> Iterator[pyarrow.RecordBatch]:
        leaves = map(self._index.schema.column, range(self._index.num_columns))
        int96 = [leaf.path for leaf in leaves if leaf.path in names and leaf.physical_type == "INT96"]
        texts = [name for name in names if is_text(self._schema.field(name).type)]
        parquet = self._open()
        with_dictionaries = self._open(read_dictionary=texts) if texts else None
        for group in range(self._index.num_row_groups):
            longest = sum(self._longest_text(with_dictionaries, group, name) for name in texts)
            most = min(self._rows_that_fit(group), max(1, self._largest // max(1, longest)))
            if int96:
                self._check_int96(parquet, group, int96)
            yield from self._read(parquet, group, names, most)

    @staticmethod
    def _read(parquet: Any, group: int, names: Sequence[str], rows: int) -> Iterator[pyarrow.RecordBatch]:
        tables: Iterator[pyarrow.RecordBatch] = parquet.iter_batches(
            rows, row_groups=[group], columns=names, use_threads=False
        )
        return tables

    def _rows_that_fit(self, group: int) -> int:
        """Return how many rows of a row group may be read at once, by the average size of a row.

        It is that of all columns: what the index says of a single column cannot be asked for, because Arrow's way to
        refuse it ends the process.
        """
        rows: int = self._index.row_group(group).num_rows
        size: int = self._index.row_group(group).total_byte_size
        if size < 0 or rows < 0:
            raise pyarrow.ArrowInvalid("a row group has a negative size")
        return max(1, min(ROWS, self._largest * rows // max(size, 1)))

    def _longest_text(self, parquet: Any, group: int, name: str) -> int:
        """Return how many bytes the longest text has in the dictionary that a column of a row group begins with."""
        try:
            table = next(self._read(parquet, group, [name], 1), None)
        except (pyarrow.ArrowException, OSError):  # the DELTA encodings; damage is told when the rows are read
            return 0
        if table is None:
            return 0
        column = table[name]
        values = column.dictionary if pyarrow.types.is_dictionary(column.type) else column
        return int(text_lengths(values).max(initial=0))

    def _check_int96(self, parquet: Any, group: int, names: Sequence[str]) -> None:
        """Raise if nanoseconds cannot hold the times of the old type INT96: Arrow would make other times of them."""
        nanoseconds = self._read(parquet, group, names, ROWS)
        seconds = self._read(self._open(coerce_int96_timestamp_unit="s"), group, names, ROWS)
        for fine, coarse in zip(nanoseconds, seconds, strict=False):
            for name in names:
                if not _whole_seconds(fine[name]).equals(coarse[name].cast(pyarrow.int64())):
                    raise StreamError(
                        f"{self.name}: column {name!r} holds times before 1677 or after 2262, which nanoseconds cannot "
                        "hold; leave it out, or store it in microseconds"
                    )


def _whole_seconds(times: pyarrow.Array) -> pyarrow.Array:
    nanoseconds = times.cast(pyarrow.int64())
    seconds = nanoseconds.fill_null(0).to_numpy(zero_copy_only=False) // 10**9
    return pyarrow.array(seconds, mask=nanoseconds.is_null().to_numpy(zero_copy_only=False))
