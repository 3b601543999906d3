"""The columns of any Arrow table -> the columns of a `Batch`: which of them can be used, and in which type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import shorten

import numpy as np
import pyarrow
import pyarrow.compute

from ..batch import BadCell, Batch, Cause, Kind
from ..errors import StreamError, arrow_errors_as
from ..numbers import numbers_from_text

ROWS = 64 * 1024  # larger batches are delivered in slices of so many rows
LONGEST_TYPE = 200  # characters that a warning says of it

_types = pyarrow.types
_STRING = pyarrow.string()
_LONGEST_STRING = 2**31 - 1  # bytes that one array of strings can hold


def kinds_of_columns(name: str, schema: pyarrow.Schema) -> tuple[dict[str, Kind], list[str]]:
    """Return the kind of each column by its type, and a warning for each that cannot be used."""
    columns: dict[str, Kind] = {}
    warnings: list[str] = []
    for field in schema:
        kind = _kind(field.type)
        if field.name in columns:
            raise StreamError(f"{name}: two columns are named {field.name!r}; give each column its own name")
        if kind is None:
            type_ = shorten(str(field.type), LONGEST_TYPE, placeholder=" ...")
            warnings.append(f"{name}: column {field.name!r} is left out: it is of type {type_}")
        else:
            columns[field.name] = kind
    if not columns:
        raise StreamError(f"{name} has no column of numbers, text or times")
    return columns, warnings


def delivered_schema(source: pyarrow.Schema, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
    """Return numbers as float64, text as string whatever its encoding, and the rest as it is."""
    fields = [pyarrow.field(name, pyarrow.float64()) for name in numbers]
    for name in others:
        value = _value_type(source.field(name).type)
        fields.append(pyarrow.field(name, _STRING if is_text(value) else value))
    return pyarrow.schema(fields)


class Delivery:
    """Turns tables into batches.

    A small table can hold much text: a long value stands in it once, and every row refers to it. So slices are cut such
    that their text takes at most `largest` bytes once every row has its own.

    Parameters
    ----------
    name : str
        Of the source, for messages.
    source : pyarrow.Schema
        Of the source; its tables hold the columns that are asked for, in any order, and no others.
    numbers, others : sequence of str
        Columns to deliver as float64, and as they are.
    largest : int
        Bytes of text in a batch.
    """

    def __init__(
        self, name: str, source: pyarrow.Schema, numbers: Sequence[str], others: Sequence[str], largest: int
    ) -> None:
        self._name = name
        self._largest = min(largest, _LONGEST_STRING)
        self._schema = delivered_schema(source, numbers, others)
        self._names = self._schema.names
        self._is_in_order: bool | None = None  # which the first table tells
        wanted = pyarrow.schema([source.field(column) for column in self._names])
        self._comes_so = wanted == self._schema
        self._is_text = [is_text(_value_type(type_)) for type_ in wanted.types]
        self._numbers = len(numbers)

    def batches(self, table: pyarrow.RecordBatch) -> Iterator[Batch]:
        """Yield a table's rows with the columns and types that were asked for."""
        if self._is_in_order is None:
            self._is_in_order = table.column_names == self._names
        if not self._is_in_order:
            table = table.select(self._names)
        if self._comes_so:
            for start in range(0, table.num_rows, ROWS):
                yield Batch(table.slice(start, ROWS) if table.num_rows > ROWS else table)
            return
        with arrow_errors_as(f"{self._name} cannot be read"):
            columns = list(map(self._without_views, table.columns))
        start = 0
        while start < table.num_rows:
            with arrow_errors_as(f"{self._name} cannot be read"):
                rows = self._rows_that_fit(table, [column.slice(start, ROWS) for column in columns])
                batch = self._batch([column.slice(start, rows) for column in columns])
            yield batch
            start += rows

    def _without_views(self, column: pyarrow.Array) -> pyarrow.Array:
        """Return a column in a type that has all the functions; Arrow has few for views in a dictionary."""
        if not (_types.is_dictionary(column.type) and _types.is_string_view(column.type.value_type)):
            return column
        size = int(text_lengths(column.dictionary).sum())
        if size > self._largest:
            raise StreamError(f"{self._name}: a dictionary of {size:,} bytes is larger than {self._largest:,}")
        return pyarrow.DictionaryArray.from_arrays(column.indices, _strings_of_views(column.dictionary))

    def _rows_that_fit(self, table: pyarrow.RecordBatch, parts: Sequence[pyarrow.Array]) -> int:
        """Return how many of the rows may be delivered at once."""
        rows = len(parts[0])
        if not any(self._is_text) or rows * table.get_total_buffer_size() <= self._largest:  # no row can be too long
            return rows
        texts = [text_lengths(part) for part, holds_text in zip(parts, self._is_text, strict=True) if holds_text]
        ends = np.cumsum(np.sum(texts, axis=0))
        return max(1, int(np.searchsorted(ends, self._largest, side="right")))

    def _batch(self, columns: Sequence[pyarrow.Array]) -> Batch:
        arrays: list[pyarrow.Array] = []
        bad_cells: list[BadCell] = []
        for place, (field, column) in enumerate(zip(self._schema, columns, strict=True)):
            if place < self._numbers and self._is_text[place]:
                array, bad = _numbers_from_text(field.name, column)
                bad_cells += bad
            else:
                array = _converted(column, field.type)
            arrays.append(array)
        return Batch(pyarrow.RecordBatch.from_arrays(arrays, schema=self._schema), bad_cells=tuple(bad_cells))


