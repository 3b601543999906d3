"""Messages of an Arrow stream: old and new ones, streams in a row, and none that takes more memory than allowed."""

import os
import struct

import pyarrow as pa
import pyarrow.ipc
import pytest

from streamrnn.streams import ReadOptions, StreamError, open_source

from . import arrow_by_hand as by_hand
from .arrow_bytes import TABLE, ipc_bytes

FORMS = pytest.mark.parametrize("form", [pa.ipc.new_stream, pa.ipc.new_file])


# --- versions ---------------------------------------------------------------------------------------------------------


@FORMS
@pytest.mark.parametrize("legacy", [False, True])
def test_metadata_of_version_4_and_streams_older_than_arrow_0_15_are_read(file_of, read_all, form, legacy):
    options = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=legacy)
    data = ipc_bytes(TABLE, form, rows=2, options=options)
    source = open_source(file_of(data, "stream.arrow"))
    assert [row["count"] for row in read_all(source, ["count"])[0]] == [1.0, 2.0, 3.0]
    assert source.warnings == []


@pytest.mark.parametrize(("endianness", "order"), [(0, "<"), (1, ">")])
def test_the_order_of_bytes_that_the_schema_tells_is_the_one_that_is_read(file_of, read_all, endianness, order):
    body = struct.pack(f"{order}2d3i4x3s5x", 1.5, -2.0, 0, 1, 3, b"abc")
    header = by_hand.rows(2, [2, 0, 2, 0], [0, 0, 0, 16, 0, 0, 16, 12, 32, 3])
    fields = by_hand.field("x", by_hand.FLOAT), by_hand.field("name", by_hand.TEXT)
    data = by_hand.schema(*fields, endianness=endianness) + by_hand.message(by_hand.BATCH, header, body) + by_hand.END
    rows, _ = read_all(open_source(file_of(data, "stream.arrows")), ["x"], ["name"])
    assert rows == [{"x": 1.5, "name": "a"}, {"x": -2.0, "name": "bc"}]


# --- behind the end ---------------------------------------------------------------------------------------------------


def test_streams_one_behind_the_other_are_one_stream(file_of, read_all):
    names = pa.table({"name": pa.array(["a", "b"]).dictionary_encode()})
    others = pa.table({"name": pa.array(["c", "b"]).dictionary_encode()})
    data = ipc_bytes(names) + ipc_bytes(others) + ipc_bytes(names)
    source = open_source(file_of(data, "stream.arrows"))
    assert [row["name"] for row in read_all(source, [], ["name"])[0]] == ["a", "b", "c", "b", "a", "b"]
    assert source.warnings == []


@pytest.mark.parametrize("rest", [b"\0", ipc_bytes(TABLE.select(["x"])), b"x" * 1000])
def test_what_else_follows_the_end_of_a_stream_is_not_read_without_a_word(file_of, read_all, rest):
    source = open_source(file_of(ipc_bytes(TABLE) + rest, "stream.arrows"))
    assert len(read_all(source, ["x"])[0]) == 3
    assert source.warnings == [f"{source.name}: what follows the end of the Arrow stream, 3 rows, was not read"]
    assert not source.ended_early


def test_a_file_that_comes_through_a_pipe_is_taken_to_its_last_byte(pipe, read_all):
    whole = ipc_bytes(TABLE, pa.ipc.new_file)
    index = whole.index(by_hand.END) + len(by_hand.END)
    pipe.write(whole[:index])
    source = open_source(pipe.path)
    pipe.write(whole[index:])
    pipe.end()
    assert len(read_all(source, ["x"])[0]) == 3
    assert os.read(pipe.read_end, 1) == b""


def test_a_file_that_is_followed_ends_where_it_is_sealed(file_of, promptly):
    path = file_of(ipc_bytes(TABLE, pa.ipc.new_file), "stream.arrow")
    source = open_source(path, options=ReadOptions(follow=True))
    assert sum(batch.arrivals for batch in promptly(lambda: list(source.batches(["x"], [])))) == 3
    source.close()


# --- memory -----------------------------------------------------------------------------------------------------------

SMALL = ReadOptions(max_batch_bytes=100_000)
LIMIT = "larger than --max-batch-bytes 100,000; write smaller batches, or allow more"


def refusal(path, name="x", options=SMALL):
    with pytest.raises(StreamError) as error:
        for batch in open_source(path, "arrow", options).batches([], [name]):
            del batch
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{path}: ")


def test_a_batch_that_is_larger_than_allowed_is_refused_before_its_body_is_read(pipe, promptly):
    header = by_hand.rows(2**37, [2**37, 0], [0, 0, 0, 2**40])
    pipe.write(by_hand.schema(by_hand.field("x", by_hand.FLOAT)))
    pipe.write(by_hand.message(by_hand.BATCH, header, body_length=2**40))
    assert promptly(lambda: refusal(pipe.path)) == f"a batch of 1,099,511,627,776 bytes is {LIMIT}"


def test_metadata_that_are_larger_than_allowed_are_refused_before_they_are_read(pipe, promptly):
    pipe.write(by_hand.schema(by_hand.field("x", by_hand.FLOAT)) + b"\xff\xff\xff\xff\xf0\xff\xff\x7f")
    assert promptly(lambda: refusal(pipe.path)) == f"a batch of 2,147,483,632 bytes is {LIMIT}"


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_a_batch_that_unpacks_to_more_than_allowed_is_refused_before_it_is_unpacked(file_of, compression):
    data = ipc_bytes(pa.table({"x": [0.0] * 13_000}), options=pa.ipc.IpcWriteOptions(compression=compression))
    assert len(data) < 5000
    assert refusal(file_of(data)) == f"a batch of 104,000 bytes is {LIMIT}"
    claim = data.replace(struct.pack("<q", 104_000), struct.pack("<q", 2**62))
    assert refusal(file_of(claim)) == f"a batch of {2**62:,} bytes is {LIMIT}"


def test_a_column_of_nulls_takes_no_bytes_but_its_rows_count(file_of):
    data = ipc_bytes(pa.table({"x": pa.nulls(5)}))
    assert data.count(struct.pack("<q", 5)) == 3
    data = data.replace(struct.pack("<q", 5), struct.pack("<q", 2**40))
    assert refusal(file_of(data)) == f"a batch of 1,099,511,627,776 rows is {LIMIT}"


def test_dictionaries_may_not_be_larger_than_allowed_nor_grow_beyond_it_by_deltas(file_of):
    texts = [f"category {number}" * 10 for number in range(2000)]
    whole = pa.table({"x": pa.array(texts).dictionary_encode()})
    assert refusal(file_of(ipc_bytes(whole))).endswith(LIMIT)
    sink = pa.BufferOutputStream()
    type_ = pa.dictionary(pa.int32(), pa.string())
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_stream(sink, pa.schema([("x", type_)]), options=options) as writer:
        for end in range(100, 2001, 100):
            array = pa.DictionaryArray.from_arrays(pa.array([end - 1], pa.int32()), texts[:end])
            writer.write_batch(pa.record_batch({"x": array}))
    assert refusal(file_of(sink.getvalue().to_pybytes())).endswith(LIMIT)


def test_a_text_that_is_larger_than_a_batch_may_be_cannot_come(file_of):
    assert refusal(file_of(ipc_bytes(pa.table({"x": ["a" * 100_001]})))).endswith(LIMIT)
