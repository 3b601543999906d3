"""One column -> the text of its cells; a number reads the same in NDJSON and CSV, and reads back as the same float.

Columns of all types come down to a few kinds, which this module and the kernels write alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson
import pyarrow
import pyarrow.compute

from ...kernels.text.lines import Kind
from ..formats import HOLDS_NUMBERS

_types = pyarrow.types
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false", re.ASCII)
_MUST_BE_QUOTED = re.compile(r'[",\r\n]|^$')


def column_of_kind(column: pyarrow.Array, field: pyarrow.Field, text: Kind) -> tuple[Kind, pyarrow.Array]:
    """Return the kind of a column, and the column as float64, int64 or string; `text` is the kind of a text."""
    type_ = column.type
    if column.null_count == len(column):
        return Kind.NOTHING, column
    if _types.is_float64(type_):
        return Kind.FLOAT, column
    if _types.is_int64(type_) and not column.null_count:
        return Kind.INTEGER, column
    if _types.is_floating(type_):  # to the float64 with the same text
        return Kind.FLOAT, column.cast(pyarrow.float32()).cast(pyarrow.string()).cast(pyarrow.float64())
    if _types.is_integer(type_) or _types.is_boolean(type_):
        return Kind.AS_IT_IS, column.cast(pyarrow.string())
    column = as_text(column)
    if text is Kind.JSON_TEXT and holds_numbers(field):
        return Kind.AS_IT_IS, pyarrow.array(map(_json_number_or_text, column.to_pylist()), pyarrow.string())
    return text, column


def value_writer(field: pyarrow.Field, text: Kind, missing: str) -> Callable[[Sequence[Any]], list[str]]:
    """Return what writes values of Python: those of a column of float64, int64, bool or string."""
    if field.type == pyarrow.float64():
        return partial(_float_cells, missing)
    if field.type == pyarrow.int64():
        return partial(cells_of_kind, Kind.INTEGER, missing)
    if field.type == pyarrow.bool_():
        return lambda values: [missing if value is None else str(value).lower() for value in values]
    if text is Kind.JSON_TEXT and holds_numbers(field):
        return lambda values: cells_of_kind(Kind.AS_IT_IS, missing, list(map(_json_number_or_text, values)))
    return partial(cells_of_kind, text, missing)


def cells_of_kind(kind: Kind, missing: str, values: Sequence[Any]) -> list[str]:
    """Return the text of each cell."""
    match kind:
        case Kind.NOTHING:
            return [missing] * len(values)
        case Kind.FLOAT:
            return _float_cells(missing, values)
        case Kind.INTEGER:
            return [missing if value is None else str(value) for value in values]
        case Kind.CSV_TEXT:
            return [missing if text is None else csv_quoted(text) for text in values]
        case Kind.JSON_TEXT:
            return [missing if text is None else orjson.dumps(text).decode() for text in values]
    return [missing if text is None else text for text in values]


def holds_numbers(field: pyarrow.Field) -> bool:
    """Whether a column of text holds numbers as NDJSON or CSV had them."""
    return (field.metadata or {}).items() >= HOLDS_NUMBERS.items()


def _float_cells(missing: str, values: Sequence[float | None]) -> list[str]:
    texts = list(map(repr, values))
    joined = "".join(texts)
    if "e" not in joined and "n" not in joined:  # no exponent, and neither nan, inf nor None
        return texts
    return [missing if x is None or not math.isfinite(x) else float_text(x) for x in values]


def float_text(number: float) -> str:
    """Return the shortest text that reads back as the same float: with a point from 10^-5 to below 10^16.

    >>> [float_text(number) for number in (5.0, 0.00001, 1e-6, 1e15, 1e16)]
    ['5.0', '0.00001', '1e-6', '1000000000000000.0', '1e+16']
    """
    text = repr(number)
    digits, _, exponent = text.partition("e")
    if exponent == "-05":
        sign = "-" if number < 0 else ""
        return f"{sign}0.0000{digits.lstrip('-').replace('.', '')}"
    return f"{digits}e{int(exponent):+d}" if exponent else text


def csv_quoted(text: str) -> str:
    """Return the text, in quotes if it could be mistaken otherwise."""
    if not _MUST_BE_QUOTED.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def as_text(column: pyarrow.Array) -> pyarrow.Array:
    """Return a column of text or times as strings: times in ISO 8601, with all the digits of their unit."""
    if not _types.is_timestamp(column.type):
        return column.cast(pyarrow.string())
    # Without the zone Arrow writes UTC, and needs no database of zones.
    utc = column.cast(pyarrow.timestamp(column.type.unit)).cast(pyarrow.string())
    iso = pyarrow.compute.replace_substring(utc, " ", "T")
    return iso if column.type.tz is None else pyarrow.compute.binary_join_element_wise(iso, "Z", "")


def _json_number_or_text(text: str | None) -> str | None:
    if text is None or _JSON_NUMBER.fullmatch(text):
        return text
    return orjson.dumps(text).decode()