def _converted(column: pyarrow.Array, type_: pyarrow.DataType) -> pyarrow.Array:
    if column.type == type_:
        return column
    if _types.is_string_view(column.type):
        return _strings_of_views(column)
    if not _types.is_dictionary(column.type):
        return column.cast(type_, safe=False)  # int64 beyond 2**53 may be rounded
    if len(column.dictionary) > len(column):
        return column.dictionary.take(column.indices).cast(type_, safe=False)
    return column.dictionary.cast(type_, safe=False).take(column.indices)


def _numbers_from_text(name: str, column: pyarrow.Array) -> tuple[pyarrow.Array, list[BadCell]]:
    if _types.is_dictionary(column.type) and len(column.dictionary) <= len(column):
        values, bad_values = numbers_from_text(_cells(column.dictionary))
        numbers = _float64(values).take(column.indices)
        bad = np.flatnonzero(np.isin(column.indices.fill_null(-1), bad_values)).tolist() if bad_values else []
    else:
        cells, bad = numbers_from_text(_cells(column))
        numbers = _float64(cells)
    return numbers, [BadCell(row, None, None, name, Cause.NOT_A_NUMBER, column[row].as_py()) for row in bad]


def _float64(numbers: list[float | None]) -> pyarrow.Array:
    return pyarrow.array(numbers, pyarrow.float64(), from_pandas=True)


def _cells(column: pyarrow.Array) -> list[str]:
    return [cell or "" for cell in column.to_pylist()]


def text_lengths(texts: pyarrow.Array) -> np.ndarray:
    """Return the bytes in each row's text, int64 (rows,); 0 where it is null."""
    if _types.is_dictionary(texts.type):
        with_null = np.append(text_lengths(texts.dictionary), 0)
        lengths: np.ndarray = with_null[_integers(texts.indices, -1)]
        return lengths
    if not _types.is_string_view(texts.type):
        return _integers(pyarrow.compute.binary_length(texts), 0)
    lengths = _views(texts)[:, 0]
    return np.where(texts.is_valid().to_numpy(zero_copy_only=False), lengths, 0).astype(np.int64)


def _views(texts: pyarrow.Array) -> np.ndarray:
    """Return the views of a column, int32 (rows, 4); the first number of each is its length."""
    every = np.frombuffer(texts.buffers()[1], "<i4", 4 * (texts.offset + len(texts)))
    return every.reshape(-1, 4)[texts.offset :]


def _strings_of_views(texts: pyarrow.Array) -> pyarrow.Array:
    """Return views as strings. A view under a null may be anything, and Arrow would follow it: so it is made empty."""
    if texts.null_count:
        is_valid = texts.is_valid()
        views = _views(texts) * is_valid.to_numpy(zero_copy_only=False)[:, np.newaxis]
        buffers = [is_valid.buffers()[1], pyarrow.py_buffer(views.astype("<i4")), *texts.buffers()[2:]]
        texts = pyarrow.Array.from_buffers(texts.type, len(texts), buffers)
    return texts.cast(_STRING)


def _integers(column: pyarrow.Array, null: int) -> np.ndarray:
    integers: np.ndarray = column.cast(pyarrow.int64()).fill_null(null).to_numpy(zero_copy_only=False)
    return integers


def _kind(type_: pyarrow.DataType) -> Kind | None:
    value = _value_type(type_)
    if is_text(value):
        return "text"
    if _types.is_temporal(value):
        return "time"
    numeric = (_types.is_integer, _types.is_floating, _types.is_boolean, _types.is_decimal, _types.is_null)
    return "number" if any(is_such(value) for is_such in numeric) else None


def _value_type(type_: pyarrow.DataType) -> pyarrow.DataType:
    return type_.value_type if _types.is_dictionary(type_) else type_


def is_text(type_: pyarrow.DataType) -> bool:
    """Whether it is one of Arrow's three types of strings."""
    return any(is_such(type_) for is_such in (_types.is_string, _types.is_large_string, _types.is_string_view))
