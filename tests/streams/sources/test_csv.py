"""CSV -> batches: what is a row, what is a cell, and what is set aside."""

import random

import pytest

from streamrnn.streams import StreamError, open_source
from streamrnn.streams.sources import csv
from streamrnn.streams.sources.csv import CsvSource


class Chunks:
    """A stream that delivers the given chunks, as a pipe might."""

    name = "chunks"

    def __init__(self, *chunks):
        self.chunks = [chunk for chunk in chunks if chunk]

    def read(self):
        return self.chunks.pop(0) if self.chunks else b""

    def close(self): ...


@pytest.fixture(params=["arrow", "python"])
def way(request, monkeypatch):
    """Read every block in one of the two ways."""
    monkeypatch.setattr(csv, "ARROW_FROM_BYTES", 0 if request.param == "arrow" else 1 << 60)
    return request.param


def test_the_first_row_alone_decides_the_kind_of_a_column(file_of):
    source = open_source(file_of(b"number,null,text,later\n1.5,,a,2\nx,y,3,z\n"))
    assert source.columns == {"number": "number", "null": "number", "text": "text", "later": "number"}


def test_numbers_become_float64_and_other_columns_stay_the_exact_text(file_of, read_all, way):
    source = open_source(file_of(b"id,load,note\n007, 1.5 , a \n1e3,-.5,NA\n,2,\n"))
    rows, _ = read_all(source, ["load"], ["id", "note"])
    assert rows == [
        {"load": 1.5, "id": "007", "note": " a "},
        {"load": -0.5, "id": "1e3", "note": "NA"},
        {"load": 2.0, "id": None, "note": None},
    ]


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "-nan", "null", "NA", "None", " ", " NA "])
def test_a_missing_number_is_null_and_not_bad(file_of, read_all, way, missing):
    rows, batches = read_all(open_source(file_of(f"x,y\n1,1\n{missing},2\n".encode())), ["x"])
    assert [row["x"] for row in rows] == [1.0, None]
    assert batches[0].bad_cells == ()


def test_a_bad_cell_becomes_null_and_is_told_with_its_place(file_of, read_all, way):
    rows, (batch,) = read_all(open_source(file_of(b"x,y\n1,1\n2,abc\n\n3,1_000\n4,5\n")), ["x", "y"])
    assert rows[1:] == [{"x": 2.0, "y": None}, {"x": 3.0, "y": None}, {"x": 4.0, "y": 5.0}]
    assert batch.bad_cells == ((1, 3, "y", "abc"), (2, 5, "y", "1_000"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1", "the row has 1 cells, the header 2"),
        (b"1,2,3", "the row has 3 cells, the header 2"),
        (b"1,\xff\xfe", "byte 3 of the row is not UTF-8"),
        (b'1,"2', "a quote is opened and never closed"),
        (b"1\r2,3", "a carriage return stands inside the row"),
    ],
)
def test_an_unreadable_row_is_set_aside_and_its_neighbours_are_not(file_of, read_all, way, line, reason):
    rows, batches = read_all(open_source(file_of(b"x,y\n1,2\n" + line + b"\n3,4\n5,6\n")), ["x", "y"])
    assert [row["x"] for row in rows] == [1.0, 3.0, 5.0]
    assert [row[1:] for batch in batches for row in batch.refused] == [
        (3, reason, line.decode("utf-8", "backslashreplace"))
    ]


def test_a_refused_row_keeps_its_place_among_the_others(file_of, read_all):
    _, (batch,) = read_all(open_source(file_of(b"x,y\n0\n1,1\n2,2\n3\n4\n5,5\n")), ["x"])
    assert [(row.offset, row.raw) for row in batch.refused] == [(0, "0"), (2, "3"), (2, "4")]


def test_a_quote_that_is_never_closed_costs_its_own_line_even_at_the_end_of_a_large_file(file_of, read_all):
    lines = [b"%d,1" % number for number in range(20_000)]
    lines[7] = b'7,"1'
    rows, batches = read_all(open_source(file_of(b"x,y\n" + b"\n".join(lines))), ["x", "y"])
    assert [row["x"] for row in rows] == [float(number) for number in range(20_000) if number != 7]
    assert [refused.line for batch in batches for refused in batch.refused] == [9]


def test_an_open_quote_does_not_hold_more_than_a_bounded_number_of_bytes():
    line = b"1," + b"x" * 1000 + b"\n"
    stream = Chunks(b"x,y\n1,a\n", b'2,"b\n', *[line] * 3000)
    batches = CsvSource(stream).batches(["x"], ["y"])
    next(batches)
    next(batches)
    assert len(stream.chunks) > 1500


def test_a_quote_inside_an_unquoted_field_is_a_character(file_of, read_all, way):
    rows, _ = read_all(open_source(file_of(b'size,x\n5" pipe,1\nflat,2\n')), ["x"], ["size"])
    assert [row["size"] for row in rows] == ['5" pipe', "flat"]


def test_quoted_fields_may_hold_commas_quotes_and_newlines(file_of, read_all, way):
    source = open_source(file_of(b'x,note\n1,"a, ""b""\nc"\n2,"d\r\ne"\nbad,f\n'))
    rows, (batch,) = read_all(source, ["x"], ["note"])
    assert [row["note"] for row in rows] == ['a, "b"\nc', "d\r\ne", "f"]
    assert batch.bad_cells == ((2, 6, "x", "bad"),)


