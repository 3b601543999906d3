"""Files that are renamed, replaced, removed: every line of each is delivered, once."""

import os

import pytest

from streamrnn.streams.inputs import following

NEW_FILE = "is another file now: reading it from its start"


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_renamed_file_is_read_to_its_end_before_the_new_one(log_of, size):
    log = log_of(b"one\n")
    log.path.rename(log.path.with_name("log.1"))
    log.append(b"two\n", "log.1")
    log.append(b"three\n")
    pieces = []
    while sum(map(len, pieces)) < 14:
        pieces.append(log.stream.read(size))
    assert b"".join(pieces) == b"one\ntwo\nthree\n"
    assert max(map(len, pieces)) <= size
    assert log.told == [NEW_FILE]


def test_what_is_written_to_the_old_file_while_the_new_one_is_empty_is_not_missed(log_of):
    log = log_of(b"one\n")
    assert log.read(4) == b"one\n"
    log.replace(b"")
    writer_that_has_not_reopened = os.open(f"/dev/fd/{log.stream.descriptor}", os.O_WRONLY | os.O_APPEND)
    os.write(writer_that_has_not_reopened, b"two\n")
    assert log.read(4) == b"two\n"
    os.write(writer_that_has_not_reopened, b"three\n")
    os.close(writer_that_has_not_reopened)
    log.append(b"four\n")
    assert log.read(11) == b"three\nfour\n"
    assert log.told == [NEW_FILE]


def test_what_is_written_just_before_the_first_byte_of_the_new_file_is_not_missed(log_of, monkeypatch):
    log = log_of(b"one\n")
    assert log.read(4) == b"one\n"
    old = os.open(log.path, os.O_WRONLY | os.O_APPEND)
    log.replace(b"")
    has_successor = log.stream.following._has_successor

    def write_then_look():
        if log.path.stat().st_size == 0:
            os.write(old, b"two\n")
            log.append(b"three\n")
        return has_successor()

    monkeypatch.setattr(log.stream.following, "_has_successor", write_then_look)
    assert log.read(10) == b"two\nthree\n"
    os.close(old)


def test_files_that_take_the_name_faster_than_they_are_read_all_have_their_turn(log_of):
    log = log_of(b"0" * 8)
    expected = b"0" * 8
    taken = b""
    for number in range(1, 6):
        log.replace(b"%d\n" % number)
        expected += (b"\n" if number == 1 else b"") + b"%d\n" % number
        taken += log.stream.read(1)
    log.replace(b"")
    log.replace(b"end\n")
    assert taken + log.read(len(expected) + 4 - len(taken)) == expected + b"end\n"


def test_more_files_than_can_be_kept_open_are_not_opened(log_of, monkeypatch):
    monkeypatch.setattr(following, "MOST_FILES", 3)
    log = log_of(b"0" * 20)
    for number in range(10):
        log.replace(b"%d\n" % number)
        assert log.stream.read(1) == b"0"
    assert len(log.stream.following._files) == 4
    assert log.read(10 + 1 + 6 + 2) == b"0" * 10 + b"\n0\n1\n2\n9\n"


def test_the_byte_order_mark_of_a_new_file_is_not_taken_for_data(log_of):
    log = log_of(b"\xef\xbb\xbfone\n")
    assert log.read(7) == b"\xef\xbb\xbfone\n"  # whoever reads the first line drops this one
    log.replace(b"\xef\xbb\xbftwo\n")
    assert log.read(4) == b"two\n"


def test_a_name_that_is_gone_for_a_while_is_waited_for(log_of):
    log = log_of(b"one\n")
    assert log.read(4) == b"one\n"
    log.path.rename(log.path.with_name("log.1"))
    log.append(b"two\n", "log.1")
    assert log.read(4) == b"two\n"
    log.append(b"three\n")
    assert log.read(6) == b"three\n"
    log.path.unlink()
    log.stream.following._look_up_name()
    log.append(b"four\n")
    assert log.read(5) == b"four\n"
    gone = "is gone: waiting for a file of that name"
    assert log.told == [gone, NEW_FILE, gone, NEW_FILE]


def test_a_file_that_is_renamed_and_comes_back_is_not_read_twice(log_of):
    log = log_of(b"one\n")
    assert log.read(4) == b"one\n"
    log.path.rename(log.path.with_name("log.1"))
    log.path.touch()
    assert log.stream.following._read_what_is_there(100) == b""
    log.path.with_name("log.1").rename(log.path)
    log.append(b"two\n")
    assert log.read(4) == b"two\n"
    assert log.told == []


def test_a_symbolic_link_is_followed_to_another_file(log_of):
    log = log_of(b"")
    for name, data in (("monday", b"one\n"), ("tuesday", b"two\n")):
        log.append(data, name)
        log.path.with_name("link").symlink_to(name)
        os.replace(log.path.with_name("link"), log.path)
        assert log.read(4) == data
    assert log.told == [NEW_FILE, NEW_FILE]


@pytest.mark.parametrize(
    ("put", "trouble"),
    [
        (os.mkdir, "is no longer a file: waiting for a file of that name"),
        (os.mkfifo, "is no longer a file: waiting for a file of that name"),
        (
            lambda path: os.symlink(path, path),
            "cannot be opened: Too many levels of symbolic links: waiting for a file of that name",
        ),
    ],
    ids=["directory", "named pipe", "endless link"],
)
def test_what_takes_the_name_and_is_no_file_is_told_once_and_left_alone(log_of, put, trouble):
    log = log_of(b"one\n")
    assert log.read(4) == b"one\n"
    log.path.rename(log.path.with_name("log.1"))
    put(log.path)
    for _ in range(3):
        assert log.stream.following._read_what_is_there(100) == b""
    assert log.told == [trouble]
    log.path.rename(log.path.with_name("other"))
    log.append(b"two\n")
    assert log.read(4) == b"two\n"


def test_a_named_pipe_that_takes_the_name_in_the_last_moment_is_not_waited_for(log_of, monkeypatch, promptly):
    log = log_of(b"one\n")
    log.replace(b"two\n")
    open_descriptor = following.open_descriptor

    def open_pipe(path, flags):
        log.path.unlink()
        os.mkfifo(log.path)
        return open_descriptor(path, flags)

    monkeypatch.setattr(following, "open_descriptor", open_pipe)
    assert promptly(lambda: log.stream.read(100)) == b"one\n"
    assert log.told == []


def test_whoever_reads_can_tell_which_bytes_are_of_another_file(log_of, promptly):
    log = log_of(b"one")

    def read():
        return promptly(log.stream.read), log.stream.restarts

    assert read() == (b"one", 0)
    log.replace(b"two")
    assert [read(), read()] == [(b"\n", 0), (b"two", 1)]
    log.path.write_bytes(b"three\n")
    assert [read(), read()] == [(b"\n", 1), (b"three\n", 2)]


def test_every_file_is_closed_when_it_has_been_read(log_of):
    def lowest_free():
        descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    before = lowest_free()
    log = log_of(b"one\n")
    assert log.stream.read(100) == b"one\n"
    for _ in range(5):
        log.replace(b"")
        assert log.stream.following._read_what_is_there(100) == b""
        log.replace(b"one\n")
        assert log.stream.read(100) == b"one\n"
    log.stream.close()
    log.stream.close()
    assert lowest_free() == before
