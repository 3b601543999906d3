"""What do streams cost? Reading through a real pipe, the whole command, a live line, and a very long file.

    python -m benchmarks.streams                     a few minutes
    python -m benchmarks.streams --long 10           ten gigabytes of CSV through the command: half an hour

Each figure stands beside its baseline, which is measured in the same rounds. CPU frequencies and neighbours move all
of them; the ratios are what counts.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import click
import numpy as np
import psutil

from streamrnn import Learner

from .streaming.recordings import COLUMNS, table_of, write_recording

COMMAND = [sys.executable, "-m", "streamrnn_cli", "run"]
BASELINES = {".ndjson": ("orjson_loop", 0.9), ".csv": ("arrow_csv", 1.5), ".arrows": ("arrow_stream", 0.9)}
MORE_ROWS = {".arrows": 4}  # where so many rows more are needed to see anything beside the start
NETWORK = ["--hidden", "4", "--window", "4", "--no-experts", "--targets", COLUMNS[0], "--quiet"]
MOST_MICROSECONDS = {".csv": 3.0, ".arrows": 1.0}
LIVE_LINES, LIVE_RATE = 5000, 1000.0
LINE = b"%d.25,2.5,1.25,3,4,5,6,7,8\n"  # the target moves: there is something to learn from each row
MIB = 2**20


def verdict(is_reached: bool) -> str:
    """A word for a figure."""
    return "reached" if is_reached else "MISSED"


# --- reading ----------------------------------------------------------------------------------------------------------


def rows_a_second(reader: str, path: Path) -> float:
    """Run one reader behind a pipe that another process fills."""
    module = [sys.executable, "-m", "benchmarks.streaming.readers", reader]
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as feeder:
        done = subprocess.run(module, stdin=feeder.stdout, stderr=subprocess.PIPE, text=True, check=True)
    rows, seconds = done.stderr.split()
    return float(rows) / float(seconds)


def reading(folder: Path, rows: int, rounds: int) -> None:
    """Print how fast each format is read, beside the bare way."""
    for suffix, (baseline, least) in BASELINES.items():
        path = folder / f"in{suffix}"
        write_recording(path, MORE_ROWS.get(suffix, 1) * rows)
        rows_a_second("ours", path)  # once, so that the kernels are compiled and the file is in memory
        pairs = [(rows_a_second("ours", path), rows_a_second(baseline, path)) for _ in range(rounds)]
        ours, theirs = (statistics.median(rates) / 1e6 for rates in zip(*pairs, strict=True))
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        click.echo(
            f"reading {suffix[1:]:<7} {ours:6.2f} M rows/s; {baseline} {theirs:.2f}: {ratio:.2f}x, "
            f"to be {least}x: {verdict(ratio >= least)}"
        )


# --- the whole command ------------------------------------------------------------------------------------------------


def cpu_of(command: list[str]) -> float:
    """User and system seconds of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def kernel_seconds(rows: int) -> float:
    """CPU seconds that the learner takes for a matrix of so many rows."""
    matrix = np.column_stack([column.to_numpy() for column in table_of(rows).columns])
    learner = Learner(COLUMNS[0], COLUMNS, hidden=4, window=4, experts=False)
    started = time.thread_time()
    learner.run(matrix)
    return time.thread_time() - started


