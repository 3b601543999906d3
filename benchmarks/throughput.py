"""Microseconds a row, beside PyTorch, JAX and deep-river: `python -m benchmarks.throughput`.

The job (see `peers/protocol.py`): 8 numeric columns, the first one forecast a row ahead, an update every `stride` rows
through the last `window` rows of each, Adam, clipping, float32, one thread. Every library is a process of its own,
pinned to one core; it first shows that it learns, and then they take turns, a round each, so that a slow minute of the
machine falls on all of them. A figure is the median of the rounds, for the fastest variant of each way of doing the
job.

streamrnn runs as its users run it. Its `run` takes many rows in one call, as JAX does with its rows in `lax.scan`; its
`step` takes one row, as PyTorch and deep-river do, and JAX with a call a row.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from itertools import product
from pathlib import Path

import click

from benchmarks.options import numbers, words
from benchmarks.peers.protocol import FEATURES
from benchmarks.peers.running import Configuration, Peer, Timing, measure
from benchmarks.pictures import draw_speeds

GROUPS = {  # name in the results -> head of the column
    "streamrnn run": "run",
    "streamrnn step": "step",
    "streamrnn forward": "forward",
    "deep-river": "deep-river",
    "PyTorch": "PyTorch",
    "JAX per call": "JAX call",
    "JAX lax.scan": "JAX scan",
}
DRAWN = ("streamrnn run", "JAX lax.scan", "JAX per call", "PyTorch", "deep-river")
AGAIN = 3  # place of a column that is not measured: behind run, step and forward
AIMED = ("lstm", 32, 1)  # cell, window, stride
AIMS = {  # hidden -> how many times longer the other one is to take
    ("deep-river", "streamrnn run"): {16: 200.0, 32: 100.0, 64: 40.0, 128: 15.0},
    ("PyTorch", "streamrnn run"): {16: 90.0, 32: 45.0, 64: 13.0, 128: 4.7},
    ("JAX lax.scan", "streamrnn run"): {16: 6.5, 32: 4.5, 64: 2.0, 128: 1.6},
    ("JAX per call", "streamrnn step"): {16: 14.0, 32: 8.0, 64: 3.0, 128: 1.8},
}
NOTE = """\
run and step are streamrnn, 4,096 rows and 1 row a call; JAX scan has 512 rows a call, all others have 1. A ratio tells
how many times longer the other one takes; * is an aim that was missed. The weights of the others change with every
update, so they run the window forward again for each one, while streamrnn keeps the activations of the window and goes
back through them with today's weights. "again" is what run would take if it ran the window forward as well: so many
times what a row takes of which nothing is learned ("forward")."""

STREAMRNN = Peer("streamrnn", "pip install -e .")
PEERS = {
    "torch": Peer("torch", "pip install torch --index-url https://download.pytorch.org/whl/cpu"),
    "jax": Peer("jax", "pip install jax"),
    "deep-river": Peer("deep_river", "see benchmarks/peers/deep_river_peer.py"),
}


def fastest(timings: list[Timing]) -> dict[str, Timing]:
    """The fastest variant of each group."""
    slowest_first = sorted(timings, key=Timing.median, reverse=True)
    return {timing.group: timing for timing in slowest_first}


def table_row(configuration: Configuration, timings: list[Timing]) -> list[str]:
    """Times, and ratios with a mark where an aim is missed."""
    took = {group: timing.median() for group, timing in fastest(timings).items()}
    steps = (configuration.window + configuration.stride - 1) / configuration.stride
    times = [took.get(group) for group in GROUPS]
    times.insert(AGAIN, took["streamrnn run"] + steps * took["streamrnn forward"])
    aimed = (configuration.cell, configuration.window, configuration.stride) == AIMED
    ratios = []
    for (slow, fast), aims in AIMS.items():
        ratio = took[slow] / took[fast] if slow in took else None
        missed = aimed and ratio is not None and ratio < aims.get(configuration.hidden, 0.0)
        ratios.append("-" if ratio is None else f"{ratio:.1f}x{'*' if missed else ''}")
    return [str(configuration.hidden), *("-" if time is None else f"{time:.1f}" for time in times), *ratios]


def print_table(lines: dict[Configuration, list[Timing]]) -> None:
    """One line for each hidden size."""
    head = ["hidden", *GROUPS.values(), *(f"{GROUPS[slow]}/{GROUPS[fast]}" for slow, fast in AIMS)]
    head.insert(1 + AGAIN, "again")
    rows = [head, *(table_row(configuration, timings) for configuration, timings in lines.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    one = next(iter(lines))
    often = "at every row" if one.stride == 1 else f"every {one.stride} rows"
    click.echo(f"\n{one.cell.upper()}, 8 features, window {one.window}, an update {often}: microseconds a row")
    for row in rows:
        click.echo("  ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=True)))
    if (one.cell, one.window, one.stride) == AIMED:
        aims = [
            f"{GROUPS[slow]}/{GROUPS[fast]} {'/'.join(f'{aim:g}' for aim in aims.values())}x"
            for (slow, fast), aims in AIMS.items()
        ]
        click.echo(f"aimed at, for hidden {'/'.join(map(str, next(iter(AIMS.values()))))}: {', '.join(aims)}")


def print_variants(timings: list[Timing]) -> None:
    """Every variant, the ones that the table shows starred, with the error that tells that it learns."""
    click.echo(
        "\nAll variants (* in the table): median and fastest round; squared error when warm, and that of the last value"
    )
    for cell, stride, hidden in dict.fromkeys((timing.cell, timing.stride, timing.hidden) for timing in timings):
        here = [timing for timing in timings if (timing.cell, timing.stride, timing.hidden) == (cell, stride, hidden)]
        shown = fastest(here).values()
        for timing in here:
            mark = "*" if timing in shown else " "
            name = f"{mark} {cell:5} {hidden:4}, stride {stride}  {timing.group:17}  {timing.variant:16}"
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


def draw_first_table(path: str, timings: list[Timing]) -> None:
    """Draw what was measured of the first cell and stride."""
    one = timings[0]
    first = [timing for timing in timings if (timing.cell, timing.stride) == (one.cell, one.stride)]
    groups = {
        hidden: fastest([timing for timing in first if timing.hidden == hidden])
        for hidden in dict.fromkeys(timing.hidden for timing in first)
    }
    drawn = [group for group in DRAWN if all(group in took for took in groups.values())]
    rates = {group: [1e6 / took[group].median() for took in groups.values()] for group in drawn}
    often = "each row" if one.stride == 1 else f"{one.stride} rows at once"
    title = f"{one.cell.upper()}, {FEATURES} features, learning from {often} through the last {one.window}, on one core"
    draw_speeds(path, title, [f"{hidden} units" for hidden in groups], rates)


@click.command(help=__doc__)
@click.option("--hidden", default="16,32,64,128", show_default=True, callback=numbers, help="hidden sizes")
@click.option("--cell", default="lstm,gru", show_default=True, callback=words(("elman", "gru", "lstm")), help="cells")
@click.option("--window", default=32, show_default=True, type=click.IntRange(2), help="rows of a gradient")
@click.option("--stride", default="1", show_default=True, callback=numbers, help="rows between two updates")
@click.option("--rows", default=512, show_default=True, type=click.IntRange(1, 4096), help="rows in a round, at least")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="rounds of each")
@click.option(
    "--peers", default=",".join(PEERS), show_default=True, callback=words(tuple(PEERS)), help="beside streamrnn"
)
@click.option("--picture", type=click.Path(dir_okay=False), metavar="FILE", help="draw the first table to it")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), metavar="FILE", help="write every round to it")
def main(
    hidden: list[int],
    cell: list[str],
    window: int,
    stride: list[int],
    rows: int,
    rounds: int,
    peers: list[str],
    picture: str | None,
    json_file: str | None,
) -> None:
    """Measure, print the tables, and save what was asked for."""
    chosen = installed([STREAMRNN, *(PEERS[name] for name in peers)])
    versions: dict[str, str] = {}
    everything: list[Timing] = []
    for one_cell, every in product(cell, stride):
        lines: dict[Configuration, list[Timing]] = {}
        for size in hidden:
            one = Configuration(one_cell, size, window, every, rows)
            lines[one] = measure(chosen, one, rounds, versions, lambda text: click.echo(text, err=True))
            everything += lines[one]
        print_table(lines)
    print_variants(everything)
    about = {**machine(), **versions}
    click.echo(f"\nMedian of {rounds} rounds, one round of each in turn.\n{NOTE}")
    click.echo("Measured on " + ", ".join(f"{name} {value}" for name, value in about.items()) + ", one thread each.")
    if picture:
        draw_first_table(picture, everything)
    if json_file:
        save(json_file, about, everything)


if __name__ == "__main__":
    main()
