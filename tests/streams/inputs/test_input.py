"""Bytes in, from whatever stands behind a descriptor."""

import os
import pty
import select
import signal
import socket
import struct
import sys
import threading
import tty

import pytest

from streamrnn.streams import StreamError
from streamrnn.streams.inputs.input import Input

READ_STDIN = """
from streamrnn.streams.inputs.input import Input
stream = Input({!r})
print(stream.name, stream.read_fully(1000))
"""


# --- looking ahead, and reading ---------------------------------------------------------------------------------------


def test_what_was_looked_at_stays_to_be_read(file_of):
    stream = Input(file_of(b"0123456789"))
    assert stream.peek(4) == b"0123"
    assert stream.read(2) == b"01"
    assert stream.peek(4) == b"2345"
    assert stream.read_fully(100) == b"23456789"
    assert stream.read() == b""


def test_a_look_at_a_live_pipe_does_not_wait_beyond_a_line(pipe, promptly):
    stream = Input(pipe.path)
    pipe.write(b"a")
    pipe.write(b"b\n")
    assert promptly(lambda: stream.peek(100)) == b"ab\n"


def test_a_look_at_a_live_pipe_does_not_stop_at_a_blank_line(pipe, promptly):
    stream = Input(pipe.path)
    pipe.write(b"\n")
    seen = []
    looking = threading.Thread(target=lambda: seen.append(stream.peek(100)), daemon=True)
    looking.start()
    pipe.write(b"a")
    looking.join(30)
    assert seen == [b"\na"]


def test_a_full_read_of_a_pipe_joins_what_comes_in_pieces(pipe, promptly):
    stream = Input(pipe.path)
    pipe.write(b"ab")
    assert stream.peek(2) == b"ab"
    pipe.write(b"cdef")
    assert promptly(lambda: stream.read_fully(5)) == b"abcde"


@pytest.mark.parametrize("way", ["peek", "read_fully"])
def test_a_million_reads_of_one_byte_cost_no_more_than_each_of_them(file_of, promptly, way):
    stream = Input(file_of(b""))
    stream._read = lambda size: b"x"
    assert len(promptly(lambda: getattr(stream, way)(1_000_000))) == 1_000_000


def test_small_reads_behind_a_look_cost_no_more_than_each_of_them(file_of, promptly):
    stream = Input(file_of(b"x" * 250_000))
    assert len(stream.peek(8)) == 8
    assert promptly(lambda: sum(len(stream.read(1)) for _ in range(250_000))) == 250_000


# --- descriptors that do not wait, and signals ------------------------------------------------------------------------


def test_a_pipe_that_somebody_made_non_blocking_is_waited_for(pipe, monkeypatch):
    stream = Input(pipe.path)
    os.set_blocking(stream.descriptor, False)
    poll = select.poll

    def write_then_poll():
        pipe.write(b"late")
        return poll()

    monkeypatch.setattr(select, "poll", write_then_poll)
    assert stream.read() == b"late"
    monkeypatch.setattr(select, "poll", lambda: pipe.end() or poll())
    assert stream.read() == b""


@pytest.mark.parametrize("blocks", [True, False])
def test_reading_goes_on_after_a_signal(pipe, blocks):
    stream = Input(pipe.path)
    os.set_blocking(stream.descriptor, blocks)
    before = signal.signal(signal.SIGALRM, lambda *_: pipe.write(b"written by the handler"))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert stream.read() == b"written by the handler"
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("blocks", [True, False])
def test_reading_is_broken_off_by_a_signal_whose_handler_raises(pipe, blocks):
    class StoppedError(Exception): ...

    def stop(*_):
        raise StoppedError

    stream = Input(pipe.path)
    os.set_blocking(stream.descriptor, blocks)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(StoppedError):
            stream.read()
    finally:
        signal.signal(signal.SIGALRM, before)


# --- what can be read -------------------------------------------------------------------------------------------------


def test_a_terminal_is_read_line_by_line_until_its_end_is_typed(promptly):
    keyboard, terminal = pty.openpty()
    stream = Input(os.ttyname(terminal))
    os.write(keyboard, b"x,y\n")
    assert promptly(stream.read) == b"x,y\n"
    os.write(keyboard, b"1,2\n\x04")  # Ctrl-D
    assert promptly(stream.read) == b"1,2\n"
    assert promptly(stream.read) == b""
    stream.close()
    os.close(terminal)
    os.close(keyboard)


