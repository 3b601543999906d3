"""Parquet -> batches."""

import io

import pyarrow as pa
import pyarrow.parquet
import pytest

from streamrnn.streams import StreamError, open_source
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


def test_a_pipe_cannot_bring_parquet(pipe):
    pipe.write(parquet_bytes(TABLE))
    with pytest.raises(
        StreamError, match=r"Parquet cannot be read from a pipe or compressed; save it to a file first$"
    ):
        open_source(pipe.path)
