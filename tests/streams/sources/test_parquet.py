"""Parquet -> batches."""

import datetime
import io
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from streamrnn.streams import ReadOptions, StreamError, open_source
from streamrnn.streams.sources import parquet

TABLE = pa.table({"x": [1, None, 3], "name": ["a", "b", None], "time": pa.array([1, 2, 3], pa.timestamp("ms"))})


def parquet_bytes(table, **options):
    buffer = io.BytesIO()
    pa.parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


def test_columns_are_read_with_their_kinds(file_of, read_all):
    source = open_source(file_of(parquet_bytes(TABLE), "stream.parquet"))
    assert source.columns == {"x": "number", "name": "text", "time": "time"}
    rows, (batch,) = read_all(source, ["x"], ["name", "time"])
    assert [row["x"] for row in rows] == [1.0, None, 3.0]
    assert batch.table.column("name").to_pylist() == ["a", "b", None]
    assert batch.table.column("time").equals(TABLE["time"].combine_chunks())


def test_the_format_is_found_without_an_extension(file_of):
    assert open_source(file_of(parquet_bytes(TABLE), "stream")).format == "parquet"


def test_rows_come_in_bounded_batches_over_all_row_groups(file_of, read_all, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 100)
    data = parquet_bytes(pa.table({"x": range(1000)}), row_group_size=250)
    rows, batches = read_all(open_source(file_of(data, "stream.parquet")), ["x"])
    assert [row["x"] for row in rows] == list(range(1000))
    assert max(batch.table.num_rows for batch in batches) <= 100


@pytest.mark.parametrize("data", [parquet_bytes(TABLE)[:-20], parquet_bytes(TABLE)[:100], b"PAR1", b"time,load\n1,2\n"])
def test_a_file_that_is_cut_short_or_is_none_is_refused_in_words(file_of, data):
    with pytest.raises(StreamError, match=r"is not Parquet, or was cut short: "):
        open_source(file_of(data, "stream.parquet"))


def test_damage_within_a_page_is_an_error_that_tells_the_rows_before_it(file_of):
    data = bytearray(parquet_bytes(pa.table({"x": range(1000)}), use_dictionary=False, compression="zstd"))
    data[60:1000] = b"\x55" * 940
    batches = open_source(file_of(bytes(data), "stream.parquet")).batches(["x"], [])
    with pytest.raises(StreamError, match=r"the Parquet file is damaged after 0 rows: "):
        next(batches)


def test_text_that_is_not_utf_8_is_damage(file_of):
    offsets, characters = pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")
    text = pa.StringArray.from_buffers(1, offsets, characters)
    path = file_of(parquet_bytes(pa.table({"name": text})), "stream.parquet")
    with pytest.raises(StreamError, match=r"the Parquet file is damaged after 0 rows: .*UTF8"):
        next(open_source(path).batches([], ["name"]))


def test_a_pipe_cannot_bring_parquet(pipe):
    pipe.write(parquet_bytes(TABLE))
    with pytest.raises(
        StreamError, match=r"Parquet cannot be read from a pipe or compressed; save it to a file first$"
    ):
        open_source(pipe.path)


# --- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_keep_every_digit(file_of, read_all, unit, zone):
    times = pa.array([1_700_000_000, None, -1], pa.timestamp(unit, zone))
    source = open_source(file_of(parquet_bytes(pa.table({"time": times})), "stream.parquet"))
    assert source.columns == {"time": "time"}
    _, (batch,) = read_all(source, [], ["time"])
    assert batch.table["time"].cast(times.type).equals(times)


def test_times_of_the_old_type_int96_keep_every_nanosecond(file_of, read_all):
    times = pa.array([1_700_000_000_123_456_789, None, -1, 2**63 - 1, -(2**63) + 1], pa.timestamp("ns"))
    data = parquet_bytes(pa.table({"time": times}), use_deprecated_int96_timestamps=True)
    _, (batch,) = read_all(open_source(file_of(data, "stream.parquet")), [], ["time"])
    assert batch.table["time"].equals(times)


def test_times_of_the_old_type_int96_that_nanoseconds_cannot_hold_are_refused_in_words(file_of, read_all):
    times = pa.array([None, datetime.datetime(9999, 12, 31)], pa.timestamp("us"))
    table = pa.table({"x": [1, 2], "time": times})
    path = file_of(parquet_bytes(table, use_deprecated_int96_timestamps=True), "stream.parquet")
    with pytest.raises(StreamError) as error:
        next(open_source(path).batches(["x"], ["time"]))
    assert str(error.value) == (
        f"{path}: column 'time' holds times before 1677 or after 2262, which nanoseconds cannot hold; leave it out, or "
        "store it in microseconds"
    )
    assert [row["x"] for row in read_all(open_source(path), ["x"])[0]] == [1.0, 2.0]


