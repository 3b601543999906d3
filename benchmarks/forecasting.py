"""Does it learn? Squared error of the default learner on public streams, beside the last value and its own parts.

    python -m benchmarks.forecasting --data FOLDER             the figures, on the test rows
    python -m benchmarks.forecasting --data FOLDER --split development --set lr=3e-4 --set time_features=false
    python -m benchmarks.forecasting --data FOLDER --split development --only WTH --column WindSpeed

FOLDER holds, somewhere, ETTh1.csv (github.com/zhouhaoyi/ETDataset), WTH.csv (as used by Informer), exchange_rate.csv
(as used by LSTNet) and btcusdt_20240808.arrow (quotes and trades of the examples of hftbacktest, as received).

The learner runs once through a stream, from its first row, and learns only from what has arrived. For every origin
t whose targets t+1..t+H all lie in the test range, the squared error is averaged over H steps and all columns, then
over origins. Every column is divided by its standard deviation over the training rows (ddof 0), for scoring alone.
Of the quotes the bid price is forecast, 20 quotes ahead and from every quote; errors are in units of the last value's.
Beside the mix of the network and the experts stand the network alone, the mix without it, and
how sure it is that the network makes the mix better: the statistic of Diebold and Mariano, and its p-value. Settings
are chosen on the development rows, which end where the test rows begin.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.ipc

from benchmarks.options import DATA, ONLY, SETTINGS, SPLIT, numbers
from streamrnn import Learner
from streamrnn.evaluation.diebold_mariano import LossDifferences, Verdict, lags_for
from streamrnn.evaluation.watching import WatchedLearner
from streamrnn.settings import EXPERTS


@dataclass(frozen=True)
class Task:
    """One stream: where its rows for training, development and test lie, and what is to be reached at each
    horizon.

    A row is one in which the targets have values.
    """

    file: str
    training: tuple[float, float]
    development: tuple[float, float]
    test: tuple[float, float]  # fractions of the stream, or row numbers
    reach: dict[int, float]
    reach_is_ratio: bool = False  # of the last value's error
    time_format: str = "iso"  # of the dates
    time: str = "date"
    targets: tuple[str, ...] = ()  # all columns
    ahead: int | None = None  # the only horizon, in values of the target
    beats: tuple[str, ...] = ()  # experts that alone are to be worse than the mix


TASKS = (
    Task("ETTh1.csv", (0, 2880), (1440, 3600), (3600, 14400), {1: 0.2156, 24: 0.642, 48: 0.765}),
    Task("WTH.csv", (0, 0.2), (0.1, 0.25), (0.25, 1.0), {1: 0.147, 24: 0.335, 48: 0.415}, time_format="%m/%d/%Y %H:%M"),
    Task("exchange_rate.csv", (0, 0.2), (0.1, 0.25), (0.25, 1.0), {1: 1.0, 24: 1.0, 48: 1.0}, True, "%Y/%m/%d %H:%M"),
)
MARKET = Task(
    "btcusdt_20240808.arrow",
    (0, 1 / 3),
    (0.05, 1 / 3),
    (1 / 3, 1.0),
    {},
    time="received",
    targets=("bid_price",),
    ahead=20,
    beats=("linear", "joint"),
)
TIME = "date"
FORECASTERS: dict[str, dict[str, Any]] = {
    "network": {"experts": False, "time_features": True, "lr_pool": ()},  # which needs experts
    "linear": {"mix_network": False, "lr_pool": ()},  # the mix of all but the network
    "mix": {},
}


@dataclass(frozen=True)
class Stream:
    """A recorded stream, as far as a task needs it."""

    table: pyarrow.Table
    targets: list[str]
    features: list[str]
    values: np.ndarray  # (rows, targets), of the rows that have them
    rows: np.ndarray  # where these stand in the table

    def before(self, row: int) -> Stream:
        """What comes before a row."""
        count = len(self.table) if row >= len(self.rows) else int(self.rows[row])
        return Stream(self.table.slice(0, count), self.targets, self.features, self.values[:row], self.rows[:row])

    def alone(self, column: str) -> Stream:
        """One column, which is forecast of its own past."""
        place = self.targets.index(column)
        return Stream(self.table, [column], [column], self.values[:, place : place + 1], self.rows)


def open_stream(task: Task, folder: Path) -> Stream:
    """Read the stream of a task, wherever below the folder it lies."""
    path = next(folder.rglob(task.file))
    if path.suffix == ".csv":
        table, names, values = read_stream(path)
        return Stream(table, names, names, values, np.arange(len(values)))
    table = pyarrow.ipc.open_file(path).read_all()
    numbers = [field.name for field in table.schema if pyarrow.types.is_floating(field.type)]
    values = np.column_stack([table[name].to_numpy() for name in task.targets])
    rows = np.flatnonzero(~np.isnan(values).any(axis=1))
    return Stream(table, list(task.targets), numbers, values[rows], rows)


def read_stream(path: Path) -> tuple[pyarrow.Table, list[str], np.ndarray]:
    """The stream; names and values (rows, columns) of every column but the date."""
    as_text = pyarrow.csv.ConvertOptions(column_types={TIME: pyarrow.string()})
    table = pyarrow.csv.read_csv(path, convert_options=as_text)
    names = [name for name in table.column_names if name != TIME]
    return table, names, np.column_stack([table[name].to_numpy() for name in names]).astype(float)


def rows_of(span: tuple[float, float], count: int) -> slice:
    """A span in row numbers; a span that ends at 1 or below is in fractions."""
    first, last = (int(edge * count) if span[1] <= 1 else int(edge) for edge in span)
    return slice(first, last)


def squared_errors(
    values: np.ndarray, forecasts: np.ndarray, deviations: np.ndarray, span: slice, horizons: Sequence[int]
) -> np.ndarray:
    """Of each origin whose targets all lie in the span: the mean over steps and columns, (origins,).

    values: (rows, columns); forecasts: (rows, horizons, columns), made at each row; deviations: (columns,)
    """
    origins = np.arange(max(0, span.start - 1), span.stop - horizons[-1])
    steps = [((forecasts[origins, k] - values[origins + h]) / deviations) ** 2 for k, h in enumerate(horizons)]
    errors: np.ndarray = np.mean(steps, axis=(0, 2))
    return errors


def verdict_on(errors: np.ndarray, beside: np.ndarray, horizon: int) -> Verdict:
    """Whether errors by origin, (origins,), are smaller than others by more than luck: a positive statistic."""
    differences = LossDifferences(1, lags_for(horizon))
    differences.add((beside - errors)[None])
    (verdict,) = differences.verdicts(horizon)
    return verdict


def settings_of(task: Task, horizon: int) -> dict[str, Any]:
    """What a learner is told about a stream; all else is the default."""
    told = {"time": task.time, "time_format": task.time_format}
    return {**told, "horizon": horizon} if task.ahead is None else {
        **told, "horizon": (task.ahead,), "horizon_unit": "values"
    }  # fmt: skip


def forecast_all(stream: Stream, settings: dict[str, Any]) -> np.ndarray:
    """Run a learner once over the stream: (rows, horizons, columns)."""
    learner = Learner(stream.targets, stream.features, **settings)
    table = learner.run(stream.table)
    horizons = learner.settings.horizons
    columns = [[table[f"{name}_h{h}"].to_numpy()[stream.rows] for name in stream.targets] for h in horizons]
    return np.moveaxis(np.array(columns), 2, 0)


def forecasts_of_experts(stream: Stream, settings: dict[str, Any]) -> dict[str, np.ndarray]:
    """Run a learner once, and watch its experts: (rows, horizons, columns) each."""
    (batch,) = stream.table.combine_chunks().to_batches()
    _, watched = WatchedLearner(stream.targets, stream.features, **settings).watch(batch)
    seen = np.moveaxis(watched.of_experts[stream.rows], (2, 3), (0, 2))
    return dict(zip(EXPERTS, seen, strict=True))


def evaluate(
    task: Task, folder: Path, split: str, horizon: int, settings: dict[str, Any], column: str = ""
) -> dict[str, Any]:
    """One line of the table; column: the only one that is forecast, of its own past."""
    whole = open_stream(task, folder)
    whole = whole.alone(column) if column else whole
    count = len(whole.values)
    span, deviations = rows_of(getattr(task, split), count), whole.values[rows_of(task.training, count)].std(axis=0)
    stream, chosen = whole.before(span.stop), {**settings_of(task, horizon), **settings}
    horizons = range(1, horizon + 1) if task.ahead is None else (horizon,)
    last = np.stack([stream.values] * len(horizons), 1)
    errors, seconds = {"last": squared_errors(stream.values, last, deviations, span, horizons)}, 0.0
    for who, changes in FORECASTERS.items():
        started = time.perf_counter()
        forecasts = forecast_all(stream, chosen | changes)
        seconds = time.perf_counter() - started
        errors[who] = squared_errors(stream.values, forecasts, deviations, span, horizons)
    for who, forecasts in forecasts_of_experts(stream, chosen).items() if task.beats else ():
        if who in task.beats:
            errors[f"{who} alone"] = squared_errors(stream.values, forecasts, deviations, span, horizons)
    verdict = verdict_on(errors["mix"], errors["linear"], horizon)
    unit = errors["last"].mean() if task.ahead else 1.0
    means = {who: float(error.mean() / unit) for who, error in errors.items()}
    aim = None if column else _aim(task, horizon, means)
    return {
        "stream": column or task.file,
        "horizon": horizon,
        "mse": means,
        "diebold_mariano": verdict.statistic,
        "p": verdict.p,
        "reach": aim if split == "test" else None,
        "reached": means["mix"] <= aim if split == "test" and aim is not None else None,
        "us_per_row": seconds / len(stream.table) * 1e6,
    }


def _aim(task: Task, horizon: int, means: dict[str, float]) -> float | None:
    if task.beats:
        return min(means[f"{who} alone"] for who in task.beats)
    return task.reach[horizon] * (means["last"] if task.reach_is_ratio else 1.0) if horizon in task.reach else None


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@SPLIT
@click.option("--horizons", default="1,24,48", show_default=True, callback=numbers)
@ONLY
@click.option("--column", "columns", multiple=True, help="forecast this column, alone; may come again")
@SETTINGS
@click.option("--json", "as_json", is_flag=True)
def main(
    data: Path,
    split: str,
    horizons: list[int],
    only: str,
    columns: tuple[str, ...],
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    if not as_json:
        click.echo(f"{split} rows; defaults{''.join(f', {key} = {value}' for key, value in settings.items())}")
        click.echo(
            f"{'stream':<18} {'H':>3} {'last':>8} {'network':>8} {'linear':>8} {'mix':>8} {'DM':>6} {'p':>8} "
            f"{'reach':>8}  {'us/row':>11}"
        )
    for task in (task for task in (*TASKS, MARKET) if only in task.file):
        for horizon in horizons if task.ahead is None else (task.ahead,):
            for column in columns or ("",):
                line = evaluate(task, data, split, horizon, settings, column)
                click.echo(json.dumps(line) if as_json else _row(line))


def _row(line: dict[str, Any]) -> str:
    verdict = "" if line["reached"] is None else f"{line['reach']:8.4f} {'yes' if line['reached'] else 'NO'}"
    errors = " ".join(f"{line['mse'][who]:8.4f}" for who in ("last", "network", "linear", "mix"))
    return (
        f"{line['stream'][:18]:<18} {line['horizon']:>3} {errors} {line['diebold_mariano']:6.1f} {line['p']:8.1g} "
        f"{verdict:>12} {line['us_per_row']:7.1f}"
    )


if __name__ == "__main__":
    main()
