"""Rows -> Arrow IPC."""

import errno
import os

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

from streamrnn import files
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


# --- batches ----------------------------------------------------------------------------------------------------------

KINDS = {
    "x": pa.array(np.array([1.5, 2.5, 3.0, 4.0]), mask=np.array([False, True, False, False])),  # which hides a number
    "flag": pa.array([True, None, False, True]),
    "key": pa.array(["a", "bc", None, ""]),
    "category": pa.array(["a", "b", None, "b"]).dictionary_encode(),
    "view": pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0]), pa.array(["a", "b"], pa.string_view())),
    "number": pa.array([5, 7, None, 7]).dictionary_encode(),
}


@pytest.mark.parametrize("name", ["out.arrow", "out.arrows"])
def test_each_write_of_a_table_in_one_piece_is_one_batch(tmp_path, name):
    path = tmp_path / name
    table = pa.table(KINDS)
    with open_sink(str(path), table.schema) as sink:
        for start, rows in ((0, 3), (3, 1), (0, 4)):
            sink.write(table.slice(start, rows))
        sink.write(table.slice(0, 0))
    reader = (pa.ipc.open_file if name == "out.arrow" else pa.ipc.open_stream)(pa.memory_map(str(path)))
    batches = reader.read_all().to_batches()
    assert [batch.num_rows for batch in batches] == [3, 1, 4]
    assert batches[2].to_pylist() == table.to_pylist()


def test_categories_are_written_as_their_values(tmp_path):
    table = pa.table(KINDS)
    with open_sink(str(tmp_path / "out.arrows"), table.schema) as sink:
        sink.write(table)
    schema = pa.ipc.open_stream((tmp_path / "out.arrows").read_bytes()).schema
    assert [str(schema.field(name).type) for name in ("category", "view", "number")] == ["string", "string", "int64"]


def test_equal_rows_give_equal_bytes_however_they_were_put_together(tmp_path):
    whole = pa.concat_tables([pa.table(KINDS).drop_columns(["view"])] * 5).combine_chunks()
    pieces = [
        whole.slice(4, 11),
        pa.concat_tables([whole.slice(4, 3), whole.slice(7, 8)]).combine_chunks(),
        pa.Table.from_pylist(whole.slice(4, 11).to_pylist(), whole.schema),
        whole.take(list(range(4, 15))),
        pa.concat_tables([whole, whole]).combine_chunks().slice(24, 11),
    ]
    written = set()
    for number, piece in enumerate(pieces):
        path = tmp_path / f"{number}.arrows"
        with open_sink(str(path), whole.schema) as sink:
            sink.write(piece)
        written.add(path.read_bytes())
    assert len(written) == 1


@pytest.mark.parametrize("written", [1, 2, 3])
def test_a_sealed_file_that_is_gone_on_with_is_the_file_of_one_go(tmp_path, written):
    table = pa.table(KINDS)
    with open_sink(str(tmp_path / "whole.arrow"), table.schema) as sink:
        for row in range(4):
            sink.write(table.slice(row, 1))
    sink = open_sink(str(tmp_path / "parts.arrow"), table.schema)
    for row in range(written):
        sink.write(table.slice(row, 1))
    position = sink.position
    sink.write(table)  # which the one that goes on does not know of
    sink.close()
    with open_sink(str(tmp_path / "parts.arrow"), table.schema, position=position) as sink:
        for row in range(written, 4):
            sink.write(table.slice(row, 1))
    assert (tmp_path / "parts.arrow").read_bytes() == (tmp_path / "whole.arrow").read_bytes()


# --- sealing ----------------------------------------------------------------------------------------------------------


def test_a_disk_that_is_full_while_a_file_is_sealed_leaves_every_row_in_the_partial_file(tmp_path, monkeypatch):
    write = files.write

    def write_until_full(descriptor, data):
        sealing = tmp_path / "out.arrow.sealing"
        if sealing.exists() and os.path.samestat(sealing.stat(), os.fstat(descriptor)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    sink = open_sink(str(tmp_path / "out.arrow"), TABLE.schema)
    sink.write(TABLE)
    monkeypatch.setattr(files, "write", write_until_full)
    with pytest.raises(StreamError) as error:
        sink.close()
    path = tmp_path / "out.arrow"
    assert str(error.value) == (
        f"{path}.partial holds every row, but is no file yet: cannot write {path}.sealing: No space left on device"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["out.arrow.partial"]
    assert pa.ipc.open_stream((tmp_path / "out.arrow.partial").read_bytes()).read_all() == TABLE


def test_sealing_holds_one_batch_at_a_time(tmp_path):
    table = pa.table({"x": [1.0] * 100_000})
    sink = open_sink(str(tmp_path / "out.arrow"), table.schema)
    for _ in range(50):
        sink.write(table)
    default = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(default)
    pa.set_memory_pool(pool)
    try:
        sink.close()
    finally:
        pa.set_memory_pool(default)
    assert 0 < pool.max_memory() < 3 * table.nbytes
    assert pa.ipc.open_file(tmp_path / "out.arrow").num_record_batches == 50
