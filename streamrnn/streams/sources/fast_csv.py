"""The plain records of CSV, through a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow

from ..formats import BYTE_ORDER_MARK
from ..inputs.lines import LineBlock
from .csv_dialect import Dialect
from .csv_records import mask_quoted_newlines
from .fast_text import bytes_of, is_utf8, places

if TYPE_CHECKING:
    from ...kernels.text.rows import Rows

_OF_NUMBERS = b"+-.0123456789eE"
_NO_RECORD = b"\n"


class PlainRecords:
    """Reads records whose cells are as they should be.

    Parameters
    ----------
    names : sequence of str
        Every column.
    schema : pyarrow.Schema
        Those that are wanted: numbers as float64, then text.
    dialect : Dialect
    header : bytes, optional
        A record that repeats it is no row.
    """

    kernel = "read_csv"

    def __init__(self, names: Sequence[str], schema: pyarrow.Schema, dialect: Dialect, header: bytes | None) -> None:
        self._names = names
        self._schema = schema
        self._dialect = dialect
        self._header = np.frombuffer(_NO_RECORD if header is None else header, np.uint8)
        self._comment = dialect.comment[0] if dialect.comment else -1

    def read(self, block: LineBlock) -> Rows | None:
        """Read a block of whole records, or return None if records cannot be told apart so simply."""
        if block.odd_quotes or self._dialect.delimiter in _OF_NUMBERS:
            return None
        from ...kernels.text.csv import read_csv
        from ...kernels.text.powers import powers_of_five
        from ...kernels.text.rows import make_rows

        # A record that runs over lines is odd for the zeros that mask its newlines.
        data = bytes_of(mask_quoted_newlines(block.data, self._dialect, b"\0"))
        is_text = is_utf8(block.data) and (block.data.isascii() or BYTE_ORDER_MARK not in block.data)
        rows = make_rows(data, self._schema)
        marks = self._marks if is_text else self._marks_of_ascii
        read_csv(data, marks, self._places, self._header, self._comment, powers_of_five(), rows)
        return rows
