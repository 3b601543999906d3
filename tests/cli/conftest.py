"""The command: within this process, where most tests run it, and as a process of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow.csv
import pytest
from commands import Result, csv_of
from streamrnn_cli.main import execute


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("STREAMRNN_") and name != "STREAMRNN_CACHE_DIR":
            monkeypatch.delenv(name)


@pytest.fixture
def streamrnn(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Result]:
    """Run the command in this process, with these bytes on stdin."""

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        capfdbinary.readouterr()
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            before = os.dup(0)
            os.dup2(file.fileno(), 0)
            try:
                code = execute([str(argument) for argument in arguments])
            finally:
                os.dup2(before, 0)
                os.close(before)
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in err
        assert b"this is a bug" not in err
        return Result(code, out, err.decode())

    return run


@pytest.fixture
def process() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the command as a process with pipes."""
    started = []

    def start(*arguments: object, command: Sequence[str] = ("-m", "streamrnn_cli")) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        words = [sys.executable, *command, *map(str, arguments)]
        started.append(subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "load.csv"
    path.write_bytes(csv_of(60))
    return path


@pytest.fixture
def table(csv: Path) -> pyarrow.Table:
    return pyarrow.csv.read_csv(csv)