def test_where_a_pipe_cuts_its_blocks_changes_nothing(read_all, way):
    data = b'x,note\n1,"a\nb"\n\nbad,"c""\n\n"\n2\n3,"d"\n4,5" e\n5,"open\n6,f\n'
    rows, batches = read_all(CsvSource(Chunks(data)), ["x"], ["note"])
    lines = [cell.line for batch in batches for cell in batch.bad_cells]
    refused = [row[1:] for batch in batches for row in batch.refused]
    assert len(rows) == 5
    assert lines == [5]
    assert [row[0] for row in refused] == [8, 11]
    for cut in range(1, len(data)):
        for second_cut in {cut, (cut + len(data)) // 2}:
            chunks = Chunks(data[:cut], data[cut:second_cut], data[second_cut:])
            cut_rows, cut_batches = read_all(CsvSource(chunks), ["x"], ["note"])
            assert cut_rows == rows
            assert [cell.line for batch in cut_batches for cell in batch.bad_cells] == lines
            assert [row[1:] for batch in cut_batches for row in batch.refused] == refused


def test_arrow_and_python_read_the_same_from_any_text(monkeypatch, read_all):
    generator = random.Random(7)
    pieces = ["1", "2.5", "-3e2", "nan", "NaN(x)", "NA", "abc", "+1", " 4 ", "1_0", "٣", "inf", "", "", "\r", '"', '""']
    pieces += [",", ",", ",", "\n", "\n", "\r\n", "\ufeff", "\0", "'", "\t", " "]
    by_arrow = []

    def read_with_arrow(*arguments):
        by_arrow.append(csv_read_with_arrow(*arguments))
        return by_arrow[-1]

    csv_read_with_arrow = csv.read_with_arrow
    monkeypatch.setattr(csv, "read_with_arrow", read_with_arrow)
    for _ in range(3000):
        text = "".join(generator.choices(pieces, k=generator.randint(1, 25)))
        if generator.random() < 0.5:  # most of the time something that Arrow can read
            rows = ((generator.choice(pieces[:8]), generator.choice(["a", '"b\nc"', '""', 'd"'])) for _ in range(5))
            text = "".join(f"{number},{note}\n" for number, note in rows)
        data = b"x,y\n1,a\n" + text.encode()
        results = []
        for threshold in (0, 1 << 60):
            monkeypatch.setattr(csv, "ARROW_FROM_BYTES", threshold)
            rows, batches = read_all(CsvSource(Chunks(data)), ["x"], ["y"])
            results.append((rows, [(batch.refused, batch.bad_cells) for batch in batches]))
        assert results[0] == results[1], data
    assert sum(table is not None for table in by_arrow) > 500


def test_large_and_small_blocks_of_one_file_join_without_loss(file_of, read_all):
    numbers = [number / 7 for number in range(60_000)]
    text = "x,note\n" + "".join(f'{number!r},"row\n{row}"\n' for row, number in enumerate(numbers))
    rows, batches = read_all(open_source(file_of(text.encode())), ["x"], ["note"])
    assert len(batches) > 2
    assert [row["x"] for row in rows] == numbers
    assert [row["note"] for row in rows] == [f"row\n{row}" for row in range(60_000)]


@pytest.mark.parametrize(
    "data",
    [b"x,y\n1,2\n3,4", b"x,y\r\n1,2\r\n3,4\r\n", b"\xef\xbb\xbfx,y\n1,2\n3,4\n", b"\n\nx , y\n\n1,2\n\n3,4\n\n"],
    ids=["no last newline", "carriage returns", "byte order mark", "blank lines"],
)
def test_the_same_rows_are_read_from_every_habit_of_writing(file_of, read_all, way, data):
    rows, _ = read_all(open_source(file_of(data)), ["x", "y"])
    assert rows == [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}]


def test_an_index_column_without_a_name_is_given_one(file_of):
    assert list(open_source(file_of(b",load\n0,1\n")).columns) == ["column1", "load"]


def test_a_header_without_rows_is_a_stream_of_no_rows(file_of, read_all):
    source = open_source(file_of(b"x,y\n"))
    assert source.columns == {"x": "number", "y": "number"}
    assert read_all(source, ["x"]) == ([], [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1,2\n3,4\n", "has no header: its first line is '1,2'; put a line of names before it"),
        (b"x,y,x\n1,2,3\n", ": the header names 'x' twice; give each column its own name"),
        (b"x,\xff\n1,2\n", ": the header cannot be read: byte 3 of the row is not UTF-8"),
        (b"x,y\n1\n2\n", ": no row could be read; line 2: the row has 1 cells, the header 2"),
        (b"\n\n", "holds blank lines only"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(file_of, data, message):
    with pytest.raises(StreamError) as error:
        open_source(file_of(data))
    assert str(error.value).endswith(message)


def test_a_column_that_is_not_there_is_named_beside_those_that_are(file_of):
    source = open_source(file_of(b"load,temp\n1,2\n"))
    with pytest.raises(StreamError, match=r"there is no column 'laod'; there are load, temp$"):
        next(source.batches(["laod"], []))


def test_the_schema_is_known_before_the_first_batch(file_of, read_all):
    source = open_source(file_of(b"time,load\nnoon,1\n"))
    schema = source.schema(["load"], ["time"])
    _, (batch,) = read_all(source, ["load"], ["time"])
    assert batch.table.schema.equals(schema, check_metadata=True)
