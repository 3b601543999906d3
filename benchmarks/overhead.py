"""What a row costs beyond its kernel: `python -m benchmarks.overhead`.

A learner whose weights are frozen takes rows of 8 numbers, by `step` with a mapping, by `step` with an array, by `run`
with a table, and straight through its kernels, 4,096 rows in one call. Records of steps are let go as they come. The
ways take turns, a round each, in one process; a figure is the median over the rounds of the difference between a way
and the kernels in the same round. Rows a second are those of `run` with `learn=False`, at hidden 32 and one feature.
A method that does nothing, with the arguments of `step`, tells how fast the machine is at the moment.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import click
import numpy as np
import pyarrow

from streamrnn import Learner
from streamrnn.engine import Portion
from streamrnn.rows.reader import Row

ROWS = 4096
COLUMNS = [f"c{column}" for column in range(8)]
REACH = {"step(mapping)": 4.0, "step(array)": 1.5, "run(table)": 0.2}  # microseconds a row
FROZEN_REACH = 1e6  # rows a second


def rows_of(columns: int) -> np.ndarray:
    """Waves of different lengths, and noise: (rows, columns)."""
    steps = np.arange(ROWS)[:, None] / np.arange(5, 5 + columns)
    return np.sin(steps) + 0.1 * np.random.default_rng(0).standard_normal(steps.shape)


def seconds(take: Callable[[], object]) -> float:
    """CPU time of one call."""
    started = time.process_time()
    take()
    return time.process_time() - started


def kernels_alone(learner: Learner, values: np.ndarray) -> Callable[[], object]:
    """Make a call that takes rows through the kernels, with all arrays made beforehand."""
    codes, marks = np.zeros((ROWS, 0), np.int64), np.zeros((ROWS, 2), np.int64)
    answers = np.empty((ROWS, learner._intake.layout.answer_width))
    return lambda: learner._engine.take(Portion(values, codes, marks, False, answers))


class Nothing:
    """Has a method that does nothing."""

    def step(self, row: Row, learn: bool = True) -> None:
        """Take nothing."""


def one_by_one(learner: Learner | Nothing, rows: Sequence[Row]) -> None:
    """Take rows as a stream brings them: each record is let go when the next one comes."""
    for row in rows:
        learner.step(row, learn=False)


def measure(rounds: int) -> dict[str, float]:
    """Microseconds a row beyond the kernels."""
    learner, values = Learner(COLUMNS[:1], COLUMNS, hidden=8, window=8, experts=False), rows_of(len(COLUMNS))
    order = [COLUMNS.index(name) for name in learner.columns]
    matrix = np.ascontiguousarray(values[:, order])
    arrays = list(matrix)
    mappings = [dict(zip(COLUMNS, row, strict=True)) for row in values.tolist()]
    table = pyarrow.table(dict(zip(COLUMNS, values.T, strict=True)))
    ways: dict[str, Callable[[], object]] = {
        "step(mapping)": lambda: one_by_one(learner, mappings),
        "step(array)": lambda: one_by_one(learner, arrays),
        "run(table)": lambda: learner.run(table, learn=False),
    }
    nothing = [seconds(lambda: one_by_one(Nothing(), arrays)) / ROWS * 1e6 for _ in range(rounds)]
    click.echo(f"a method that does nothing takes {statistics.median(nothing):.3f} microseconds")
    kernels = kernels_alone(learner, matrix)
    beyond: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, take in ways.items():
            alone = seconds(kernels)
            beyond[way].append((seconds(take) - alone) / ROWS * 1e6)
    return {way: statistics.median(times) for way, times in beyond.items()}


def frozen_rate(cell: str, rounds: int) -> float:
    """Rows a second of `run` on a table, at hidden 32, with frozen weights."""
    learner, values = Learner(["c0"], cell=cell, hidden=32, experts=False), rows_of(1)
    table = pyarrow.table({"c0": values[:, 0]})
    learner.run(table)
    return ROWS / statistics.median(seconds(lambda: learner.run(table, learn=False)) for _ in range(rounds))


def report(what: str, figure: str, reach: str, is_reached: bool) -> None:
    """Print one figure with its aim."""
    click.echo(f"{what:<16} {figure:>9}   {reach}: {'yes' if is_reached else 'NO'}")


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--rounds", default=15, show_default=True)
def main(rounds: int) -> None:
    click.echo("microseconds of CPU a row beyond the kernels")
    for way, beyond in measure(rounds).items():
        report(way, f"{beyond:.2f}", f"at most {REACH[way]:.1f}", beyond <= REACH[way])
    click.echo("rows a second with frozen weights, hidden 32, one feature, one core")
    for cell in ("gru", "lstm"):
        rate = frozen_rate(cell, rounds)
        report(cell, f"{rate:,.0f}", f"at least {FROZEN_REACH:,.0f}", rate >= FROZEN_REACH)


if __name__ == "__main__":
    main()
