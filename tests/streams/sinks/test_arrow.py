"""Rows -> Arrow IPC."""

import pyarrow as pa
import pyarrow.ipc
import pytest

from streamrnn.streams import StreamError, open_sink, open_source

TABLE = pa.table({"row": [0, 1], "load": [1.5, None], "key": ["a", None], "time": pa.array([1, 2], pa.timestamp("ns"))})


def test_a_file_is_an_ipc_file_with_every_row(tmp_path):
    path = tmp_path / "out.arrow"
    with open_sink(str(path), TABLE.schema) as sink:
        sink.write(TABLE.slice(0, 1))
        sink.write(TABLE.to_batches()[0].slice(1))
    assert pa.ipc.open_file(path).read_all() == TABLE
    assert [file.name for file in tmp_path.iterdir()] == ["out.arrow"]


def test_a_file_that_was_never_sealed_can_be_read_up_to_its_last_write(tmp_path, read_all):
    sink = open_sink(str(tmp_path / "out.arrow"), TABLE.schema)
    sink.write(TABLE)
    assert not (tmp_path / "out.arrow").exists()
    source = open_source(str(tmp_path / "out.arrow.partial"), format="arrow")
    assert [row["row"] for row in read_all(source, ["row"])[0]] == [0.0, 1.0]
    assert "was cut short after 2 rows" in source.warnings[0]
    sink.close()


def test_a_stream_is_a_stream_and_each_write_is_with_the_system_when_it_returns(tmp_path):
    path = tmp_path / "out.arrows"
    sink = open_sink(str(path), TABLE.schema)
    sink.write(TABLE)
    assert pa.ipc.open_stream(path.read_bytes()).read_all() == TABLE
    sink.close()
    assert pa.ipc.open_stream(path.read_bytes()).read_all() == TABLE
    assert path.read_bytes().endswith(b"\xff\xff\xff\xff\0\0\0\0")


def test_the_metadata_of_the_schema_is_kept(tmp_path):
    schema = TABLE.schema.with_metadata({"streamrnn": "{}"})
    with open_sink(str(tmp_path / "out.arrow"), schema) as sink:
        sink.write(TABLE)
    assert pa.ipc.open_file(tmp_path / "out.arrow").schema.metadata == {b"streamrnn": b"{}"}


def test_an_output_without_rows_is_a_valid_file(tmp_path):
    open_sink(str(tmp_path / "out.arrow"), TABLE.schema).close()
    assert pa.ipc.open_file(tmp_path / "out.arrow").read_all() == TABLE.slice(0, 0)


def test_what_a_killed_run_left_is_not_overwritten_unasked(tmp_path):
    (tmp_path / "out.arrow.partial").write_bytes(b"rows")
    with pytest.raises(StreamError, match=r"out\.arrow\.partial exists already"):
        open_sink(str(tmp_path / "out.arrow"), TABLE.schema)
    assert (tmp_path / "out.arrow.partial").read_bytes() == b"rows"
    open_sink(str(tmp_path / "out.arrow"), TABLE.schema, overwrite=True).close()
    assert pa.ipc.open_file(tmp_path / "out.arrow").num_record_batches == 0


def test_closing_twice_is_closing_once(tmp_path):
    sink = open_sink(str(tmp_path / "out.arrow"), TABLE.schema)
    sink.write(TABLE)
    sink.close()
    sink.close()
    assert pa.ipc.open_file(tmp_path / "out.arrow").read_all() == TABLE
