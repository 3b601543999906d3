"""Text rows: the search for the first that can be read ends, and holds little."""

import tracemalloc

import pytest

from streamrnn.streams import ReadOptions, StreamError
from streamrnn.streams.sources.csv import CsvSource
from streams.chunks import Chunks

DEFAULT = ReadOptions()


def test_a_file_without_any_readable_row_is_refused_with_the_first_trouble():
    with pytest.raises(StreamError, match=r"no row could be read; line 2: the row has 1 cell, the header 2$"):
        CsvSource(Chunks(b"x,y\n1\n2\n"), DEFAULT)


def test_the_search_for_a_first_row_ends(promptly):
    class Endless(Chunks):
        def read(self):
            return super().read() or b"x" * 100_000

    def trouble_in(*chunks):
        with pytest.raises(StreamError) as error:
            CsvSource(Endless(*chunks), DEFAULT)
        return str(error.value)

    expected = "no row could be read; line 2: the line is longer than 1,048,576 bytes"
    assert promptly(lambda: trouble_in(b"x,y\n")).endswith(expected)
    expected = "the header cannot be read: the line is longer than 1,048,576 bytes"
    assert promptly(lambda: trouble_in()).endswith(expected)


def test_the_search_for_a_first_row_ends_after_a_number_of_rows_too():
    stream = Chunks(b"x,y\n", *[b"1\n"] * 20_000)
    with pytest.raises(StreamError, match=r"no row could be read; line 2: the row has 1 cell, the header 2$"):
        CsvSource(stream, DEFAULT)
    assert len(stream.chunks) > 9_000


def test_what_holds_no_row_is_not_kept_while_a_first_row_is_looked_for():
    stream = Chunks(b"x,y\n", *[b"\n", b"# nothing\n"] * 10_000, b"1,2\n")
    tracemalloc.start()
    try:
        source = CsvSource(stream, ReadOptions(comment="#"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [row.table.to_pylist() for row in source.batches(["x"], [])] == [[{"x": 1.0}]]
    assert peak < 500_000


def test_a_first_row_may_come_behind_many_that_cannot_be_read(read_all):
    data = b"x,y\n" + b"1\n" * 5000 + b"2,3\n"
    rows, batches = read_all(CsvSource(Chunks(*(data[i : i + 100] for i in range(0, len(data), 100))), DEFAULT), ["x"])
    assert rows == [{"x": 2.0}]
    assert sum(len(batch.refused) for batch in batches) == 5000
