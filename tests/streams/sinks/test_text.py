"""Rows -> NDJSON and CSV."""

import csv
import datetime
import io
import json
import math
import random

import pyarrow as pa
import pytest

from streamrnn.streams import Cells, open_sink, open_source
from streamrnn.streams.formats import HOLDS_NUMBERS


@pytest.fixture
def written(tmp_path):
    """Write a table and return the text."""

    def write(table, format):
        path = tmp_path / "out"
        with open_sink(str(path), table.schema, format=format, overwrite=True) as sink:
            sink.write(table)
        return path.read_bytes().decode()

    return write


TABLE = pa.table(
    {
        "row": pa.array([0, 1, 2], pa.int64()),
        "key": ["a", 'say "hi", é', None],
        "load": [1.5, math.nan, None],
        "t_h1": [1e16, math.inf, 1e-7],
        "alert": [True, None, False],
        "event": pa.array([None, "", "drift\nupdate"]),
    }
)


def test_ndjson_is_one_strict_object_a_line_in_the_order_of_the_schema(written):
    assert written(TABLE, "ndjson").splitlines() == [
        '{"row":0,"key":"a","load":1.5,"t_h1":1e+16,"alert":true,"event":null}',
        '{"row":1,"key":"say \\"hi\\", é","load":null,"t_h1":null,"alert":null,"event":""}',
        '{"row":2,"key":null,"load":null,"t_h1":1e-7,"alert":false,"event":"drift\\nupdate"}',
    ]


def test_csv_has_a_header_and_nothing_where_a_value_is_missing(written):
    assert written(TABLE, "csv") == (
        'row,key,load,t_h1,alert,event\n0,a,1.5,1e+16,true,\n1,"say ""hi"", é",,,,""\n2,,,1e-7,false,"drift\nupdate"\n'
    )


def test_a_float_has_the_same_text_in_both_and_reads_back_exactly(written):
    generator = random.Random(1)
    numbers = [generator.uniform(-1, 1) * 10.0 ** generator.randint(-300, 300) for _ in range(1000)]
    numbers += [0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e15, 1e16, 1e22, 123456789.125]
    table = pa.table({"x": numbers})
    from_csv = written(table, "csv").splitlines()[1:]
    from_ndjson = [line.removeprefix('{"x":').removesuffix("}") for line in written(table, "ndjson").splitlines()]
    assert from_csv == from_ndjson
    assert [float(text) for text in from_csv] == numbers


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array([1_700_000_000_123_456_789], pa.timestamp("ns")), "2023-11-14T22:13:20.123456789"),
        (pa.array([1_700_000_000_123], pa.timestamp("ms", "Europe/Berlin")), "2023-11-14T22:13:20.123Z"),
        (pa.array([datetime.date(2024, 2, 29)]), "2024-02-29"),
        (pa.array([datetime.time(1, 2, 3)]), "01:02:03.000000"),
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array(["a"], pa.large_string()), "a"),
    ],
)
def test_times_are_iso_8601_and_text_is_text_in_both(written, column, text):
    table = pa.table({"row": [1], "cell": column})
    assert written(table, "ndjson") == f'{{"row":1,"cell":"{text}"}}\n'
    assert written(table, "csv") == f"row,cell\n1,{text}\n"


def test_column_names_are_escaped(written):
    table = pa.table({'a "b" %s': [1], "c,d": [2]})
    assert [json.loads(line) for line in written(table, "ndjson").splitlines()] == [{'a "b" %s': 1, "c,d": 2}]
    assert list(csv.reader(io.StringIO(written(table, "csv")))) == [['a "b" %s', "c,d"], ["1", "2"]]


def test_the_csv_module_reads_back_any_text(written):
    generator = random.Random(2)
    texts = ["".join(generator.choices("ab\",\n\r 'é%", k=generator.randint(1, 8))) for _ in range(500)]
    assert list(csv.reader(io.StringIO(written(pa.table({"x": texts}), "csv"), newline=""))) == [
        ["x"],
        *([t] for t in texts),
    ]


def test_numbers_that_only_pass_through_ndjson_are_numbers_again(tmp_path):
    lines = '{"t":1700000000000000001,"x":1.0}\n{"t":0.5,"x":2.0}\n{"t":"noon","x":3.0}\n{"t":null,"x":4.0}\n'
    (tmp_path / "in.ndjson").write_text(lines)
    source = open_source(str(tmp_path / "in.ndjson"))
    schema = pa.schema([source.schema(["x"], ["t"]).field(name) for name in ("t", "x")])
    with open_sink(str(tmp_path / "out.ndjson"), schema) as sink:
        for batch in source.batches(["x"], ["t"]):
            sink.write(batch.table)
    assert (tmp_path / "out.ndjson").read_text() == lines


def test_text_that_looks_like_a_number_stays_text(written):
    assert written(pa.table({"key": ["007"], "code": ["1.50"]}), "ndjson") == '{"key":"007","code":"1.50"}\n'


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_how_rows_are_spread_over_writes_changes_nothing(tmp_path, written, format):
    with open_sink(str(tmp_path / "pieces"), TABLE.schema, format=format) as sink:
        for batch in (TABLE.slice(0, 1), TABLE.slice(1, 0), TABLE.slice(1).to_batches()[0]):
            sink.write(batch)
    assert (tmp_path / "pieces").read_text() == written(TABLE, format)


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_a_written_record_is_with_the_system_when_write_returns(tmp_path, format):
    sink = open_sink(str(tmp_path / "out"), TABLE.schema, format=format)
    for rows in (1, 2, 3):
        sink.write(TABLE.slice(rows - 1, 1))
        assert (tmp_path / "out").read_bytes().count(b"\n") >= rows
    sink.close()


@pytest.mark.parametrize("format", ["csv", "ndjson", "arrow"])
def test_cells_are_written_as_their_table_is(tmp_path, format):
    kinds = [pa.field("load", pa.float64()), pa.field("row", pa.int64()), pa.field("note", pa.string())]
    schema = pa.schema([*kinds, pa.field("digits", pa.string(), metadata=HOLDS_NUMBERS)])
    columns = {
        "load": [1e16, -0.0, None, math.nan, math.inf, 1e-5, 0.1],
        "row": [0, -1, None, 2**62, 4, 5, 6],
        "note": ["", "a,b", None, "two\nlines", 'say "hi"', "%s", "é"],
        "digits": ["1.50", None, "-0", "1e5", "007", "true", "nan"],
    }
    cells = Cells(schema, columns)
    table = cells.table()
    ways = {
        "cells": [cells.slice(row, 1) for row in range(7)],
        "cells in another order": [Cells(schema, dict(reversed(columns.items()))).slice(row, 1) for row in range(7)],
        "cells of another schema": [
            Cells(pa.schema(list(reversed(schema))), columns).slice(row, 1) for row in range(7)
        ],
        "table": [table.slice(row, 1) for row in range(7)],
    }
    for name, parts in ways.items():
        with open_sink(str(tmp_path / name), schema, format=format) as sink:
            for part in parts:
                sink.write(part)
    assert len({(tmp_path / name).read_bytes() for name in ways}) == 1
