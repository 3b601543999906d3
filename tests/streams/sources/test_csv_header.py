"""The header of CSV: names of columns, what is wrong with it, and lines that repeat it."""

import pytest

from streamrnn.streams import Cause, ReadOptions, StreamError
from streamrnn.streams.sources.csv import CsvSource
from streams.chunks import Chunks, Files
from streams.sources.ways import WAYS, read_in


def source_of(data, **options):
    return CsvSource(Chunks(data), ReadOptions(**options))


@pytest.fixture(params=WAYS, autouse=True)
def way(request, monkeypatch):
    read_in(request.param, monkeypatch)


def test_an_index_column_without_a_name_is_given_one():
    assert list(source_of(b",load\n0,1\n").columns) == ["column1", "load"]


@pytest.mark.parametrize(
    ("header", "names", "renamed"),
    [
        ("load,load", ["load", "load_2"], "load_2"),
        ("a,b,a,a,b", ["a", "b", "a_2", "a_3", "b_2"], "a_2, a_3, b_2"),
        ("a,a,a_2,a", ["a", "a_3", "a_2", "a_4"], "a_3, a_4"),
        ("column2,", ["column2", "column2_2"], "column2_2"),
        (
            ",".join(["a"] * 12),
            ["a", *(f"a_{number}" for number in range(2, 13))],
            "a_2, a_3, a_4, a_5, a_6, a_7, a_8, a_9, ...",
        ),
    ],
)
def test_names_that_come_again_are_numbered_and_told(read_all, header, names, renamed):
    source = source_of(f"{header}\n{','.join(map(str, range(len(names))))}\n".encode())
    assert list(source.columns) == names
    assert source.warnings == [f"chunks: the header repeats names; the later columns are called {renamed}"]
    rows, _ = read_all(source, names)
    assert rows == [{name: float(number) for number, name in enumerate(names)}]


@pytest.mark.parametrize(
    ("header", "row", "delimiter", "flag"),
    [
        ("x;y", "1;2", ",", "';'"),
        ("x\ty", "1\t2", ",", "tab"),
        ("a,b|c|d", "1,2|3|4", ";", "'|'"),
        ("x,y", "1,2", ";", "','"),
        ("x,y|z", "1,2|3", "|", None),
    ],
)
def test_a_header_with_another_delimiter_gets_a_hint(header, row, delimiter, flag):
    hint = f"chunks: the header is one column, {header!r}; did you mean --delimiter {flag}?"
    assert source_of(f"{header}\n{row}\n".encode(), delimiter=delimiter).warnings == ([hint] if flag else [])


