"""Can anything that arrives poison a learner? What hostile streams cost, beside the same streams without them.

    python -m benchmarks.robustness --data FOLDER                 all of it, a few minutes
    python -m benchmarks.robustness --data FOLDER --only storm,rate
    python -m benchmarks.robustness --data FOLDER --only statistics --steps 1000000

FOLDER holds recorded streams as CSV and Arrow files, ETTh1.csv among them (see `benchmarks.forecasting`). Errors are
absolute, beside those of the last value over the same rows, averaged over columns; a *ratio* is that of the disturbed
learner over that of an undisturbed one. Every learner has the default settings but for what a line names.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from benchmarks.options import DATA, words
from benchmarks.recordings import Recording, development_rows, read_recording
from streamrnn import Learner
from streamrnn.checkpoints.file import decode

SEEDS = 5  # of a figure that depends on them
SETTLED = 2000  # rows that a learner has to recover
MONSTERS = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 1e20])


class Figure(NamedTuple):
    """One line of the answer."""

    what: str
    value: float
    most: float  # what it may be; NaN where nothing is promised
    note: str = ""


class Trial(NamedTuple):
    """A learner that has taken a stream."""

    learner: Learner
    forecasts: np.ndarray  # (rows, columns): of the row `horizon` later
    horizon: int

    def error(self, truth: np.ndarray, first: int, last: int | None = None, clean: np.ndarray | None = None) -> float:
        """Mean absolute error beside the last value's, over the rows from ``first`` on, mean over columns."""
        rows = slice(first, last)
        before = slice(first - self.horizon, len(truth[:last]) - self.horizon)
        off = np.abs(truth[rows] - self.forecasts[before])
        last_off = np.abs(truth[rows] - truth[before])
        counted = np.isfinite(off) & np.isfinite(last_off)
        if clean is not None:
            counted &= clean[rows]
        return float(np.mean(np.sum(off, axis=0, where=counted) / np.sum(last_off, axis=0, where=counted)))


def taken(columns: list[str], values: np.ndarray, horizon: int = 1, **settings: Any) -> Trial:
    """Run a new learner once over a stream."""
    learner = Learner(columns, horizon=(horizon,), **settings)
    table = learner.run(values)
    forecasts = np.column_stack([table[f"{name}_h{horizon}"].to_numpy() for name in columns])
    return Trial(learner, forecasts, horizon)


# --- hostile values ---------------------------------------------------------------------------------------------------


def storm(folder: Path) -> Iterator[Figure]:
    """1% of the cells of 6,000 rows are monsters, one column is constant and one null all the while."""
    stream = etth1(folder)
    for first, horizon, seed in product((0, 3000), (1, 24), range(3)):
        last = first + 6000
        random = np.random.default_rng(seed)
        struck = np.zeros(stream.values.shape, bool)
        struck[first:last] = random.random((last - first, struck.shape[1])) < 0.01
        nulls = stream.values.copy()
        nulls[first:last, 0] = nulls[first, 0]
        nulls[first:last, 1] = np.nan
        nulls[struck] = np.nan
        hostile = nulls.copy()
        hostile[struck] = random.choice(MONSTERS, int(struck.sum()))
        trial, undisturbed = (taken(stream.columns, rows, horizon) for rows in (hostile, nulls))
        ours, theirs = (one.error(stream.values, last + SETTLED, None, ~struck) for one in (trial, undisturbed))
        name = f"storm from row {first}, {horizon} ahead, seed {seed}"
        yield Figure(f"{name}: ratio", ours / theirs, 1.05, f"skill {1 - ours:+.3f}, without a storm {1 - theirs:+.3f}")
        yield Figure(f"{name}: arrays not finite", not_finite(trial.learner), 0)
        if first > 0:  # the first values of a column are never far
            yield Figure(f"{name}: values lost count of", miscounted(trial.learner, hostile), 0)


def miscounted(learner: Learner, values: np.ndarray) -> int:
    """How many refused values its counts are off by."""
    metrics = learner.metrics
    nulls, invalid = np.isnan(values), np.abs(values) > 1e30
    far = np.isfinite(values) & ~invalid & (np.abs(values) > 1e15)
    counted = (metrics.nulls, metrics.invalid, metrics.far)
    return sum(
        abs(sum(count.values()) - int(cells.sum())) for count, cells in zip(counted, (nulls, invalid, far), strict=True)
    )


