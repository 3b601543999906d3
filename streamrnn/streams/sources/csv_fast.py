"""Large plain blocks of CSV -> tables, through Arrow.

Arrow is given only blocks in which nothing can go wrong unnoticed, and gives up on the others.
"""

from collections.abc import Sequence

import pyarrow
import pyarrow.compute
import pyarrow.csv

from ..formats import BYTE_ORDER_MARK
from ..inputs.lines import LineBlock
from .csv_dialect import Dialect

# Below this size Python is ready before Arrow has started.
ARROW_FROM_BYTES = 32 * 1024
_MISSING = ["", "NA", "na", "null", "NULL", "None", "none"]


def fast_table(
    block: LineBlock, names: Sequence[str], schema: pyarrow.Schema, dialect: Dialect
) -> pyarrow.RecordBatch | None:
    """Return the columns of `schema`, or None if the block is small, or holds anything that is not plain.

    A row that cannot be read, and a cell that is neither a number nor missing where a number is wanted, are not plain.
    """
    data = block.data
    if (
        len(data) < ARROW_FROM_BYTES
        or block.odd_quotes
        or block.longer_than is not None
        or not _is_plain(data, dialect)
    ):
        return None
    quote = dialect.quoting.quote if dialect.quoting else b""
    try:
        table = pyarrow.csv.read_csv(
            pyarrow.py_buffer(data),
            # One block, one thread.
            pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
            pyarrow.csv.ParseOptions(
                delimiter=dialect.delimiter.decode(),
                quote_char=quote.decode() if quote else False,
                newlines_in_values=bool(quote) and quote in data,
                ignore_empty_lines=len(names) > 1,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=schema, include_columns=schema.names, null_values=_MISSING, strings_can_be_null=False
            ),
        )
    except pyarrow.ArrowInvalid:
        return None
    arrays = [_without_nothings(column.combine_chunks()) for column in table.columns]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def _is_plain(data: bytes, dialect: Dialect) -> bool:
    """Whether Arrow and `read_record` see the same rows: UTF-8 all through, and no carriage return inside a row."""
    if b"\0" in data or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
        return False
    if dialect.comment and (data.startswith(dialect.comment) or b"\n" + dialect.comment in data):
        return False
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return BYTE_ORDER_MARK not in data  # Arrow would drop the first


def _without_nothings(column: pyarrow.Array) -> pyarrow.Array:
    """Return the column with null for NaN in numbers and for empty text."""
    compute = pyarrow.compute
    is_nothing = compute.is_nan(column) if column.type == pyarrow.float64() else compute.equal(column, "")
    if not compute.any(is_nothing).as_py():
        return column
    return compute.if_else(is_nothing, None, column)
