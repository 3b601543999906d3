"""Microseconds a row, learning at every row, beside PyTorch and JAX: `python -m benchmarks.throughput`.

The job (see `peers/protocol.py`): 8 numeric columns, the first one forecast a row ahead, one update a row through the last
`window` rows, Adam, clipping, float32, one thread. Every contender is a process of its own, pinned to one core; it first shows
that it learns, and then they take turns, a round each, so that a slow minute of the machine falls on all of them. A figure is
the median of the rounds, for the fastest variant of each group.

streamrnn runs as its users run it. Its `run` takes many rows in one call, as JAX does with its rows in `lax.scan`; its `step`
takes one row, as PyTorch does and JAX per call; all of these are printed, and the aims are for `run` against PyTorch.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
AIMS = {16: 75.0, 32: 33.0, 64: 13.0, 128: 4.5}  # LSTM, window 32: hidden -> times PyTorch
AIMED_WINDOW = 32
OURS = ("streamrnn run", "streamrnn step")
THEIRS = ("PyTorch", "JAX per call", "JAX lax.scan")
RATIOS = (  # slower group, faster group
    ("PyTorch", "streamrnn run"),
    ("JAX per call", "streamrnn run"),
    ("JAX lax.scan", "streamrnn run"),
    ("PyTorch", "streamrnn step"),
    ("JAX per call", "streamrnn step"),
)
NOTE = """\
The weights of PyTorch and JAX change with every update, so they run the window forward again for each row; streamrnn keeps the
activations of the window and goes back through them with today's weights. Ratios: how many times longer the other one takes."""


@dataclass(frozen=True)
class Peer:
    """A library, the module that does the job with it, and how to get it."""

    name: str
    package: str
    install: str

    @property
    def module(self) -> str:
        return f"benchmarks.peers.{self.name}_peer"

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None


PEERS = {
    peer.name: peer
    for peer in (
        Peer("streamrnn", "streamrnn", "pip install -e ."),
        Peer("torch", "torch", "pip install torch --index-url https://download.pytorch.org/whl/cpu"),
        Peer("jax", "jax", "pip install jax"),
    )
}


@dataclass(frozen=True)
class Configuration:
    """One line of the table."""

    cell: str
    hidden: int
    window: int


@dataclass
class Timing:
    """What one contender took at one configuration."""

    cell: str
    hidden: int
    window: int
    group: str
    variant: str
    first_loss: float
    last_loss: float
    rounds: list[float]  # microseconds a row

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


class PeerFailed(Exception):
    """A peer ended before it answered; the message is the last thing that it said."""