def not_finite(learner: Learner) -> int:
    """How many arrays of a checkpoint hold a number that is not finite, where one must not be."""
    _, tensors = decode(learner.to_bytes(), "the learner")
    may_be_null = {"held", "forecast", "base", "scale", "last"}
    return sum(not np.isfinite(tensor).all() for name, tensor in tensors.items() if name not in may_be_null)


def silence(folder: Path) -> Iterator[Figure]:
    """Eight times ETTh1; for 100,000 rows one column is null and another one constant."""
    stream = etth1(folder)
    values = np.tile(stream.values, (8, 1))
    silent = values.copy()
    silent[10_000:110_000, 0] = np.nan
    silent[10_000:110_000, 1] = silent[10_000, 1]
    trial, undisturbed = (taken(stream.columns, rows) for rows in (silent, values))
    first = 110_000 + SETTLED
    ours, theirs = (one.error(values, first) for one in (trial, undisturbed))
    yield Figure("two columns silent for 100,000 rows: ratio", ours / theirs, math.nan, f"skill {1 - ours:+.3f}")
    yield Figure("two columns silent for 100,000 rows: arrays not finite", not_finite(trial.learner), 0)


def levels(folder: Path) -> Iterator[Figure]:
    """A shift by a million deviations, a first value of 1e20, a constant that moves."""
    stream = etth1(folder)
    values, at = stream.values, 8000
    shifted = values.copy()
    shifted[at:] += 1e6 * values.std(axis=0)
    spoiled, null = values.copy(), values.copy()
    spoiled[0], null[0] = 1e20, np.nan
    constant = np.concatenate([np.repeat(values[:1], 10_000, axis=0), values])
    for horizon in (1, 24):
        one, other = (taken(stream.columns, rows, horizon) for rows in (shifted, np.ascontiguousarray(shifted[at:])))
        ratio = one.error(shifted, at + SETTLED) / other.error(shifted[at:], SETTLED)
        yield Figure(f"level shift, {horizon} ahead: ratio", ratio, 1.05, "to a learner that begins there")
        one, other = (taken(stream.columns, rows, horizon) for rows in (spoiled, null))
        ratio = one.error(values, SETTLED) / other.error(values, SETTLED)
        yield Figure(f"first value 1e20, {horizon} ahead: ratio", ratio, 1.05, "to a null there")
        one, other = (taken(stream.columns, rows, horizon) for rows in (constant, values))
        ratio = one.error(constant, 10_000 + SETTLED) / other.error(values, SETTLED)
        yield Figure(f"constant for 10,000 rows, {horizon} ahead: ratio", ratio, 1.05, "to a learner that begins there")


# --- divergence -------------------------------------------------------------------------------------------------------


def rate(folder: Path) -> Iterator[Figure]:
    """A rate 1,000 times too large, rows 10,000 to 20,000, means over seeds; no experts hide what the network does."""
    names = ("ETTh1.csv", "WTH.csv", "ecg_mitdb_100.arrow", "spoken_digits.arrow")
    paths = sorted(path for name in names for path in folder.rglob(name))
    changes: tuple[dict[str, Any], ...] = ({}, {"clip": 0.0}, {"horizon": 12})
    for path, cell, changed in product(paths, ("gru", "lstm", "elman"), changes):
        stream = read_recording(path).part(0, 20_000)
        settings = {"cell": cell, "experts": False, **changed}
        trials = {
            lr: [taken(stream.columns, stream.values, lr=lr, seed=seed, **settings) for seed in range(SEEDS)]
            for lr in (1.0, 1e-3)
        }
        ours, theirs = (float(np.mean([one.error(stream.values, 10_000) for one in trials[lr]])) for lr in trials)
        words = "".join(f", {key} {value:g}" for key, value in changed.items())
        note = f"beside the last value {theirs:.3f}; diverged {[one.learner.metrics.diverged for one in trials[1.0]]}"
        yield Figure(f"rate 1, {path.stem}, {cell}{words}: ratio", ours / theirs, 1.1, note)


