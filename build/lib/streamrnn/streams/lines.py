"""Whole lines from a stream, as soon as they are there. CSV and NDJSON both read through this."""

from collections.abc import Iterator
from typing import NamedTuple

from .errors import StreamError
from .formats import BYTE_ORDER_MARK
from .input import Input

LONGEST_LINE = 16 * 1024 * 1024


class LineBlock(NamedTuple):
    """Some whole lines; only the last line of a stream may lack its newline."""

    data: bytes
    line: int  # the number of the first of them, from 1
    ends_in_quotes: bool = False  # a quoted field of CSV was opened and not closed


def line_blocks(stream: Input) -> Iterator[LineBlock]:
    """Cut what has come at its last newline and yield it before waiting for more."""
    line = 1
    waiting: list[bytes] = []  # what came after the last newline
    waiting_size = 0
    chunk = stream.read().removeprefix(BYTE_ORDER_MARK)
    while chunk:
        end = chunk.rfind(b"\n") + 1
        if end:
            data = b"".join([*waiting, chunk[:end]])
            yield LineBlock(data, line)
            line += data.count(b"\n")
            waiting, waiting_size = [], 0
        waiting.append(chunk[end:])
        waiting_size += len(chunk) - end
        if waiting_size > LONGEST_LINE:
            raise StreamError(f"{stream.name}: line {line} is longer than {LONGEST_LINE:,} bytes: is this text?")
        chunk = stream.read()
    if waiting_size:
        yield LineBlock(b"".join(waiting), line)


def split_lines(block: LineBlock) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each line that is not blank."""
    for line, raw in enumerate(block.data.split(b"\n"), block.line):
        if raw and not raw.isspace():
            yield line, raw
