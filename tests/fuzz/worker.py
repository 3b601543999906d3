"""Reads mutants in forked children, and tells which of them broke a promise.

::

    PYTHONPATH=tests python -m fuzz.worker csv 0 500    # the first 500 mutants of CSV: prints what failed, as JSON
    PYTHONPATH=tests python -m fuzz.worker csv 1234     # one mutant, in this process: with its traceback

It is a process of its own, without threads, so that it can fork at any moment. Each child reads some mutants and notes
in shared memory which one it is at: if it dies, that is the one. The next child goes on behind it.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow

from fuzz.reading import corpus, mutant, read

SECONDS = 10  # that a mutant may take
MIB = 1024 * 1024
MEMORY = 256 * MIB  # bytes that mutants may use
RESERVED = 512 * MIB  # bytes that they may ask the system for, used or not
RESERVED_FOR_PARQUET = 16 * 1024 * MIB  # Arrow asks for what a page says it unpacks to, which may be 2 GiB
MUTANTS_PER_CHILD = 50

Failure = dict[str, Any]


def run(name: str, first: int, count: int) -> tuple[list[Failure], dict[str, int]]:
    """Read so many mutants; return those that failed, and how many had which outcome."""
    failures: list[Failure] = []
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="streamrnn-fuzz-") as folder:
        _warm_up(name, Path(folder))
        at = first
        while at < first + count:
            at = _run_child(name, at, min(at + MUTANTS_PER_CHILD, first + count), Path(folder), failures, outcomes)
    return failures, dict(outcomes)


def _warm_up(name: str, folder: Path) -> None:
    """Load what reading needs before there are children, and make sure that none of it has started a thread."""
    pyarrow.set_cpu_count(1)
    for number in range(20):
        read(mutant(name, -1 - number)._replace(data=corpus(name).seeds[0], through_pipe=False), folder)
    tasks = Path("/proc/self/task")
    assert not tasks.exists() or len(list(tasks.iterdir())) == 1, "a process with threads cannot be forked"


def _run_child(name: str, first: int, end: int, folder: Path, failures: list[Failure], outcomes: Counter[str]) -> int:
    """Have a child read mutants; return where the next one has to go on."""
    place = mmap.mmap(-1, 8)
    told_end, tell_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told_end)
        _be_child(name, range(first, end), folder, place, tell_end)
    os.close(tell_end)
    with open(told_end, encoding="utf-8") as told:
        for line in told:
            outcome = json.loads(line)
            if isinstance(outcome, str):
                outcomes[outcome] += 1
            else:
                failures.append(outcome)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        return end
    (at,) = struct.unpack("q", place[:])
    failures.append({"mutant": f"{name} {at}", "failure": _end_of(status)})
    return int(at) + 1


def _end_of(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"ended with exit code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    return f"took longer than {SECONDS} s" if number == signal.SIGALRM else f"killed by {signal.Signals(number).name}"


def _be_child(name: str, numbers: range, folder: Path, place: mmap.mmap, tell_end: int) -> None:
    try:
        _limit_memory(RESERVED_FOR_PARQUET if name == "parquet" else RESERVED)
        used = _memory_used()
        with open(tell_end, "w", encoding="utf-8") as tell:
            for number in numbers:
                place[:] = struct.pack("q", number)
                signal.alarm(SECONDS)
                outcome = _outcome(name, number, folder)
                if _memory_used() - used > MEMORY:
                    outcome = {"mutant": f"{name} {number}", "failure": f"used {(_memory_used() - used) / MIB:.0f} MiB"}
                    used = _memory_used()
                tell.write(json.dumps(outcome) + "\n")
                tell.flush()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _outcome(name: str, number: int, folder: Path) -> str | Failure:
    try:
        return read(mutant(name, number), folder)
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return {"mutant": f"{name} {number}", "failure": f"{type(error).__name__}: {error} ({where})"[:500]}


def _memory_used() -> int:
    """Bytes, at most, until now."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _limit_memory(reserved: int) -> None:
    """Allow so much more than what is asked for now, where the system tells how much that is."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return
    limit = pages * resource.getpagesize() + reserved
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(name: str, first: str, count: str | None = None) -> None:
    """See the top."""
    if count is None:
        stream = mutant(name, int(first))
        print(stream._replace(data=stream.data[:2000]))
        with tempfile.TemporaryDirectory(prefix="streamrnn-fuzz-") as folder:
            print(read(stream, Path(folder)))
    else:
        json.dump(run(name, int(first), int(count)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
