"""A file is replaced as a whole or not at all."""

import errno
import os
import stat

import pytest

from streamrnn.files import replace_content


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "model"
    for data in (b"one", b"another, longer one", b""):
        replace_content(path, data)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("what", ["fsync", "replace", "write"])
def test_the_old_file_stays_and_nothing_is_left_if_writing_fails(tmp_path, monkeypatch, what):
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, what, fail)
    with pytest.raises(OSError, match="no space left"):
        replace_content(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_content(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_data_are_on_the_disk_before_the_name_and_the_name_before_it_returns(tmp_path, monkeypatch):
    happened = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(handle):
        happened.append("directory" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"{os.fstat(handle).st_size} bytes")
        fsync(handle)

    def note_replace(*names):
        happened.append("renamed")
        replace(*names)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    replace_content(tmp_path / "model", b"12345")
    assert happened == ["5 bytes", "renamed", "directory"]


def test_permissions_of_the_old_file_are_kept(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace_content(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_planted_in_place_of_the_temporary_file_is_not_followed(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "model"
    victim.write_bytes(b"precious")
    (tmp_path / f".model.{os.getpid()}.tmp").symlink_to(victim)
    with pytest.raises(OSError):
        replace_content(path, b"new")
    assert victim.read_bytes() == b"precious"


def test_the_old_content_stays_under_another_name_on_wish(tmp_path):
    path, previous = tmp_path / "model", tmp_path / "model.previous"
    for data in (b"one", b"two", b"three"):
        replace_content(path, data, previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"three", b"two")
    assert len(list(tmp_path.iterdir())) == 2


def test_the_old_content_is_copied_where_a_file_can_have_one_name_only(tmp_path, monkeypatch):
    path, previous = tmp_path / "model", tmp_path / "model.previous"
    path.write_bytes(b"old")

    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    replace_content(path, b"new", previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"new", b"old")


def test_a_link_to_the_file_stays_a_link(tmp_path):
    (tmp_path / "model").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "model")
    replace_content(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "model").read_bytes() == b"new"
