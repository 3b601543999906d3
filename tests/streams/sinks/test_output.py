"""Where rows go: files, pipes, full disks, readers that have gone."""

import os
import subprocess
import sys
import threading

import pyarrow as pa
import pytest

from streamrnn.streams import StreamError, open_sink
from streamrnn.streams.sinks.output import Output

TABLE = pa.table({"x": [1.0, 2.0]})
FORMATS = ["csv", "ndjson", "arrow"]


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.arrow", "out.arrows"])
def test_an_existing_file_is_replaced_only_when_asked(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"precious")
    with pytest.raises(
        StreamError, match=f"{name} exists already: choose another name, or replace it with --overwrite$"
    ):
        open_sink(str(path), TABLE.schema)
    assert path.read_bytes() == b"precious"
    with open_sink(str(path), TABLE.schema, overwrite=True) as sink:
        sink.write(TABLE)
    assert b"precious" not in path.read_bytes()


def test_the_format_follows_from_the_extension_unless_it_is_named(tmp_path):
    assert open_sink(str(tmp_path / "a.jsonl"), TABLE.schema).format == "ndjson"
    assert open_sink(str(tmp_path / "b.jsonl"), TABLE.schema, format="csv").format == "csv"
    assert open_sink("-", TABLE.schema).format == "ndjson"


@pytest.mark.parametrize("name", ["out", "out.txt", "out.parquet", "out.csv.gz"])
def test_a_name_that_tells_no_format_is_refused_and_nothing_is_made(tmp_path, name):
    with pytest.raises(StreamError, match=r"choose one of arrow, csv, ndjson$"):
        open_sink(str(tmp_path / name), TABLE.schema)
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(StreamError, match=r"cannot write the format 'parquet': choose one of arrow, csv, ndjson$"):
        open_sink(str(tmp_path / "out"), TABLE.schema, format="parquet")


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(StreamError, match=r"^cannot write .*nowhere/out\.csv: No such file or directory$"):
        open_sink(str(tmp_path / "nowhere" / "out.csv"), TABLE.schema)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_is_an_error_in_words(format):
    with pytest.raises(StreamError, match=r"^cannot write /dev/full: No space left on device$"):
        open_sink("/dev/full", TABLE.schema, format=format).write(TABLE)


@pytest.mark.parametrize("format", FORMATS)
def test_a_reader_that_has_gone_is_a_broken_pipe(pipe, format):
    sink = open_sink(f"/dev/fd/{pipe.write_end}", TABLE.schema, format=format)
    os.dup2(pipe.write_end, pipe.read_end)  # now nobody reads
    with pytest.raises(BrokenPipeError):
        sink.write(TABLE)


def test_a_named_pipe_is_written_without_being_asked_to_overwrite(tmp_path):
    path = str(tmp_path / "fifo.csv")
    os.mkfifo(path)
    received = []

    def read():
        with open(path, "rb") as file:
            received.append(file.read())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with open_sink(path, TABLE.schema) as sink:
        sink.write(TABLE)
    reader.join(30)
    assert received == [b"x\n1.0\n2.0\n"]


def test_a_slow_reader_of_a_non_blocking_pipe_gets_every_byte(pipe, promptly):
    os.set_blocking(pipe.write_end, False)
    output = Output(f"/dev/fd/{pipe.write_end}", overwrite=False)
    os.set_blocking(output._descriptor, False)
    data = bytes(range(256)) * 4096
    writer = threading.Thread(target=output.write, args=(data,), daemon=True)
    writer.start()
    received = bytearray()
    while len(received) < len(data):
        received += promptly(lambda: os.read(pipe.read_end, 10_000))
    writer.join(30)
    assert received == data


@pytest.mark.parametrize("format", FORMATS)
def test_stdout_takes_the_rows_and_nothing_else_and_stays_open(format):
    code = f"""
import os, pyarrow
from streamrnn.streams import open_sink
table = pyarrow.table({{"x": [1.0, 2.0]}})
with open_sink("-", table.schema, format={format!r}) as sink:
    sink.write(table)
os.write(1, b"still open")
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    output = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout
    rows, _, rest = output.partition(b"still open")
    assert rest == b""
    if format == "arrow":
        assert pa.ipc.open_stream(rows).read_all() == TABLE
    else:
        assert rows == {"csv": b"x\n1.0\n2.0\n", "ndjson": b'{"x":1.0}\n{"x":2.0}\n'}[format]
