"""Do alerts come when something happens, and soon? Scores on the Numenta Anomaly Benchmark.

    python -m benchmarks.anomaly --data FOLDER

FOLDER holds ``anomaly_windows.json`` and the files that it names (github.com/numenta/NAB), perhaps in a folder
``nab``. By that benchmark's rules, see ``nab.py``: 100 is perfect, 0 is no alert at all.

One configuration for all files: the defaults, and a horizon of 1 (experts have no say in the score). The score from
which a row is told is chosen on the other folders than the one that is scored, from `ALERTS`, on the mean of the
seeds. There are two baselines, with the same range rule, the same choice and the same events. One is the last value
with the likelihood as it was published (Ahmad et al. 2017): mean and variance of the errors themselves, and the mean
of the last ten. The other is the last value with our likelihood of ranks: an untrained network is that forecast. Of
pairs of file scores it is said in how many of 10,000 bootstrap samples of the files the network is ahead. The seconds
are CPU time that one pass of all files takes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from benchmarks.nab import LabelledFile, file_score, normalised, read_files
from benchmarks.options import DATA, ONLY
from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.surprise.anomaly import EASE, MARGIN
from streamrnn.kernels.surprise.anomaly_fields import ERROR_WINDOW, REFRACTORY

ALERTS = (
    0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99998, 0.99999,
    1 - 1e-6, 1 - 1e-7, 1 - 1e-8, 1 - 1e-9, 1 - 1e-10, 1 - 1e-12,
)  # fmt: skip
SAMPLES = 10_000
PUBLISHED_SHORT_TERM, PUBLISHED_WARM_UP = 10, 160  # rows


class Detector(NamedTuple):
    """Something that scores rows, and something that tells by the scores."""

    name: str
    scores: Callable[[LabelledFile, int], np.ndarray]  # of a file's rows, with a seed
    alerts: Callable[[np.ndarray, float], list[int]]
    seeds: int


def scores_of(
    file: LabelledFile, seed: int, ranges: bool = True, likelihood: bool = True, **settings: Any
) -> np.ndarray:
    """Score every row of a file by the learner's record; NaN where it has no score."""
    if not likelihood:
        return np.where(outside(file.values), 1.0, 0.0)
    learner = Learner("value", alert=0.999, seed=seed, experts=False, **settings)
    if not ranges:
        named_view(learner._state, "value_count")[:] = 1
        named_view(learner._state, "value_range")[:] = -1e300, 1e300
    scores: np.ndarray = learner.run(file.values[:, None])["anomaly"].to_numpy()
    return scores


def published_scores(file: LabelledFile, seed: int) -> np.ndarray:
    """Score every row by the last value's errors, their normal distribution and the range rule."""
    errors = np.abs(np.diff(file.values, prepend=file.values[0]))
    rows = np.arange(len(errors))
    sums = np.cumsum(np.stack([np.append(0.0, errors), np.append(0.0, errors**2)], axis=1), axis=0)  # (rows + 1, 2)
    first = np.maximum(rows - ERROR_WINDOW, 0)
    mean, square = ((sums[rows] - sums[first]) / np.maximum(rows - first, 1)[:, None]).T
    last = np.maximum(rows + 1 - PUBLISHED_SHORT_TERM, 0)
    short_term = (sums[rows + 1, 0] - sums[last, 0]) / (rows + 1 - last)
    off = (short_term - mean) / np.maximum(np.sqrt(np.maximum(square - mean**2, 0.0)), 1e-9)
    scores = 1.0 - 0.5 * np.array([math.erfc(x / math.sqrt(2.0)) for x in off.tolist()])
    scores[outside(file.values)] = 1.0
    scores[:PUBLISHED_WARM_UP] = np.nan
    return scores


def outside(values: np.ndarray) -> np.ndarray:
    """Which values the range rule tells of."""
    found = np.zeros(len(values), bool)
    low = high = values[0]
    for row, value in enumerate(values.tolist()):
        length = high - low
        found[row] = value > high + MARGIN * length or value < low - MARGIN * length
        most = length or np.inf
        low, high = max(min(low, value), low - most), min(max(high, value), high + most)
    return found


def events(scores: np.ndarray, alert: float) -> list[int]:
    """Rows at which an event begins, as the learner's column ``alert`` has them."""
    goes_on = 1.0 - (1.0 - alert) ** EASE
    begun, last = [], -REFRACTORY - 1
    for row in np.flatnonzero(scores >= goes_on).tolist():
        if row - last > REFRACTORY:
            if scores[row] < alert:
                continue
            begun.append(row)
        last = row
    return begun