def rollbacks(folder: Path) -> Iterator[Figure]:
    """At defaults nothing is taken back: development rows of every recording, all columns together and each alone."""
    runs, diverged = 0, []
    for recording in development_rows(folder):
        together = [(recording.columns, recording.values, horizon) for horizon in (1, 24)]
        alone = [([name], recording.values[:, [place]], 1) for place, name in enumerate(recording.columns)]
        for columns, values, horizon in together + (alone if len(recording.columns) > 1 else []):
            metrics = taken(columns, np.ascontiguousarray(values), horizon).learner.metrics
            runs += 1
            if metrics.diverged:
                diverged.append(f"{recording.name}: {', '.join(columns)}, {horizon} ahead")
    yield Figure(f"rollbacks at defaults, in {runs} runs", len(diverged), 0, "; ".join(diverged))


# --- cost, and long streams -------------------------------------------------------------------------------------------


def cost(_folder: Path) -> Iterator[Figure]:
    """Microseconds a row for silent inputs, beside those of inputs that move."""
    rows, names = 4000, ["a", "b", "c", "d"]
    moving = np.random.default_rng(0).standard_normal((rows, 4)).cumsum(axis=0)
    fading = moving * 0.5 ** np.arange(rows)[:, None]
    kinds = {"moving": moving, "null": np.full_like(moving, np.nan), "constant": np.ones_like(moving), "fading": fading}
    learners = {kind: Learner(names) for kind in kinds}
    best = dict.fromkeys(kinds, math.inf)
    for learner in learners.values():
        learner.run(moving)
    for _ in range(20):
        for kind, values in kinds.items():
            started = time.thread_time()
            learners[kind].run(values)
            best[kind] = min(best[kind], (time.thread_time() - started) / rows * 1e6)
    for kind in ("null", "constant", "fading"):
        note = f"{best[kind]:.1f} us a row, {best['moving']:.1f} while all moves"
        yield Figure(f"cost of inputs that are {kind}: ratio", best[kind] / best["moving"], 1.5, note)


def statistics(steps: int) -> Iterator[Figure]:
    """Mean and deviation after so many values, at a level of 61,000 deviations."""
    batch = 61_234.0 + np.random.default_rng(0).standard_normal((100_000, 1))
    learner = Learner("price", cell="elman", hidden=1, window=1, lr=0.0, stride=1000, shrink=False, experts=False)
    passes = max(1, steps // len(batch))
    for _ in range(passes):
        learner.run(batch)
    _, tensors = decode(learner.to_bytes(), "the learner")
    mean, deviation = math.fsum(batch[:, 0]) / len(batch), float(batch.std())
    seen = int(tensors["seen"].item())
    found = math.sqrt(tensors["m2"].item() / seen)
    name = f"after {seen:.0e} values"
    yield Figure(f"{name}: mean, deviations off", abs(tensors["mean"].item() - mean) / deviation, 1e-6)
    yield Figure(f"{name}: deviation, share off", abs(found / deviation - 1.0), 1e-6)


def etth1(folder: Path) -> Recording:
    """The stream that most figures are measured on."""
    return read_recording(next(folder.rglob("ETTh1.csv")))


PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "storm": storm, "silence": silence, "levels": levels, "rate": rate, "rollbacks": rollbacks, "cost": cost,
}  # fmt: skip
NAMES = (*PARTS, "statistics")


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@click.option("--only", default=",".join(NAMES), show_default=True, callback=words(NAMES), help="parts")
@click.option("--steps", default=100_000_000, show_default=True, help="values for the statistics")
def main(data: Path, only: list[str], steps: int) -> None:
    for part in only:
        for figure in statistics(steps) if part == "statistics" else PARTS[part](data):
            verdict = "" if math.isnan(figure.most) else f"at most {figure.most:g}: {_verdict(figure)}"
            click.echo(f"{figure.what:<58} {figure.value:9.4g}  {verdict:<20} {figure.note}".rstrip())


def _verdict(figure: Figure) -> str:
    return "yes" if figure.value <= figure.most else "NO"


if __name__ == "__main__":
    main()
