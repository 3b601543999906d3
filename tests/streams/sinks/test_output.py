"""Where rows go: files, pipes, full disks, readers that have gone."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading

import pyarrow as pa
import pytest

from streamrnn.streams import StreamError, open_sink
from streamrnn.streams.sinks import output as output_module
from streamrnn.streams.sinks import written_format
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


@pytest.mark.parametrize("name", ["out", "out.txt", "out.parquet", "out.csv.xz"])
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


@pytest.mark.parametrize("blocks", [True, False])
def test_a_slow_reader_of_a_pipe_gets_every_byte(pipe, promptly, blocks):
    output = Output(f"/dev/fd/{pipe.write_end}", overwrite=False)
    os.set_blocking(output._descriptor, blocks)
    data = bytes(range(256)) * 4096
    writer = threading.Thread(target=output.write, args=(data,), daemon=True)
    writer.start()
    received = bytearray()
    while len(received) < len(data):
        received += promptly(lambda: os.read(pipe.read_end, 10_000))
    writer.join(30)
    assert received == data
    assert output.position == len(data)


def test_a_full_pipe_that_does_not_block_is_waited_for_without_asking_again_and_again(pipe, monkeypatch):
    output = Output(f"/dev/fd/{pipe.write_end}", overwrite=False)
    os.set_blocking(output._descriptor, False)
    waits = []

    def read_everything(descriptor):
        waits.append(len(os.read(pipe.read_end, 1 << 20)))

    monkeypatch.setattr(output_module, "wait_until_writable", read_everything)
    output.write(bytes(1_000_000))
    assert len(waits) <= 1_000_000 // min(waits)
    assert sum(waits) + len(os.read(pipe.read_end, 1 << 20)) == 1_000_000


def test_a_reader_that_goes_while_it_is_waited_for_is_a_broken_pipe(monkeypatch):
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    output = Output(f"/dev/fd/{write_end}", overwrite=False)
    os.set_blocking(output._descriptor, False)
    wait = output_module.wait_until_writable

    def go_then_wait(descriptor):
        os.close(read_end)
        wait(descriptor)

    monkeypatch.setattr(output_module, "wait_until_writable", go_then_wait)
    with pytest.raises(BrokenPipeError):
        output.write(bytes(1_000_000))
    output.close()
    os.close(write_end)


def test_a_write_goes_on_after_a_signal(pipe):
    output = Output(f"/dev/fd/{pipe.write_end}", overwrite=False)
    os.set_blocking(pipe.read_end, False)
    data, received = bytes(range(256)) * 1000, bytearray()

    def make_room(*_):
        with contextlib.suppress(BlockingIOError):
            received.extend(os.read(pipe.read_end, 1 << 20))

    before = signal.signal(signal.SIGALRM, make_room)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        output.write(data)  # more than the pipe holds
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    make_room()
    assert received == data


@pytest.mark.parametrize("path", ["-", "/dev/fd/1", "/dev/stdout"])
def test_a_socket_takes_rows_until_its_reader_goes(run_python, path):
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    code = f"""
from streamrnn.streams.sinks.output import Output
output = Output({path!r}, overwrite=False)
output.write(b"one\\n")
input()
try:
    output.write(b"two\\n")
except BrokenPipeError:
    raise SystemExit(7)
"""
    read_end, write_end = os.pipe()
    results = []
    child = threading.Thread(
        target=lambda: results.append(run_python(code, stdin=read_end, stdout=theirs.fileno())), daemon=True
    )
    with ours, theirs:
        child.start()
        assert ours.recv(100) == b"one\n"
    os.write(write_end, b"\n")
    child.join(30)
    os.close(read_end)
    os.close(write_end)
    assert results[0].returncode == 7, results[0].stderr


def test_a_reader_that_resets_its_connection_has_gone():
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    with ours, theirs, listener:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing it is a reset
        output = Output(f"/dev/fd/{ours.fileno()}", overwrite=False)
        theirs.close()
        with pytest.raises(BrokenPipeError):
            output.write(b"row\n")
        output.close()


def test_a_closed_stdout_is_told_before_anything_is_read(run_python):
    code = "import os; os.close(1)\nfrom streamrnn.streams.sinks.output import Output\nOutput('-', False)"
    assert run_python(code).stderr.endswith("StreamError: stdout is closed\n")


def test_no_file_takes_the_place_of_a_closed_standard_descriptor(run_python, tmp_path):
    code = f"""
import os
from streamrnn.streams.sinks.output import Output
os.close(0)
os.close(1)
output = Output({str(tmp_path / "out")!r}, overwrite=False)
os.write(2, str(output._descriptor > 2).encode())
"""
    assert run_python(code).stderr == "True"


def test_a_file_that_may_not_grow_keeps_what_was_written_and_the_rest_is_an_error(run_python, tmp_path):
    code = f"""
import resource
from streamrnn.streams import StreamError
from streamrnn.streams.sinks.output import Output
output = Output({str(tmp_path / "out")!r}, overwrite=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    output.write(b"row\\n" * 5000)
except StreamError as error:
    print(output.position, error)
"""
    assert run_python(code).stdout == f"10000 cannot write {tmp_path / 'out'}: File too large\n"
    assert (tmp_path / "out").read_bytes() == b"row\n" * 2500


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_directory_is_not_written_to(tmp_path, overwrite):
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(StreamError, match=r"out\.csv is a directory: name a file in it$"):
        open_sink(str(tmp_path / "out.csv"), TABLE.schema, overwrite=overwrite)


@pytest.mark.parametrize(
    ("name", "format", "command"),
    [
        ("out.csv.gz", None, "--output-format csv | gzip"),
        ("out.ndjson.zst", "csv", "--output-format csv | zstd"),
        ("out.GZ", None, "--output-format ndjson | gzip"),
        ("out.parquet.gz", None, "--output-format ndjson | gzip"),
    ],
)
def test_compressed_output_is_refused_with_the_command_that_writes_it(tmp_path, name, format, command):
    path = str(tmp_path / name)
    with pytest.raises(StreamError) as error:
        open_sink(path, TABLE.schema, format=format)
    assert str(error.value) == f"{path}: compressed output is not written; pipe it: ... {command} > {path}"
    assert list(tmp_path.iterdir()) == []


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


@pytest.mark.parametrize(
    ("path", "format"),
    [("-", "ndjson"), ("/dev/null", "ndjson"), ("out.csv", "csv"), ("out", None), ("out.txt", None)],
)
def test_the_format_is_told_by_the_name_and_is_ndjson_where_there_is_no_file(path, format):
    assert written_format(path) == format
