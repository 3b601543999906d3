"""Many streams in one learner: what shared weights gain, what many lanes cost, what learning in batches of keys saves.

    python -m benchmarks.keys --data FOLDER
    python -m benchmarks.keys --data FOLDER --first 2000 --set lr=3e-3     other rows, to choose settings on
    python -m benchmarks.keys --only memory
    python -m benchmarks.keys --only cost
    python -m benchmarks.keys --only batches --data FOLDER

FOLDER holds the CSV files of Numenta's realAWSCloudwatch, each of columns ``timestamp`` and ``value``. Interleaved by
time they are one stream with the file as its key, forecast one row ahead, beside 17 learners of one file each; once
as networks alone, which a learner with keys is by default, and once mixed with experts, as any other is. The error is
the mean over files of MAE over the first 1,000 rows, each in units of the last value's.
The many streams that are learned in batches beside are sines with noise, each with a level, a size and a period of its
own.
"""

from __future__ import annotations

import time
from itertools import product
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.csv

from benchmarks.options import SETTINGS
from streamrnn import Learner

ROWS = 1000  # of each file
COST_ROWS = 10_000
ROUNDS = 5
COSTS: dict[str, tuple[dict[str, Any], int, tuple[int, ...]]] = {
    # settings; rows of each key until windows are full, and experts have their units; how many keys, 0: none
    "shared": ({"experts": False}, 40, (0, 1, 100, 10_000, 100_000)),
    "per-key": ({"weights": "per-key"}, 40, (1, 100, 10_000)),
    "experts": ({"experts": True}, 80, (0, 1, 100, 10_000)),
}
STRETCH = 1024  # rows whose rate is measured; so the best one may fall into a quiet moment of the machine


def interleaved(folder: Path, first: int, rows: int) -> pyarrow.Table:
    """Some rows of every file that moves in them, by time."""
    parts = []
    for path in sorted(folder.rglob("realAWSCloudwatch/*.csv")) or sorted(folder.glob("*.csv")):
        part = pyarrow.csv.read_csv(path).slice(first, rows)
        if len(part.column("value").unique()) < 2:
            continue
        parts.append(part.append_column("file", pyarrow.array([path.stem] * len(part))))
    return pyarrow.concat_tables(parts).sort_by([("timestamp", "ascending"), ("file", "ascending")])


def relative_errors(records: pyarrow.Table) -> tuple[float, float]:
    """MAE and RMSE of one stream's records, in units of the last value's."""
    values, expected = records["value"].to_numpy(), records["value_expected"].to_numpy()
    errors, changes = (values - expected)[1:], np.diff(values)
    graded = ~np.isnan(errors)  # a level shift voids what is pending
    errors, changes = errors[graded], changes[graded]
    return (
        float(np.mean(np.abs(errors)) / np.mean(np.abs(changes))),
        float(np.sqrt(np.mean(errors**2) / np.mean(changes**2))),
    )


def figures(table: pyarrow.Table, settings: dict[str, Any]) -> dict[str, float]:
    """Errors of one learner with keys and of one learner for each key, as networks alone and mixed with experts."""
    alone, errors = by_key(table), {}
    for experts, name in ((False, "networks"), (True, "with experts")):
        mixed = {**settings, "experts": experts}
        errors[f"shared, {name}"] = by_key(Learner("value", key="file", max_keys=len(alone), **mixed).run(table))
        errors[f"own, {name}"] = [Learner("value", **mixed).run(part) for part in alone]
    graded = {name: np.array([relative_errors(records) for records in parts]) for name, parts in errors.items()}
    return {
        **{f"{name}, MAE": float(part[:, 0].mean()) for name, part in graded.items()},
        **{f"{name}, RMSE": float(part[:, 1].mean()) for name, part in graded.items()},
        **{
            f"keys better, {name}": float(np.mean(graded[f"shared, {name}"][:, 0] < graded[f"own, {name}"][:, 0]))
            for name in ("networks", "with experts")
        },
    }


def by_key(table: pyarrow.Table) -> list[pyarrow.Table]:
    """The rows of each file."""
    return [table.filter(pyarrow.compute.equal(table["file"], name)) for name in table["file"].unique()]


def turns(keys: np.ndarray, first: int, random: np.random.Generator) -> pyarrow.Table:
    """Rows of keys that take turns in this order, from row ``first`` on."""
    which = keys[(first + np.arange(COST_ROWS)) % len(keys)]
    return pyarrow.table({"key": which, "value": random.standard_normal(COST_ROWS)})


