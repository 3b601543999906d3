"""Damaged streams, thousands of each format: rows or an error in one line, and never a crash, a hang or much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .corpora import CORPORA

MUTANTS = int(os.environ.get("STREAMRNN_MUTANTS", "500"))  # of each format
PATIENCE = 30 + 0.5 * MUTANTS  # seconds; a mutant that takes 10 is a failure anyway

# One thread only, so that the worker can fork; the system's own malloc notices damage, and counts as memory.
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)]),
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
}


def run_worker(*arguments: str) -> Any:
    command = [sys.executable, "-W", "error", *arguments]
    worker = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    assert worker.returncode == 0, worker.stderr
    return json.loads(worker.stdout)


@pytest.mark.parametrize("name", CORPORA)
def test_a_damaged_stream_gives_rows_or_an_error_in_words(name):
    failures, outcomes = run_worker("-m", "fuzz.worker", name, "0", str(MUTANTS))
    told = "\n".join(
        f"{failure['failure']}\n    again: PYTHONPATH=tests python -m fuzz.worker {failure['mutant']}"
        for failure in failures
    )
    assert not failures, f"{len(failures)} of {MUTANTS} mutants of {name}\n{told}"
    assert min(outcomes["rows"], outcomes["refused"]) > MUTANTS // 20, f"the mutants are too much alike: {outcomes}"


READER_THAT_FAILS = """
import json, os, signal, sys, time
from fuzz import worker

def read(number, folder):
    match number:
        case 1: os.kill(os.getpid(), signal.SIGSEGV)
        case 3: raise ValueError("a bug")
        case 4: time.sleep(60)
        case 6: print(len(b"x" * (300 * worker.MIB)), file=sys.stderr)
        case 7: b"x" * (900 * worker.MIB)
    return "rows"

worker.read, worker.mutant, worker.SECONDS = read, lambda name, number: number, 5
worker._warm_up = lambda name, folder: None
json.dump(worker.run("csv", 0, 9), sys.stdout)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits how much memory a process may ask for")
def test_whatever_a_mutant_does_it_is_told_of_that_one_and_the_others_are_read():
    failures, outcomes = run_worker("-c", READER_THAT_FAILS)
    told = [(failure["mutant"], failure["failure"].partition(" (")[0]) for failure in failures]
    used = int(dict(told)["csv 6"].split()[1])
    assert 300 <= used < 400
    assert told == [
        ("csv 1", "killed by SIGSEGV"),
        ("csv 3", "ValueError: a bug"),
        ("csv 4", "took longer than 5 s"),
        ("csv 6", f"used {used} MiB"),
        ("csv 7", "MemoryError: "),
    ]
    assert outcomes == {"rows": 4}
