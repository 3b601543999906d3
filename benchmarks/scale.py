"""Is a row's cost flat in time, and does it grow as the work does, and no faster?

    python -m benchmarks.scale                        all, a quarter of an hour
    python -m benchmarks.scale --only age             a learner at row 10 million beside a fresh one
    python -m benchmarks.scale --picture scale.png    the costs against each size, on logarithmic axes

Age: both learners take rows in turn, in one process; the ratio of their medians is to be within 5% of 1.

Sizes: microseconds of CPU a row, the best of some rounds, against hidden, window, horizon and keys. The slope is that
of a straight line through the logarithms of the upper half of the sizes; beside it stands that of the multiplications
that such a row needs. A smaller slope than theirs is what wide vectors and registers still gain on small sizes; a
larger one is memory that no longer fits a cache.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, NamedTuple

import click
import numpy as np
import pyarrow

from streamrnn import Learner

from .options import words
from .pictures import draw_costs

FEATURES = 8
USUAL = {"hidden": 32, "window": 32, "horizon": 1, "keys": 0}
SWEPT = {
    "hidden": (8, 16, 32, 64, 128, 256, 512),
    "window": (8, 16, 32, 64, 128, 256, 512),
    "horizon": (1, 3, 6, 12, 24, 48, 96),
    "keys": (1, 10, 100, 1000, 10_000, 100_000),
}
KINDS = ("age", *SWEPT)
GATES = 3  # of the GRU, the default cell
OLD = 10_000_000  # rows
MOST_OFF = 0.05  # of the ratio of an old learner's time to a fresh one's
SECONDS = 0.3  # of rows in one timing, about
ROUNDS = 5


class Cost(NamedTuple):
    """What a row of one size takes."""

    size: int
    microseconds: float
    multiplications: float


def learner_of(sizes: dict[str, int]) -> Learner:
    """The plain learner of some sizes; with keys, of a column more."""
    settings: dict[str, Any] = {name: sizes[name] for name in ("hidden", "window", "horizon")}
    if sizes["keys"]:
        settings |= {"key": "key", "max_keys": sizes["keys"]}
    return Learner("c0", [f"c{i}" for i in range(FEATURES)], experts=False, **settings)


def rows_of(learner: Learner, sizes: dict[str, int], first: int, count: int) -> pyarrow.Table:
    """Some rows of a stream without end; keys take turns."""
    numbers = first + np.arange(count)
    columns = {f"c{i}": np.sin(numbers / (3.0 + i)) + 0.1 * np.cos(numbers * 7.1) for i in range(FEATURES)}
    if learner.settings.key:
        columns["key"] = numbers % sizes["keys"]
    return pyarrow.table(columns)


def multiplications(sizes: dict[str, int]) -> float:
    """How many a row needs: a step forward, the window back, its matrices' gradient, the head, the optimizer."""
    hidden, inputs, horizon = sizes["hidden"], 2 * FEATURES, sizes["horizon"]
    matrices = GATES * hidden * (hidden + inputs)
    swept = sizes["window"] + horizon - 1
    head = horizon * hidden
    return matrices + swept * (GATES * hidden * hidden + matrices) + 3 * head + 4 * (matrices + head)


def cpu_microseconds(learner: Learner, table: pyarrow.Table) -> float:
    """CPU time of a row."""
    started = time.process_time()
    learner.run(table)
    return 1e6 * (time.process_time() - started) / table.num_rows


def cost(sizes: dict[str, int], size: int) -> Cost:
    """Measure one learner, once every window is full."""
    learner = learner_of(sizes)
    warm = max(2 * (sizes["window"] + sizes["horizon"]) * max(1, sizes["keys"]), 500)
    learner.run(rows_of(learner, sizes, 0, warm))
    probe = rows_of(learner, sizes, warm, 200)
    count = int(min(max(SECONDS * 1e6 / cpu_microseconds(learner, probe), 200), 50_000))
    table = rows_of(learner, sizes, warm + 200, count)
    best = min(cpu_microseconds(learner, table) for _ in range(ROUNDS))
    return Cost(size, best, multiplications(sizes))


def slope(sizes: list[int], costs: list[float]) -> float:
    """Of a straight line through the logarithms, over the upper half of the sizes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(costs[half:]), 1)[0])


def sweep(name: str) -> list[Cost]:
    """Measure every size of one kind; all others as usual."""
    found = []
    for size in SWEPT[name]:
        found.append(cost({**USUAL, name: size}, size))
        click.echo(f"{name:>8} {size:>7,}: {found[-1].microseconds:9.2f} us a row")
    measured = slope([one.size for one in found], [one.microseconds for one in found])
    needed = slope([one.size for one in found], [one.multiplications for one in found])
    click.echo(f"{name:>8}   slope: {measured:9.2f}, of the multiplications {needed:.2f}")
    return found


def age(rows: int) -> None:
    """Time an old learner and a fresh one in turn."""
    sizes = dict(USUAL)
    old, fresh = learner_of(sizes), learner_of(sizes)
    chunk = 50_000
    for first in range(0, rows, chunk):
        old.run(rows_of(old, sizes, first, min(chunk, rows - first)))
    fresh.run(rows_of(fresh, sizes, 0, 2000))
    took: dict[str, list[float]] = {"old": [], "fresh": []}
    for turn in range(60):
        table = rows_of(old, sizes, rows + turn * 4000, 4000)
        for name, learner in (("old", old), ("fresh", fresh)):
            took[name].append(cpu_microseconds(learner, table))
    median = {name: statistics.median(times) for name, times in took.items()}
    ratio = median["old"] / median["fresh"]
    click.echo(
        f"at row {rows:,}: {median['old']:.2f} us a row, fresh {median['fresh']:.2f}, ratio {ratio:.3f}, to be within "
        f"{MOST_OFF:.0%} of 1: {'reached' if abs(ratio - 1.0) <= MOST_OFF else 'MISSED'}"
    )


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--only", default=",".join(KINDS), show_default=True, callback=words(KINDS), help="what to measure")
@click.option("--rows", default=OLD, show_default=True, help="age of the old learner")
@click.option("--picture", type=click.Path(dir_okay=False), help="file to draw the costs to")
def main(only: list[str], rows: int, picture: str | None) -> None:
    click.echo(f"GRU, {FEATURES} features; where not swept: " + ", ".join(f"{k} {v}" for k, v in USUAL.items() if v))
    if "age" in only:
        age(rows)
    swept = {name: sweep(name) for name in SWEPT if name in only}
    if picture and swept:
        lines = {
            name: (list(sizes), list(costs), list(needed))
            for name, found in swept.items()
            for sizes, costs, needed in [zip(*found, strict=True)]
        }
        draw_costs(picture, lines, "multiplications")


if __name__ == "__main__":
    main()