def cost() -> list[str]:
    """Microseconds of CPU a row at hidden 32, of streams that take turns in a random order; the best of some rounds."""
    random = np.random.default_rng(0)
    learners, orders = {}, {}
    for kind, (settings, rows, numbers) in COSTS.items():
        for keys in numbers:
            keyed = {"key": "key", "max_keys": keys} if keys else {}
            learner = learners[kind, keys] = Learner("value", hidden=32, **settings, **keyed)
            for turn in range(1 + rows * keys // COST_ROWS):  # lanes lie in this order
                learner.run(turns(np.arange(max(keys, 1)), turn * COST_ROWS, random))
            orders[kind, keys] = random.permutation(max(keys, 1))
    best = dict.fromkeys(learners, np.inf)
    for turn in range(ROUNDS):
        for name, learner in learners.items():
            table, updates = turns(orders[name], turn * COST_ROWS, random), learner.metrics.updates
            started = time.process_time()
            learner.run(table)
            microseconds = (time.process_time() - started) / COST_ROWS * 1e6
            if learner.metrics.updates > updates + 0.99 * COST_ROWS:  # else lanes went back to good weights instead
                best[name] = min(best[name], microseconds)
    return [
        f"{kind:<8} {keys or 'no':>6} keys: {best[kind, keys]:6.1f} us a row, {learner.nbytes:>13,} bytes"
        for (kind, keys), learner in learners.items()
    ]


def memory() -> list[str]:
    """Bytes of a key at hidden 32, with experts and without."""
    lines = []
    for columns, horizon in product((1, 7), (1, 12)):
        names = [f"x{i}" for i in range(columns)]
        sizes = {}
        for experts in (False, True):
            settings = {"horizon": horizon, "hidden": 32, "key": "key", "experts": experts}
            few, more = (Learner(names, max_keys=keys, **settings).nbytes for keys in (1, 2))
            sizes[experts] = more - few
        lines.append(
            f"{columns} columns, horizon {horizon:>2}: {sizes[False]:>9,} bytes a key, {sizes[True]:>9,} with experts"
        )
    return lines


def many_streams(keys: int, rows: int, seed: int = 0) -> pyarrow.Table:
    """So many rows of each of many keys that take turns."""
    random = np.random.default_rng(seed)
    level, size = 100.0 * random.standard_normal(keys), np.exp(random.standard_normal(keys))
    period, phase = 5.0 + 10.0 * random.random(keys), 6.0 * random.random(keys)
    waves = np.sin(2.0 * np.pi * np.arange(rows)[:, None] / period + phase)
    values = level + size * (waves + 0.3 * random.standard_normal((rows, keys)))
    return pyarrow.table({"value": values.ravel(), "file": np.tile(np.arange(keys), rows)})


def error_of(records: pyarrow.Table) -> float:
    """Mean over keys of the MAE, in units of the last value's."""
    names = records["file"].unique()
    one_by_one = [relative_errors(records.filter(pyarrow.compute.equal(records["file"], name))) for name in names]
    return float(np.mean(one_by_one, axis=0)[0])


def errors_and_rates(table: pyarrow.Table, learners: dict[int, Learner]) -> tuple[dict[int, float], dict[int, float]]:
    """Each learner's error, and rows per second of CPU in its fastest stretch; all take every stretch in turn."""
    parts: dict[int, list[pyarrow.Table]] = {batch: [] for batch in learners}
    rates = dict.fromkeys(learners, 0.0)
    for first in range(0, len(table), STRETCH):
        for batch, learner in learners.items():
            started = time.process_time()
            parts[batch].append(learner.run(table.slice(first, STRETCH)))
            if first > len(table) // 2 and first + STRETCH <= len(table):
                rates[batch] = max(rates[batch], STRETCH / (time.process_time() - started))
    return {batch: error_of(pyarrow.concat_tables(found)) for batch, found in parts.items()}, rates


def batches(data: Path | None, first: int, seeds: int, settings: dict[str, Any]) -> list[str]:
    """Error and rate of learning in batches of keys, beside those of learning one row after the other."""
    tables = {"64 keys": (many_streams(64, 1000), 64)}
    if data is not None:
        table = interleaved(data, first, ROWS)
        tables["realAWSCloudwatch"] = table, len(table["file"].unique())
    lines = []
    for (name, (table, keys)), hidden in product(tables.items(), (32, 64)):
        found = []
        for seed in range(seeds):
            shared = {"key": "file", "hidden": hidden, "max_keys": keys, "seed": seed, **settings}
            learners = {batch: Learner("value", batch_keys=batch, **shared) for batch in (1, 8, keys)}
            found.append(errors_and_rates(table, learners))
        single = max(rates[1] for _, rates in found)
        for batch in (1, 8, keys):
            error, rate = np.mean([errors[batch] for errors, _ in found]), max(rates[batch] for _, rates in found)
            lines.append(
                f"{name:<18} hidden {hidden}  batch {batch:>2}: error {error:.4f}, "
                f"{rate:7,.0f} rows a second, {rate / single:.2f}x"
            )
    return lines


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="folder with the files")
@click.option("--first", default=0, show_default=True, help="row of each file to begin with")
@click.option("--rows", default=ROWS, show_default=True, help="rows of each file, for figures")
@click.option("--seeds", default=3, show_default=True, help="networks to train")
@click.option("--only", default="", help="figures, memory, cost or batches")
@SETTINGS
def main(data: Path | None, first: int, rows: int, seeds: int, only: str, settings: dict[str, Any]) -> None:
    if data is not None and only in ("", "figures"):
        table = interleaved(data, first, rows)
        lines = [figures(table, {**settings, "seed": seed}) for seed in range(seeds)]
        for name in lines[0]:
            values = np.array([line[name] for line in lines])
            click.echo(f"{name:<26} {values.mean():.4f}   {values.min():.4f} to {values.max():.4f}")
    if only in ("", "memory"):
        click.echo("\n".join(memory()))
    if only in ("", "cost"):
        click.echo("\n".join(cost()))
    if only in ("", "batches"):
        click.echo("\n".join(batches(data, first, seeds, settings)))


if __name__ == "__main__":
    main()
