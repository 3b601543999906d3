"""The plain lines of NDJSON, through a kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow

from ...kernels.text.powers import powers_of_five
from ...kernels.text.rows import Rows
from ..inputs.lines import LineBlock
from .fast_text import Wanted, bytes_of, is_utf8

if TYPE_CHECKING:
    from ...kernels.text.ndjson import Keys

_SURROGATE = re.compile("[\ud800-\udfff]")
MOST_OTHER_KEYS = 64  # are known; with others, a line is odd


class PlainObjects:
    """Reads lines whose keys are known and whose values are plain.

    Parameters
    ----------
    names : iterable of str
        The keys that are known.
    schema : pyarrow.Schema
        The columns that are wanted: numbers as float64, then text.
    """

    kernel = "read_ndjson"

    def __init__(self, names: Iterable[str], schema: pyarrow.Schema) -> None:
        self._wanted = Wanted(schema)
        self._names = list(names)
        self._known = set(self._names)
        self._most = len(self._names) + MOST_OTHER_KEYS
        self._keys: Keys | None = None

    def learn(self, rows: Iterable[dict[str, object]]) -> None:
        """Know the keys of rows that were read exactly, so that other rows with them are plain."""
        new = set().union(*rows) - self._known
        room = self._most - len(self._names)
        if new and room > 0:
            self._names += sorted(new)[:room]
            self._known.update(self._names)
            self._keys = None

    def read(self, block: LineBlock) -> Rows | None:
        """Read a block of whole lines."""
        from ...kernels.text.ndjson import read_ndjson

        self._keys = self._keys or self._make_keys()
        data = bytes_of(block.data)
        rows = self._wanted.room_for(data)
        marks = self._marks if is_utf8(block.data) else self._marks_of_ascii
        read_ndjson(data, marks, self._keys, powers_of_five(), rows)
        return rows

    def _make_keys(self) -> Keys:
        """Lay out the keys, each in the two ways in which it may be spelled."""
        from ...kernels.text.ndjson import COLUMN, FROM, NEXT, PLACE, TO, Keys

        columns_of: dict[bytes, int] = {}
        for is_ascii in (False, True):
            for column, name in enumerate(self._names):
                if not _SURROGATE.search(name):  # which no JSON may name
                    columns_of.setdefault(_spelling(name, is_ascii), column)
        assert columns_of, "a source has columns"
        ends = np.cumsum([len(key) for key in columns_of])
        table = np.zeros((1 + len(ends), 4), np.int64)
        table[1:, TO] = ends
        table[2:, FROM] = ends[:-1]
        table[1:, COLUMN] = list(columns_of.values())
        table[:, NEXT] = np.arange(1, len(table) + 1)
        table[-1, NEXT] = 1
        columns = np.zeros((len(self._names), 2), np.int64)
        columns[:, PLACE] = self._wanted.places(self._names)
        return Keys(np.frombuffer(b"".join(columns_of) + bytes(8), np.uint8), table, columns)

    @cached_property
    def _marks(self) -> np.ndarray:
        """What each byte is in a string: (256,) uint8."""
        from ...kernels.text.ndjson import CLOSING, ESCAPING, STRANGE

        marks = np.zeros(256, np.uint8)
        marks[:32], marks[ord("\\")], marks[ord('"')] = STRANGE, ESCAPING, CLOSING
        return marks

    @cached_property
    def _marks_of_ascii(self) -> np.ndarray:
        """The same, where somebody must look closely at all that is not ASCII."""
        from ...kernels.text.ndjson import STRANGE

        marks = self._marks.copy()
        marks[128:] = STRANGE
        return marks


def _spelling(name: str, is_ascii: bool) -> bytes:
    """Return a key as JSON has it, without its quotes."""
    return json.dumps(name, ensure_ascii=is_ascii)[1:-1].encode()
