"""`streamrnn replay`: readers that go, signals that come, and streams that are live."""

import io
import signal

import pyarrow as pa
import pyarrow.ipc
import pytest
from commands import PATIENCE, csv_of

LONG_PAUSE = b"time,x\n2024-01-01T00:00:00,1\n2024-01-01T00:00:00,2\n2024-01-01T09:00:00,3\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_pause(process, tmp_path, number):
    (tmp_path / "x.csv").write_bytes(LONG_PAUSE)
    running = process("replay", tmp_path / "x.csv")
    lines = [running.stdout.readline() for _ in range(3)]
    while b"9.0 hours" not in running.stderr.readline():
        assert running.poll() is None
    running.send_signal(number)
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out) == (128 + number, b"")
    assert b"".join(lines) == b"".join(LONG_PAUSE.splitlines(keepends=True)[:3])
    assert b"2 rows in " in err
    assert b"; stopped by a signal\n" in err


def test_an_interrupted_arrow_stream_is_whole(process, tmp_path):
    (tmp_path / "x.csv").write_bytes(LONG_PAUSE)
    running = process("replay", tmp_path / "x.csv", "--output-format", "arrow")
    while b"9.0 hours" not in running.stderr.readline():
        assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 143
    assert pa.ipc.open_stream(io.BytesIO(out)).read_all().to_pydict()["x"] == [1.0, 2.0]
    assert out.endswith(b"\xff\xff\xff\xff\0\0\0\0")


def test_a_signal_ends_the_waiting_for_an_arrow_stream(process):
    table = pa.table({"x": range(5)})
    running = process("replay", "-", "--rate", 100_000, "--output-format", "csv", "--quiet")
    stream = io.BytesIO()
    writer = pa.ipc.new_stream(stream, table.schema)
    writer.write_table(table)
    running.stdin.write(stream.getvalue())  # without its end
    for _ in range(1 + 5):
        assert running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    assert running.communicate(timeout=PATIENCE) == (b"", b"")
    assert running.returncode == 143


def test_a_reader_that_has_gone_is_exit_code_141_without_a_word(process, tmp_path):
    (tmp_path / "x.csv").write_bytes(csv_of(999))
    running = process("replay", tmp_path / "x.csv", "--rate", 1000)
    running.stdout.readline()
    running.stdout.close()
    assert running.wait(PATIENCE) == 141
    assert running.stderr.read() == b""


def test_a_live_stream_is_passed_on_row_by_row(process):
    running = process("replay", "-", "--rate", 100)
    running.stdin.write(b"x\n1\n")
    assert [running.stdout.readline() for _ in range(2)] == [b"x\n", b"1\n"]
    running.stdin.write(b"2\n")
    assert running.stdout.readline() == b"2\n"
    assert running.communicate(timeout=PATIENCE)[0] == b""
    assert running.returncode == 0
