"""Do intervals hold what they promise? Coverage, and the interval score beside that of plain empirical quantiles.

    python -m benchmarks.intervals --data FOLDER --split development

The streams, rows and scales of `benchmarks.forecasting`, with the defaults. For each of a few horizons, over all
columns: the share of values that lay in their interval; the largest distance of a column's share from what was
promised; the share of blocks of 1,000 rows that are within 5 points of it; the mean interval score (Gneiting & Raftery
2007), smaller is better; and that of the quantiles of the last 500 errors that were known when the forecast was made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.forecasting import TASKS, TIME, Task, read_stream, rows_of
from benchmarks.options import DATA, ONLY, SPLIT, fractions, numbers
from streamrnn import Learner

BLOCK = 1000
LATEST = 500


def empirical_bounds(forecasts: np.ndarray, values: np.ndarray, horizon: int, share: float) -> np.ndarray:
    """Quantiles of the latest errors that were known at each row, added to its forecast; NaN while they are too few:
    (rows, 2)."""
    errors = values[horizon:] - forecasts[:-horizon]  # the last one of n is known at row horizon + n - 1
    windows = np.lib.stride_tricks.sliding_window_view(errors, LATEST)
    first = horizon + LATEST - 1
    bounds = np.full((len(values), 2), np.nan)
    bounds[first:] = (
        forecasts[first:, None] + np.quantile(windows, [(1.0 - share) / 2.0, (1.0 + share) / 2.0], axis=1).T
    )
    return bounds


def interval_scores(bounds: np.ndarray, truth: np.ndarray, share: float) -> np.ndarray:
    """Width, and what lies outside times 2 / (1 - share): (rows,)."""
    low, high = bounds.T
    outside = np.maximum(low - truth, 0.0) + np.maximum(truth - high, 0.0)
    scores: np.ndarray = high - low + 2.0 / (1.0 - share) * outside
    return scores


def evaluate(task: Task, folder: Path, split: str, horizon: int, shares: list[float]) -> list[dict[str, Any]]:
    """One line of the table for each interval."""
    stream, names, values = read_stream(folder / task.file)
    deviations = values[rows_of(task.training, len(values))].std(axis=0)
    span = rows_of(getattr(task, split), len(values))
    origins = np.arange(max(span.start - 1, 0), span.stop - horizon)
    learner = Learner(names, horizon=(horizon,), intervals=shares, time=TIME, time_format=task.time_format)
    table = learner.run(stream)
    lines = []
    for share in shares:
        held, ours, theirs = [], [], []
        for column, name in enumerate(names):
            forecasts, truth = table[f"{name}_h{horizon}"].to_numpy(), values[origins + horizon, column]
            suffix = f"{share * 100:.10g}".replace(".", "_")
            bounds = np.column_stack([table[f"{name}_h{horizon}_{side}{suffix}"].to_numpy() for side in ("lo", "hi")])
            plain = empirical_bounds(forecasts, values[:, column], horizon, share)
            held.append((truth >= bounds[origins, 0]) & (truth <= bounds[origins, 1]))
            ours.append(interval_scores(bounds[origins], truth, share).mean() / deviations[column])
            theirs.append(interval_scores(plain[origins], truth, share).mean() / deviations[column])
        blocks = [block.mean() for one in held for block in np.split(one, range(BLOCK, len(one), BLOCK))
                  if len(block) == BLOCK]  # fmt: skip
        lines.append(
            {
                "stream": task.file,
                "horizon": horizon,
                "promised": share,
                "held": float(np.mean(held)),
                "farthest_column": float(max(abs(one.mean() - share) for one in held)),
                "blocks_within_5_points": float(np.mean(np.abs(np.array(blocks) - share) <= 0.05)),
                "score": float(np.mean(ours)),
                "empirical_score": float(np.mean(theirs)),
            }
        )
    return lines


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@SPLIT
@click.option("--horizons", default="1,24,48", show_default=True, callback=numbers)
@click.option("--intervals", default="0.5,0.9", show_default=True, callback=fractions)
@ONLY
@click.option("--json", "as_json", is_flag=True)
def main(data: Path, split: str, horizons: list[int], intervals: list[float], only: str, as_json: bool) -> None:
    folder = data / "forecasting" if (data / "forecasting").is_dir() else data
    if not as_json:
        click.echo(
            f"{'stream':<18} {'H':>3} {'promised':>8} {'held':>7} {'farthest':>8} {'blocks':>7} {'score':>8} empirical"
        )
    for task in (task for task in TASKS if only in task.file):
        for horizon in horizons:
            for line in evaluate(task, folder, split, horizon, intervals):
                click.echo(json.dumps(line) if as_json else _row(line))


def _row(line: dict[str, Any]) -> str:
    return (
        f"{line['stream']:<18} {line['horizon']:>3} {line['promised']:8.1%} {line['held']:7.1%} "
        f"{line['farthest_column']:8.1%} {line['blocks_within_5_points']:7.0%} {line['score']:8.4f} "
        f"{line['empirical_score']:9.4f}"
    )


if __name__ == "__main__":
    main()
