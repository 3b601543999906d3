"""Microseconds a row, learning at every row, beside PyTorch and JAX: `python -m benchmarks.throughput`.

The job (see `peers/protocol.py`): 8 numeric columns, the first one forecast a row ahead, one update a row through the
last `window` rows, Adam, clipping, float32, one thread. Every library is a process of its own, pinned to one core; it
first shows that it learns, and then they take turns, a round each, so that a slow minute of the machine falls on all of
them. A figure is the median of the rounds, for the fastest variant of each way of doing the job.

streamrnn runs as its users run it. Its `run` takes many rows in one call, as JAX does with its rows in `lax.scan`; its
`step` takes one row, as PyTorch does and JAX with a call a row. All of them are printed; the aims are for `run` against
PyTorch.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks.peers.running import Configuration, Peer, Timing, measure

AIMS = {16: 75.0, 32: 33.0, 64: 13.0, 128: 4.5}  # LSTM, window 32: hidden -> times PyTorch
AIMED_WINDOW = 32
GROUPS = {  # name in the results -> head of the column
    "streamrnn run": "run",
    "streamrnn step": "step",
    "PyTorch": "PyTorch",
    "JAX per call": "JAX call",
    "JAX lax.scan": "JAX scan",
}
AIMED_RATIO = ("PyTorch", "streamrnn run")
RATIOS = (
    AIMED_RATIO,
    ("JAX per call", "streamrnn run"),
    ("JAX lax.scan", "streamrnn run"),
    ("PyTorch", "streamrnn step"),
    ("JAX per call", "streamrnn step"),
)
NOTE = """\
run and step are streamrnn, 4,096 rows and 1 row a call; JAX scan has 512 rows a call, PyTorch and JAX call have 1.
A ratio tells how many times longer the other one takes. The weights of PyTorch and JAX change with every update, so
they run the window forward again for each row, while streamrnn keeps the activations of the window and goes back
through them with today's weights."""

STREAMRNN = Peer("streamrnn", "pip install -e .")
PEERS = {
    "torch": Peer("torch", "pip install torch --index-url https://download.pytorch.org/whl/cpu"),
    "jax": Peer("jax", "pip install jax"),
}


def fastest(timings: list[Timing]) -> dict[str, Timing]:
    """The fastest variant of each group."""
    slowest_first = sorted(timings, key=Timing.median, reverse=True)
    return {timing.group: timing for timing in slowest_first}


def table_row(cell: str, hidden: int, window: int, timings: list[Timing]) -> list[str]:
    """Times, ratios, and the aim where there is one."""
    took = {group: timing.median() for group, timing in fastest(timings).items()}
    ratio = {(slow, fast): took[slow] / took[fast] for slow, fast in RATIOS if slow in took and fast in took}
    aim = AIMS.get(hidden) if (cell, window) == ("lstm", AIMED_WINDOW) else None
    reached = "-"
    if aim and AIMED_RATIO in ratio:
        reached = "yes" if ratio[AIMED_RATIO] >= aim else "no"
    return [
        str(hidden),
        *(f"{took[group]:.1f}" if group in took else "-" for group in GROUPS),
        *(f"{ratio[pair]:.1f}x" if pair in ratio else "-" for pair in RATIOS),
        f"{aim:g}x" if aim else "-",
        reached,
    ]


