"""Whole lines from a stream, as soon as they are there. CSV and NDJSON both read through this."""

from collections.abc import Iterator
from typing import NamedTuple

from ..errors import StreamError
from ..formats import BYTE_ORDER_MARK
from .input import Input

LONGEST_LINE = 16 * 1024 * 1024


class LineBlock(NamedTuple):
    """Some whole lines; only the last line of a stream may lack its newline."""

    data: bytes
    line: int  # the number of the first of them, from 1
    byte: int  # where the first of them starts, from 0
    ends_in_quotes: bool = False  # a quoted field of CSV was opened and not closed


class RawRow(NamedTuple):
    """One row as it came, without the newline that ends it."""

    line: int
    byte: int
    data: bytes


def line_blocks(stream: Input) -> Iterator[LineBlock]:
    """Cut what has come at its last newline and yield it before waiting for more."""
    line, byte = 1, 0
    waiting: list[bytes] = []  # what came after the last newline
    waiting_size = 0
    chunk = stream.read()
    if chunk.startswith(BYTE_ORDER_MARK):
        chunk, byte = chunk.removeprefix(BYTE_ORDER_MARK), len(BYTE_ORDER_MARK)
    while chunk:
        end = chunk.rfind(b"\n") + 1
        if end:
            data = b"".join([*waiting, chunk[:end]])
            yield LineBlock(data, line, byte)
            line, byte = line + data.count(b"\n"), byte + len(data)
            waiting, waiting_size = [], 0
        waiting.append(chunk[end:])
        waiting_size += len(chunk) - end
        if waiting_size > LONGEST_LINE:
            raise StreamError(f"{stream.name}: line {line} is longer than {LONGEST_LINE:,} bytes: is this text?")
        chunk = stream.read()
    if waiting_size:
        yield LineBlock(b"".join(waiting), line, byte)


def split_lines(block: LineBlock) -> Iterator[RawRow]:
    """Yield each line that is not blank."""
    byte = block.byte
    for line, data in enumerate(block.data.split(b"\n"), block.line):
        if data and not data.isspace():
            yield RawRow(line, byte, data)
        byte += len(data) + 1
