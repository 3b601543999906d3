"""CSV lines -> records: where a record ends, when a quoted field may hold newlines.

A field is quoted if its first character is a quote; a quote inside it is doubled. A quote elsewhere is a character like
any other. So read the csv module and Arrow, and so does the one regular expression here.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator

from ..batch import Cause
from ..inputs.lines import LineBlock, RawRow
from .rows import RowError

LONGEST_RECORD = 1024 * 1024

# The group is empty if the field is still open at the end. The pattern begins with the quote, before the look at what
# precedes it, because a search for one byte is eight times as fast.
_QUOTED_FIELD = re.compile(rb'"(?<![^,\n]")[^"]*+(?:""[^"]*+)*+("?)')


def record_blocks(blocks: Iterator[LineBlock]) -> Iterator[LineBlock]:
    """Put lines together so that no block ends inside a quoted field.

    A field that stays open for too long is taken for a stray quote: its block goes on as it is.
    """
    held: list[bytes] = []  # lines from the one on which the open field's record starts
    held_size = 0
    line, byte = 1, 0
    for block in blocks:
        if not held:
            line, byte = block.line, block.byte
        held_size += len(block.data)
        if held and b'"' not in block.data and held_size < LONGEST_RECORD:
            held.append(block.data)
            continue
        data = b"".join([*held, block.data]) if held else block.data
        end = _end_of_whole_records(data)
        ends_in_quotes = len(data) - end > LONGEST_RECORD
        if ends_in_quotes:
            end = len(data)
        if end:
            yield LineBlock(data[:end], line, byte, ends_in_quotes)
            line, byte = line + data.count(b"\n", 0, end), byte + end
        held, held_size = ([data[end:]], len(data) - end) if end < len(data) else ([], 0)
    if held:
        yield LineBlock(b"".join(held), line, byte, ends_in_quotes=True)


def split_records(block: LineBlock) -> Iterator[RawRow]:
    """Yield each record that is not blank."""
    data, line, start = block.data, block.line, 0
    for masked in _mask_quoted_newlines(data).split(b"\n"):
        raw = data[start : start + len(masked)]
        if raw not in (b"", b"\r"):
            yield RawRow(line, block.byte + start, raw)
        line += 1 + raw.count(b"\n")
        start += len(masked) + 1


def read_record(raw: bytes) -> list[str]:
    """Return the cells of one record."""
    try:
        text = raw.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise RowError(Cause.ENCODING, f"byte {error.start + 1} of the row is not UTF-8") from error
    if '"' not in text:
        if "\r" in text:
            raise RowError(Cause.NOT_CSV, "a carriage return stands inside the row")
        return text.split(",")
    if not all(match[1] for match in _QUOTED_FIELD.finditer(raw)):
        raise RowError(Cause.OPEN_QUOTE, "a quote is opened and never closed")
    try:
        return next(csv.reader([text]))
    except csv.Error as error:
        raise RowError(Cause.NOT_CSV, f"not CSV: {error}") from error


def _end_of_whole_records(data: bytes) -> int:
    """Return the length of the records in `data` (whole lines) that are complete."""
    if b'"' not in data:
        return len(data)
    last = deque(_QUOTED_FIELD.finditer(data), maxlen=1)
    if not last or last[0][1]:
        return len(data)
    return _mask_quoted_newlines(data).rfind(b"\n", 0, last[0].start()) + 1


def _mask_quoted_newlines(data: bytes) -> bytes:
    """Return `data` with spaces for the newlines in closed quoted fields: those left end a record."""
    if b'"' not in data:
        return data
    return _QUOTED_FIELD.sub(lambda field: field[0].replace(b"\n", b" ") if field[1] else field[0], data)
