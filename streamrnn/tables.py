"""Arrow tables in, matrices out: what `Learner.run` needs of the data it is given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .settings import SettingsError

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
    reader = pyarrow.RecordBatchReader.from_stream(data)
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
    matrix = np.empty((batch.num_rows, len(names)))
    for place, name in enumerate(names):
        matrix[:, place] = _numbers(batch[name], name)
    return matrix


def _numbers(column: pyarrow.Array, name: str) -> np.ndarray:
    import pyarrow

    kind = column.type
    if pyarrow.types.is_boolean(kind):
        column = column.cast(pyarrow.int8())
    elif not (
        pyarrow.types.is_integer(kind)
        or pyarrow.types.is_floating(kind)
        or pyarrow.types.is_decimal(kind)
        or pyarrow.types.is_null(kind)
    ):
        raise SettingsError(f"column {name!r} holds {kind}, not numbers; categorical columns cannot be learned yet")
    numbers: np.ndarray = column.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def sequence_starts(column: pyarrow.Array) -> np.ndarray:
    """1 where a value differs from the one in the row before; 0 in the first row, whose predecessor is not here."""
    import pyarrow

    if pyarrow.types.is_floating(column.type):
        column = pyarrow.array(column.to_numpy(zero_copy_only=False), from_pandas=True)  # NaN is null
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()  # which may hold a value twice, or null as a value
    numbers = column.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    starts = np.zeros(len(numbers), np.int64)
    starts[1:] = numbers[1:] != numbers[:-1]
    return starts


def plain(value: Any) -> Any:
    """A sequence's value as JSON keeps it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
