"""Runs that die: in a forked child, at a chosen operation on files, so that no test has to be lucky."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commands import csv_of

from streamrnn import files
from streamrnn.session import Plan, Session, SessionError, records
from streamrnn.streams import StreamError

OPERATIONS = ("open_file", "truncate", "write", "sync", "sync_directory", "close", "link", "replace", "remove")
CLEAN_ERROR = 2  # what a child exits with if the run ended with a message for the user
Action = Callable[[str, tuple[Any, ...], Callable[..., Any]], Any]
OUTPUTS = ["out.csv", "out.ndjson", "out.arrows", "out.arrow"]
SMALL = {"hidden": 2, "window": 2}
MODEL = "models/model"  # not beside the output: each directory is flushed on its own
ROWS = 60
ROWS_PER_BATCH = 16  # of Arrow, so that some of a short stream's are complete


def write_source(folder: Path) -> None:
    """A stream with a bad row and a bad cell, now and then."""
    lines = csv_of(ROWS).splitlines(keepends=True)
    lines[10::17] = [b"only,two\n"] * len(lines[10::17])
    lines[15::13] = [b"t,oops,1,a\n"] * len(lines[15::13])
    (folder / "in.csv").write_bytes(b"".join(lines))
    (folder / MODEL).parent.mkdir(exist_ok=True)


def plan_of(folder: Path, output: str, **more: Any) -> Plan:
    """What every run of these tests is told."""
    return Plan(
        source=str(folder / "in.csv"), output=str(folder / output), model=str(folder / MODEL),
        rejects=str(folder / "rejects"), settings=SMALL, checkpoint_every=7, **more,
    )  # fmt: skip


def run_in_child(plan: Plan, operations: Operations | None = None) -> tuple[int, int]:
    """Run a session in a process of its own.

    Returns
    -------
    status, count : int
        The wait status, 0 if all went well; and how many operations on files it took, if it lived to tell.
    """
    pid, read_end = start_child(plan, operations or Operations())
    with open(read_end, "rb") as told:
        count = int(told.read() or 0)
    return os.waitpid(pid, 0)[1], count


def start_child(plan: Plan, operations: Operations) -> tuple[int, int]:
    """Start a run in a process of its own; return its number, and where it tells its count of operations."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        _run_and_exit(plan, operations, write_end)
    os.close(write_end)
    return pid, read_end


def _run_and_exit(plan: Plan, operations: Operations, write_end: int) -> None:
    try:
        records.ROWS_PER_BATCH = ROWS_PER_BATCH
        operations.install()
        Session(plan).run()
        os.write(write_end, str(operations.count).encode())
        os._exit(0)
    except (StreamError, SessionError):
        os._exit(CLEAN_ERROR)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def files_in(folder: Path) -> list[Path]:
    """Every file in a folder and below it."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def left_behind(folder: Path) -> dict[str, bytes]:
    """Every file but the source and the model's last state, which may be of an earlier moment."""
    return {path.name: path.read_bytes() for path in files_in(folder) if path.name not in ("in.csv", "model.previous")}


class Operations:
    """Counts operations on files, and does something else in place of one of them."""

    def __init__(self, at: int | None = None, action: Action | None = None) -> None:
        self.count = 0
        self._at, self._action = at, action
        self._originals = {name: getattr(files, name) for name in OPERATIONS}

    def install(self) -> None:
        """Stand before every operation; only ever in a child."""
        for name, original in self._originals.items():
            setattr(files, name, self._counted(name, original))

    def _counted(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*arguments: Any, **options: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number == self._at and self._action is not None:
                return self._action(name, arguments, original)
            return original(*arguments, **options)

        return operation


def die(name: str, arguments: tuple[Any, ...], original: Callable[..., Any]) -> None:
    """Be killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_half_written(name: str, arguments: tuple[Any, ...], original: Callable[..., Any]) -> None:
    """Be killed after half of a write."""
    if name == "write":
        descriptor, data = arguments
        os.write(descriptor, bytes(data)[: len(data) // 2])
    die(name, arguments, original)
