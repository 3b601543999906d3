"""NDJSON -> batches: one JSON object a line; the columns are the keys of the first.

A key that a row lacks is null; a key that the first row lacked is not read.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import orjson
import pyarrow

from ..batch import Batch, Cause, Kind, check_request
from ..errors import StreamError
from ..formats import HOLDS_NUMBERS
from ..inputs.input import Input
from ..inputs.lines import LineBlock, line_blocks, split_lines
from ..numbers import float64_from_values
from ..options import ReadOptions
from .rows import Columns, RowError, find_first_row, read_rows


class NdjsonSource:
    """One JSON object a line (also known as JSON Lines)."""

    format = "ndjson"
    ended_early = False

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self.warnings: list[str] = []
        self._stream = stream
        self._blocks = line_blocks(stream)
        first, self._taken = find_first_row(self.name, self._blocks, split_lines, read_object)
        if not first:
            raise StreamError(f"{self.name}: the first row has no columns")
        self.columns: dict[str, Kind] = {
            name: "number" if value is None or isinstance(value, bool | int | float) else "text"
            for name, value in first.items()
        }

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        fields = [pyarrow.field(name, pyarrow.float64()) for name in numbers]
        for name in others:
            metadata = HOLDS_NUMBERS if self.columns[name] == "number" else None
            fields.append(pyarrow.field(name, pyarrow.string(), metadata=metadata))
        return pyarrow.schema(fields)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        columns = Columns(self.schema(numbers, others), float64_from_values, _text)
        taken, self._taken = self._taken, []
        for block in chain(taken, self._blocks):
            batch = _read_block(block, columns)
            if batch.table.num_rows or batch.refused:
                yield batch

    def close(self) -> None:
        self._stream.close()


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the object that a line holds."""
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        row = _read_loosely(raw, error)
    if not isinstance(row, dict):
        raise RowError(Cause.NO_OBJECT, f"the line holds no JSON object but {_name_of(row)}")
    return row


def _read_loosely(raw: bytes, error: orjson.JSONDecodeError) -> Any:
    """Read a line that strict JSON refuses for its NaN or Infinity, as many programs write them."""
    if b"NaN" in raw or b"Infinity" in raw:
        try:
            row = json.loads(raw)
            orjson.dumps(row)  # refuses the broken text that json lets through
            return row
        except (ValueError, TypeError, RecursionError):
            pass
    raise RowError(Cause.NOT_JSON, f"not JSON: {error.msg}, at character {error.pos + 1}") from error


def _read_block(block: LineBlock, columns: Columns) -> Batch:
    rows = read_rows(block, split_lines, read_object)
    return columns.batch(rows, lambda name: [row.get(name) for row in rows.good])


def _text(cells: Sequence[object]) -> pyarrow.Array:
    """Text stays itself, all else is its JSON."""
    texts = [cell if cell is None or isinstance(cell, str) else orjson.dumps(cell).decode() for cell in cells]
    return pyarrow.array(texts, pyarrow.string())


def _name_of(value: object) -> str:
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return "a string"
    return "null" if value is None else "a number or a boolean"
