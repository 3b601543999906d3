"""Plain rows through a kernel, odd ones exactly: each row by itself, whatever its neighbours are."""

import json
import random

import pytest

from streamrnn.kernels.text.start import LOADED_FROM
from streamrnn.streams import Cause, ReadOptions
from streamrnn.streams.sources import csv, ndjson
from streamrnn.streams.sources.csv import CsvSource
from streamrnn.streams.sources.ndjson import NdjsonSource
from streams.chunks import Chunks
from streams.sources.ways import read_in

OPTIONS = ReadOptions()


@pytest.fixture
def exactly(monkeypatch):
    """The rows that are read exactly, as they come."""
    rows = []

    def watch(module):
        def read_rows(block, split, read, read_rows=module.read_rows):
            raws = list(split(block))
            rows.extend(raw.data for raw in raws)
            return read_rows(block, lambda _: raws, read)

        monkeypatch.setattr(module, "read_rows", read_rows)

    watch(csv)
    watch(ndjson)
    return rows


def told(source, read_all):
    """All that a source tells of its rows."""
    rows, batches = read_all(source, ["x"], ["y"])
    refused = [row[1:] for batch in batches for row in batch.refused]
    bad = [(cell.line, cell.column, cell.text) for batch in batches for cell in batch.bad_cells]
    return rows, refused, bad, source.warnings


def with_odd_rows(lines, odd):
    """Put rows in the places of others, but never of the first."""
    places = sorted(random.Random(1).sample(range(1, len(lines)), len(odd)))
    for place, line in zip(places, odd, strict=True):
        lines[place] = line
    return lines


def test_of_csv_the_odd_rows_alone_are_read_exactly_and_stand_where_they_stood(read_all, monkeypatch, exactly):
    odd = [b"1", b"abc,x", b'3,"a""b"', b'4,"two\nlines"', b"5,\xff", b"6,x,", b"7,x\0"]
    lines = with_odd_rows([b"%d,note %d" % (number, number) for number in range(2000)], [*odd, b"x,y"])
    outcomes = []
    for way in ("fast", "exact"):
        read_in(way, monkeypatch)
        outcomes.append(told(CsvSource(Chunks(b"x,y\n" + b"\n".join(lines) + b"\n"), OPTIONS), read_all))
    assert outcomes[0] == outcomes[1]
    assert {row[2] for row in outcomes[0][1]} == {Cause.RAGGED, Cause.ENCODING, Cause.NOT_CSV}
    assert exactly == [*odd, *(line for line in lines if line != b"x,y")]


def test_of_ndjson_the_odd_rows_alone_are_read_exactly_and_stand_where_they_stood(read_all, monkeypatch, exactly):
    odd = [b'{"x":"a"}', b'{"x":[1]}', b'{"x":1,"x":2}', b'{"y":"\\n"}', b"[]", b'{"x":}', b'{"x":1,"y":"\xff"}']
    lines = with_odd_rows([b'{"x":%d,"y":"note %d"}' % (number, number) for number in range(2000)], odd)
    outcomes = []
    for way in ("fast", "exact"):
        read_in(way, monkeypatch)
        outcomes.append(told(NdjsonSource(Chunks(b"\n".join(lines)), OPTIONS), read_all))
    assert outcomes[0] == outcomes[1]
    assert {row[2] for row in outcomes[0][1]} == {Cause.NO_OBJECT, Cause.NOT_JSON, Cause.ENCODING}
    assert exactly == [*odd, *lines]


def test_objects_of_many_shapes_are_plain_once_their_keys_were_seen(read_all, monkeypatch, exactly):
    read_in("fast", monkeypatch)
    shapes = [{"t": 1, "a": 1.5}, {"b": 2.5, "t": 1}, {"c": "x", "é": 3}, {"t": 0}]
    lines = [json.dumps(shape).encode() + b"\n" for shape in shapes * 50]
    source = NdjsonSource(Chunks(*lines), OPTIONS)
    source.expect(["b"], ["c"])
    rows, _ = read_all(source, ["t", "b"], ["c"])
    read = [{"t": 1.0}, {"t": 1.0, "b": 2.5}, {"c": "x"}, {"t": 0.0}] * 50
    assert rows == [{"t": None, "b": None, "c": None} | row for row in read]
    assert exactly == [lines[2].strip()]


def test_a_name_that_no_json_can_have_makes_no_line_plain(read_all, monkeypatch):
    for way in ("fast", "exact"):
        read_in(way, monkeypatch)
        source = NdjsonSource(Chunks(b'{"x":1,"y":"a"}\n{"x":2,"\\udc80":3}\n'), OPTIONS)
        source.expect(["\udc80"], [])
        rows, refused, _, _ = told(source, read_all)
        assert [row["x"] for row in rows] == [1.0]
        assert [row[2] for row in refused] == [Cause.NOT_JSON]


def test_a_short_stream_is_read_exactly(read_all, exactly):
    rows, _ = read_all(CsvSource(Chunks(b"x,y\n", *[b"1,a\n"] * (LOADED_FROM // 2)), OPTIONS), ["x"], ["y"])
    assert len(exactly) == len(rows) == LOADED_FROM // 2


@pytest.mark.parametrize("way", ["fast", "exact"])
def test_while_a_line_that_is_too_long_passes_there_are_no_rows(read_all, monkeypatch, way):
    read_in(way, monkeypatch)
    chunks = Chunks(b"x\n1\n", b"9" * 300, b"9" * 300, b"9" * 300, b"9\n2\n")
    rows, batches = read_all(CsvSource(chunks, ReadOptions(max_line_bytes=100)), ["x"])
    assert [row["x"] for row in rows] == [1.0, 2.0]
    assert [row.cause for batch in batches for row in batch.refused] == [Cause.TOO_LONG]
