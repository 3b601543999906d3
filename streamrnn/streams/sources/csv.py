"""CSV -> batches: plain rows through a kernel where there are many, all others exactly, in Python."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

import pyarrow

from ..batch import Batch, Cause, Kind
from ..errors import StreamError
from ..formats import BYTE_ORDER_MARK
from ..inputs.input import Input
from ..inputs.lines import LineBlock, RawRow, line_blocks
from ..numbers import is_number, numbers_from_text
from ..options import ReadOptions
from .csv_cells import read_record
from .csv_dialect import dialect_of
from .csv_header import column_names, delimiter_hint, other_names
from .csv_records import record_blocks, split_records
from .fast_csv import PlainRecords
from .fast_text import FastText
from .rows import Columns, Converted, Read, RowError, Split, find_first_row, read_row, read_rows, text_schema

TO_UTF8 = "if it is Latin-1, iconv -f latin1 -t utf-8 makes it so"
OTHER_ORDER = "the header comes again with its columns in another order; the rows behind it are read as before"


class CsvSource:
    """Comma-separated values with a header, in UTF-8.

    Attributes
    ----------
    header : bytes
        The line of names as it came.
    repeated_headers : int
        How many lines were left out because they repeat the header, as in files that were put together.
    """

    format = "csv"
    ended_early = False

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self.warnings = stream.warnings
        self.repeated_headers = 0
        self._is_told = False  # that the columns have another order
        self._restarts = 0  # those whose first line was looked at
        self._stream = stream
        self._dialect = dialect_of(options)
        self._blocks = record_blocks(line_blocks(stream, options.max_line_bytes), self._dialect)
        self.header, self._names, rest = self._read_header()
        self._header = self.header.removesuffix(b"\r")
        self._names_set = frozenset(self._names)
        hint = delimiter_hint(self._names, options.delimiter)
        self.warnings += [f"{self.name}: {hint}"] if hint else []
        try:
            blocks = chain([rest], self._blocks)
            first, self._taken = find_first_row(self.name, blocks, self._split, self._read_first_row)
        except StreamError as error:
            raise StreamError(f"{error}; {hint}" if hint else str(error)) from error
        cells = first or [""] * len(self._names)
        self.columns: dict[str, Kind] = {
            name: "number" if is_number(cell) else "text" for name, cell in zip(self._names, cells, strict=True)
        }
        # Where all is text, a line that repeats the header may be a row.
        self._may_repeat_header = "number" in self.columns.values()

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        return text_schema(self.name, self.columns, numbers, others)

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        columns = Columns(self.schema(numbers, others), numbers_from_text, _text, _not_a_number)
        header = self._header if self._may_repeat_header else None
        plain = PlainRecords(self._names, columns.schema, self._dialect, header)
        places = [place for place, name in enumerate(self._names) if name in columns.numbers]
        read_row = partial(self._read_data_row, places)
        text = FastText(plain, columns.schema, self._split_rows, partial(self._read_exactly, columns, read_row))
        taken, self._taken = self._taken, []
        for block in chain(taken, self._blocks):
            other_header, rest = self._other_header_apart(block)
            if other_header is not None:
                yield self._read_exactly(columns, self._read_other_header, other_header, self._split)
            yield from text.batches([rest])

    def raw_rows(self, block: LineBlock) -> Iterator[RawRow]:
        rows = self._split(block)
        return (raw for raw in rows if not self._is_header(raw.data)) if self._repeats_header(block) else rows

    @property
    def restarts(self) -> int:
        return self._stream.restarts

    def close(self) -> None:
        self._stream.close()

    def _read_header(self) -> tuple[bytes, list[str], LineBlock]:
        """Return the header, the column names in it, and what follows it in its block."""
        for block in self._blocks:
            for raw in split_records(block, self._dialect):
                return raw.data, self._names_in(block, raw), _behind(block, raw)
        raise StreamError(f"{self.name} holds no header: there are only blank lines in it")

    def _names_in(self, block: LineBlock, raw: RawRow) -> list[str]:
        try:
            cells = read_row(block, raw, partial(read_record, dialect=self._dialect))
        except RowError as reason:
            hint = f"; {TO_UTF8}" if reason.cause is Cause.ENCODING and b"\0" not in raw.data else ""
            raise StreamError(f"{self.name}: the header cannot be read: {reason}{hint}") from reason
        names, warnings = column_names(self.name, cells, self._dialect.delimiter.decode())
        self.warnings += warnings
        return names

    def _split(self, block: LineBlock) -> Iterator[RawRow]:
        return split_records(block, self._dialect, keep_blank=len(self._names) == 1)

    def _repeats_header(self, block: LineBlock) -> bool:
        return self._may_repeat_header and block.longer_than is None and self._header in block.data

    def _split_rows(self, block: LineBlock) -> Iterator[RawRow]:
        return self._split_without_headers(block) if self._repeats_header(block) else self._split(block)

    def _split_without_headers(self, block: LineBlock) -> Iterator[RawRow]:
        for raw in self._split(block):
            if not self._is_header(raw.data):
                yield raw
                continue
            if not self.repeated_headers:
                self.warnings.append(f"{self.name}: line {raw.line} repeats the header; such lines are left out")
            self.repeated_headers += 1

    def _is_header(self, raw: bytes) -> bool:
        return raw.removesuffix(b"\r").removeprefix(BYTE_ORDER_MARK) == self._header

    def _other_header_apart(self, block: LineBlock) -> tuple[LineBlock | None, LineBlock]:
        """Cut a header of other columns off the first block of a later file."""
        if not block.data or self._stream.restarts == self._restarts:
            return None, block
        self._restarts = self._stream.restarts
        raw = next(iter(self._split(block)), None)
        if raw is None or block.longer_than is not None or not self._may_repeat_header:
            return None, block
        try:
            self._read_other_header(raw.data)
        except RowError as error:
            if error.cause is not Cause.OTHER_NAMES:
                return None, block
            rest = _behind(block, raw)
            self.warnings.append(f"{self.name}: line {raw.line - block.line + 1}: {error}")
            return block._replace(data=block.data[: rest.byte - block.byte]), rest
        return None, block

    def _read_other_header(self, raw: bytes) -> list[str]:
        cells = read_record(raw, self._dialect)
        if what := other_names(cells, self._names):
            raise RowError(Cause.OTHER_NAMES, what)
        return cells

    def _read_first_row(self, raw: bytes) -> list[str] | None:
        return None if self._is_header(raw) else self._read_row(raw)

    def _read_row(self, raw: bytes) -> list[str]:
        cells = read_record(raw, self._dialect)
        if len(cells) != len(self._names):
            count = f"{len(cells)} cell{'s' * (len(cells) > 1)}"
            raise RowError(Cause.RAGGED, f"the row has {count}, the header {len(self._names)}")
        return cells

    def _read_data_row(self, numbers: Sequence[int], raw: bytes) -> list[str]:
        """Read a row; numbers: the places of the number columns that are wanted.

        A kernel reads rows whose numbers are all numbers, so only among others is a header looked for.
        """
        cells = self._read_row(raw)
        are_names = self._names_set.issuperset(cells) and len(set(cells)) == len(cells)
        if are_names and not all(is_number(cells[place]) for place in numbers):
            raise RowError(Cause.OTHER_ORDER, OTHER_ORDER)
        return cells

    def _read_exactly(self, columns: Columns, read: Read[list[str]], block: LineBlock, split: Split) -> Batch:
        rows = read_rows(block, split, read)
        for row in rows.refused:
            if row.cause is Cause.OTHER_ORDER and not self._is_told:
                self._is_told = True
                self.warnings.append(f"{self.name}: line {row.line}: {OTHER_ORDER}")
        cells = dict(zip(self._names, zip(*rows.good, strict=True), strict=True)) if rows.good else {}
        return columns.batch(rows, lambda name: cells.get(name, ()), block)


def _behind(block: LineBlock, raw: RawRow) -> LineBlock:
    """What follows a row in its block."""
    end = raw.byte - block.byte + len(raw.data) + len(b"\n")
    line = raw.line + raw.data.count(b"\n") + 1
    return block._replace(data=block.data[end:], line=line, byte=block.byte + end)


def _text(cells: Sequence[str]) -> Converted:
    return [cell or None for cell in cells], []


def _not_a_number(cell: str) -> tuple[Cause, str]:
    return Cause.NOT_A_NUMBER, cell
