"""Whole lines, as soon as they are there."""

import pytest

from streamrnn.streams import StreamError
from streamrnn.streams.inputs import lines
from streamrnn.streams.inputs.input import Input
from streamrnn.streams.inputs.lines import LineBlock, line_blocks, split_lines


def test_a_line_is_delivered_while_the_next_is_still_half_written(pipe, promptly):
    blocks = line_blocks(Input(pipe.path))
    pipe.write(b"one\ntwo\nthr")
    assert promptly(lambda: next(blocks)) == LineBlock(b"one\ntwo\n", 1, 0)
    pipe.write(b"ee")
    pipe.write(b"\n")
    assert promptly(lambda: next(blocks)) == LineBlock(b"three\n", 3, 8)


def test_a_last_line_without_newline_is_delivered_at_the_end(pipe, promptly):
    blocks = line_blocks(Input(pipe.path))
    pipe.write(b"one\ntwo")
    assert promptly(lambda: next(blocks)) == LineBlock(b"one\n", 1, 0)
    pipe.end()
    assert promptly(lambda: list(blocks)) == [LineBlock(b"two", 2, 4)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_lines_are_the_same_however_they_are_cut(file_of, monkeypatch, size):
    stream = Input(file_of(b"a\n\nbb\r\n\n ccc\nd"))
    monkeypatch.setattr(stream, "read", lambda read=stream.read: read(size))
    found = [line for block in line_blocks(stream) for line in split_lines(block)]
    assert found == [(1, b"a"), (3, b"bb\r"), (5, b" ccc"), (6, b"d")]


def test_memory_is_bounded_where_no_newline_comes(file_of, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    blocks = line_blocks(Input(file_of(b"short\n" + b"x" * 5000)))
    assert next(blocks).data == b"short\n"
    with pytest.raises(StreamError, match=r"line 2 is longer than 1,000 bytes"):
        next(blocks)
