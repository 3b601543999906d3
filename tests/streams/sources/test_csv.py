"""CSV -> batches: what is a row, what is a cell, and what is set aside."""

import math
import random
from dataclasses import replace

import pytest

from streamrnn.streams import Cause, ReadOptions, StreamError, open_source
from streamrnn.streams.sources.csv import CsvSource
from streams.chunks import Chunks, cut_anywhere
from streams.number_cases import MISSING, NOT_NUMBERS, NUMBERS
from streams.sources.ways import WAYS, read_in

DEFAULT = ReadOptions()


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Read in one of the two ways."""
    read_in(request.param, monkeypatch)


def outcome_of(data, source, read_all, numbers, others=()):
    """All that a source tells, with the places of bad rows and cells in the whole stream; each is looked up there."""
    rows, batches = read_all(source, list(numbers), list(others))
    refused, bad_cells, before = [], [], 0
    for batch in batches:
        refused += [row._replace(offset=before + row.offset) for row in batch.refused]
        bad_cells += [cell._replace(row=before + cell.row) for cell in batch.bad_cells]
        before += batch.table.num_rows
    for place in [*refused, *bad_cells]:
        assert data.count(b"\n", 0, place.byte) == place.line - 1
        assert place.byte == 0 or data[place.byte - 1 : place.byte] == b"\n"
    for row in refused:
        assert data[row.byte :].decode("utf-8", "backslashreplace").startswith(row.raw.removesuffix(" [...]"))
    return rows, refused, bad_cells, source.warnings


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


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_numbers_are_those_of_the_table(read_all, way, delimiter):
    options = ReadOptions(delimiter=delimiter)
    for text, number in NUMBERS.items():
        stream = Chunks(f"x{delimiter}y\n1{delimiter}1\n{text}{delimiter}2\n".encode())
        rows, (batch,) = read_all(CsvSource(stream, options), ["x", "y"])
        assert (repr(rows[1]["x"]), rows[1]["y"], batch.bad_cells) == (repr(number), 2.0, ())


def test_what_is_missing_is_null_and_not_bad(read_all, way):
    for text in MISSING:
        rows, batches = read_all(CsvSource(Chunks(f"x,y\n1,1\n{text},2\n".encode()), DEFAULT), ["x"])
        assert [row["x"] for row in rows] == [1.0, None], text
        assert batches[0].bad_cells == ()


def test_what_is_no_number_is_a_bad_cell_and_its_row_is_a_row(read_all, way):
    for text in NOT_NUMBERS:
        stream = Chunks(f'x,y\n1,1\n"{text}",2\n3,3\n'.encode())
        rows, (batch,) = read_all(CsvSource(stream, DEFAULT), ["x", "y"])
        assert [(row["x"], row["y"]) for row in rows] == [(1.0, 1.0), (None, 2.0), (3.0, 3.0)], text
        assert batch.bad_cells == ((1, 3, 8, "x", Cause.NOT_A_NUMBER, text),)


def test_a_bad_cell_becomes_null_and_is_told_with_its_place(file_of, read_all, way):
    rows, (batch,) = read_all(open_source(file_of(b"x,y\n1,1\n2,abc\n\n3,1_000\n4,5\n")), ["x", "y"])
    assert rows[1:] == [{"x": 2.0, "y": None}, {"x": 3.0, "y": None}, {"x": 4.0, "y": 5.0}]
    assert batch.bad_cells == (
        (1, 3, 8, "y", Cause.NOT_A_NUMBER, "abc"),
        (2, 5, 15, "y", Cause.NOT_A_NUMBER, "1_000"),
    )


UNREADABLE = [
    (b"1", Cause.RAGGED, "the row has 1 cell, the header 2"),
    (b"1,2,3", Cause.RAGGED, "the row has 3 cells, the header 2"),
    (b"1,\xff\xfe", Cause.ENCODING, "byte 3 of the row is not UTF-8"),
    (b"\xc3\xa9,\xc3", Cause.ENCODING, "byte 4 of the row is not UTF-8"),
    (b'1,"2', Cause.OPEN_QUOTE, "the quote at byte 3 of the row is never closed"),
    (b'\xc3\xa9,"2""', Cause.OPEN_QUOTE, "the quote at byte 4 of the row is never closed"),
    (
        b'1,"2"3',
        Cause.NOT_CSV,
        "the cell at byte 3 of the row does not end where its quote is closed; a quote inside a cell is written twice",
    ),
    (
        b"1\r2,3",
        Cause.NOT_CSV,
        "byte 2 of the row is a carriage return, which only stands before a newline",
    ),
    (
        b'"1\r2",\r3',
        Cause.NOT_CSV,
        "byte 7 of the row is a carriage return, which only stands before a newline",
    ),
    (b"1,\0002", Cause.NOT_CSV, "byte 3 of the row is NUL"),
    (b"\0\0\0\0\0", Cause.NOT_CSV, "byte 1 of the row is NUL"),
    (b"1," + b"x" * 99, Cause.TOO_LONG, "the line is longer than 100 bytes"),
    (b'1,"a\nb",' + b"x" * 95, Cause.TOO_LONG, "the row is longer than 100 bytes"),
]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize(("line", "cause", "reason"), UNREADABLE)
def test_an_unreadable_row_is_set_aside_and_its_neighbours_are_not(read_all, way, newline, line, cause, reason):
    lines = [b"x,y", b"1,2", line, b"3,4", b"5,6", b""]
    stream = Chunks(newline.join(lines))
    rows, batches = read_all(CsvSource(stream, ReadOptions(max_line_bytes=100)), ["x", "y"])
    assert rows == [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}, {"x": 5.0, "y": 6.0}]
    (refused,) = [row for batch in batches for row in batch.refused]
    assert refused[1:5] == (3, len(newline.join(lines[:2]) + newline), cause, reason)
    raw = (line + newline).removesuffix(b"\n").decode("utf-8", "backslashreplace")
    if cause is Cause.TOO_LONG:
        assert raw.startswith(refused.raw.removesuffix(" [...]"))
        assert 100 < len(refused.raw) <= 200 + len(" [...]")
    else:
        assert refused.raw == raw


def test_a_row_that_is_too_long_is_shown_up_to_a_whole_character(read_all):
    stream = Chunks(b"x\n1\n" + "é".encode() * 300 + b"\n" + b"x" + "é".encode() * 300 + b"\n")
    _, batches = read_all(CsvSource(stream, ReadOptions(max_line_bytes=500)), ["x"])
    assert [row.raw for batch in batches for row in batch.refused] == ["é" * 100 + " [...]", "x" + "é" * 99 + " [...]"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"3", "the row has 1 cell, the header 2"),
        (b'3,"4', "the quote at byte 3 of the row is never closed"),
        (b"3,4\xc3", "byte 4 of the row is not UTF-8"),
    ],
)
def test_a_last_line_that_was_cut_short_is_told_as_such(read_all, way, line, reason):
    _, batches = read_all(CsvSource(Chunks(b"x,y\n1,2\n" + line), DEFAULT), ["x", "y"])
    (refused,) = [row for batch in batches for row in batch.refused]
    expected = f"the stream ended in the middle of the line: {reason}"
    assert refused[1:6] == (3, 8, Cause.CUT_SHORT, expected, line.decode("utf-8", "backslashreplace"))


def test_a_last_row_that_is_too_long_is_told_as_such(read_all):
    for last in (b"2," + b"x" * 30, b'2,"a\nb",' + b"x" * 18):
        _, batches = read_all(CsvSource(Chunks(b"x,y\n1,2\n" + last), ReadOptions(max_line_bytes=25)), ["x"])
        assert [row.cause for batch in batches for row in batch.refused] == [Cause.TOO_LONG]


def test_a_quoted_row_is_out_as_soon_as_it_is_whole(pipe, promptly):
    pipe.write(b'x,note\n1,"a\n')
    pipe.write(b'b"\n2,"c\n')
    batches = promptly(lambda: open_source(pipe.path)).batches(["x"], ["note"])
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 1.0, "note": "a\nb"}]
    pipe.write(b"d\n")
    pipe.write(b'e"\n')
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 2.0, "note": "c\nd\ne"}]


def test_a_refused_row_keeps_its_place_among_the_others(file_of, read_all):
    _, (batch,) = read_all(open_source(file_of(b"x,y\n0\n1,1\n2,2\n3\n4\n5,5\n")), ["x"])
    assert [(row.offset, row.raw) for row in batch.refused] == [(0, "0"), (2, "3"), (2, "4")]


def test_a_quote_that_is_never_closed_costs_its_own_line_even_at_the_end_of_a_large_file(file_of, read_all):
    lines = [b"%d,1" % number for number in range(20_000)]
    lines[7] = b'7,"1'
    rows, batches = read_all(open_source(file_of(b"x,y\n" + b"\n".join(lines))), ["x", "y"])
    assert [row["x"] for row in rows] == [float(number) for number in range(20_000) if number != 7]
    assert [(row.line, row.cause) for batch in batches for row in batch.refused] == [(9, Cause.OPEN_QUOTE)]


def test_an_open_quote_does_not_hold_more_than_a_bounded_number_of_bytes():
    line = b"1," + b"x" * 1000 + b"\n"
    stream = Chunks(b"x,y\n1,a\n", b'2,"b\n', *[line] * 3000)
    batches = CsvSource(stream, DEFAULT).batches(["x"], ["y"])
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
    assert batch.bad_cells == ((2, 6, 31, "x", Cause.NOT_A_NUMBER, "bad"),)


@pytest.mark.parametrize(
    ("options", "data"),
    [
        (ReadOptions(delimiter=";"), b'x;note\n1;"a;""b"\n2;c,d\n'),
        (ReadOptions(delimiter="\t"), b'x\tnote\n1\t"a;""b"\n2\tc,d\n'),
        (ReadOptions(delimiter="|", quote="'"), b"x|note\n1|'a;\"b'\n2|c,d\n"),
        (ReadOptions(delimiter=";", quote="", comment="#"), b'# ;\nx;note\n1;a,"b\n#2\n2;c,d\n'),
        (ReadOptions(delimiter=" ", quote="^", comment="%"), b'%\n\nx note\n1 ^a;"b^\n%2\n2 c,d\n'),
    ],
)
def test_the_options_say_what_stands_between_and_around_cells(read_all, way, options, data):
    rows, (batch,) = read_all(CsvSource(Chunks(data), options), ["x"], ["note"])
    assert [row["x"] for row in rows] == [1.0, 2.0]
    assert [row["note"].replace(",", ";") for row in rows] == ['a;"b', "c;d"]
    assert batch.refused == batch.bad_cells == ()


def test_where_a_pipe_cuts_its_blocks_changes_nothing(read_all, way):
    data = (
        b'x,note\n1,"a\nb"\n\nbad,"c""\n\n"\n2\nx,note\n3,"d"\n4,5" e\n5,"open\n6,f\n\0\n7,\xff\n8,'
        + b"g" * 50
        + b"\n9"
    )
    options = ReadOptions(max_line_bytes=45)
    expected = outcome_of(data, CsvSource(Chunks(data), options), read_all, ["x"], ["note"])
    assert [row["x"] for row in expected[0]] == [1.0, None, 3.0, 4.0, 6.0]
    assert [row.line for row in expected[1]] == [8, 12, 14, 15, 16, 17]
    for cut in range(1, len(data)):
        for second_cut in {cut, (cut + len(data)) // 2}:
            chunks = Chunks(data[:cut], data[cut:second_cut], data[second_cut:])
            assert outcome_of(data, CsvSource(chunks, options), read_all, ["x"], ["note"]) == expected


DIALECTS = [
    ReadOptions(),
    ReadOptions(comment="#"),
    ReadOptions(delimiter=";", quote="'", comment="-"),
    ReadOptions(delimiter="\t"),
    ReadOptions(delimiter=" ", quote=""),
    ReadOptions(delimiter="|", quote="^", comment="."),
]


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("options", DIALECTS, ids=lambda options: options.delimiter + options.quote + options.comment)
def test_all_ways_of_reading_tell_the_same_of_any_text_however_it_is_cut(monkeypatch, read_all, options, columns):
    generator = random.Random(f"{options.delimiter}{columns}")
    d, q, c = options.delimiter, options.quote, options.comment
    header = d.join("xyz"[:columns])
    odd = ["nan", "NaN(x)", "NA", "+1", " 4 ", "1_0", "٣", "inf", "5.", "1e", "\r", "\ufeff", "\0", "\t", " ", "\x0b"]
    odd += [header, "\n" + header + "\n", c, "\n" + c + q + "\n", q, q, q + q, d, d, "\n", "\n", "\r\n", "\n\n", "abc"]
    for _ in range(60):
        cells = ["1", "2.5", "-3e2", "", "", f"{q}4{q}", f"{q}5{d}{q}" if q else "5", f"{q}6\n7{q}" if q else "6"]
        rows = [generator.choices(cells, k=columns) for _ in range(generator.randint(0, 6))]
        text = generator.choice(["\n", "\n", "\r\n"]).join([header, *map(d.join, rows)]) + "\n" * generator.randint(
            0, 1
        )
        for _ in range(generator.choice([0, 0, 1, 2, 9])):
            place = generator.randint(len(header) + 1, len(text) + 1)
            text = text[:place] + generator.choice(odd) + text[place:]
        data = text.encode()
        limited = replace(options, max_line_bytes=generator.choice([12, 20, 1000]))
        outcomes = []
        for way in WAYS:
            read_in(way, monkeypatch)
            for stream in (Chunks(data), cut_anywhere(data, generator)):
                try:
                    source = CsvSource(stream, limited)
                    outcomes.append(outcome_of(data, source, read_all, ["x"], ["y"][: columns - 1]))
                except StreamError as error:
                    outcomes.append(str(error))
        assert all(repr(outcome) == repr(outcomes[0]) for outcome in outcomes), data


def test_large_and_small_blocks_of_one_file_join_without_loss(file_of, read_all):
    numbers = [number / 7 for number in range(60_000)]
    text = "x,note\n" + "".join(f'{number!r},"row\n{row}"\n' for row, number in enumerate(numbers))
    rows, batches = read_all(open_source(file_of(text.encode())), ["x"], ["note"])
    assert len(batches) > 2
    assert [row["x"] for row in rows] == numbers
    assert [row["note"] for row in rows] == [f"row\n{row}" for row in range(60_000)]


@pytest.mark.parametrize(
    "data",
    [
        b"x,y\n1,2\n3,4",
        b"x,y\r\n1,2\r\n3,4\r\n",
        b"\xef\xbb\xbfx,y\n1,2\n3,4\n",
        b"\n\nx , y\n\n1,2\n\n3,4\n\n",
        b" \t\n\r\nx,y\n  \n1,2\n \r\n\t\n3,4\n ",
        b'"x","y"\n"1","2"\n"3","4"\n',
    ],
    ids=["no last newline", "carriage returns", "byte order mark", "blank lines", "lines of spaces", "quotes"],
)
def test_the_same_rows_are_read_from_every_habit_of_writing(file_of, read_all, way, data):
    rows, batches = read_all(open_source(file_of(data)), ["x", "y"])
    assert rows == [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}]
    assert [batch.refused for batch in batches] == [()] * len(batches)


def test_in_one_column_an_empty_line_is_a_null(read_all, way):
    stream = Chunks(b"\nx\n1\n\n \n2\r\n\r\n3\n")
    rows, batches = read_all(CsvSource(stream, DEFAULT), ["x"])
    assert [row["x"] for row in rows] == [1.0, None, None, 2.0, None, 3.0]
    assert [batch.refused for batch in batches] == [()] * len(batches)


def test_in_one_column_of_text_spaces_are_text(read_all, way):
    rows, _ = read_all(CsvSource(Chunks(b"x\na\n\n \n"), DEFAULT), [], ["x"])
    assert [row["x"] for row in rows] == ["a", None, " "]


def test_a_line_of_delimiters_is_a_row_of_nulls_whatever_the_delimiter(read_all, way):
    for delimiter in ",\t ":
        data = "x,y,z\n1,2,3\n,,\n4,5,6\n".replace(",", delimiter).encode()
        rows, _ = read_all(CsvSource(Chunks(data), ReadOptions(delimiter=delimiter)), ["x", "y", "z"])
        assert [row["x"] for row in rows] == [1.0, None, 4.0]


def test_a_header_without_rows_is_a_stream_of_no_rows(file_of, read_all):
    source = open_source(file_of(b"x,y\n"))
    assert source.columns == {"x": "number", "y": "number"}
    assert read_all(source, ["x"]) == ([], [])


def test_a_column_that_is_not_there_is_named_beside_those_that_are(file_of):
    source = open_source(file_of(b"load,temp\n1,2\n"))
    with pytest.raises(StreamError, match=r"there is no column 'laod'; there are load, temp$"):
        next(source.batches(["laod"], []))


def test_the_schema_is_known_before_the_first_batch(file_of, read_all):
    source = open_source(file_of(b"time,load\nnoon,1\n"))
    schema = source.schema(["load"], ["time"])
    _, (batch,) = read_all(source, ["load"], ["time"])
    assert batch.table.schema.equals(schema, check_metadata=True)


def test_infinite_numbers_are_numbers(read_all, way):
    rows, _ = read_all(CsvSource(Chunks(b"x\n1e999\n-inf\n"), DEFAULT), ["x"])
    assert [row["x"] for row in rows] == [math.inf, -math.inf]
