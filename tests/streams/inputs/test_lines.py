"""Whole lines, as soon as they are there."""

import random
import tracemalloc

import pytest

from streamrnn.streams.inputs.input import Input
from streamrnn.streams.inputs.lines import SHOWN, LineBlock, line_blocks, split_lines
from streams.chunks import Chunks, cut_anywhere

LONGEST = 1000
MARK = b"\xef\xbb\xbf"


def rows_of(stream, longest=LONGEST):
    """What a reader of lines sees: each line with its place, and how long it was allowed to be if it is too long."""
    return [
        (raw.line, raw.byte, raw.data, block.longer_than)
        for block in line_blocks(stream, longest)
        for raw in split_lines(block)
    ]


def test_a_line_is_delivered_while_the_next_is_still_half_written(pipe, promptly):
    blocks = line_blocks(Input(pipe.path), LONGEST)
    pipe.write(b"one\ntwo\nthr")
    assert promptly(lambda: next(blocks)) == LineBlock(b"one\ntwo\n", 1, 0)
    pipe.write(b"ee")
    pipe.write(b"\n")
    assert promptly(lambda: next(blocks)) == LineBlock(b"three\n", 3, 8)


def test_a_last_line_without_newline_is_delivered_at_the_end(pipe, promptly):
    blocks = line_blocks(Input(pipe.path), LONGEST)
    pipe.write(b"one\ntwo")
    assert promptly(lambda: next(blocks)) == LineBlock(b"one\n", 1, 0)
    pipe.end()
    assert promptly(lambda: list(blocks)) == [LineBlock(b"two", 2, 4)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_lines_are_the_same_however_they_are_cut(file_of, monkeypatch, size):
    stream = Input(file_of(b"a\n\nbb\r\n\n ccc\nd"))
    monkeypatch.setattr(stream, "read", lambda read=stream.read: read(size))
    assert rows_of(stream) == [(1, 0, b"a", None), (3, 3, b"bb\r", None), (5, 8, b" ccc", None), (6, 13, b"d", None)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1000])
@pytest.mark.parametrize("text", [b"", b"\n", b"a\n", b"ab", b"\xef\n"])
def test_a_byte_order_mark_is_dropped_at_the_start_and_nowhere_else(size, text):
    data = MARK + text + MARK
    stream = Chunks(*(data[start : start + size] for start in range(0, len(data), size)))
    assert b"".join(block.data for block in line_blocks(stream, LONGEST)) == text + MARK


def test_places_count_the_byte_order_mark():
    assert rows_of(Chunks(MARK + b"a\nb")) == [(1, 3, b"a", None), (2, 5, b"b", None)]


@pytest.mark.parametrize("cut", [1, 5, 6, 7, 10, 16, 17, 18, 30, 40])
def test_a_line_that_is_too_long_comes_alone_and_shortened_and_its_neighbours_as_ever(cut):
    data = b"first\n" + b"x" * 11 + b"\n" + b"y" * 10 + b"\n" + b"z" * 300 + b"\nlast"
    assert rows_of(Chunks(data[:cut], data[cut:]), longest=10) == [
        (1, 0, b"first", None),
        (2, 6, b"x" * 10, 10),
        (3, 18, b"y" * 10, None),
        (4, 29, b"z" * 10, 10),
        (5, 330, b"last", None),
    ]


def test_of_a_long_line_only_a_readable_start_is_kept():
    (line,) = rows_of(Chunks(b"x" * 5000))
    assert line == (1, 0, b"x" * SHOWN, LONGEST)


def test_lines_of_any_length_are_the_same_however_they_are_cut():
    generator = random.Random(3)
    for _ in range(2000):
        sizes = generator.choices([0, 1, 2, 5, 6, 7, 20], k=generator.randint(0, 8))
        data = b"\n".join(generator.choice([b"a", b"b", b" "]) * size for size in sizes)
        longest = generator.randint(1, 8)
        expected, byte = [], 0
        for number, line in enumerate(data.split(b"\n"), 1):
            if len(line) > longest:
                expected.append((number, byte, line[:longest], longest))
            elif line.strip():
                expected.append((number, byte, line, None))
            byte += len(line) + 1
        assert rows_of(cut_anywhere(data, generator), longest) == expected, data


def test_a_long_line_is_told_before_it_ends(pipe, promptly):
    blocks = line_blocks(Input(pipe.path), LONGEST)
    pipe.write(b"x" * (LONGEST + 10))
    assert promptly(lambda: next(blocks)).longer_than == LONGEST


def test_while_a_long_line_passes_empty_blocks_tell_how_far_it_has_come():
    blocks = list(line_blocks(Chunks(b"x" * 2000, b"x" * 50, b"x" * 50, b"x\nok\n"), LONGEST))
    assert [(block.data, block.byte) for block in blocks[1:]] == [
        (b"", 2050),
        (b"", 2100),
        (b"", 2102),
        (b"ok\n", 2102),
    ]


@pytest.mark.parametrize("size", [2, 100, 100_000])
def test_memory_is_bounded_by_the_longest_line_however_small_its_pieces_are(size):
    class Endless:
        def __init__(self):
            self.left = 300_000 // size + 1

        def read(self):
            self.left -= 1
            return b"x" * size if self.left >= 0 else b""

    tracemalloc.start()
    try:
        blocks = [block for block in line_blocks(Endless(), 50_000) if block.data]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(blocks) == 1
    assert peak < 400_000 + 3 * size