def every_row(scores: np.ndarray, alert: float) -> list[int]:
    """Every row with such a score, again and again within an event."""
    rows: list[int] = np.flatnonzero(scores >= alert).tolist()
    return rows


def detectors(seeds: int) -> list[Detector]:
    """The network and the last value, whole, and what each part of the whole is worth."""

    def scored(**options: Any) -> Callable[[LabelledFile, int], np.ndarray]:
        return lambda file, seed: scores_of(file, seed, **options)

    return [
        Detector("network", scored(), events, seeds),
        Detector("last value, as published", published_scores, events, 1),
        Detector("last value, ranks", scored(lr=0.0), events, 1),
        Detector("network, no range rule", scored(ranges=False), events, seeds),
        Detector("last value, ranks, no range", scored(lr=0.0, ranges=False), events, 1),
        Detector("range rule alone", scored(likelihood=False), events, 1),
        Detector("network, no refractory", scored(), every_row, seeds),
        Detector("network, learns on anomaly", scored(learn_on_anomaly=True), events, seeds),
    ]


def grid(detector: Detector, files: Sequence[LabelledFile]) -> tuple[np.ndarray, float]:
    """File scores for each seed and alert level, (seeds, alerts, files); and the CPU seconds of a pass of all files."""
    table, seconds = np.empty((detector.seeds, len(ALERTS), len(files))), 0.0
    for seed in range(detector.seeds):
        for place, file in enumerate(files):
            started = time.process_time()
            scores = detector.scores(file, seed)
            seconds += time.process_time() - started
            for level, alert in enumerate(ALERTS):
                table[seed, level, place] = file_score(detector.alerts(scores, alert), file.windows, len(file.values))
    return table, seconds / detector.seeds


def left_out(table: np.ndarray, files: Sequence[LabelledFile]) -> tuple[np.ndarray, dict[str, float]]:
    """File scores (seeds, files) at the levels that do best on the other folders; and those levels."""
    folders = np.array([file.folder for file in files])
    chosen, levels = np.empty((table.shape[0], table.shape[2])), {}
    for folder in sorted(set(folders)):
        others = table[:, :, folders != folder].mean(axis=0).sum(axis=1)
        level = int(np.argmax(others))
        chosen[:, folders == folder] = table[:, level, folders == folder]
        levels[folder] = ALERTS[level]
    return chosen, levels


def share_ahead(ours: np.ndarray, theirs: np.ndarray) -> float:
    """In how many bootstrap samples of the files the sum of the differences is positive."""
    draws = np.random.default_rng(0).integers(0, len(ours), (SAMPLES, len(ours)))
    return float(((ours - theirs)[draws].sum(axis=1) > 0.0).mean())


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@click.option("--seeds", default=3, show_default=True)
@ONLY
def main(data: Path, seeds: int, only: str) -> None:
    files = read_files(data / "nab" if (data / "nab").is_dir() else data)
    windows = sum(len(file.windows) for file in files)
    rows = sum(len(file.values) for file in files)
    click.echo(f"{len(files)} files, {rows:,} rows, {windows} windows; {seeds} seeds")
    click.echo(f"{'detector':<28} {'score':>6}  {'by seed':<18} {'at best':>7} {'ahead':>6} {'s/pass':>6}  alert")
    results: dict[str, np.ndarray] = {}
    for detector in (detector for detector in detectors(seeds) if only in detector.name):
        table, seconds = grid(detector, files)
        chosen, levels = left_out(table, files)
        results[detector.name] = chosen.mean(axis=0)
        by_seed = " ".join(f"{normalised(score, windows):.1f}" for score in chosen.sum(axis=1))
        score = normalised(results[detector.name].sum(), windows)
        at_best = normalised(table.mean(axis=0).sum(axis=1).max(), windows)
        is_compared = detector.name != "network" and "network" in results
        ahead = f"{share_ahead(results['network'], results[detector.name]):.1%}" if is_compared else ""
        alerts = " ".join(f"{level:.7g}" for level in levels.values())
        click.echo(
            f"{detector.name:<28} {score:6.1f}  {by_seed:<18} {at_best:7.1f} {ahead:>6} {seconds:6.1f}  {alerts}"
        )


if __name__ == "__main__":
    main()
