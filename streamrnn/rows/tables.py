"""Arrow tables in, matrices out: what `Learner.run` needs of the data it is given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..settings import SettingsError

if TYPE_CHECKING:
    import pyarrow


def record_batches(data: Any) -> Iterator[pyarrow.RecordBatch]:
    """Batches of a table, or of anything with ``__arrow_c_stream__`` (Polars, DuckDB, pandas); at least one."""
    import pyarrow

    if isinstance(data, pyarrow.RecordBatch):
        yield data
        return
    if not hasattr(data, "__arrow_c_stream__"):
        raise TypeError(
            f"run takes an Arrow table, a table with __arrow_c_stream__ or an array, not {type(data).__name__}"
        )
    is_table = isinstance(data, pyarrow.Table)
    reader = data.to_reader() if is_table else pyarrow.RecordBatchReader.from_stream(data)
    empty = True
    for batch in reader:
        empty = False
        yield batch
    if empty:
        yield pyarrow.RecordBatch.from_arrays(
            [pyarrow.nulls(0, kind) for kind in reader.schema.types], schema=reader.schema
        )


def column_matrix(batch: pyarrow.RecordBatch, names: Sequence[str]) -> np.ndarray:
    """The named columns as float64 (rows, columns), NaN where null."""
    columns = np.empty((len(names), batch.num_rows))
    for place, name in enumerate(names):
        columns[place] = _numbers(batch[name], name)
    return np.ascontiguousarray(columns.T)


def _numbers(column: pyarrow.Array, name: str) -> np.ndarray:
    import pyarrow

    kind = column.type
    numbers: np.ndarray
    if kind == pyarrow.float64():
        numbers = column.to_numpy(zero_copy_only=False)
        return numbers
    if pyarrow.types.is_boolean(kind):
        column = column.cast(pyarrow.int8())
    elif not (
        pyarrow.types.is_integer(kind)
        or pyarrow.types.is_floating(kind)
        or pyarrow.types.is_decimal(kind)
        or pyarrow.types.is_null(kind)
    ):
        hint = "; name it among the categorical ones" if holds_text(kind) else ""
        raise SettingsError(f"column {name!r} holds {kind}, not numbers{hint}")
    numbers = column.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def holds_text(kind: pyarrow.DataType) -> bool:
    """Whether an Arrow type is one of text."""
    import pyarrow

    if pyarrow.types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        is_such(kind)
        for is_such in (pyarrow.types.is_string, pyarrow.types.is_large_string, pyarrow.types.is_string_view)
    )


def text_cells(row: Any, names: Sequence[str]) -> list[str] | None:
    """The columns of a mapping that hold text; None if it holds what is neither text nor a number nor missing."""
    if not isinstance(row, Mapping):
        return []
    cells = {name: row.get(name) for name in names}
    if not all(cell is None or isinstance(cell, str | Real) for cell in cells.values()):
        return None
    return [name for name, cell in cells.items() if isinstance(cell, str)]


class Cells(NamedTuple):
    """The cells of a column of any kind, to be compared with each other; those of no column are all None."""

    column: pyarrow.Array | None
    codes: np.ndarray | None  # (rows,) int64, equal for equal cells

    def part(self, rows: slice) -> Cells:
        """Some of them."""
        if self.column is None or self.codes is None:
            return self
        return Cells(self.column[rows], self.codes[rows])

    def values(self, rows: np.ndarray) -> list[Any]:
        """Many of them, as `value` gives each."""
        import pyarrow

        if self.column is None:
            return [None] * len(rows)
        kind = self.column.type
        can_be_taken = holds_text(kind) and kind not in (pyarrow.string_view(), pyarrow.binary_view())
        if not (can_be_taken or pyarrow.types.is_integer(kind)):
            return [self.value(row) for row in rows.tolist()]
        values: list[Any] = self.column.take(pyarrow.array(rows)).to_pylist()
        return values

    def value(self, row: int) -> Any:
        """One of them, as `plain` gives it."""
        return None if self.column is None else scalar_value(self.column[row])


def cells_of(column: pyarrow.Array | None) -> Cells:
    """Code a column's cells."""
    return Cells(column, None if column is None else _codes(column))


def _codes(column: pyarrow.Array) -> np.ndarray:
    """A number for each row, int64 (rows,), equal for equal values, -1 where null."""
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):  # which may hold a value twice, or null as a value
        codes: np.ndarray = np.append(_codes(column.dictionary), -1)[_integers(column.indices)]
        return codes
    if pyarrow.types.is_floating(column.type):
        # NaN is null, and -0.0 is 0.0.
        column = pyarrow.array(column.to_numpy(zero_copy_only=False) + 0.0, from_pandas=True)
    try:
        indices = column.dictionary_encode().indices
    except pyarrow.ArrowNotImplementedError:
        texts = [str(value.as_py()) if value.is_valid else None for value in column]
        indices = pyarrow.array(texts, pyarrow.string()).dictionary_encode().indices
    return _integers(indices)


def _integers(indices: pyarrow.Array) -> np.ndarray:
    import pyarrow

    integers: np.ndarray = indices.cast(pyarrow.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return integers


def scalar_value(scalar: pyarrow.Scalar) -> Any:
    """A cell of a table as `plain` gives it, also where Python's own types end: at nanoseconds, and in far years."""
    import pyarrow

    while isinstance(scalar, pyarrow.DictionaryScalar):
        scalar = scalar.value
    if not (scalar.is_valid and pyarrow.types.is_temporal(scalar.type)):
        return plain(scalar.as_py())
    try:
        if getattr(scalar.type, "unit", None) != "ns":
            return plain(scalar.as_py())
        microseconds, rest = divmod(scalar.value, 1000)
        return _time_text(pyarrow.scalar(microseconds, _in_microseconds(scalar.type)).as_py(), rest)
    except (ValueError, OverflowError):
        return f"{scalar.value} {scalar.type}"


def _in_microseconds(kind: pyarrow.DataType) -> pyarrow.DataType:
    import pyarrow

    if pyarrow.types.is_timestamp(kind):
        return pyarrow.timestamp("us", kind.tz)
    return pyarrow.duration("us") if pyarrow.types.is_duration(kind) else pyarrow.time64("us")


def plain(value: Any) -> Any:
    """A sequence's value as JSON keeps it."""
    if value is None or type(value) in (str, int):
        return value
    if isinstance(value, np.datetime64 | np.timedelta64) and np.datetime_data(value.dtype)[0] == "ns":
        import pyarrow

        return None if np.isnat(value) else scalar_value(pyarrow.scalar(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float | datetime) and value != value:  # NaN, and what pandas calls not-a-time
        return None
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    if isinstance(value, str | int | float | bool):
        return value
    # The times of pandas are Python's, and then some nanoseconds.
    if isinstance(value, datetime):
        return _time_text(datetime.combine(value.date(), value.timetz()), getattr(value, "nanosecond", 0))
    if isinstance(value, timedelta):
        whole = timedelta(value.days, value.seconds, value.microseconds)
        return _time_text(whole, getattr(value, "nanoseconds", 0))
    return str(value)


def _time_text(value: Any, nanoseconds: int) -> str:
    return f"{value} +{nanoseconds} ns" if nanoseconds else str(value)
