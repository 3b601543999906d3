"""Rows -> lines in two ways: in Python and in a kernel, byte for byte the same."""

import datetime
import json
import random

import numpy as np
import pyarrow as pa
import pytest

from streamrnn.kernels.text.lines import Kind
from streamrnn.kernels.text.start import KernelStart
from streamrnn.streams import formats
from streamrnn.streams.sinks import lines
from streamrnn.streams.sinks.lines import LineWriter

STYLES = {"csv": ("", Kind.CSV_TEXT), "ndjson": ("null", Kind.JSON_TEXT)}


@pytest.fixture(params=STYLES)
def both_ways(request, monkeypatch):
    """Write a table in both ways, and return the bytes of each."""
    missing, text = STYLES[request.param]

    def write(table):
        before = [f"{mark}{json.dumps(name)}:" for mark, name in zip("{" + "," * 99, table.schema.names, strict=False)]
        found = []
        for by_kernel in (False, True):
            monkeypatch.setattr(KernelStart, "is_due", lambda *_, due=by_kernel: due)
            monkeypatch.setattr(lines, "KERNEL_FROM_ROWS", 1)
            writer = LineWriter(table.schema, before, after="}\n", missing=missing, text=text)
            found.append(b"".join(writer.lines(table)))
        return found

    return write


def any_column(generator, rows):
    """A column of any type, with some cells missing."""

    def maybe(value):
        return None if generator.random() < share else value

    share = generator.choice([0.0, 0.0, 0.2, 1.0])
    texts = ["", "a", "é", 'say "hi"', "a,b", "a\nb", "\r", "\x00", "\x1f", "\\", "😀", "1.50", "true", "007", "a" * 40]
    moment = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456)
    match generator.randrange(9):
        case 0:
            return pa.array([maybe(generator.gauss(0, 1) * 10.0 ** generator.randint(-30, 30)) for _ in range(rows)])
        case 1:
            return pa.array(
                [maybe(generator.choice([0.0, -0.0, 1e16, float("nan"), float("inf")])) for _ in range(rows)]
            )
        case 2:
            numbers = [maybe(np.float32(generator.gauss(0, 100))) for _ in range(rows)]
            return pa.array(numbers, pa.float32())
        case 3:
            return pa.array([maybe(generator.randint(-(2**63), 2**63 - 1)) for _ in range(rows)], pa.int64())
        case 4:
            return pa.array([maybe(generator.randint(0, 2**64 - 1)) for _ in range(rows)], pa.uint64())
        case 5:
            return pa.array([maybe(generator.random() < 0.5) for _ in range(rows)], pa.bool_())
        case 6:
            type_ = generator.choice([pa.string(), pa.large_string()])
            return pa.array([maybe(generator.choice(texts)) for _ in range(rows)], type_)
        case 7:
            return pa.array([maybe(generator.choice(texts)) for _ in range(rows)], pa.string()).dictionary_encode()
        case _:
            type_ = pa.timestamp(generator.choice(["s", "ms", "us", "ns"]), generator.choice([None, "UTC"]))
            return pa.array([maybe(moment.replace(second=generator.randrange(60))) for _ in range(rows)]).cast(
                type_, False
            )


def test_any_table_has_the_same_text_in_both_ways(both_ways):
    generator = random.Random(1)
    for _ in range(300):
        rows = generator.choice([1, 2, 9, 40])
        columns = [any_column(generator, rows) for _ in range(generator.randint(1, 7))]
        metadata = [generator.choice([None, formats.HOLDS_NUMBERS]) for _ in columns]
        fields = [
            pa.field(f"c{i}", column.type, metadata=about)
            for i, (column, about) in enumerate(zip(columns, metadata, strict=True))
        ]
        table = pa.Table.from_arrays(columns, schema=pa.schema(fields))
        by_python, by_kernel = both_ways(table)
        assert by_kernel == by_python
        first = generator.randrange(rows)
        by_python, by_kernel = both_ways(table.slice(first, generator.randint(1, rows)))
        assert by_kernel == by_python


def test_how_rows_are_put_into_batches_changes_nothing(both_ways):
    table = pa.table({"x": [1.5, None, -2.0, 3.0], "note": ["a", "", None, 'b"']})
    pieces = pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1)])
    assert set(both_ways(pieces)) == set(both_ways(table))
    assert len(set(both_ways(table))) == 1


def test_a_long_table_is_written_in_pieces_of_bounded_size(monkeypatch):
    monkeypatch.setattr(lines, "ROWS", 10)
    table = pa.table({"x": np.arange(35)})
    pieces = list(LineWriter(table.schema, [""], "\n", "", Kind.CSV_TEXT).lines(table))
    assert [piece.count(b"\n") for piece in pieces] == [10, 10, 10, 5]
    assert b"".join(pieces) == b"".join(b"%d\n" % row for row in range(35))


def test_a_table_may_have_its_columns_in_another_order_and_more_of_them():
    table = pa.table({"y": ["a"], "more": [1], "x": [1.5]})
    writer = LineWriter(pa.schema([("x", pa.float64()), ("y", pa.string())]), ["", ","], "\n", "", Kind.CSV_TEXT)
    assert list(writer.lines(table)) == [b"1.5,a\n"]


def test_single_rows_never_start_the_kernel(monkeypatch):
    monkeypatch.setattr(KernelStart, "is_due", lambda *_: pytest.fail("asked for"))
    table = pa.table({"x": [1.5]})
    writer = LineWriter(table.schema, [""], "\n", "", Kind.CSV_TEXT)
    assert [b"".join(writer.lines(table)) for _ in range(3)] == [b"1.5\n"] * 3
