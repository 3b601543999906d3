"""Damaged streams, thousands of each format: rows or an error in one line, and never a crash, a hang or much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .corpora import CORPORA

MUTANTS = int(os.environ.get("STREAMRNN_MUTANTS", "500"))  # of each format
WORKER = Path(__file__).with_name("worker.py")
PATIENCE = 30 + 0.5 * MUTANTS  # seconds; a mutant that takes 10 is a failure anyway

# One thread only, so that the worker can fork; the system's own malloc notices damage, and counts as memory.
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
}


@pytest.mark.parametrize("name", CORPORA)
def test_a_damaged_stream_gives_rows_or_an_error_in_words(name):
    command = [sys.executable, "-W", "error", WORKER, name, "0", str(MUTANTS)]
    worker = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    assert worker.returncode == 0, worker.stderr
    failures, outcomes = json.loads(worker.stdout)
    told = "\n".join(f"{failure['failure']}\n    again: python {WORKER} {failure['mutant']}" for failure in failures)
    assert not failures, f"{len(failures)} of {MUTANTS} mutants of {name}\n{told}"
    assert min(outcomes["rows"], outcomes["refused"]) > MUTANTS // 20, f"the mutants are too much alike: {outcomes}"