def print_table(cell: str, window: int, lines: dict[int, list[Timing]]) -> None:
    """One line for each hidden size."""
    head = [
        "hidden",
        *GROUPS.values(),
        *(f"{GROUPS[slow]}/{GROUPS[fast]}" for slow, fast in RATIOS),
        "aimed",
        "reached",
    ]
    rows = [head, *(table_row(cell, hidden, window, timings) for hidden, timings in lines.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    click.echo(f"\n{cell.upper()}, 8 features, window {window}, an update at every row: microseconds a row")
    for row in rows:
        click.echo("  ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=True)))


def print_variants(timings: list[Timing]) -> None:
    """Every variant, the ones that the table shows starred, with the error that tells that it learns."""
    click.echo(
        "\nAll variants (* in the table): median and fastest round; squared error when warm, and that of the last value"
    )
    for cell, hidden in dict.fromkeys((timing.cell, timing.hidden) for timing in timings):
        here = [timing for timing in timings if (timing.cell, timing.hidden) == (cell, hidden)]
        shown = fastest(here).values()
        for timing in here:
            name = f"{'*' if timing in shown else ' '} {cell:5} {hidden:4}  {timing.group:14}  {timing.variant:16}"
            error = f"{timing.learned_error:.3f}  {timing.last_value_error:.3f}"
            click.echo(f"{name}  {timing.median():8.1f}  {min(timing.rounds):8.1f}   {error}")


def machine() -> dict[str, str]:
    """What it was measured on."""
    processor = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.split(": ")[1] for line in lines if line.startswith("model name")), processor)
    return {"processor": processor, "system": platform.system(), "Python": platform.python_version()}


def installed(peers: list[Peer]) -> list[Peer]:
    """Those that can run; say how to get the others."""
    for peer in peers:
        if not peer.is_installed():
            click.echo(f"{peer.name} is missing and left out; to have it: {peer.install}")
    return [peer for peer in peers if peer.is_installed()]


def save(path: str, about: dict[str, str], timings: list[Timing]) -> None:
    """Write every round to a JSON file."""
    results = [{**asdict(timing), "median": timing.median(), "min": min(timing.rounds)} for timing in timings]
    Path(path).write_text(json.dumps({"machine": about, "microseconds_per_row": results}, indent=1) + "\n")


def words(allowed: tuple[str, ...]) -> Any:
    """Make a click callback that reads words parted by commas."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str) -> list[str]:
        chosen = [word.strip() for word in value.split(",") if word.strip()]
        unknown = [word for word in chosen if word not in allowed]
        if unknown:
            raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(allowed)}")
        return chosen

    return read


def numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int]:
    """Read numbers parted by commas."""
    try:
        return [int(word) for word in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of numbers, as in 16,32") from None


@click.command(help=__doc__)
@click.option("--hidden", default="16,32,64,128", show_default=True, callback=numbers, help="hidden sizes")
@click.option("--cell", default="lstm,gru", show_default=True, callback=words(("elman", "gru", "lstm")), help="cells")
@click.option("--window", default=AIMED_WINDOW, show_default=True, type=click.IntRange(2), help="rows of a gradient")
@click.option("--rows", default=512, show_default=True, type=click.IntRange(1, 4096), help="rows in a round, at least")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="rounds of each")
@click.option("--peers", default="torch,jax", show_default=True, callback=words(tuple(PEERS)), help="beside streamrnn")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), metavar="FILE", help="write every round to it")
def main(
    hidden: list[int], cell: list[str], window: int, rows: int, rounds: int, peers: list[str], json_file: str | None
) -> None:
    """Measure, print the tables, and save what was asked for."""
    chosen = installed([STREAMRNN, *(PEERS[name] for name in peers)])
    versions: dict[str, str] = {}
    everything: list[Timing] = []
    for one_cell in cell:
        lines: dict[int, list[Timing]] = {}
        for size in hidden:
            configuration = Configuration(one_cell, size, window, rows)
            lines[size] = measure(chosen, configuration, rounds, versions, lambda text: click.echo(text, err=True))
            everything += lines[size]
        print_table(one_cell, window, lines)
    print_variants(everything)
    about = {**machine(), **versions}
    click.echo(f"\nMedian of {rounds} rounds, one round of each in turn.\n{NOTE}")
    click.echo("Measured on " + ", ".join(f"{name} {value}" for name, value in about.items()) + ", one thread each.")
    if json_file:
        save(json_file, about, everything)


if __name__ == "__main__":
    main()
