"""NDJSON -> batches: one JSON object a line; the columns are the keys of the first, and those that are expected.

A key that a row lacks is null. A key that comes later and was not expected is not read, and told once. A key that an
object has more than once says nothing for sure: its cell is bad.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import partial
from itertools import chain
from typing import Any

import pyarrow

from ..batch import Batch, Cause, Kind
from ..errors import StreamError
from ..inputs.input import Input
from ..inputs.lines import LineBlock, RawRow, line_blocks, split_lines
from ..numbers import numbers_from_values
from ..options import ReadOptions
from .fast_ndjson import PlainObjects
from .fast_text import FastText
from .json_objects import Repeated, mark_repeated_keys, numbers_as_written, read_object, text_of
from .rows import Columns, Converted, Rows, Split, find_first_row, read_rows, text_schema

MOST_NEW_KEYS = 8  # are told by name


class NdjsonSource:
    """One JSON object a line (also known as JSON Lines)."""

    format = "ndjson"
    ended_early = False
    header = b""

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self.warnings = stream.warnings
        self._stream = stream
        self._blocks = line_blocks(stream, options.max_line_bytes)
        first, self._taken = find_first_row(self.name, self._blocks, split_lines, read_object)
        if not first:
            raise StreamError(f"{self.name}: the first row has no columns")
        self.columns: dict[str, Kind] = {
            name: "number" if value is None or isinstance(value, bool | int | float) else "text"
            for name, value in first.items()
        }
        self._new_keys: set[str] = set()

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None:
        present = list(self.columns)
        asked: list[tuple[str, Kind]] = [(name, "number") for name in numbers] + [(name, "text") for name in others]
        for name, kind in asked:
            if name in self.columns:
                continue
            self.columns[name] = kind
            near = get_close_matches(name, present, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            self.warnings.append(f"{self.name}: the first row has no {name!r}: it is null until it comes{hint}")

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        return text_schema(self.name, self.columns, numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        columns = Columns(self.schema(numbers, others), numbers_from_values, _text, _bad_cell)
        plain = PlainObjects(self.columns, columns.schema)
        text = FastText(plain, columns.schema, split_lines, partial(self._read_exactly, columns, plain))
        taken, self._taken = self._taken, []
        yield from text.batches(chain(taken, self._blocks))

    def raw_rows(self, block: LineBlock) -> Iterator[RawRow]:
        return split_lines(block)

    @property
    def restarts(self) -> int:
        return self._stream.restarts

    def close(self) -> None:
        self._stream.close()

    def _read_exactly(self, columns: Columns, plain: PlainObjects, block: LineBlock, split: Split) -> Batch:
        rows = read_rows(block, split, read_object)
        plain.learn(rows.good)
        mark_repeated_keys(b"\n".join(raw.data for raw in rows.raw), rows)
        self._tell_new_keys(rows)

        def cells_of(name: str) -> list[Any]:
            cells = [row.get(name) for row in rows.good]
            return cells if name in columns.numbers else numbers_as_written(name, cells, rows.raw)

        return columns.batch(rows, cells_of, block)

    def _tell_new_keys(self, rows: Rows[dict[str, Any]]) -> None:
        known = self.columns.keys() | self._new_keys
        if len(self._new_keys) > MOST_NEW_KEYS or set().union(*rows.good) <= known:
            return
        for raw, row in zip(rows.raw, rows.good, strict=True):
            for key in row:
                if key in known or len(self._new_keys) > MOST_NEW_KEYS:
                    continue
                known.add(key)
                self._new_keys.add(key)
                what = f"the key {key[:60]!r}" if len(self._new_keys) <= MOST_NEW_KEYS else "another key"
                self.warnings.append(
                    f"{self.name}: line {raw.line} has {what}, which is not read: the first row lacks it"
                )


def _text(cells: Sequence[object]) -> Converted:
    bad = [index for index, cell in enumerate(cells) if isinstance(cell, Repeated)]
    return [None if isinstance(cell, Repeated) else text_of(cell) for cell in cells], bad


def _bad_cell(cell: object) -> tuple[Cause, str]:
    if isinstance(cell, Repeated):
        return Cause.REPEATED_KEY, cell.values
    return Cause.NOT_A_NUMBER, text_of(cell) or ""
