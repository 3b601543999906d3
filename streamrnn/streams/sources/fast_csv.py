"""The plain records of CSV, through a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow

from ...kernels.text.powers import powers_of_five
from ...kernels.text.rows import Rows
from ..formats import BYTE_ORDER_MARK
from ..inputs.lines import LineBlock
from .csv_dialect import Dialect
from .csv_records import mask_quoted_newlines
from .fast_text import Wanted, bytes_of, is_utf8

_NO_MARKS = b"\0+-.0123456789eE"  # as delimiter or quote: the kernel takes them for parts of a number, or refuses them
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
        self._wanted = Wanted(schema)
        self._dialect = dialect
        self._places = self._wanted.places(names)
        self._header = np.frombuffer(_NO_RECORD if header is None else header, np.uint8)
        quote = dialect.quoting.quote if dialect.quoting else b""
        self._is_for_the_kernel = not any(mark in _NO_MARKS for mark in dialect.delimiter + quote)
        self._comment = dialect.comment[0] if dialect.comment else -1

    def read(self, block: LineBlock) -> Rows | None:
        """Read a block of whole records, or return None if the dialect is not for the kernel."""
        if not self._is_for_the_kernel:
            return None
        from ...kernels.text.csv import read_csv

        # A record that runs over lines is odd for the zeros that mask its newlines.
        data = bytes_of(mask_quoted_newlines(block.data, self._dialect, mask=b"\0"))
        # A line may repeat the header behind a byte order mark.
        is_plain = block.data.isascii() or (is_utf8(block.data) and BYTE_ORDER_MARK not in block.data)
        marks = self._marks if is_plain else self._marks_of_ascii
        rows = self._wanted.room_for(data)
        read_csv(data, marks, self._places, self._header, self._comment, powers_of_five(), rows)
        return rows

    @cached_property
    def _marks(self) -> np.ndarray:
        """What each byte is: (256,) uint8."""
        from ...kernels.text.csv import DELIMITER, NEWLINE, QUOTE, RETURN, STRANGE

        marks = np.zeros(256, np.uint8)
        marks[0], marks[ord("\r")], marks[ord("\n")] = STRANGE, RETURN, NEWLINE
        marks[ord(self._dialect.delimiter)] = DELIMITER
        if self._dialect.quoting:
            marks[ord(self._dialect.quoting.quote)] = QUOTE
        return marks

    @cached_property
    def _marks_of_ascii(self) -> np.ndarray:
        """The same, where somebody must look closely at all that is not ASCII."""
        from ...kernels.text.csv import STRANGE

        marks = self._marks.copy()
        marks[128:] = STRANGE
        return marks
