"""Bytes in, from whatever stands behind a descriptor."""

import os
import select

import pytest

from streamrnn.streams import StreamError
from streamrnn.streams.inputs import input
from streamrnn.streams.inputs.input import Input


def test_a_pipe_that_somebody_made_non_blocking_is_waited_for(pipe, monkeypatch):
    stream = Input(pipe.path)
    os.set_blocking(stream.descriptor, False)
    poll = select.poll

    def write_then_poll():
        pipe.write(b"late")
        return poll()

    monkeypatch.setattr(input.select, "poll", write_then_poll)
    assert stream.read() == b"late"


def test_what_was_looked_at_stays_to_be_read(file_of):
    stream = Input(file_of(b"0123456789"))
    assert stream.peek(4) == b"0123"
    assert stream.read(2) == b"01"
    assert stream.read_fully(100) == b"23456789"
    assert stream.read() == b""


def test_a_look_at_a_live_pipe_does_not_wait_beyond_a_line(pipe, promptly):
    stream = Input(pipe.path)
    pipe.write(b"a")
    pipe.write(b"b\n")
    assert promptly(lambda: stream.peek(100)) == b"ab\n"


def test_a_full_read_of_a_pipe_joins_what_comes_in_pieces(pipe, promptly):
    stream = Input(pipe.path)
    pipe.write(b"ab")
    assert stream.peek(2) == b"ab"
    pipe.write(b"cdef")
    assert promptly(lambda: stream.read_fully(5)) == b"abcde"


def test_a_read_that_fails_is_an_error_in_words(file_of):
    stream = Input(file_of(b"data"))
    stream.close()
    with pytest.raises(StreamError, match=r"stream\.csv cannot be read: Bad file descriptor$"):
        stream.read()
