"""What is each part of the learner good for? Squared error on the development rows without it, or with another.

    python -m benchmarks.ablation --data FOLDER             half an hour
    python -m benchmarks.ablation --data FOLDER --only ETTh1 --horizons 1,24

FOLDER, streams, rows and scales are those of `benchmarks.forecasting`. Each line is the default learner but for what
it names: a setting, or one expert alone. *DM* of the last line is the statistic of Diebold and Mariano for what the
network adds to the mix, positive where that is less error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow

from benchmarks.forecasting import (
    FORECASTERS,
    MARKET,
    TASKS,
    Stream,
    Task,
    forecast_all,
    forecasts_of_experts,
    open_stream,
    rows_of,
    settings_of,
    squared_errors,
    verdict_on,
)
from benchmarks.options import DATA, ONLY, numbers
from streamrnn import Learner

ALONE = FORECASTERS["network"]
VARIANTS: dict[str, dict[str, Any]] = {
    "the defaults": {},
    "mix without the network": {"mix_network": False},
    "without time features": {"time_features": False},
    "with season lags": {"season_lags": True},
    "a rate of 0.001": {"lr": 1e-3},
    "a rate of 0.0003": {"lr": 3e-4},
    "rates times 0.3, 1, 3": {"lr_pool": (0.3, 1, 3)},
    "a network for each target": {"channels": "independent"},
    "both": {"lr_pool": (0.3, 1, 3), "channels": "independent"},
    "without skip": {"skip": False},
    "without shrinkage": {"shrink": False},
    "elman": {"cell": "elman"},
    "lstm": {"cell": "lstm"},
    "coupled lstm": {"cell": "coupled-lstm"},
    "64 units": {"hidden": 64},
    "window 64": {"window": 64},
    "without experts: network alone": ALONE,
    "network alone, without time": ALONE | {"time_features": False},
    "network alone, for each target": ALONE | {"channels": "independent"},
    "network alone, season lags": ALONE | {"season_lags": True},
    "network alone, elman": ALONE | {"cell": "elman"},
    "network alone, lstm": ALONE | {"cell": "lstm"},
    "network alone, coupled lstm": ALONE | {"cell": "coupled-lstm"},
    "network alone, without skip": ALONE | {"skip": False},
}
SHARED = "network alone, columns as keys"  # its weights are every column's, each of which has a lane of its own
SINGLE = ("last", "seasonal", "linear", "joint", "readout")  # experts that are shown without the others


def forecast_as_keys(stream: Stream, settings: dict[str, Any]) -> np.ndarray:
    """Run one network over a stream whose columns are its keys: (rows, horizons, columns)."""
    count, columns = stream.values.shape
    times = stream.table[settings["time"]].take(pyarrow.array(np.repeat(stream.rows, columns)))
    names = np.tile(stream.targets, count)
    table = pyarrow.table({settings["time"]: times, "column": names, "value": stream.values.ravel()})
    learner = Learner("value", key="column", time_features=True, **settings)
    records = learner.run(table)
    by_horizon = [records[f"value_h{horizon}"].to_numpy() for horizon in learner.settings.horizons]
    return np.stack([forecasts.reshape(count, columns) for forecasts in by_horizon], axis=1)


def errors_of(task: Task, whole: Stream, horizon: int) -> dict[str, np.ndarray]:
    """Of each variant, the errors by origin, (origins,)."""
    count = len(whole.values)
    span, deviations = rows_of(task.development, count), whole.values[rows_of(task.training, count)].std(axis=0)
    stream, told = whole.before(span.stop), settings_of(task, horizon)
    horizons = range(1, horizon + 1) if task.ahead is None else (horizon,)
    forecasts = {name: forecast_all(stream, told | changes) for name, changes in VARIANTS.items()}
    forecasts[SHARED] = forecast_as_keys(stream, told)
    experts = forecasts_of_experts(stream, told)
    forecasts |= {f"{name} alone": experts[name] for name in SINGLE}
    errors = {name: squared_errors(stream.values, made, deviations, span, horizons) for name, made in forecasts.items()}
    unit = errors["last alone"].mean() if task.ahead else 1.0
    return {name: error / unit for name, error in errors.items()}


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@click.option("--horizons", default="1,24,48", show_default=True, callback=numbers)
@ONLY
def main(data: Path, horizons: list[int], only: str) -> None:
    columns: dict[str, dict[str, np.ndarray]] = {}
    gains = []
    for task in (task for task in (*TASKS, MARKET) if only in task.file):
        stream = open_stream(task, data)
        for horizon in horizons if task.ahead is None else (task.ahead,):
            errors = errors_of(task, stream, horizon)
            columns[f"{task.file[:5]} {horizon}"] = errors
            gains.append(verdict_on(errors["the defaults"], errors["mix without the network"], horizon).statistic)
    click.echo(" " * 30 + " ".join(f"{name:>9}" for name in columns))
    for name in (*VARIANTS, SHARED, *(f"{expert} alone" for expert in SINGLE)):
        click.echo(f"{name:<30}" + " ".join(f"{errors[name].mean():9.5f}" for errors in columns.values()))
    click.echo(f"{'DM':<30}" + " ".join(f"{gain:9.1f}" for gain in gains))


if __name__ == "__main__":
    main()
