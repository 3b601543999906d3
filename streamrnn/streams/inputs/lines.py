"""Whole lines from a stream, as soon as they are there. CSV and NDJSON both read through this."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..formats import BYTE_ORDER_MARK
from .input import Input

NEWLINE = ord("\n")
FEW_BYTES = 1024
SHOWN = 200  # bytes that are kept of a line that is too long


class LineBlock(NamedTuple):
    """Some whole lines; only the last line of a stream may lack its newline."""

    data: bytes
    line: int  # the number of the first of them, from 1
    byte: int  # where the first of them starts in the stream, from 0
    longer_than: int | None = None  # if not None, this is the start of one line that is longer than so many bytes


class RawRow(NamedTuple):
    """One row as it came, without the newline that ends it."""

    line: int
    byte: int
    data: bytes


def line_blocks(stream: Input, longest: int) -> Iterator[LineBlock]:
    """Cut what has come at its last newline and yield it before waiting for more.

    A line of more than `longest` bytes comes as a block of its own, as soon as it is known to be too long. Of the rest
    of it nothing is kept: while it passes, empty blocks are yielded.
    """
    line, byte = 1, 0
    waiting = bytearray()  # what came after the last newline
    skipping = False  # the rest of a line that is too long
    while chunk := stream.read():
        if skipping:
            end = chunk.find(b"\n") + 1
            line, byte = line + (end > 0), byte + (end or len(chunk))
            yield LineBlock(b"", line, byte)
            if not end:
                continue
            skipping, chunk = False, chunk[end:]
        end = chunk.rfind(b"\n") + 1
        if end:
            block = _without_mark(LineBlock(b"".join([waiting, memoryview(chunk)[:end]]), line, byte))
            yield from _long_lines_apart(block, longest)
            line, byte = line + count_lines(block.data), block.byte + len(block.data)
            waiting.clear()
        waiting += chunk[end:]
        if len(waiting) > longest + len(BYTE_ORDER_MARK):
            block = _without_mark(LineBlock(bytes(waiting), line, byte))
            yield LineBlock(block.data[: min(SHOWN, longest)], line, block.byte, longer_than=longest)
            skipping, byte = True, block.byte + len(block.data)
            waiting.clear()
    if waiting:
        yield from _long_lines_apart(_without_mark(LineBlock(bytes(waiting), line, byte)), longest)


def split_lines(block: LineBlock) -> Iterator[RawRow]:
    """Yield each line that is not blank."""
    if block.longer_than is not None:
        yield RawRow(block.line, block.byte, block.data)
        return
    byte = block.byte
    for line, data in enumerate(block.data.split(b"\n"), block.line):
        if data and not data.isspace():
            yield RawRow(line, byte, data)
        byte += len(data) + 1


def count_lines(data: bytes) -> int:
    """Count the newlines; for many short lines NumPy is ten times as fast as `bytes.count`."""
    if len(data) < FEW_BYTES:
        return data.count(b"\n")
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == NEWLINE))


def _without_mark(block: LineBlock) -> LineBlock:
    """Leave out the mark with which some programs begin a stream."""
    if block.byte or not block.data.startswith(BYTE_ORDER_MARK):
        return block
    return LineBlock(block.data.removeprefix(BYTE_ORDER_MARK), block.line, len(BYTE_ORDER_MARK))


def _long_lines_apart(block: LineBlock, longest: int) -> Iterator[LineBlock]:
    """Yield the lines of a block, with a block of its own for each that is too long."""
    data, line, byte, _ = block
    start = checked = 0
    while len(data) - checked > longest:
        # From the last newline within reach, so that few steps are taken.
        if end := data.rfind(b"\n", checked, checked + longest + 1) + 1:
            checked = end
            continue
        if checked > start:
            yield LineBlock(data[start:checked], line, byte + start)
            line += data.count(b"\n", start, checked)
        yield LineBlock(data[checked : checked + min(SHOWN, longest)], line, byte + checked, longer_than=longest)
        line += 1
        start = checked = data.find(b"\n", checked) + 1 or len(data)
    if start < len(data):
        yield LineBlock(data[start:], line, byte + start)
