"""CSV lines -> records: where a record ends, when a quoted cell may run over lines.

A cell runs over lines if it is closed as it should be within the longest record's bytes. Otherwise its opening quote
stands there by mistake: the record ends with its line, is refused, and costs nothing but itself. So what the records
are does not depend on where a pipe cuts its blocks.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..inputs.lines import LineBlock, RawRow
from .csv_dialect import Dialect, Quoting


def record_blocks(blocks: Iterator[LineBlock], dialect: Dialect) -> Iterator[LineBlock]:
    """Put lines together so that no block ends inside a quoted cell."""
    return blocks if dialect.quoting is None else _whole_records(blocks, dialect.quoting, dialect.longest)


def split_records(block: LineBlock, dialect: Dialect, keep_blank: bool = False) -> Iterator[RawRow]:
    """Yield each record, without comments, and without blank lines unless they are kept."""
    if block.longer_than is not None:
        if not _is_comment(block.data, dialect):
            yield RawRow(block.line, block.byte, block.data)
        return
    data, line, start = block.data, block.line, 0
    masked = mask_quoted_newlines(data, dialect).split(b"\n")
    if not masked[-1]:  # what follows on the last newline
        masked.pop()
    for record in masked:
        raw = data[start : start + len(record)]
        if (keep_blank or raw.strip(dialect.blank)) and not _is_comment(raw, dialect):
            yield RawRow(line, block.byte + start, raw)
        line += 1 + raw.count(b"\n")
        start += len(record) + 1


def _is_comment(raw: bytes, dialect: Dialect) -> bool:
    return bool(dialect.comment) and raw.startswith(dialect.comment)


def _whole_records(blocks: Iterator[LineBlock], quoting: Quoting, longest: int) -> Iterator[LineBlock]:
    held = bytearray()  # a record with a cell that is still open
    line, byte = 1, 0
    for block in blocks:
        data = block.data
        if block.longer_than is not None or not data:
            if held:
                yield LineBlock(bytes(held), line, byte)
                held.clear()
            yield block
            continue
        if not held:
            line, byte = block.line, block.byte
        elif len(held) + len(data) <= longest and _stays_open(data, quoting):
            held += data
            continue
        else:
            data = bytes(held + data)
        scan = _scan(data, quoting, longest, more_to_come=True)
        if scan.whole:
            yield LineBlock(data[: scan.whole], line, byte)
        if scan.whole < len(data):
            line, byte = line + data.count(b"\n", 0, scan.whole), byte + scan.whole
            held = bytearray(data[scan.whole :])
        else:
            held = bytearray()
    if held:
        yield LineBlock(bytes(held), line, byte)


class _Scan(NamedTuple):
    over_lines: list[tuple[int, int]]  # the quoted cells that run over lines
    whole: int  # the length of the records that are complete


def _scan(data: bytes, quoting: Quoting, longest: int, more_to_come: bool) -> _Scan:
    """Look for quoted cells that are not closed on their own line.

    Each byte is looked at a few times at most, whatever the quotes: a search for the end of a cell that runs far has
    met no single quote, so there is no cell on its way from which another search would run as far.
    """
    over_lines: list[tuple[int, int]] = []
    if quoting.quote not in data:
        return _Scan(over_lines, len(data))
    done = record = 0  # so far all is settled; the current record starts
    while (opened := _match(quoting.tidy, data, done).end()) < len(data):
        record = data.rfind(b"\n", done, opened) + 1 or record
        inside = _match(quoting.inside, data, opened + 1)
        done = inside.end()
        if done - record <= longest:
            if inside[1]:
                over_lines.append((opened, done))
                continue
            if more_to_come and done == len(data):
                return _Scan(over_lines, record)
        done = record = data.find(b"\n", opened) + 1 or len(data)
    return _Scan(over_lines, len(data))


def _match(pattern: re.Pattern[bytes], data: bytes, position: int) -> re.Match[bytes]:
    """Match a pattern that nothing matches too."""
    match = pattern.match(data, position)
    assert match
    return match


def _stays_open(data: bytes, quoting: Quoting) -> bool:
    """Whether a quoted cell that was opened before these lines is still open behind them."""
    return _match(quoting.inside, data, 0).end() == len(data)


def mask_quoted_newlines(data: bytes, dialect: Dialect, mask: bytes = b" ") -> bytes:
    """Return `data` with another byte for the newlines in quoted cells: those left end a record."""
    if dialect.quoting is None or dialect.quoting.quote not in data:
        return data
    cells = _scan(data, dialect.quoting, dialect.longest, more_to_come=False).over_lines
    parts, end = [], 0
    for opened, closed in cells:
        parts += [data[end:opened], data[opened:closed].replace(b"\n", mask)]
        end = closed
    return b"".join([*parts, data[end:]])
