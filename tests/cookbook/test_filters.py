"""The filters that the cookbook says hold nothing back."""

import shlex
import subprocess
import threading

import pytest

from cookbook.document import table
from cookbook.pipelines import PATIENCE, which

LINE = b'{"load": 1}\n'
COMMANDS = [command for _, command in table("Filters that hold nothing back")]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_line_comes_out_before_the_next_one_goes_in(command):
    which(shlex.split(command)[0])
    pipe = subprocess.PIPE
    with subprocess.Popen(["bash", "-c", f"exec {command}"], stdin=pipe, stdout=pipe, bufsize=0) as filter_:
        alarm = threading.Timer(PATIENCE, filter_.kill)
        alarm.start()
        for _ in range(3):
            filter_.stdin.write(LINE)
            assert filter_.stdout.readline().replace(b" ", b"") == LINE.replace(b" ", b"")
        alarm.cancel()
