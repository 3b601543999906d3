"""Does memory stay as it was announced? Resident memory of a learner on a long stream.

    python -m benchmarks.memory               10 million rows, a quarter of an hour
    python -m benchmarks.memory --rows 2000000

Two figures: what is added from the learner's construction to row 10,000, beside ``learner.nbytes``; and what is
added between row 1 million and the last row. Rows come in batches of 10,000, and each batch's records are dropped,
as a user would.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import numpy as np
import psutil

from streamrnn import Learner

BATCH = 10_000
MIB = 2**20


def resident() -> float:
    """Resident memory of this process in MiB."""
    return psutil.Process().memory_info().rss / MIB


def batches(count: int, columns: int) -> Iterator[np.ndarray]:
    """Yield ``count`` batches of waves with noise, over and over: (BATCH, columns)."""
    random = np.random.default_rng(0)
    phase = np.arange(BATCH)[:, None] / (5.0 + np.arange(columns))
    batch = np.sin(phase) + 0.1 * random.standard_normal((BATCH, columns))
    for _ in range(count):
        yield batch


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--rows", default=10_000_000, show_default=True)
@click.option("--hidden", default=16, show_default=True)
@click.option("--window", default=8, show_default=True)
def main(rows: int, hidden: int, window: int) -> None:
    names = [f"c{i}" for i in range(4)]
    Learner(names, hidden=2).run(
        next(iter(batches(1, 4)))
    )  # imports, kernels and Arrow's pools are there before the first figure
    before = resident()
    learner = Learner(names, hidden=hidden, window=window)
    at = {}
    for batch in batches(max(rows // BATCH, 101), 4):
        learner.run(batch)
        at[learner.rows] = resident()
    announced = learner.nbytes / MIB
    first, million, last = at[BATCH] - before, at[1_000_000], at[learner.rows]
    start, stream = _verdict(first <= announced + 4), _verdict(last - million < 2)
    click.echo(f"construction to row {BATCH:,}: {first:+.2f} MiB; announced {announced:.2f} + 4: {start}")
    click.echo(f"row 1,000,000 to {learner.rows:,}: {last - million:+.2f} MiB; to stay under 2: {stream}")
    click.echo(f"highest over lowest since then: {_range(at):.2f} MiB")


def _range(at: dict[int, float]) -> float:
    late = [size for row, size in at.items() if row >= 1_000_000]
    return max(late) - min(late)


def _verdict(reached: bool) -> str:
    return "yes" if reached else "NO"


if __name__ == "__main__":
    main()
