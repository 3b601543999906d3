"""How long until the first record? CPU seconds of whole processes, cold and warm.

    python -m benchmarks.startup

Cold: a fresh cache directory, so the network's kernels are compiled, and then those of the experts; what is left when
the warm start is taken away is the compile. Warm: from process start to the first record of a one-row pipe. Help:
``streamrnn --help``, which loads no compiler. A bare ``import numba, pyarrow`` is measured in the same rounds, because
that part of a start is not ours.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

import click

ROW = b"load\n1.5\n"
REACH = {"cold compile": 10.0, "of experts": 4.0, "warm": 1.2, "help": 0.3}


def cpu_seconds(command: list[str], data: bytes, cache: str) -> float:
    """User and system time of one child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "STREAMRNN_CACHE_DIR": cache}
    done = subprocess.run(command, input=data, capture_output=True, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if data and b'"row":0' not in done.stdout:
        raise click.ClickException(f"no record came: {done.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rounds: int) -> dict[str, list[float]]:
    """Every kind of start, in turn, ``rounds`` times."""
    python, module = sys.executable, [sys.executable, "-m", "streamrnn_cli"]
    seconds: dict[str, list[float]] = {"cold": [], "experts": [], "warm": [], "help": [], "imports": []}
    with tempfile.TemporaryDirectory() as warm:
        kinds: dict[str, Callable[[], float]] = {
            "warm": lambda: cpu_seconds([*module, "run", "--quiet"], ROW, warm),
            "help": lambda: cpu_seconds([*module, "--help"], b"", warm),
            "imports": lambda: cpu_seconds([python, "-c", "import numba, pyarrow"], b"", warm),
        }
        kinds["warm"]()
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as cold:
                seconds["cold"].append(cpu_seconds([*module, "run", "--quiet", "--no-experts"], ROW, cold))
                seconds["experts"].append(cpu_seconds([*module, "run", "--quiet"], ROW, cold))
            for kind, start in kinds.items():
                seconds[kind].append(start())
    return seconds


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--rounds", default=5, show_default=True)
def main(rounds: int) -> None:
    median = {kind: statistics.median(times) for kind, times in measure(rounds).items()}
    figures = {
        "cold compile": median["cold"] - median["warm"],
        "of experts": median["experts"] - median["warm"],
        "warm": median["warm"],
        "help": median["help"],
        "imports": median["imports"],
    }
    click.echo(
        f"CPU seconds, medians of {rounds}; an import of numba and pyarrow alone takes {figures.pop('imports'):.2f}"
    )
    for kind, seconds in figures.items():
        verdict = "yes" if seconds < REACH[kind] else "NO"
        click.echo(f"{kind:<14} {seconds:6.2f}   to stay under {REACH[kind]:5.2f}: {verdict}")


if __name__ == "__main__":
    main()