def test_a_named_pipe_is_opened_before_its_writer_comes(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    received = []

    def read():
        stream = Input(str(path))
        received.append(stream.read_fully(100))
        stream.close()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with open(path, "wb") as file:
        file.write(b"one\n")
    reader.join(30)
    assert received == [b"one\n"]


@pytest.mark.parametrize("path", ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
@pytest.mark.parametrize("kind", ["file", "pipe", "socket"])
def test_stdin_may_be_anything_and_have_any_name(run_python, tmp_path, path, kind):
    if path.startswith("/proc") and not os.path.exists("/proc/self/fd"):
        pytest.skip("the system has no /proc")
    if kind == "file":
        (tmp_path / "rows").write_bytes(b"one\n")
        ours = os.open(tmp_path / "rows", os.O_RDONLY)
    elif kind == "pipe":
        ours, theirs = os.pipe()
        os.write(theirs, b"one\n")
        os.close(theirs)
    else:
        pair = socket.socketpair()
        pair[1].sendall(b"one\n")
        pair[1].close()
        ours = pair[0].detach()
    result = run_python(READ_STDIN.format(path), stdin=ours)
    os.close(ours)
    name = "stdin" if path == "-" else path
    assert result.stdout == f"{name} b'one\\n'\n", result.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the system has no /proc")
def test_a_file_that_tells_no_size_is_read_to_its_end():
    stream = Input("/proc/self/status")
    assert b"\nPid:\t%d\n" % os.getpid() in stream.read_fully(100_000)
    assert stream.read() == b""
    assert stream.warnings == []


def test_devices_are_read():
    assert Input("/dev/null").read() == b""
    assert Input("/dev/zero").read_fully(300_000) == bytes(300_000)


def test_a_file_is_never_opened_as_stdin_stdout_or_stderr(run_python, file_of):
    code = f"""
import os
from streamrnn.streams.inputs.input import Input
os.close(0)
stream = Input({file_of(b"one")!r})
print(stream.descriptor > 2, stream.read())
Input("-")
"""
    result = run_python(code)
    assert result.stdout == "True b'one'\n"
    assert result.stderr.endswith("StreamError: stdin is closed\n")


def test_closing_twice_leaves_what_was_opened_in_between_alone(file_of):
    stream = Input(file_of(b"one"))
    stream.close()
    other = os.open(os.devnull, os.O_RDONLY)  # it has the same number now
    stream.close()
    os.close(other)


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_file_that_shrinks_while_it_is_read_is_told_once(file_of):
    path = file_of(b"one\ntwo\nthree\n")
    stream = Input(path)
    assert stream.read(4) == b"one\n"
    os.truncate(path, 8)
    assert stream.read_fully(100) == b"two\n"
    assert stream.read() == b""
    assert stream.warnings == [f"{path} was truncated while it was read: some of its rows may be missing"]


def test_a_file_that_grows_while_it_is_read_is_read_to_its_end(file_of):
    path = file_of(b"one\n")
    stream = Input(path)
    assert stream.read() == b"one\n"
    with open(path, "ab") as file:
        file.write(b"two\n")
    assert stream.read() == b"two\n"
    assert stream.warnings == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is the end of the stream")
def test_a_read_that_fails_in_mid_stream_is_an_error_in_words(run_python):
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.write(theirs, b"one\n")
    os.close(theirs)  # on Linux a read of the other end fails from here on
    code = "from streamrnn.streams.inputs.input import Input\nstream = Input('-')\nwhile True: print(stream.read())"
    result = run_python(code, stdin=ours)
    os.close(ours)
    assert result.stdout == "b'one\\n'\n"
    assert result.stderr.endswith("StreamError: stdin cannot be read: Input/output error\n")


def test_a_connection_that_is_reset_is_an_error_in_words():
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    with ours, theirs, listener:
        stream = Input(f"/dev/fd/{ours.fileno()}")
        theirs.sendall(b"one\n")
        assert stream.read() == b"one\n"
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing it is a reset
        theirs.close()
        with pytest.raises(StreamError, match=r"/dev/fd/\d+ cannot be read: Connection reset by peer$"):
            stream.read()
        stream.close()


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="the system has no /proc")
def test_a_disk_that_fails_is_an_error_in_words():
    with pytest.raises(StreamError, match=r"^/proc/self/mem cannot be read: Input/output error$"):
        Input("/proc/self/mem").read()  # there is nothing at address 0


def test_a_socket_file_is_not_opened_but_said_to_be_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("rows")
        with pytest.raises(StreamError, match=r"^rows is a socket: connect to it with a program such as socat"):
            Input("rows")


def test_a_path_that_cannot_be_opened_is_told_with_the_reason(tmp_path, file_of):
    (tmp_path / "loop").symlink_to("loop")
    for path, reason in (
        (str(tmp_path / "loop"), "cannot be opened: Too many levels of symbolic links"),
        (file_of(b"") + "/rows", "cannot be opened: Not a directory"),
        (str(tmp_path / "nowhere"), "does not exist"),
        (str(tmp_path), "is a directory: name a file in it"),
        ("/dev/fd/987", "does not exist"),
    ):
        with pytest.raises(StreamError) as error:
            Input(path)
        assert str(error.value) == f"{path} {reason}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(file_of):
    path = file_of(b"one\n")
    os.chmod(path, 0)
    with pytest.raises(StreamError, match=r"stream\.csv cannot be opened: Permission denied$"):
        Input(path)


def test_a_buffer_is_filled_as_far_as_the_stream_goes_whatever_was_looked_at_before(pipe, promptly):
    pipe.write(b"01234567")
    stream = Input(pipe.path)
    assert stream.peek(4) == b"0123"
    target = bytearray(6)
    assert promptly(lambda: stream.read_into(memoryview(target))) == 6
    assert target == b"012345"
    pipe.write(b"89")
    pipe.end()
    assert promptly(lambda: stream.read_into(memoryview(target))) == 4
    assert target[:4] == b"6789"
    assert stream.read_into(memoryview(target)) == 0
