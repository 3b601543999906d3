"""Columns of Arrow tables -> batches of bounded size."""

import struct

import pyarrow as pa
import pytest

from streamrnn.streams import ReadOptions, open_source

from .arrow_bytes import ipc_bytes


def test_a_warning_of_a_column_that_is_left_out_is_one_short_line(file_of):
    table = pa.table({"x": [1], "odd": [{"a\nb": 1, **{f"field {number}": number for number in range(1000)}}]})
    (warning,) = open_source(file_of(ipc_bytes(table), "stream.arrows")).warnings
    assert "column 'odd' is left out: it is of type struct<a b: int64, field 0: int64, " in warning
    assert warning.endswith(" ...") and "\n" not in warning


def test_what_a_view_under_a_null_refers_to_does_not_matter(file_of, read_all):
    """Arrow neither checks it nor leaves it alone."""
    views = struct.pack("<i4sii", 2, b"ab", 0, 0) + struct.pack("<iiii", 2**31 - 1, 0, 7, -8)
    column = pa.Array.from_buffers(pa.string_view(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(views + views[:16])])
    dictionary = pa.DictionaryArray.from_arrays(pa.array([2, 1, 0], pa.int8()), column)
    for array in (column, column.slice(1), dictionary):
        source = open_source(file_of(ipc_bytes(pa.table({"name": array})), "stream.arrows"))
        assert [row["name"] for row in read_all(source, [], ["name"])[0]] == array.to_pylist()


def test_a_column_that_is_said_to_hold_no_nulls_is_delivered_as_others_are(file_of, read_all):
    schema = pa.schema([pa.field("x", pa.float64(), nullable=False), pa.field("name", pa.string(), nullable=False)])
    source = open_source(file_of(ipc_bytes(pa.table([[1.5], ["a"]], schema=schema)), "stream.arrows"))
    expected = source.schema(["x"], ["name"])
    _, (batch,) = read_all(source, ["x"], ["name"])
    assert batch.table.schema == expected == pa.schema([("x", pa.float64()), ("name", pa.string())])


def repeated(type_: pa.DataType, text: str, count: int) -> pa.Array:
    """A column in which a long text stands once, and in every row."""
    if pa.types.is_dictionary(type_):
        return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int8()), pa.array([text]).cast(type_.value_type))
    data = text.encode()
    view = struct.pack("<i4sii", len(data), data[:4], 0, 0)
    return pa.Array.from_buffers(type_, count, [None, pa.py_buffer(view * count), pa.py_buffer(data)])


@pytest.mark.parametrize(
    "type_",
    [
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int8(), pa.large_string()),
        pa.dictionary(pa.int8(), pa.string_view()),
    ],
)
@pytest.mark.parametrize("role", ["text", "number"])
def test_a_long_text_that_many_rows_refer_to_is_delivered_in_small_batches(file_of, read_all, type_, role):
    text = "7" * 300 if role == "number" else "a" * 40_000
    count = 1000 if role == "number" else 50
    path = file_of(ipc_bytes(pa.table({"x": repeated(type_, text, count)})))
    names = (["x"], []) if role == "number" else ([], ["x"])
    rows, batches = read_all(open_source(path, "arrow", ReadOptions(max_batch_bytes=100_000)), *names)
    assert [row["x"] for row in rows] == [float(text) if role == "number" else text] * count
    assert max(batch.table.num_rows for batch in batches) == 100_000 // len(text)