@pytest.mark.parametrize("type_", [pa.decimal128(9, 2), pa.decimal256(60, 2), pa.float16(), pa.uint64(), pa.bool_()])
def test_every_kind_of_number_is_read(file_of, read_all, type_):
    numbers = pa.array([1, None, 0]).cast(pa.float64()).cast(type_)
    rows, _ = read_all(open_source(file_of(parquet_bytes(pa.table({"x": numbers})), "stream.parquet")), ["x"])
    assert [row["x"] for row in rows] == [1.0, None, 0.0]


@pytest.mark.parametrize(
    "type_", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
@pytest.mark.parametrize("use_dictionary", [True, False])
def test_text_is_a_plain_string_however_it_was_encoded(file_of, read_all, type_, use_dictionary):
    table = pa.table({"name": pa.array(["a", None, "b", "a"]).cast(type_)})
    source = open_source(file_of(parquet_bytes(table, use_dictionary=use_dictionary), "stream.parquet"))
    schema = source.schema([], ["name"])
    rows, (batch,) = read_all(source, [], ["name"])
    assert [row["name"] for row in rows] == ["a", None, "b", "a"]
    assert batch.table.schema == schema == pa.schema([("name", pa.string())])


@pytest.mark.parametrize("encoding", ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "PLAIN"])
def test_text_of_every_encoding_is_read(file_of, read_all, encoding):
    table = pa.table({"name": ["a", None, "ab", "a"], "kind": ["p", "q", "p", None]})
    data = parquet_bytes(table, use_dictionary=["kind"], column_encoding={"name": encoding})
    rows, _ = read_all(open_source(file_of(data, "stream.parquet")), [], ["name", "kind"])
    assert rows == table.to_pylist()


def test_a_column_with_a_dot_in_its_name_is_not_taken_for_a_part_of_another(file_of, read_all):
    table = pa.table({"a": [{"b": 7}, {"b": 8}], "a.b": [1, 2]})
    source = open_source(file_of(parquet_bytes(table), "stream.parquet"))
    assert source.columns == {"a.b": "number"}
    assert read_all(source, ["a.b"])[0] == [{"a.b": 1.0}, {"a.b": 2.0}]


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def memory():
    """What Arrow takes, at most, from here on."""
    default = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(default)
    pa.set_memory_pool(pool)
    yield pool
    pa.set_memory_pool(default)


def test_a_row_group_is_not_held_in_memory_as_a_whole(tmp_path, memory):
    path = tmp_path / "stream.parquet"
    table = pa.table({f"x{number}": np.arange(500_000) for number in range(4)})
    pa.parquet.write_table(table, path, compression="none", use_dictionary=False)
    before = memory.max_memory()
    tracemalloc.start()
    rows = 0
    for batch in open_source(str(path), options=ReadOptions(max_batch_bytes=4_000_000)).batches(table.column_names, []):
        rows += batch.arrivals
        del batch
    packed = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 500_000
    assert packed < table.nbytes // 16
    assert 0 < memory.max_memory() - before < table.nbytes // 2


def test_long_texts_are_read_in_small_batches(file_of, read_all):
    """By their average length as the index tells it, and by the longest that a dictionary repeats."""
    options = ReadOptions(max_batch_bytes=100_000)
    various = ["a", *(str(row) * 1000 for row in range(100, 200))]
    repeated = ["a" * 10_000] * 100
    for texts, use_dictionary in ((various, False), (repeated, True)):
        data = parquet_bytes(pa.table({"name": texts}), use_dictionary=use_dictionary)
        rows, batches = read_all(open_source(file_of(data, "stream.parquet"), options=options), [], ["name"])
        assert [row["name"] for row in rows] == texts
        assert max(batch.table.nbytes for batch in batches) < 110_000


def test_a_page_that_claims_to_be_huge_takes_no_memory(file_of, memory):
    data = parquet_bytes(pa.table({"x": np.arange(10)}), use_dictionary=False, compression="none")
    start, size = b"PAR1\x15\x00\x15\xac\x01\x15", b"\xac\x01"  # a page of data of 86 bytes, packed into 86
    assert data.startswith(start + size)
    huge = b"\x80\x80\x80\x80\x04"  # 2**29, by the same rule: seven bits a byte, the lowest for the sign
    path = file_of(start + huge + data[len(start + size) :], "stream.parquet")
    with pytest.raises(StreamError, match=r"the Parquet file is damaged after 0 rows: .*536870912"):
        next(open_source(path).batches(["x"], []))
    assert memory.max_memory() < 1_000_000


def test_rows_of_many_small_row_groups_are_all_read(file_of, read_all):
    table = pa.table({"x": range(200), "name": [f"name {row % 3}" for row in range(200)]})
    rows, _ = read_all(open_source(file_of(parquet_bytes(table, row_group_size=1), "a.parquet")), ["x"], ["name"])
    assert rows == table.to_pylist()
