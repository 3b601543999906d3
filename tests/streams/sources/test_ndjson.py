"""NDJSON -> batches."""

import math

import pytest

from streamrnn.streams import StreamError, open_source


def test_the_keys_of_the_first_row_are_the_columns(file_of):
    data = b'{"t":"noon","x":1,"y":null,"on":true,"tags":["a"]}\n{"later":1}\n'
    source = open_source(file_of(data, "stream.ndjson"))
    assert source.columns == {"t": "text", "x": "number", "y": "number", "on": "number", "tags": "text"}


def test_a_key_that_vanishes_is_null_and_one_that_appears_is_not_read(file_of, read_all):
    data = b'{"x":1,"y":2}\n{"y":3,"z":4}\n{"x":null,"y":5}\n'
    rows, _ = read_all(open_source(file_of(data, "stream.ndjson")), ["x", "y"])
    assert rows == [{"x": 1.0, "y": 2.0}, {"x": None, "y": 3.0}, {"x": None, "y": 5.0}]


def test_booleans_and_quoted_numbers_in_a_number_column_are_numbers(file_of, read_all):
    data = b'{"x":true}\n{"x":false}\n{"x":"2.5"}\n{"x":"NA"}\n{"x":3}\n'
    rows, (batch,) = read_all(open_source(file_of(data, "stream.ndjson")), ["x"])
    assert [row["x"] for row in rows] == [1.0, 0.0, 2.5, None, 3.0]
    assert batch.bad_cells == ()


def test_a_bad_cell_becomes_null_and_is_told_with_its_place(file_of, read_all):
    data = b'{"x":1}\n\n{"x":"high"}\n{"x":[2]}\n{"x":4}\n'
    rows, (batch,) = read_all(open_source(file_of(data, "stream.ndjson")), ["x"])
    assert [row["x"] for row in rows] == [1.0, None, None, 4.0]
    assert batch.bad_cells == ((1, 3, "x", "high"), (2, 4, "x", "[2]"))


def test_other_columns_keep_their_text_and_numbers_every_digit(file_of, read_all):
    data = b'{"x":0,"t":1700000000000000001,"k":""}\n{"x":0,"t":0.5,"k":"\xc3\xa9"}\n{"x":0,"t":"noon","k":{"a":1}}\n'
    rows, _ = read_all(open_source(file_of(data, "stream.ndjson")), ["x"], ["t", "k"])
    assert [row["t"] for row in rows] == ["1700000000000000001", "0.5", "noon"]
    assert [row["k"] for row in rows] == ["", "é", '{"a":1}']


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "the line holds no JSON object but an array"),
        (b'"x"', "the line holds no JSON object but a string"),
        (b"null", "the line holds no JSON object but null"),
        (b"1", "the line holds no JSON object but a number or a boolean"),
        (b'{"x":1', "not JSON: "),
        (b'{"x":1} {"x":2}', "not JSON: "),
        (b'{"x":"\xff"}', "not JSON: "),
        (b'{"x":NaN', "not JSON: "),
        (b'{"x":NaN,"y":"\\ud800"}', "not JSON: "),
        (b'{"x":' + b"[" * 5000 + b"NaN", "not JSON: "),
    ],
)
def test_an_unreadable_line_is_set_aside_and_its_neighbours_are_not(file_of, read_all, line, reason):
    source = open_source(file_of(b'{"x":1}\n' + line + b'\n{"x":3}\n', "stream.ndjson"))
    rows, (batch,) = read_all(source, ["x"])
    assert [row["x"] for row in rows] == [1.0, 3.0]
    (refused,) = batch.refused
    assert (refused.offset, refused.line) == (1, 2)
    assert refused.reason.startswith(reason)
    assert refused.raw == line.decode("utf-8", "backslashreplace")


def test_nan_and_infinity_are_read_although_json_has_no_such_numbers(file_of, read_all):
    data = b'{"x":1,"y":1}\n{"x":NaN,"y":2}\n{"x":-Infinity,"y":3}\n'
    rows, _ = read_all(open_source(file_of(data, "stream.ndjson")), ["x", "y"])
    assert rows[1:] == [{"x": None, "y": 2.0}, {"x": -math.inf, "y": 3.0}]


def test_a_row_is_out_before_the_next_is_waited_for(pipe, promptly):
    pipe.write(b'{"x":1}\n{"x":')
    source = promptly(lambda: open_source(pipe.path))
    batches = source.batches(["x"], [])
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 1.0}]
    pipe.write(b"2}\n")
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 2.0}]
    pipe.end()
    assert promptly(lambda: list(batches)) == []


def test_a_file_without_any_object_is_refused_with_the_first_trouble(file_of):
    with pytest.raises(StreamError, match=r"no row could be read; line 2: the line holds no JSON object but an array$"):
        open_source(file_of(b"\n[1]\n[2]\n", "stream.ndjson"))


def test_a_first_row_without_keys_is_refused(file_of):
    with pytest.raises(StreamError, match=r"the first row has no columns$"):
        open_source(file_of(b"{}\n", "stream.ndjson"))
