"""Compiled kernels on disk: found again, checked before they are loaded, kept where nobody else can write."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from streamrnn.kernels.machine import cache
from streamrnn.kernels.machine.jit import entry


def double_all(numbers, out):
    """A kernel that compiles in no time."""
    for i in range(numbers.shape[0]):
        out[i] = 2.0 * numbers[i]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache directory of this test's own."""
    monkeypatch.setenv("STREAMRNN_CACHE_DIR", str(tmp_path))
    cache.directory.cache_clear()
    yield cache.directory()
    cache.directory.cache_clear()


def hits_and_misses():
    """Call a newly wrapped kernel, as a new process would; it must double in any case."""
    kernel, out = entry(double_all), np.empty(3)
    kernel(np.arange(3.0), out)
    assert out.tolist() == [0.0, 2.0, 4.0]
    return sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values())


def kept(home):
    return sorted(home.glob("*.kernel"))


# --- found again ------------------------------------------------------------------------------------------------------


def test_a_kernel_is_compiled_once_and_found_again(home):
    assert not cache.is_kept("double_all")
    assert hits_and_misses() == (0, 1)
    assert len(kept(home)) == 1 and cache.is_kept("double_all")
    assert hits_and_misses() == (1, 0)


def test_each_signature_has_a_file_of_its_own(home):
    kernel = entry(double_all)
    for dtype in (np.float32, np.float64):
        kernel(np.zeros(1, dtype), np.zeros(1, dtype))
    assert len(kept(home)) == 2


def test_flushing_removes_one_kernels_files_and_no_other(home):
    hits_and_misses()
    (home / "other-0123.kernel").write_bytes(b"not mine")
    cache.KernelCache("double_all").flush()
    assert [path.name for path in kept(home)] == ["other-0123.kernel"]


def test_a_disabled_cache_is_neither_read_nor_written(home):
    for compile_twice in range(2):
        kernel = entry(double_all)
        kernel._cache.disable()
        kernel(np.zeros(1), np.zeros(1))
        assert kept(home) == [], compile_twice
    kernel._cache.enable()
    kernel(np.zeros(1, np.float32), np.zeros(1, np.float32))
    assert len(kept(home)) == 1


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 31, 32, 200, -1])
def test_a_flipped_bit_anywhere_is_seen_and_the_kernel_compiled_again(home, place):
    hits_and_misses()
    (path,) = kept(home)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert hits_and_misses() == (0, 1)
    assert hits_and_misses() == (1, 0)


@pytest.mark.parametrize("content", [b"", b"x", bytes(31), bytes(32), b"\x80\x05N."])
def test_a_truncated_or_foreign_file_is_removed_and_written_anew(home, content):
    hits_and_misses()
    (path,) = kept(home)
    path.write_bytes(content)
    assert cache._read_checked(path) is None and not path.exists()
    path.write_bytes(content)
    assert hits_and_misses() == (0, 1)
    assert hits_and_misses() == (1, 0)


def test_no_byte_is_unpickled_before_its_checksum_is_right(home, monkeypatch):
    hits_and_misses()
    (path,) = kept(home)
    path.write_bytes(b"\x00" + path.read_bytes()[1:])
    monkeypatch.setattr(cache.pickle, "loads", lambda payload: pytest.fail("unpickled what was damaged"))
    assert hits_and_misses() == (0, 1)


def test_a_file_is_written_beside_and_renamed_and_nothing_is_left_if_that_fails(home, monkeypatch):
    target = home / "some.kernel"
    target.write_bytes(b"before")

    def fail(*_):
        raise OSError("no space left")

    for module, name in ((os, "replace"), (Path, "replace")):
        monkeypatch.setattr(module, name, fail)
    with pytest.raises(OSError, match="no space left"):
        cache._write_checked(target, b"after")
    assert [path.name for path in home.iterdir()] == ["some.kernel"] and target.read_bytes() == b"before"


# --- the directory ----------------------------------------------------------------------------------------------------


def test_the_directory_and_its_files_are_private(home):
    hits_and_misses()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept(home)[0].stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o720])
def test_a_directory_that_others_can_write_to_is_refused(home, mode):
    home.chmod(mode)
    cache.directory.cache_clear()
    assert cache.directory() is None
    assert hits_and_misses() == (0, 1)
    assert kept(home) == []


def test_a_directory_of_another_owner_is_refused(home, monkeypatch):
    owner = home.stat().st_uid
    monkeypatch.setattr(cache.os, "getuid", lambda: owner + 1)
    cache.directory.cache_clear()
    assert cache.directory() is None