def test_the_hint_is_given_too_where_no_row_can_be_read():
    with pytest.raises(StreamError) as error:
        source_of(b"x;y\n1,5;2,5\n")
    assert str(error.value) == (
        "chunks: no row could be read; line 2: the row has 3 cells, the header 1; "
        "the header is one column, 'x;y'; did you mean --delimiter ';'?"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1,2\n3,4\n", " has no header: its first line is '1,2'; put a line of names before it"),
        (
            b"x,\xff\n1,2\n",
            ": the header cannot be read: byte 3 of the row is not UTF-8; "
            "if it is Latin-1, iconv -f latin1 -t utf-8 makes it so",
        ),
        (b"\xff\0x\0\n", ": the header cannot be read: byte 1 of the row is not UTF-8"),
        (b'x,"y\n1,2\n', ": the header cannot be read: the quote at byte 3 of the row is never closed"),
        (b"x,\0y\n1,2\n", ": the header cannot be read: byte 3 of the row is NUL"),
        (b"x" * 60 + b"\n1\n", ": the header cannot be read: the line is longer than 50 bytes"),
        (
            b"x,\0\xff",
            ": the header cannot be read: the stream ended in the middle of the line: byte 4 of the row is not UTF-8",
        ),
        (
            b"x,y\r1,2\r3,4\r\n",
            ": the header cannot be read: byte 4 of the row is a carriage return, which only stands before a newline",
        ),
        (b"\n\n", " holds no header: there are only blank lines in it"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data, message):
    with pytest.raises(StreamError) as error:
        source_of(data, max_line_bytes=50)
    assert str(error.value) == "chunks" + message


def test_comments_and_blank_lines_may_stand_before_the_header(read_all):
    source = source_of(b'# made by "a program\n\n#\nx,y\n# 1,2\n3,4\n', comment="#")
    assert read_all(source, ["x", "y"])[0] == [{"x": 3.0, "y": 4.0}]


def test_quoted_names_may_hold_anything():
    assert list(source_of(b'"a,b","c\nd","e ""f"""\n1,2,3\n').columns) == ["a,b", "c\nd", 'e "f"']


@pytest.mark.parametrize("again", [b"x,y\n", b"x,y\r\n", b"\xef\xbb\xbfx,y\n"])
@pytest.mark.parametrize("numbers", [["x"], []])
def test_a_line_that_repeats_the_header_is_left_out_counted_and_told_once(read_all, again, numbers):
    source = source_of(b"x,y\n1,a\n" + again + b"2,b\n" + again + again + b"x,z\n")
    rows, batches = read_all(source, numbers, ["y"])
    assert [row["y"] for row in rows] == ["a", "b", "z"]
    assert source.repeated_headers == 3
    assert source.warnings == ["chunks: line 3 repeats the header; such lines are left out"]
    assert [cell.line for batch in batches for cell in batch.bad_cells] == ([7] if numbers else [])


def test_a_header_that_comes_again_in_another_order_is_refused_and_told_once(read_all):
    source = source_of(b"x,y,z\n1,2,a\ny,x,z\n3,4,b\nx,x,z\nx,z,y\n5,6,c\n")
    rows, batches = read_all(source, ["x", "y"], ["z"])
    reason = "the header comes again with its columns in another order; the rows behind it are read as before"
    assert [row["z"] for row in rows] == ["a", "b", "z", "c"]
    refused = [(row.line, row.cause, row.reason) for batch in batches for row in batch.refused]
    assert refused == [(line, Cause.OTHER_ORDER, reason) for line in (3, 6)]
    assert source.warnings == [f"chunks: line 3: {reason}"]


def test_names_in_another_order_are_a_row_where_its_numbers_are_numbers(read_all):
    rows, _ = read_all(source_of(b"a,1,b\n0,1,x\n1,b,a\n1,a,b\n"), ["a"], ["b"])
    assert rows == [{"a": 0.0, "b": "x"}, {"a": 1.0, "b": "a"}, {"a": 1.0, "b": "b"}]


def test_a_header_that_comes_again_before_the_first_row_decides_nothing(read_all):
    source = source_of(b"x\nx\n1\n")
    assert source.columns == {"x": "number"}
    assert (read_all(source, ["x"])[0], source.repeated_headers) == ([{"x": 1.0}], 1)


def test_where_all_is_text_a_row_may_be_equal_to_the_header(read_all):
    rows, _ = read_all(source_of(b"name,city\nname,city\nBob,Rome\n"), [], ["name"])
    assert [row["name"] for row in rows] == ["name", "Bob"]


def test_a_long_line_that_starts_as_the_header_does_is_no_header(read_all):
    header = b"x," + b"y" * 198
    _, batches = read_all(source_of(header + b"\n1,2\n" + header + b"y\n", max_line_bytes=200), ["x"])
    assert [row.cause for batch in batches for row in batch.refused] == [Cause.TOO_LONG]


# --- a file that took the place of another ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "line"),
    [(b"u,v,w\n", 1), (b"x,v,z\n", 1), (b"u,v\n", 1), (b"\xef\xbb\xbf\nid,x,y,z\r\n", 2), (b'"u,v","w\nx",z\n', 1)],
)
@pytest.mark.parametrize(("numbers", "others"), [(["x", "y"], ["z"]), ([], ["z"])])
def test_a_later_file_of_other_columns_has_its_header_refused_and_told(read_all, header, line, numbers, others):
    files = Files(b"x,y,z\n1,2,a\n", header.removeprefix(b"\xef\xbb\xbf") + b"3,4,b\n", b"x,y,z\n5,6,c\n")
    source = CsvSource(files, ReadOptions())
    rows, batches = read_all(source, numbers, others)
    assert [row["z"] for row in rows] == ["a", "b", "c"]
    (refused,) = [row for batch in batches for row in batch.refused]
    assert (refused.line, refused.cause) == (2 + line, Cause.OTHER_NAMES)
    assert source.warnings[0] == f"chunks: line {line}: {refused.reason}"
    assert refused.reason.startswith("the header of the new file has the columns ")
    assert refused.reason.endswith(", and not x, y, z; the rows behind it are read by the first header")


@pytest.mark.parametrize(
    "first_line",
    [b"x,y,z\n", b"3,4,b\n", b"3,err,b\n", b"err,4,b\n", b"NA,err,b\n", b"err,err,b\n", b"\xff,y,z\n", b""],
)
def test_a_later_file_may_begin_with_a_row_or_the_same_header(read_all, first_line):
    files = Files(b"x,y,z\n1,2,a\n", first_line + b"3,4,b\n")
    _, batches = read_all(CsvSource(files, ReadOptions()), ["x", "y"], ["z"])
    assert Cause.OTHER_NAMES not in [row.cause for batch in batches for row in batch.refused]


def test_a_line_of_other_names_within_a_file_is_a_row(read_all):
    rows, batches = read_all(source_of(b"x,y\n1,a\nu,v\n3,b\n"), ["x"], ["y"])
    assert [row["y"] for row in rows] == ["a", "v", "b"]
    assert [cell.text for batch in batches for cell in batch.bad_cells] == ["u"]
