"""Files, pipes and clocks for the tests of the streams."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from streamrnn.streams import Batch, Source

PATIENCE = 30.0  # seconds, long enough for any machine: only a test that fails waits so long


class Pipe:
    """A live pipe: `path` can be opened as a source, `write` feeds it."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.path = f"/dev/fd/{self.read_end}"

    def write(self, data: bytes) -> None:
        os.write(self.write_end, data)

    def end(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.end()
    os.close(pipe.read_end)


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[..., str]:
    """Write bytes to a file and return its path."""

    def write(data: bytes, name: str = "stream.csv") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


@pytest.fixture
def promptly() -> Callable[[Callable[[], Any]], Any]:
    """Return what a function returns; fail if it waits for something that will not come."""

    def call(function: Callable[[], Any]) -> Any:
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert results, "it raised, or it waits for more input"
        return results[0]

    return call


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start code in another process, which sees the modules of this one and does not outlive the test."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with ExitStack() as stack:

        def start(code: str, **options: Any) -> subprocess.Popen[str]:
            options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
            child = stack.enter_context(subprocess.Popen([sys.executable, "-c", code], env=environment, **options))
            stack.callback(child.kill)
            return child

        yield start


@pytest.fixture
def run_python(start_python: Callable[..., subprocess.Popen[str]]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run code in another process to its end."""

    def run(code: str, **options: Any) -> subprocess.CompletedProcess[str]:
        child = start_python(code, **options)
        output, errors = child.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(child.args, child.returncode, output, errors)

    return run


@pytest.fixture
def read_all() -> Callable[..., tuple[list[dict[str, Any]], list[Batch]]]:
    """Read a source to its end: the rows as dictionaries, and the batches."""

    def read(source: Source, numbers: list[str], others: list[str] | None = None) -> Any:
        batches = list(source.batches(numbers, others or []))
        source.close()
        for batch in batches:
            batch.table.validate(full=True)
        return [row for batch in batches for row in batch.table.to_pylist()], batches

    return read
