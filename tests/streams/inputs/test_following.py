"""Files that grow: nothing is missed, taken twice or glued together."""

import gzip
import os
import signal

import pyarrow as pa
import pyarrow.parquet
import pytest

from streamrnn.streams import ReadOptions, StreamError, open_source
from streamrnn.streams.inputs.input import Input

FOLLOW = ReadOptions(follow=True)
NEW_FILE = "is another file now: reading it from its start"
TRUNCATED = "was truncated: reading it from its start"


def test_what_is_appended_is_delivered(log_of):
    log = log_of(b"one\n")
    assert log.read(4) == b"one\n"
    log.append(b"tw")
    assert log.read(2) == b"tw"
    log.append(b"o\nthree\n")
    assert log.read(8) == b"o\nthree\n"
    assert log.told == []


def test_an_empty_file_is_waited_for(log_of):
    log = log_of(b"")
    log.append(b"one\n")
    assert log.read(4) == b"one\n"


def test_a_truncated_file_is_read_from_its_start_again(log_of):
    log = log_of(b"one\ntwo\n")
    assert log.read(8) == b"one\ntwo\n"
    os.truncate(log.path, 0)
    log.append(b"six\n")
    assert log.read(4) == b"six\n"
    assert log.told == [TRUNCATED]


@pytest.mark.parametrize("again", [b"ten\n", b"ten\nsix\n", b"ten\nsix\nnine\n"], ids=["shorter", "as long", "longer"])
def test_a_file_that_was_rewritten_at_once_is_read_from_its_start_again(log_of, again):
    log = log_of(b"one\ntwo\n")
    assert log.read(8) == b"one\ntwo\n"
    log.path.write_bytes(again)
    assert log.read(len(again)) == again
    assert log.told == [TRUNCATED]


def test_a_file_longer_than_the_bytes_that_are_compared_may_be_rewritten_too(log_of):
    log = log_of(b"1" * 3000 + b"\n")
    assert log.read(3001) == b"1" * 3000 + b"\n"
    log.append(b"2" * 500 + b"\n")
    assert log.read(501) == b"2" * 500 + b"\n"
    log.path.write_bytes(b"3" * 5000 + b"\n")
    assert log.read(5001) == b"3" * 5000 + b"\n"


def test_a_hole_left_by_a_writer_that_goes_on_at_its_old_place_is_no_data(log_of):
    log = log_of(b"")
    with open(log.path, "wb", buffering=0) as writer:
        writer.write(b"one\n" * 100_000)
        assert log.read(400_000) == b"one\n" * 100_000
        os.truncate(log.path, 0)
        writer.write(b"two\n")
        assert log.read(4) == b"two\n"
        writer.write(b"\0\n")
        assert log.read(2) == b"\0\n"


@pytest.mark.parametrize("change", ["rotated", "truncated"])
def test_a_half_last_line_is_not_glued_to_the_first_line_of_the_new_file(log_of, change):
    log = log_of(b"one\ntwo")
    assert log.read(7) == b"one\ntwo"
    if change == "rotated":
        log.replace(b"three\n")
    else:
        os.truncate(log.path, 0)
        assert log.read(1) == b"\n", "the half line is held back"
        log.append(b"\nthree\n")
    assert log.read(7)[-7:] == b"\nthree\n"


def test_waiting_is_broken_off_by_a_signal_whose_handler_raises(log_of):
    class StoppedError(Exception): ...

    def stop(*_):
        raise StoppedError

    log = log_of(b"")
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(StoppedError):
            log.stream.read()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_waiting_goes_on_after_a_signal_whose_handler_returns(log_of):
    log = log_of(b"")
    before = signal.signal(signal.SIGALRM, lambda *_: log.append(b"written by the handler\n"))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert log.stream.read() == b"written by the handler\n"
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_pipe_is_read_as_ever(pipe, promptly):
    stream = Input(pipe.path, follow=True)
    pipe.write(b"one\n")
    pipe.end()
    assert promptly(lambda: stream.read_fully(100)) == b"one\n"


def test_stdin_that_is_a_file_is_followed_from_where_it_stands(start_python, tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"before\none\n")
    code = (
        "from streamrnn.streams.inputs.input import Input\n"
        "stream = Input('-', follow=True)\n"
        "while (data := stream.read()) != b'end\\n':\n"
        "    print(data.decode().strip(), flush=True)\n"
        "print(stream.warnings)"
    )
    with open(path, "rb") as stdin:
        stdin.seek(len(b"before\n"))
        child = start_python(code, stdin=stdin)
    assert child.stdout.readline() == "one\n"
    path.write_bytes(b"two\n")
    assert child.stdout.readline() == "two\n"
    path.rename(tmp_path / "log.1")
    (tmp_path / "log").write_bytes(b"of another file\n")
    with open(tmp_path / "log.1", "ab") as file:
        file.write(b"end\n")
    assert child.communicate(timeout=30)[0] == "['stdin was truncated: reading it from its start']\n"


def test_a_file_must_be_there_at_the_start(tmp_path):
    with pytest.raises(
        StreamError, match=r"log does not exist; only a file that is there at the start can be followed$"
    ):
        Input(str(tmp_path / "log"), follow=True)


def test_compressed_files_and_parquet_cannot_be_followed(file_of, tmp_path):
    with pytest.raises(
        StreamError, match=r"a\.csv\.gz is compressed: it cannot be followed; follow the file that it was made of$"
    ):
        open_source(file_of(gzip.compress(b"x\n1\n"), "a.csv.gz"), options=FOLLOW)
    pyarrow.parquet.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    with pytest.raises(StreamError, match=r"a\.parquet: a Parquet file cannot be followed: it does not grow$"):
        open_source(str(tmp_path / "a.parquet"), options=FOLLOW)


@pytest.mark.parametrize(("header", "row"), [(b"x\n", b"%d\n"), (b"", b'{"x":%d}\n')], ids=["csv", "ndjson"])
def test_the_rows_of_a_text_file_go_on_in_the_next_one(file_of, tmp_path, promptly, header, row):
    source = open_source(file_of(header + row % 1, "log"), options=FOLLOW)
    batches = source.batches(["x"], [])
    assert promptly(lambda: next(batches)).table.to_pydict() == {"x": [1.0]}
    (tmp_path / "next").write_bytes(row % 2)
    (tmp_path / "next").rename(tmp_path / "log")
    assert promptly(lambda: next(batches)).table.to_pydict() == {"x": [2.0]}
    assert [warning.partition(" ")[2] for warning in source.warnings] == [NEW_FILE]
    source.close()


def test_an_arrow_stream_grows_and_ends_with_its_file(tmp_path, promptly):
    path = tmp_path / "log.arrows"
    schema = pa.schema([("x", pa.int64())])
    with open(path, "wb", buffering=0) as file, pa.ipc.new_stream(file, schema) as writer:
        writer.write_batch(pa.record_batch([[1]], schema=schema))
        source = promptly(lambda: open_source(str(path), options=FOLLOW))
        batches = source.batches(["x"], [])
        assert promptly(lambda: next(batches)).table.to_pydict() == {"x": [1]}
        writer.write_batch(pa.record_batch([[2]], schema=schema))
        assert promptly(lambda: next(batches)).table.to_pydict() == {"x": [2]}
        os.replace(path, tmp_path / "old")
        with pa.ipc.new_stream(str(path), schema) as other:
            other.write_batch(pa.record_batch([[3]], schema=schema))
        assert promptly(lambda: list(batches)) == []
    assert source.ended_early
    told = "is another file now: the rows end here; start again to read it as it is now"
    assert source.warnings[0] == f"{path} {told}"
    source.close()