def command(folder: Path, rows: int, rounds: int) -> None:
    """Print what a row costs from file to file, beyond the learner."""
    for suffix, most in MOST_MICROSECONDS.items():
        short, long = folder / f"short{suffix}", folder / f"long{suffix}"
        write_recording(short, rows // 10)
        write_recording(long, rows)
        out = str(folder / f"out{suffix}")
        costs = []
        for _ in range(rounds):
            seconds = {
                path: cpu_of([*COMMAND, str(path), *NETWORK, "-o", out, "--overwrite"]) for path in (short, long)
            }
            beyond = seconds[long] - seconds[short] - kernel_seconds(rows - rows // 10)
            costs.append(1e6 * beyond / (rows - rows // 10))
        cost = statistics.median(costs)
        name = suffix[1:]
        click.echo(
            f"{name} to {name}: {cost:.2f} us a row beyond the learner; to stay under {most}: {verdict(cost < most)}"
        )


# --- live -------------------------------------------------------------------------------------------------------------


def latencies(process: list[str], header: bytes) -> list[float]:
    """Feed a process lines at a steady rate; return for each the seconds until its record has come."""
    sent: list[float] = []
    came: list[float] = []
    with subprocess.Popen(process, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as live:
        assert live.stdin is not None and live.stdout is not None
        source, sink = live.stdin.fileno(), live.stdout.fileno()
        os.write(source, header + LINE % 0)
        while not os.read(sink, 1 << 16).endswith(b"\n"):  # until it has started
            pass
        reader = threading.Thread(target=_note_lines, args=(sink, came, LIVE_LINES))
        reader.start()
        start = time.perf_counter()
        for number in range(LIVE_LINES):
            while (left := start + number / LIVE_RATE - time.perf_counter()) > 0:
                time.sleep(left)
            sent.append(time.perf_counter())
            os.write(source, LINE % number)
        live.stdin.close()
        reader.join()
    return [arrived - left for left, arrived in zip(sent, came, strict=True)]


def _note_lines(descriptor: int, came: list[float], expected: int) -> None:
    while len(came) < expected and (data := os.read(descriptor, 1 << 16)):
        came.extend([time.perf_counter()] * data.count(b"\n"))


def live(rounds: int) -> None:
    """Print how long a line takes to become a record, beside a bare echo."""
    header = ",".join(COLUMNS).encode() + b"\n"
    ours = [*COMMAND, "-", "--quiet", "--hidden", "16", "--targets", COLUMNS[0]]
    echo = [sys.executable, "-m", "benchmarks.streaming.readers", "echo"]
    found: dict[str, list[float]] = {"streamrnn": [], "echo": []}
    for _ in range(rounds):
        found["streamrnn"] += latencies(ours, header)
        found["echo"] += latencies(echo, b"")
    for name, seconds in found.items():
        p50, p99 = (1e3 * statistics.quantiles(seconds, n=100)[at] for at in (49, 98))
        figure = f"live {name:<9} p50 {p50:.3f} ms, p99 {p99:.3f} ms"
        aim = f"; to stay under 0.3 and 5: {verdict(p50 < 0.3 and p99 < 5.0)}" if name == "streamrnn" else ""
        click.echo(figure + aim)


# --- long -------------------------------------------------------------------------------------------------------------


def long(gigabytes: float) -> None:
    """Print the memory of the command while a very long CSV goes through it."""
    rows = table_of(20_000).to_pylist()
    lines = "".join(",".join(map(repr, row.values())) + "\n" for row in rows).encode()
    command = [*COMMAND, "-", "--no-learn", "--quiet", "--output-format", "csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        assert running.stdin is not None
        process, resident, written = psutil.Process(running.pid), [], 0
        running.stdin.write(",".join(COLUMNS).encode() + b"\n")
        while written < gigabytes * 1e9:
            running.stdin.write(lines)
            written += len(lines)
            resident.append(process.memory_info().rss / MIB)
        running.stdin.close()
    tenth = max(1, len(resident) // 10)
    growth = resident[-1] - resident[tenth]
    click.echo(
        f"{written / 1e9:.1f} GB of CSV: {resident[-1]:.0f} MiB resident, {growth:+.2f} MiB since the first tenth; "
        f"to stay under 2: {verdict(growth < 2)}"
    )


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--long", "gigabytes", default=0.0, help="put so many gigabytes of CSV through the command as well")
@click.option("--only", type=click.Choice(["reading", "command", "live", "long"]))
def main(rows: int, rounds: int, gigabytes: float, only: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if only in (None, "reading"):
            reading(folder, rows, rounds)
        if only in (None, "command"):
            command(folder, rows, rounds)
        if only in (None, "live"):
            live(max(1, rounds // 2))
        if gigabytes:
            long(gigabytes)


if __name__ == "__main__":
    main()
