"""Columns of Arrow tables -> batches of bounded size."""

import struct

import pyarrow as pa
import pytest

from streamrnn.streams import ReadOptions, open_source

from .arrow_bytes import ipc_bytes


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