class Process:
    """A peer that runs beside us and does a round when it is asked."""

    def __init__(self, peer: Peer, configuration: Configuration, rows: int) -> None:
        arguments = [f"--{name}={value}" for name, value in {**asdict(configuration), "rows": rows}.items()]
        command = [sys.executable, "-m", peer.module, "--serve", *arguments]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors
        )

    def answer(self) -> dict[str, Any]:
        """Wait for the next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines() or ["it said nothing"]
            raise PeerFailed(said[-1])
        return dict(json.loads(line))

    def round(self) -> list[float]:
        """Microseconds a row of each of its contenders, timed now."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write("round\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: answer() tells why
        return list(self.answer()["microseconds"])

    def close(self) -> None:
        """End it: a peer leaves when nothing more can be asked."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdout.close()
        self.process.wait()
        self.errors.close()


def start(
    peer: Peer, configuration: Configuration, rows: int, versions: dict[str, str]
) -> tuple[Process, list[Timing]]:
    """Start a peer and wait until it is warm."""
    process = Process(peer, configuration, rows)
    try:
        ready = process.answer()
    except PeerFailed:
        process.close()
        raise
    versions[peer.name] = ready["version"]
    return process, [Timing(**asdict(configuration), **contender, rounds=[]) for contender in ready["contenders"]]


def measure(
    peers: list[Peer], configuration: Configuration, rows: int, rounds: int, versions: dict[str, str]
) -> list[Timing]:
    """Warm all peers up, then let them take turns."""
    running: list[tuple[Process, list[Timing]]] = []
    try:
        for peer in peers:
            say(f"{configuration.cell} {configuration.hidden}: {peer.name} warms up")
            try:
                running.append(start(peer, configuration, rows, versions))
            except PeerFailed as failure:
                say(f"{peer.name} is left out: {failure}")
        for number in range(rounds):
            say(f"{configuration.cell} {configuration.hidden}: round {number + 1} of {rounds}")
            for process, timings in running:
                for timing, microseconds in zip(timings, process.round(), strict=True):
                    timing.rounds.append(microseconds)
    finally:
        for process, _ in running:
            process.close()
    return [timing for _, timings in running for timing in timings]


def fastest(timings: list[Timing]) -> dict[str, Timing]:
    """The fastest variant of each group."""
    best: dict[str, Timing] = {}
    for timing in sorted(timings, key=lambda timing: timing.median, reverse=True):
        best[timing.group] = timing
    return best


def ratios(best: dict[str, Timing]) -> dict[tuple[str, str], float]:
    """How many times longer the one takes than the other, for each pair that was measured."""
    return {
        (slow, fast): best[slow].median / best[fast].median for slow, fast in RATIOS if slow in best and fast in best
    }


def print_table(cell: str, lines: dict[int, list[Timing]], window: int, rounds: int) -> None:
    """One line for each hidden size: times, ratios, and the aim where there is one."""
    groups = (*OURS, *THEIRS)
    click.echo(
        f"\n{cell.upper()}, 8 features, window {window}, an update at every row: microseconds a row, median of {rounds}"
    )
    head = [
        "hidden",
        *groups,
        *(f"{slow} / {fast.removeprefix('streamrnn ')}" for slow, fast in RATIOS),
        "aimed",
        "reached",
    ]
    rows = []
    for hidden, timings in lines.items():
        best = fastest(timings)
        ratio = ratios(best)
        aim = AIMS.get(hidden) if (cell, window) == ("lstm", AIMED_WINDOW) else None
        reached = ratio.get(RATIOS[0])
        rows.append(
            [
                str(hidden),
                *(f"{best[group].median:.1f}" if group in best else "-" for group in groups),
                *(f"{ratio[pair]:.1f}x" if pair in ratio else "-" for pair in RATIOS),
                f"{aim:g}x" if aim else "-",
                ("yes" if reached >= aim else "no") if aim and reached else "-",
            ]
        )
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        click.echo("  ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=True)))


def print_variants(timings: list[Timing]) -> None:
    """Every variant, the chosen ones starred, with the loss that shows that it learns."""
    click.echo(
        "\nAll variants (* is in the table): median and fastest round; loss while warming up, at first and at last"
    )
    for cell, hidden in dict.fromkeys((timing.cell, timing.hidden) for timing in timings):
        here = [timing for timing in timings if (timing.cell, timing.hidden) == (cell, hidden)]
        best = fastest(here).values()
        for timing in here:
            star = "*" if timing in best else " "
            click.echo(
                f"{star} {cell:5} {hidden:4}  {timing.group:14}  {timing.variant:16}"
                f"  {timing.median:8.1f}  {min(timing.rounds):8.1f}   {timing.first_loss:.3f} -> {timing.last_loss:.3f}"
            )


def machine() -> dict[str, str]:
    """What it was measured on."""
    about = Path("/proc/cpuinfo")
    models = (
        [line.split(":", 1)[1].strip() for line in about.read_text().splitlines() if line.startswith("model name")]
        if (about.exists())
        else []
    )
    return {
        "processor": models[0] if models else platform.processor(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def say(text: str) -> None:
    """Tell progress, apart from the table."""
    click.echo(text, err=True)


def choose_peers(names: list[str]) -> list[Peer]:
    """The peers that are installed; say how to get the others."""
    chosen = [PEERS[name] for name in ("streamrnn", *names)]
    for peer in chosen:
        if not peer.installed:
            click.echo(f"{peer.package} is missing and left out; to have it: {peer.install}")
    return [peer for peer in chosen if peer.installed]


class CommaList(click.ParamType):
    """Values parted by commas, each one of a few or each a number."""

    name = "list"

    def __init__(self, choices: tuple[str, ...] = ()) -> None:
        self.choices = choices

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> list[Any]:
        if isinstance(value, list):
            return value
        words = [word.strip() for word in value.split(",") if word.strip()]
        for word in words:
            if word not in self.choices if self.choices else not word.isdigit():
                self.fail(f"{word!r} is not {'one of ' + ', '.join(self.choices) if self.choices else 'a number'}")
        return words if self.choices else [int(word) for word in words]


@click.command(help=__doc__)
@click.option("--hidden", type=CommaList(), default="16,32,64,128", show_default=True, help="hidden sizes")
@click.option("--cell", type=CommaList(("elman", "gru", "lstm")), default="lstm,gru", show_default=True, help="cells")
@click.option(
    "--window", type=click.IntRange(2), default=AIMED_WINDOW, show_default=True, help="rows that a gradient flows back"
)
@click.option("--rows", type=click.IntRange(1, 4096), default=512, show_default=True, help="rows in a round, at least")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="rounds of each contender")
@click.option(
    "--peers", type=CommaList(("torch", "jax")), default="torch,jax", show_default=True, help="beside streamrnn"
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, writable=True), help="write every round to this file"
)
def main(
    hidden: list[int], cell: list[str], window: int, rows: int, rounds: int, peers: list[str], json_file: str | None
) -> None:
    chosen = choose_peers(peers)
    versions: dict[str, str] = {}
    timings: list[Timing] = []
    for one_cell in cell:
        lines: dict[int, list[Timing]] = {}
        for size in hidden:
            lines[size] = measure(chosen, Configuration(one_cell, size, window), rows, rounds, versions)
            timings += lines[size]
        print_table(one_cell, lines, window, rounds)
    print_variants(timings)
    click.echo(f"\n{NOTE}")
    about = {**machine(), **versions}
    click.echo("Measured on " + ", ".join(f"{name} {value}" for name, value in about.items()) + ", one thread each.")
    if json_file:
        results = [{**asdict(timing), "median": timing.median, "min": min(timing.rounds)} for timing in timings]
        Path(json_file).write_text(
            json.dumps({"machine": about, "window": window, "results": results}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
