"""Columns of one format -> columns that another format can hold, so that their kinds and their values survive.

Whoever reads the output must find the same kinds in its first row, and the same float64 in every row. Text of a number
column is passed on digit for digit where that can be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.compute

from ..formats import HOLDS_NUMBERS
from ..numbers import is_number, parse_number
from ..sinks.cells import as_text

if TYPE_CHECKING:
    from ..batch import Kind
    from ..sources import Source

Convert = Callable[[pyarrow.Array], pyarrow.Array]

TEXT_FORMATS = ("csv", "ndjson")
# Numbers that are JSON as they stand, and finite: the most common ones. In JSON -0 is an integer, and so not negative.
_EXPONENT = "[eE][+-]?[0-9]{1,2}"
_PLAIN_JSON = rf"^(0|-?[1-9][0-9]{{0,19}}|-?(0|[1-9][0-9]{{0,19}})(\.[0-9]+({_EXPONENT})?|{_EXPONENT}))$"
_JSON_WORDS = ("true", "false")

_types = pyarrow.types


class Translation:
    """What is asked of a source, and what becomes of it.

    Parameters
    ----------
    source : Source
    format : {'arrow', 'csv', 'ndjson'}
        What is to be written.

    Attributes
    ----------
    numbers, others : list of str
        The columns to ask the source for.
    schema : pyarrow.Schema
        Of the tables that `table` returns: all columns of the source, in its order.
    """

    def __init__(self, source: Source, format: str) -> None:
        kinds = source.columns
        as_float64 = format == "arrow" and source.format in TEXT_FORMATS
        self.numbers = [name for name, kind in kinds.items() if as_float64 and kind == "number"]
        self.others = [name for name in kinds if name not in self.numbers]
        delivered = source.schema(self.numbers, self.others)
        pairs = [_translated(delivered.field(name), kinds[name], source.format, format) for name in kinds]
        self.schema = pyarrow.schema([field for field, _ in pairs])
        self._converts = [convert for _, convert in pairs]

    def table(self, delivered: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
        """Return what is to be written of a table that the source has delivered."""
        columns = (delivered.column(name) for name in self.schema.names)
        arrays = [convert(column) for convert, column in zip(self._converts, columns, strict=True)]
        return pyarrow.RecordBatch.from_arrays(arrays, schema=self.schema)


def first_row(row: pyarrow.RecordBatch, kinds: Mapping[str, Kind], format: str) -> pyarrow.RecordBatch:
    """Return the first row of an output, so that whoever reads it finds the same kinds of columns.

    A number column has a number or nothing there. In NDJSON text that is missing is left out: null would be a number.
    """
    cells = {name: row.column(name)[0].as_py() for name in row.schema.names}
    bad = [name for name, kind in kinds.items() if kind == "number" and _is_no_number(cells[name])]
    missing = [name for name, kind in kinds.items() if kind != "number" and cells[name] is None]
    columns = [pyarrow.nulls(1, field.type) if field.name in bad else row.column(field.name) for field in row.schema]
    row = pyarrow.RecordBatch.from_arrays(columns, schema=row.schema)
    kept = [name for name in row.schema.names if name not in missing]
    return row.select(kept) if format == "ndjson" and kept else row


def unlike_in_csv(row: pyarrow.RecordBatch, kinds: Mapping[str, Kind]) -> list[str]:
    """Return the columns that CSV makes number columns, because of how the cells of the first row look."""
    first = {name: as_text(row.column(name))[0].as_py() for name, kind in kinds.items() if kind != "number"}
    return [name for name, cell in first.items() if cell is None or is_number(cell)]


def _is_no_number(cell: object) -> bool:
    return isinstance(cell, str) and cell not in _JSON_WORDS and not is_number(cell)


def _translated(field: pyarrow.Field, kind: Kind, source: str, format: str) -> tuple[pyarrow.Field, Convert]:
    """The field that is to be written for one that is delivered, and how its values get there."""
    if format == "arrow" or kind != "number":
        return field, _unchanged
    if source in TEXT_FORMATS:
        digits = pyarrow.field(field.name, pyarrow.string(), metadata=HOLDS_NUMBERS)
        return digits, _json_numbers if format == "ndjson" else _csv_numbers
    if _types.is_boolean(field.type) and format == "csv":
        return field.with_type(pyarrow.int8()), lambda column: column.cast(pyarrow.int8())
    if _types.is_floating(field.type) or _types.is_decimal(field.type):
        return field.with_type(pyarrow.float64()), lambda column: column.cast(pyarrow.float64(), safe=False)
    return field, _unchanged


def _unchanged(column: pyarrow.Array) -> pyarrow.Array:
    return column


def _json_numbers(cells: pyarrow.Array) -> pyarrow.Array:
    """Numbers as CSV may write them -> as JSON does; what is no number stays text."""
    is_plain = pyarrow.compute.match_substring_regex(cells, _PLAIN_JSON)
    if pyarrow.compute.all(is_plain).as_py() in (True, None):
        return cells
    pairs = zip(cells.to_pylist(), is_plain.to_pylist(), strict=True)
    texts = [cell if plain or cell is None else _json_number(cell) for cell, plain in pairs]
    return pyarrow.array(texts, pyarrow.string())


def _json_number(cell: str) -> str | None:
    try:
        number = parse_number(cell)
    except ValueError:  # a bad cell; a word of JSON, which would be read as 1 or 0, cannot stay
        return None if cell.strip() in _JSON_WORDS else cell
    return repr(number) if number is not None and math.isfinite(number) else None


def _csv_numbers(cells: pyarrow.Array) -> pyarrow.Array:
    """Numbers as JSON has them, true and false among them -> as CSV does."""
    for json, digit in (("true", "1"), ("false", "0"), ("-0", "0")):
        is_such = pyarrow.compute.equal(cells, json)
        if pyarrow.compute.any(is_such).as_py():
            cells = pyarrow.compute.if_else(is_such, digit, cells)
    return cells
