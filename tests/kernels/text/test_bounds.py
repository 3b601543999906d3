"""Numba checks no bounds: that all reads and writes stay within their arrays is shown here."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mprotect"), reason="no memory can be protected here")
def test_no_byte_beyond_an_array_is_touched_whatever_is_read_or_written():
    command = [sys.executable, str(Path(__file__).with_name("guarded.py"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests")))}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (0, "untouched\n"), answer.stderr
