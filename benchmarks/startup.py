"""How long until the first record? CPU seconds of whole processes, cold and warm.

    python -m benchmarks.startup

Cold: a fresh cache directory, in which the network's kernels are compiled, and then, each in a process of its own, what
another use of it needs besides: experts, intervals, alerts, keys, categories (with their counts). What is left when a
warm start is taken away is the compile. Learners with keys or with categories are whole learners of their own, in the
place of the plain one; what they take beyond it is what counts. Warm: from process start to the first record of a pipe.
Load: the kernels from the cache, with their known answer, in a process that has loaded all else. Help: ``streamrnn
--help``, which loads no compiler. A bare ``import numba, pyarrow`` is measured in the same rounds, because that part of
a start is not ours.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial

import click

ROW = b"load\n1.5\n"
KEYED_ROW = b"pump,load\na,1.5\n"
WORD = b"word\na\n"
USES = {  # options, first row, CPU seconds that the compile is to stay under; in this order, each in the same cache
    "plain": (["--no-experts"], ROW, 8.0),
    "experts": ([], ROW, 4.0),
    "intervals": (["--no-experts", "--intervals", "0.9"], ROW, 4.0),
    "alerts": (["--no-experts", "--alert", "0.999"], ROW, 4.0),
    "keys": (["--no-experts", "--key", "pump"], KEYED_ROW, 4.0),
    "categories": (["--no-experts", "--targets", "word"], WORD, 4.0),
}
WHOLE = ("keys", "categories")  # in the place of the plain learner
REACH = {"warm": 0.9, "load": 0.3, "help": 0.3}
LOAD = """
import time
import streamrnn.engine, streamrnn.learner
started = time.process_time()
streamrnn.learner.Learner(["load"], experts=False)
print(time.process_time() - started)
"""


def cpu_seconds(command: list[str], cache: str, row: bytes | None = None) -> float:
    """User and system time of one child process: to its first record if it is given a row, else to its end."""
    environment = {**os.environ, "STREAMRNN_CACHE_DIR": cache}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as child:
        assert child.stdin and child.stdout and child.stderr
        if row is not None:
            child.stdin.write(row)
            child.stdin.flush()
            if b'"row":0' not in child.stdout.readline():
                raise click.ClickException(f"no record came: {child.stderr.read().decode()}")
            child.kill()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def load_seconds(cache: str) -> float:
    """CPU time of loading the kernels of a plain learner."""
    environment = {**os.environ, "STREAMRNN_CACHE_DIR": cache}
    return float(subprocess.run([sys.executable, "-c", LOAD], capture_output=True, env=environment, check=True).stdout)


def measure(rounds: int) -> dict[str, list[float]]:
    """Every kind of start, in turn, ``rounds`` times."""
    run = [sys.executable, "-m", "streamrnn_cli", "run", "--quiet"]
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            kinds: dict[str, Callable[[], float]] = {
                use: partial(cpu_seconds, [*run, *options], cache, row) for use, (options, row, _) in USES.items()
            }
            kinds["warm"] = partial(cpu_seconds, run, cache, ROW)
            kinds["load"] = partial(load_seconds, cache)
            kinds["help"] = partial(cpu_seconds, [*run[:3], "--help"], cache)
            kinds["imports"] = partial(cpu_seconds, [sys.executable, "-c", "import numba, pyarrow"], cache)
            for kind, start in kinds.items():
                seconds.setdefault(kind, []).append(start())
    return seconds


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--rounds", default=5, show_default=True)
def main(rounds: int) -> None:
    median = {kind: statistics.median(times) for kind, times in measure(rounds).items()}
    click.echo(f"CPU seconds, medians of {rounds}; an import of numba and pyarrow alone takes {median['imports']:.2f}")
    figures = {f"compile {use}": (median[use] - median["warm"], reach) for use, (_, _, reach) in USES.items()}
    for use in WHOLE:
        seconds, reach = figures.pop(f"compile {use}")
        click.echo(f"compile {use:<15} {seconds:6.2f}, as a whole learner")
        figures[f"{use} beyond plain"] = seconds - figures["compile plain"][0], reach
    figures |= {kind: (median[kind], reach) for kind, reach in REACH.items()}
    for kind, (seconds, reach) in figures.items():
        verdict = "yes" if seconds < reach else "NO"
        click.echo(f"{kind:<23} {seconds:6.2f}   to stay under {reach:5.2f}: {verdict}")


if __name__ == "__main__":
    main()