def test_a_link_to_a_directory_is_refused(home, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    home.rmdir()
    home.symlink_to(elsewhere)
    cache.directory.cache_clear()
    assert cache.directory() is None


def test_a_file_in_its_place_is_refused(home):
    home.rmdir()
    home.write_text("")
    cache.directory.cache_clear()
    assert cache.directory() is None


def test_without_a_place_to_write_kernels_are_compiled_and_nothing_fails(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STREAMRNN_CACHE_DIR", str(tmp_path / "file" / "below"))
    cache.directory.cache_clear()
    try:
        assert cache.directory() is None and not cache.is_kept("double_all")
        assert hits_and_misses() == (0, 1)
        cache.KernelCache("double_all").flush()
    finally:
        cache.directory.cache_clear()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written_to_is_not_used(tmp_path, monkeypatch):
    tmp_path.chmod(0o500)
    monkeypatch.setenv("STREAMRNN_CACHE_DIR", str(tmp_path))
    cache.directory.cache_clear()
    try:
        assert cache.directory() is None
        assert hits_and_misses() == (0, 1)
    finally:
        tmp_path.chmod(0o700)
        cache.directory.cache_clear()


def test_a_disk_that_is_full_is_no_reason_to_fail(home, monkeypatch):
    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(cache, "_write_checked", fail)
    assert hits_and_misses() == (0, 1)


@pytest.mark.parametrize("named", ["STREAMRNN_CACHE_DIR", "XDG_CACHE_HOME", "HOME"])
def test_the_place_is_the_one_named_then_xdgs_then_home(named, tmp_path, monkeypatch):
    order = ["STREAMRNN_CACHE_DIR", "XDG_CACHE_HOME", "HOME"]
    for variable in order:
        monkeypatch.delenv(variable, raising=False)
    for variable in order[order.index(named) :]:
        monkeypatch.setenv(variable, str(tmp_path / variable))
    cache.directory.cache_clear()
    try:
        parent = tmp_path / named / ".cache" if named == "HOME" else tmp_path / named
        assert cache.directory().parent == parent / "streamrnn"
    finally:
        cache.directory.cache_clear()


# --- its name ---------------------------------------------------------------------------------------------------------


def copied_sources(tmp_path, monkeypatch):
    """Let the cache look at a copy of the kernels' sources."""
    kernels = cache.KERNELS
    copy = tmp_path / "kernels"
    for path in kernels.rglob("*.py"):
        (copy / path.relative_to(kernels)).parent.mkdir(parents=True, exist_ok=True)
        (copy / path.relative_to(kernels)).write_bytes(path.read_bytes())
    monkeypatch.setattr(cache, "KERNELS", copy)
    return copy


def test_the_name_changes_with_any_source_also_one_in_a_folder_below(tmp_path, monkeypatch):
    before = cache._digest()
    copy = copied_sources(tmp_path, monkeypatch)
    assert cache._digest() == before
    names = {before}
    for path in (copy / "columns" / "scaling.py", copy / "network" / "cells" / "lstm.py"):
        path.write_bytes(path.read_bytes() + b"\n")
        names.add(cache._digest())
    (copy / "new.py").write_text("x = 1\n")
    names.add(cache._digest())
    assert len(names) == 4


@pytest.mark.parametrize("version", ["numba.__version__", "llvmlite.__version__", "sys.version"])
def test_the_name_changes_with_the_versions_that_compile(version, monkeypatch):
    before = cache._digest()
    monkeypatch.setattr(f"{cache.__name__}.{version}", "0.0")
    assert cache._digest() != before


def test_the_processor_is_part_of_a_files_name(home):
    class Codegen:
        def __init__(self, processor):
            self.processor = processor

        def magic_tuple(self):
            return ("x86_64", self.processor, "+avx2")

    paths = {cache.KernelCache("k")._path("signature", Codegen(processor)) for processor in ("znver4", "skylake")}
    assert len(paths) == 2


# --- a process of its own ---------------------------------------------------------------------------------------------


def test_kernels_work_where_nothing_can_be_kept_and_no_home_is_found(tmp_path):
    code = "import numpy; from streamrnn.kernels.machine.jit import entry; numbers = numpy.arange(3.0);\n"
    code += "@entry\ndef double(numbers):\n    for i in range(3):\n        numbers[i] *= 2.0\n"
    code += "double(numbers); print(numbers.tolist())"
    (tmp_path / "file").write_text("")
    environment = {"PATH": os.environ["PATH"], "STREAMRNN_CACHE_DIR": str(tmp_path / "file")}
    command = [sys.executable, "-W", "error", "-c", code]
    root = cache.KERNELS.parents[1]
    answer = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.stderr) == ("[0.0, 2.0, 4.0]\n", "")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
