"""`streamrnn run`: readers that go, and signals that come."""

import array
import fcntl
import io
import signal
import termios

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from commands import PATIENCE, SMALL, csv_of

from streamrnn import Learner

RUN = ("run", *SMALL)


def test_a_reader_that_has_gone_is_exit_code_141_without_a_word(process, csv):
    running = process(*RUN, csv, "--quiet")
    running.stdout.close()
    assert running.wait(PATIENCE) == 141
    assert running.stderr.read() == b""


def test_a_live_stream_is_saved_when_the_reader_has_gone(process, tmp_path):
    running = process(*RUN, "-m", tmp_path / "model", "--quiet")
    running.stdin.write(csv_of(3))
    for _ in range(3):
        running.stdout.readline()
    running.stdout.close()
    running.stdin.write(csv_of(2, start=3).partition(b"\n")[2])
    assert running.wait(PATIENCE) == 141
    assert Learner.load(tmp_path / "model").rows in (4, 5)  # two rows at once, or one, if the machine is slow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_waiting_run_with_everything_saved(process, tmp_path, number):
    running = process(*RUN, "-m", tmp_path / "model")
    running.stdin.write(csv_of(3))
    records = [running.stdout.readline() for _ in range(3)]
    running.send_signal(number)
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out, len(records)) == (128 + number, b"", 3)
    assert b"; stopped by a signal\n" in err
    assert b"Traceback" not in err
    assert Learner.load(tmp_path / "model").rows == 3


def test_a_signal_ends_a_busy_run_and_the_next_one_goes_on_without_a_gap(process, streamrnn, tmp_path):
    source, whole = tmp_path / "long.csv", tmp_path / "whole.csv"
    source.write_bytes(csv_of(60_000))
    options = ("run", source, "--hidden", 24, "--window", 24, "--quiet")
    running = process(*options, "-o", tmp_path / "out.csv", "-m", tmp_path / "model")
    while not (tmp_path / "out.csv").exists():
        assert running.poll() is None
    while (tmp_path / "out.csv").stat().st_size < 10_000:
        assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE) == 143
    assert 0 < Learner.load(tmp_path / "model").rows < 60_000
    streamrnn(*options, "-o", tmp_path / "out.csv", "-m", tmp_path / "model")
    streamrnn(*options, "-o", whole)
    assert (tmp_path / "out.csv").read_bytes() == whole.read_bytes()


def test_an_arrow_pipe_can_be_interrupted(process, table, tmp_path):
    buffer = io.BytesIO()
    writer = pa.ipc.new_stream(buffer, table.schema)
    writer.write_table(table)
    running = process(*RUN, "-", "-m", tmp_path / "model", "--output-format", "ndjson", "--quiet")
    running.stdin.write(buffer.getvalue())
    for _ in range(60):
        running.stdout.readline()
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=PATIENCE)[1] == b""
    assert running.returncode == 130
    assert Learner.load(tmp_path / "model").rows == 60


def test_a_signal_that_is_ignored_where_a_run_begins_stays_ignored(process):
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import streamrnn_cli.__main__"
    running = process(*RUN, "--quiet", command=("-c", ignoring))
    running.stdin.write(csv_of(3))
    for _ in range(3):
        running.stdout.readline()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(csv_of(2, start=3).partition(b"\n")[2], timeout=PATIENCE)
    assert (running.returncode, out.count(b"\n"), err) == (0, 2, b"")


def unread(pipe):
    """How many bytes the process at the other end has still to read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def test_an_interrupt_before_the_first_row_ends_without_a_word(process):
    running = process("run")
    running.stdin.write(b"time,lo")
    while unread(running.stdin):  # as long as it is not there to hear a signal
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out, err.strip()) == (130, b"", b"")
