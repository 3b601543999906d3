"""Whatever has happened to the compiled kernels on disk, a process that starts gets right ones."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from streamrnn.kernels.machine import cache
from streamrnn.kernels.machine.jit import entry, uncached_entry

TRIALS = 500 if os.environ.get("STREAMRNN_SOAK") else 24
NOBODY = 65534
RIGHT, WRONG, FATAL = 0, 1, 2  # how a process ends


def add_halves(numbers, out):
    """A kernel that compiles in no time."""
    for i in range(numbers.shape[0]):
        out[i] = numbers[i] + 0.5 * i


def start(parent: Path, before: Callable[[], None] = lambda: None) -> int:
    """Start a process that takes its kernel from a cache, and uses it; return its number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.environ["STREAMRNN_CACHE_DIR"] = str(parent)
        cache.directory.cache_clear()
        before()
        kernel, out = entry(add_halves), np.empty(3)
        kernel(np.arange(3.0), out)
        os._exit(RIGHT if out.tolist() == [0.0, 1.5, 3.0] else WRONG)
    except BaseException:
        traceback.print_exc()
        os._exit(FATAL)


def ending_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# --- what may happen --------------------------------------------------------------------------------------------------


def truncate(path: Path, generator: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: generator.randrange(path.stat().st_size)])


def zero(path: Path, generator: random.Random) -> None:
    content, first = bytearray(path.read_bytes()), generator.randrange(path.stat().st_size)
    length = min(generator.randrange(1, 5000), len(content) - first)
    content[first : first + length] = bytes(length)
    path.write_bytes(content)


def flip_bits(path: Path, generator: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(generator.randrange(1, 4)):
        content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    path.write_bytes(content)


class Planted:
    """Would, if it were unpickled, leave a file behind."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self._trace),)


def plant(path: Path, generator: random.Random) -> None:
    path.write_bytes(cache.pickle.dumps(Planted(path.parents[2] / "planted")))


def give_away(path: Path, generator: random.Random) -> None:
    """Let everybody write to the directory; nothing in it is to be trusted then, be its checksum as it may."""
    payload = cache.pickle.dumps(Planted(path.parents[2] / "planted"))
    cache._write_checked(path, payload)
    path.parent.chmod(generator.choice([0o777, 0o770, 0o722]))


def make_read_only(path: Path, generator: random.Random) -> None:
    truncate(path, generator)
    path.chmod(0o400)
    path.parent.chmod(0o500)


def put_a_directory_there(path: Path, generator: random.Random) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [truncate, zero, flip_bits, plant, give_away, make_read_only, put_a_directory_there]


@pytest.fixture(scope="module", autouse=True)
def _warm_compiler():
    """Load all that compiling takes, so that no child has to: one that became somebody else may read nothing."""
    uncached_entry(add_halves)(np.zeros(1), np.zeros(1))


@pytest.fixture
def parent(tmp_path):
    """A cache directory that holds the kernel."""
    whole = tmp_path / "whole"
    assert ending_of(start(whole)) == RIGHT
    assert len(list(whole.rglob("*.kernel"))) == 1
    return whole


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_of_any_kind_costs_a_compilation_and_no_more(parent, damage, tmp_path):
    generator = random.Random(damage.__name__)
    for trial in range(max(1, TRIALS // (len(DAMAGES) + 1))):
        hurt = tmp_path / f"hurt {trial}"
        shutil.copytree(parent, hurt)
        (kernel,) = hurt.rglob("*.kernel")
        damage(kernel, generator)
        assert ending_of(start(hurt)) == RIGHT
        assert not (hurt / "planted").exists()
        kernel.parent.chmod(0o700)


def test_processes_that_start_at_once_all_get_right_ones(tmp_path):
    for trial in range(max(1, TRIALS // 16)):
        processes = [start(tmp_path / str(trial)) for _ in range(2)]
        assert [ending_of(pid) for pid in processes] == [RIGHT, RIGHT]


def test_a_full_disk_costs_no_more_than_compiling_again(tmp_path):
    def fill_the_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    assert ending_of(start(tmp_path, fill_the_disk)) == RIGHT
    assert list(tmp_path.rglob("*.kernel")) == list(tmp_path.rglob("*.tmp")) == []


def test_without_any_home_kernels_are_compiled(tmp_path):
    def lose_the_home():
        for name in ("STREAMRNN_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
            os.environ.pop(name, None)
        with contextlib.suppress(PermissionError):
            os.setuid(2**31 - 5)  # a user whom no list of users has
        if os.getuid() != 2**31 - 5:
            os.environ["HOME"] = str(tmp_path / "not there" / "\0")

    assert ending_of(start(tmp_path, lose_the_home)) == RIGHT


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_directory_of_somebody_else_is_left_alone(parent):
    (kernel,) = parent.rglob("*.kernel")
    content = kernel.read_bytes()
    for path in (parent, *parent.parents):
        if path.is_relative_to(parent.parents[1]):
            path.chmod(0o755)

    assert ending_of(start(parent, lambda: os.setuid(NOBODY))) == RIGHT
    assert kernel.read_bytes() == content
