"""How many blocks of 1,000 rows can an interval hold within 5 points, far ahead of a random walk?

    python -m benchmarks.interval_limit

Errors h steps ahead overlap: 1,000 rows at h = 48 hold some twenty independent pieces. Two walks: a steady one, and a
restless one, whose volatility wanders (its log is an autoregression of deviation 0.5 that halves in 80 rows).

The first lines of each have nothing to find out: their intervals are quantiles of the errors' true distribution, given
the volatility of now. At a rate of 0 their level stays, and what the blocks miss is chance alone. At other rates the
level follows the misses as they come to be known, as in `kernels/surprise/conformal.py`, which holds more blocks and
costs width. Then come streamrnn's own intervals, and the quantiles of the last 500 errors, which know nothing. The
score is the mean interval score (Gneiting & Raftery 2007) in units of the first line's.
"""

from __future__ import annotations

import math

import click
import numpy as np

from benchmarks.intervals import BLOCK, empirical_bounds, interval_scores
from benchmarks.options import fractions, numbers
from streamrnn import Learner

ROWS = 201_000  # of which the first thousand do not count
NEAR = 0.05  # of what was promised
LOWEST, HIGHEST = 1e-9, 0.98  # of a level
GIVES = 0.3  # of a floor, where its level pushes
LEVELS = np.concatenate([np.geomspace(1e-5, 1e-3, 200, endpoint=False), np.linspace(1e-3, HIGHEST, 2000)])
RESTLESS, HALVES = 0.5, 80
SHARES = (0.5, 0.9)


def walk_of(restless: bool, horizon: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A random walk, (ROWS + horizon,), and the deviation that its next steps have as seen from each row: (ROWS,)."""
    steps = random.standard_normal(ROWS + horizon)
    if not restless:
        return np.cumsum(steps), np.full(ROWS, math.sqrt(horizon))
    keeps = 0.5 ** (1.0 / HALVES)
    shocks, log_volatility = math.sqrt(1.0 - keeps**2) * RESTLESS * random.standard_normal(len(steps)), 0.0
    for row, shock in enumerate(shocks):
        log_volatility = keeps * log_volatility + shock
        shocks[row] = log_volatility  # and from now on it is that
    kept = keeps ** np.arange(1, horizon + 1)
    variances = [np.exp(2.0 * one * shocks[:ROWS] + 2.0 * RESTLESS**2 * (1.0 - one**2)) for one in kept]
    return np.cumsum(np.exp(shocks) * steps), np.sqrt(np.sum(variances, axis=0))


def steered_half_widths(errors: np.ndarray, horizon: int, share: float, rate: float) -> np.ndarray:
    """Half widths whose level's log odds grow by rate (wanted - missed) when a truth comes, h rows late: (ROWS,)."""
    wanted, sizes, widths = 1.0 - share, np.abs(errors).tolist(), []
    level, floor = wanted, wanted / (4.0 - 3.0 * wanted)
    known = np.quantile(np.abs(errors), 1.0 - LEVELS)
    for row in range(len(sizes)):
        if row >= horizon:
            missed = sizes[row - horizon] > widths[row - horizon]
            odds = level / (1.0 - level) * math.exp(rate * (wanted - missed))
            level = odds / (1.0 + odds)
            if level < floor:
                level = floor = max(floor * (level / floor) ** GIVES, LOWEST)
            level = min(level, HIGHEST)
        widths.append(float(np.interp(level, LEVELS, known)))
    return np.array(widths)


def learned_bounds(walk: np.ndarray, horizon: int, share: float) -> np.ndarray:
    """The intervals that a learner puts around the last value: (ROWS, 2)."""
    settings = {"hidden": 1, "window": 1, "lr": 0.0, "experts": False}
    table = Learner("a", horizon=(horizon,), intervals=share, **settings).run(walk[:ROWS, None])
    return np.column_stack([table[f"a_h{horizon}_{side}{share * 100:.0f}"].to_numpy() for side in ("lo", "hi")])


def print_interval(label: str, bounds: np.ndarray, truth: np.ndarray, share: float, unit: float) -> float:
    """Print what an interval held; its score."""
    bounds, truth = bounds[BLOCK:], truth[BLOCK:]
    held = ((truth >= bounds[:, 0]) & (truth <= bounds[:, 1])).reshape(-1, BLOCK).mean(axis=1)
    score = float(interval_scores(bounds, truth, share).mean())
    near = (np.abs(held - share) <= NEAR).mean()
    click.echo(f"{label} {held.mean():6.1%} {near:7.0%} {score / (unit or score):6.3f}")
    return score


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--rates", default="0,0.02,0.045,0.07", show_default=True, callback=fractions)
@click.option("--horizons", default="1,24,48", show_default=True, callback=numbers)
def main(rates: list[float], horizons: list[int]) -> None:
    random = np.random.default_rng(0)
    click.echo(f"{'walk':<8} {'H':>3} {'promised':>8} {'rate':>9} {'held':>6} {'blocks':>7} {'score':>6}")
    for restless in (False, True):
        for horizon in horizons:
            walk, deviations = walk_of(restless, horizon, random)
            forecasts, truth = walk[:ROWS], walk[horizon:]
            for share in SHARES:
                label, unit = f"{'restless' if restless else 'steady':<8} {horizon:>3} {share:8.0%}", 0.0
                for rate in rates:
                    scaled = (truth - forecasts) / deviations
                    half = deviations * steered_half_widths(scaled, horizon, share, rate)
                    bounds = np.column_stack([forecasts - half, forecasts + half])
                    score = print_interval(f"{label} {rate:9.3f}", bounds, truth, share, unit)
                    unit = unit or score
                print_interval(f"{label} {'streamrnn':>9}", learned_bounds(walk, horizon, share), truth, share, unit)
                empirical = empirical_bounds(forecasts, walk[:ROWS], horizon, share)
                print_interval(f"{label} {'quantiles':>9}", empirical, truth, share, unit)


if __name__ == "__main__":
    main()
