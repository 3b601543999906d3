"""A recipe as it runs: bash in a process group of its own, whose output is read as it comes."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

PATIENCE = 30.0  # seconds that only a failing test waits

DAEMONS = ("/usr/local/sbin", "/usr/sbin")  # not on everybody's path


def which(program: str) -> str:
    """The path of a program; the test is skipped without it."""
    path = shutil.which(program, path=os.pathsep.join([os.environ["PATH"], *DAEMONS]))
    return path or pytest.skip(f"{program} is not installed")


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > limit:
            pytest.fail(f"in {PATIENCE:.0f} s there was no sign that {what}")
        time.sleep(0.01)


class Pipeline:
    """A recipe's block in bash, as somebody pasted it."""

    def __init__(self, code: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._errors = folder / "stderr.txt"
        with self._errors.open("wb") as errors:
            self._bash = subprocess.Popen(
                ["bash", "-c", code],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._bash.stdout:
            self._lines.put(line.decode())
        self._lines.put(None)

    @property
    def errors(self) -> str:
        return self._errors.read_text(encoding="utf-8")

    def line(self) -> str | None:
        """The next line of stdout as soon as it is there; None at its end."""
        try:
            return self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            pytest.fail(f"no further line in {PATIENCE:.0f} s; on stderr: {self.errors!r}")

    def records(self, count: int) -> list[dict[str, Any]]:
        """The next lines of stdout, each a JSON object, while the recipe runs on."""
        records: list[dict[str, Any]] = []
        while len(records) < count:
            line = self.line()
            assert line is not None, f"the recipe ended after {len(records)} records: {self.errors}"
            records.append(json.loads(line))
        return records

    def records_so_far(self) -> list[dict[str, Any]]:
        """What has come on stdout until now."""
        return self.records(self._lines.qsize())

    def wait_for_lines(self, path: Path, count: int) -> None:
        """Wait until a file that the recipe writes has so many lines."""
        until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count, f"{path.name} has {count} lines")

    @property
    def exit_code(self) -> int:
        return self._bash.wait(PATIENCE)

    def has_ended(self) -> bool:
        return self._bash.poll() is not None

    def finish(self) -> list[str]:
        """What is left of stdout, once the recipe has ended by itself and well."""
        lines = list(iter(self.line, None))
        assert self.exit_code == 0, self.errors
        self._check_nothing_is_left()
        return lines

    def stop(self) -> list[str]:
        """End the recipe as a supervisor would, with SIGTERM to all of it; what it still wrote."""
        os.killpg(self._bash.pid, signal.SIGTERM)
        self._bash.wait(PATIENCE)
        self._check_nothing_is_left()
        assert "; stopped by a signal" in self.errors
        return list(iter(self.line, None))

    def _check_nothing_is_left(self) -> None:
        until(lambda: not self._members(), "every process of the recipe had ended")
        assert "Traceback" not in self.errors
        assert "this is a bug" not in self.errors

    def _members(self) -> list[psutil.Process]:
        """The recipe's processes that run, whoever their parent is by now."""
        return [process for process in psutil.process_iter() if _session_of(process) == self._bash.pid]

    def close(self) -> None:
        """End whatever a failing test left."""
        for process in self._members():
            process.kill()
        self._bash.wait()
        self._reader.join()
        self._bash.stdout.close()


def _session_of(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getsid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None


def assert_forecasts(
    records: list[dict[str, Any]], values: list[float], target: str = "load", horizons: int = 1
) -> None:
    """Assert that there is a record for each value, in order, and in each the forecasts of what follows it."""
    assert [record["row"] for record in records] == list(range(len(values)))
    assert [record[target] for record in records] == values
    assert records[0][f"{target}_expected"] is None
    for before, after in pairwise(records):
        assert after[f"{target}_expected"] == before[f"{target}_h1"]
    for record in records:
        assert all(isinstance(record[f"{target}_h{k}"], float) for k in range(1, horizons + 1))
        assert f"{target}_h{horizons + 1}" not in record
