"""Records of CSV: which are plain and what is read of them; where the odd ones stand."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from kernels.text.reading import CSV_MARKS, csv_rows, places_of

from streamrnn.kernels.text.csv import STRANGE, read_csv
from streamrnn.kernels.text.powers import powers_of_five
from streamrnn.kernels.text.rows import Rows


def test_numbers_and_texts_are_read_and_other_columns_skipped():
    data = b'1,a,2.5,x\n-3e2,b c,nan,"y"\n,,inf,z\n'
    assert csv_rows(data, "ntn-").rows == [(1.0, "a", 2.5), (-300.0, "b c", None), (None, None, math.inf)]
    assert csv_rows(data, "-t-t").rows == [("a", "x"), ("b c", "y"), (None, "z")]


@pytest.mark.parametrize(
    "record",
    [
        *(b"1,2", b"1,2,3,4", b"abc,x,3", b"1,x,1_0", b"1,x,3 4", b"1,x,-", b"1,x,1e"),
        *(b'1,"x,3', b'1,"x"y,3', b'1,"x""y",3', b'1,"x\xff,3', b"1,x\r,3", b"1\r,x,3", b"1,x,3\r\r", b"1,\0,3"),
        *(b"", b"\r", b" ", b"\t", b"#1,x,3", b"a,b,c", b"a,b,c\r"),
    ],
    ids=repr,
)
def test_an_odd_record_is_told_with_its_place_and_its_neighbours_are_read(record):
    data = b"1,x,2\n3,y,4\n" + record + b"\n5,z,6\n"
    outcome = csv_rows(data, "ntn", header=b"a,b,c", comment=ord("#"))
    assert outcome.rows == [(1.0, "x", 2.0), (3.0, "y", 4.0), (5.0, "z", 6.0)]
    assert outcome.odd == [(2, record)]


def test_a_repeated_header_is_odd_even_where_it_could_be_a_row():
    assert csv_rows(b"nan,t\nna,t\nnan,t\r\n", "nt", header=b"nan,t").odd == [(0, b"nan,t"), (1, b"nan,t\r")]


def test_quotes_around_a_whole_cell_are_left_out():
    data = b'"1","a, b","2.5"\n" 3 ","","NA"\r\n4,5" pipe,"6"\n'
    assert csv_rows(data, "ntn").rows == [(1.0, "a, b", 2.5), (3.0, None, None), (4.0, '5" pipe', 6.0)]


def test_an_empty_line_is_a_missing_value_where_there_is_one_column():
    assert csv_rows(b"1\n\n\r\n2\n", "n").rows == [(1.0,), (None,), (None,), (2.0,)]


def test_lines_may_end_in_a_carriage_return():
    assert csv_rows(b"1,a\r\n2,b\r\n,\r\n", "nt").rows == [(1.0, "a"), (2.0, "b"), (None, None)]


def test_bytes_beyond_ascii_are_text_and_no_numbers():
    outcome = csv_rows("é,1\n٣,2\nx,٣\n".encode(), "tn")
    assert outcome.rows == [("é", 1.0), ("٣", 2.0)]
    assert outcome.odd == [(2, "x,٣".encode())]


def test_a_byte_that_is_marked_strange_makes_its_record_odd(monkeypatch):
    marks = CSV_MARKS.copy()
    marks[128:] = STRANGE
    monkeypatch.setattr("kernels.text.reading.CSV_MARKS", marks)
    assert csv_rows('a,1\né,2\n"é",3\nb,4\n'.encode(), "tn").rows == [("a", 1.0), ("b", 4.0)]


def test_any_delimiter_and_quote_will_do(monkeypatch):
    marks = np.zeros(256, np.uint8)
    for mark, byte in enumerate(b"';\r\n", 1):
        marks[byte] = mark
    monkeypatch.setattr("kernels.text.reading.CSV_MARKS", marks)
    assert csv_rows(b"1;a,b;'2'\n3;\"c\";4\n", "ntn").rows == [(1.0, "a,b", 2.0), (3.0, '"c"', 4.0)]


def test_neither_what_stands_behind_a_block_nor_what_stood_in_memory_before_matters():
    """Every read stays inside of the block and every write inside of its array, whatever the bytes."""
    generator = random.Random(1)
    pieces = [b"1", b"-2.5", b"0.30000000000000004", b"1e5", b"nan", b"abc", b'"', b'"', b",", b",", b",", b"\r", b" "]
    pieces += [b"\n", b"\n", "é".encode(), b"\xff", b"1234567", b"12345678", b".", b"-", b"infinity"]
    for _ in range(3000):
        data = b"".join(generator.choices(pieces, k=generator.randint(1, 40))) + b"\n"
        kinds = "".join(generator.choices("nt-", k=generator.randint(1, 4)))
        outcomes = []
        for behind in (b'1e5,"\n', b"\xff" * 16, b"", b'""""\n1234567890'):
            memory = np.frombuffer(data + behind, np.uint8)
            rows = _guarded(data.count(b"\n"), kinds, len(data), fill=len(behind))
            read_csv(memory[: len(data)], CSV_MARKS, places_of(kinds), memory[:0], -1, powers_of_five(), rows.inner)
            assert rows.untouched(), data
            outcomes.append(rows.read())
        assert all(outcome == outcomes[0] for outcome in outcomes), data


class _guarded:  # noqa: N801
    """Rows whose arrays have a margin behind them, which must stay as it is."""

    def __init__(self, count: int, kinds: str, size: int, fill: int) -> None:
        room = Rows.room_for(count, kinds.count("n"), kinds.count("t"), size)
        self._memory = [np.full(array.nbytes + 64, fill, np.uint8) for array in room]
        self._fill = fill
        views = [
            memory[: array.nbytes].view(array.dtype).reshape(array.shape)
            for memory, array in zip(self._memory, room, strict=True)
        ]
        self.inner = Rows(*views)
        for array in (self.inner.read, self.inner.missing, self.inner.filled):
            array[:] = 0

    def untouched(self) -> bool:
        return all((memory[-64:] == self._fill).all() for memory in self._memory)

    def read(self) -> list[bytes]:
        rows, odd = self.inner.read.tolist()
        inner = self.inner
        kept = [inner.numbers[:, :rows], inner.lengths[:, :rows], inner.odd[:odd], inner.filled]
        kept += [text[:size] for text, size in zip(inner.characters, inner.filled, strict=True)]
        return [array.tobytes() for array in kept]


def test_there_is_one_machine_code_for_all_blocks():
    csv_rows(b"1,a\n", "nt")
    csv_rows(b"1\n" * 100, "n")
    csv_rows(b"a\n", "t", header=b"", comment=35)
    assert len(read_csv.signatures) == 1
