"""One line of JSON -> an object; and what a parsed object no longer tells: repeated keys, and numbers as written."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from ..batch import Cause
from ..formats import BYTE_ORDER_MARK
from ..inputs.lines import RawRow
from .rows import RowError, Rows

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{}:,]|[^][{}:,"\s]++', re.DOTALL)

ON_LINES = "jq -c . puts each object on a line of its own, jq -c '.[]' those of an array"


@dataclass(frozen=True, slots=True)
class Repeated:
    """The values of a key that an object has more than once, as they are written."""

    values: str


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the object that a line holds."""
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        row = _read_loosely(raw.removeprefix(BYTE_ORDER_MARK), error)
    if not isinstance(row, dict):
        raise RowError(Cause.NO_OBJECT, f"the line holds no JSON object but {_name_of(row)}{_hint(row)}")
    return row


def mark_repeated_keys(data: bytes, rows: Rows[dict[str, Any]]) -> None:
    """Replace the values of keys that their object has more than once by `Repeated`; `data` are the lines of all rows.

    Every key has a colon behind its closing quote. So there is a repeated key only if there are more of these than
    keys, which is seldom, and quick to see; and only those lines are looked at closely.
    """
    if _colons(data) == sum(map(len, rows.good)):
        return
    for row, raw in zip(rows.good, rows.raw, strict=True):
        colons = _colons(raw.data)
        if colons == len(row) or colons == _count_keys(row):
            continue
        values: dict[str, list[bytes]] = {}
        for key, value in _members(raw.data):
            values.setdefault(key, []).append(value)
        for key, several in values.items():
            if len(several) > 1:
                row[key] = Repeated(b", ".join(several).decode())


def numbers_as_written(name: str, cells: Iterable[Any], raw: Iterable[RawRow]) -> list[Any]:
    """Return the values that a key has in these rows, with the text of each number for the number."""
    return [
        _number_as_written(name, cell, row.data) if isinstance(cell, float | int) else cell
        for cell, row in zip(cells, raw, strict=True)
    ]


def text_of(value: object) -> str | None:
    """Return text as it is, and all else as JSON."""
    if value is None or isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # nested too deeply for orjson to write, though not to read
        return "[...]"


def _read_loosely(raw: bytes, error: orjson.JSONDecodeError) -> Any:
    """Read a line that strict JSON refuses for NaN, Infinity or a number beyond float64, as some programs write it."""
    try:
        row = json.loads(raw.decode(), parse_int=_read_integer)
        orjson.dumps(row)  # refuses the broken text that json lets through
        return row
    except UnicodeDecodeError as broken:
        raise RowError(Cause.ENCODING, f"byte {broken.start + 1} of the row is not UTF-8") from error
    except (ValueError, TypeError, RecursionError):
        if raw.strip() in (b"{", b"["):
            raise RowError(Cause.NOT_JSON, f"not JSON: what begins here runs over lines; {ON_LINES}") from error
        raise RowError(Cause.NOT_JSON, f"not JSON: {error.msg}, at character {error.pos + 1}") from error


def _read_integer(digits: str) -> int | float:
    """Read an integer as orjson does: one that does not fit into 64 bits becomes a float."""
    try:
        number: int | float = orjson.loads(digits)
        return number
    except orjson.JSONDecodeError:
        return float(digits)


def _colons(data: bytes) -> int:
    """Count the colons that may stand behind a key; in text there may be more of them."""
    colons = sum(data.count(before + b":") for before in (b'"', b" ", b"\t", b"\r"))
    if b"\\" in data:  # a quote within text stands behind a backslash, which does not itself stand behind another one
        colons += data.count(b'\\\\":') - data.count(b'\\":')
    return colons


def _count_keys(row: dict[str, Any]) -> int:
    """Count the keys of an object and of all that are nested in it."""
    count = 0
    nested: list[Any] = [row]
    while nested:
        value = nested.pop()
        count += len(value) if isinstance(value, dict) else 0
        inner = value.values() if isinstance(value, dict) else value
        nested += [item for item in inner if isinstance(item, dict | list)]
    return count


def _members(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each key of an object that could be read, with its value as it is written."""
    depth = start = end = 0
    key = b""
    for token in _TOKEN.finditer(raw):
        mark = token[0]
        if depth == 1:
            if mark in (b",", b"}"):
                if key:
                    yield orjson.loads(key), raw[start:end]
                key, start = b"", 0
            elif not key:
                key = mark
            elif not start and mark != b":":
                start = token.start()
        depth += (mark in (b"{", b"[")) - (mark in (b"}", b"]"))
        end = token.end()


def _number_as_written(name: str, number: float, raw: bytes) -> str | None:
    if number != number:
        return None
    if isinstance(number, bool):
        return "true" if number else "false"
    if isinstance(number, int) and number:  # zero may be -0
        return str(number)
    found = _number_after(name).findall(raw)
    if len(found) == 1 and float(found[0]) == number:
        return str(found[0], "ascii")
    return dict(_members(raw))[name].decode()


@lru_cache
def _number_after(name: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(orjson.dumps(name)) + rb"[ \t]*:[ \t]*(-?[0-9][0-9.eE+-]*)")


def _hint(value: object) -> str:
    return f"; {ON_LINES}" if isinstance(value, list) else ""


def _name_of(value: object) -> str:
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return "a string"
    return "null" if value is None else "a number or a boolean"
