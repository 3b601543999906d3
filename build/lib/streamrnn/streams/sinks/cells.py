"""One column -> the text of its cells; a number reads the same in NDJSON and CSV, and reads back as the same float."""

import re

import orjson
import pyarrow
import pyarrow.compute

from ..formats import HOLDS_NUMBERS

_types = pyarrow.types
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false", re.ASCII)
_MUST_BE_QUOTED = re.compile(r'[",\r\n]|^$')


def json_cells(column: pyarrow.Array, field: pyarrow.Field) -> list[str]:
    """Return each cell as JSON; what is missing, and what JSON cannot say, is null."""
    if _is_number(column.type):
        return _number_cells(column)
    texts = as_text(column).to_pylist()
    if (field.metadata or {}).items() >= HOLDS_NUMBERS.items():
        return [text if text and _JSON_NUMBER.fullmatch(text) else orjson.dumps(text).decode() for text in texts]
    return _json_list(texts)


def csv_cells(column: pyarrow.Array) -> list[str]:
    """Return each cell as CSV; what is missing is nothing, and empty text is a pair of quotes."""
    if _is_number(column.type):
        return ["" if cell == "null" else cell for cell in _number_cells(column)]
    return ["" if text is None else csv_quoted(text) for text in as_text(column).to_pylist()]


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


def _is_number(type_: pyarrow.DataType) -> bool:
    numeric = (_types.is_floating, _types.is_integer, _types.is_boolean, _types.is_null)
    return any(is_such(type_) for is_such in numeric)


def _number_cells(column: pyarrow.Array) -> list[str]:
    if not _types.is_floating(column.type):
        return _json_list(column.to_pylist())
    numbers = column.to_numpy(zero_copy_only=False)
    # NaN and infinities become null.
    return orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode().split(",")


def _json_list(values: list[object]) -> list[str]:
    # One call for the column. Indented JSON has one value a line, and no newline within a value.
    return orjson.dumps(values, option=orjson.OPT_INDENT_2)[4:-2].decode().split(",\n  ")
