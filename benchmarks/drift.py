"""Does it help to raise the learning rate where the losses have risen? With `--drift rate` and without.

    python -m benchmarks.drift --data FOLDER

The streams, development rows and scales of `benchmarks.forecasting`, and two streams that are made: autoregressions of
order 2 whose coefficients change, and logistic maps whose parameter does, every 2,000 rows. For the network alone and
for the mix: the mean squared error without and with, over all rows or, of the made streams, also over the 500 rows that
follow a change; and how often a drift was told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.forecasting import FORECASTERS, TASKS, TIME, read_stream, rows_of, squared_errors
from benchmarks.options import DATA, numbers
from streamrnn import Learner

MADE_ROWS, STRETCH, AFTER = 24_000, 2_000, 500
WHO = ("network", "mix")


def autoregressions(random: np.random.Generator) -> np.ndarray:
    """Damped oscillations whose period changes with each stretch: (rows,)."""
    values = np.zeros(MADE_ROWS)
    for row in range(2, MADE_ROWS):
        if (row - 2) % STRETCH == 0:
            angle = random.uniform(0.2, 2.9)
        values[row] = 1.9 * np.cos(angle) * values[row - 1] - 0.9025 * values[row - 2] + random.standard_normal()
    return values


def logistic_maps(random: np.random.Generator) -> np.ndarray:
    """Chaos whose parameter changes with each stretch: (rows,)."""
    values = np.full(MADE_ROWS, 0.4)
    for row in range(1, MADE_ROWS):
        if (row - 1) % STRETCH == 0:
            parameter = random.uniform(3.6, 4.0)
        last = values[row - 1]
        values[row] = np.clip(parameter * last * (1.0 - last) + 0.01 * random.standard_normal(), 0.01, 0.99)
    return values


def run(table: Any, names: list[str], horizon: int, **settings: Any) -> tuple[np.ndarray, int]:
    """Forecasts (rows, horizon, columns), and how often a drift was told."""
    records = Learner(names, horizon=horizon, **settings).run(table)
    columns = [[records[f"{name}_h{h}"].to_numpy() for name in names] for h in range(1, horizon + 1)]
    told = sum("drift" in event for event in records["event"].to_pylist() if event)
    return np.moveaxis(np.array(columns), 2, 0), told


def show(stream: str, horizon: int, who: str, without: np.ndarray, with_: np.ndarray, told: int) -> None:
    """One line of the table."""
    ratio = with_.mean() / without.mean()
    click.echo(f"{stream:<28} {horizon:>3} {who:<8} {without.mean():9.4f} {with_.mean():9.4f} {ratio:7.3f} {told:>5}")


def recorded(folder: Path, horizons: list[int]) -> None:
    """The development rows of the recorded streams."""
    for task in TASKS:
        stream, names, values = read_stream(next(folder.rglob(task.file)))
        span = rows_of(task.development, len(values))
        deviations = values[rows_of(task.training, len(values))].std(axis=0)
        for horizon in horizons:
            for who in WHO:
                settings = {"time": TIME, "time_format": task.time_format, **FORECASTERS[who]}
                known = stream.slice(0, span.stop)
                both = [run(known, names, horizon, drift=drift, **settings) for drift in ("off", "rate")]
                ahead = range(1, horizon + 1)
                errors = [squared_errors(values, forecasts, deviations, span, ahead) for forecasts, _ in both]
                show(task.file, horizon, who, *errors, both[1][1])


def made(horizons: list[int]) -> None:
    """The made streams."""
    for make in (autoregressions, logistic_maps):
        values = make(np.random.default_rng(0))[:, None]
        after = np.flatnonzero(np.arange(MADE_ROWS) % STRETCH < AFTER)
        for horizon in horizons:
            for who in WHO:
                settings = {**FORECASTERS[who], "time_features": None}  # they have no time
                both = [run(values, ["0"], horizon, drift=drift, **settings) for drift in ("off", "rate")]
                span = slice(STRETCH, MADE_ROWS)
                ahead, deviations = range(1, horizon + 1), values.std(axis=0)
                errors = [squared_errors(values, forecasts, deviations, span, ahead) for forecasts, _ in both]
                rows = after[(after >= STRETCH) & (after < MADE_ROWS - horizon)] - STRETCH
                show(make.__name__, horizon, who, *errors, both[1][1])
                show(f"... {AFTER} rows after a change", horizon, who, errors[0][rows], errors[1][rows], both[1][1])


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@click.option("--horizons", default="1,24", show_default=True, callback=numbers)
def main(data: Path, horizons: list[int]) -> None:
    click.echo(f"{'stream':<28} {'H':>3} {'who':<8} {'without':>9} {'with':>9} {'ratio':>7} told")
    made(horizons)
    recorded(data, horizons)


if __name__ == "__main__":
    main()
