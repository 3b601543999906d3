"""How many blocks of 1,000 rows can an interval hold within 5 points, far ahead of a random walk? Fixed, and steered.

    python -m benchmarks.interval_limit

Errors h steps ahead overlap: 1,000 rows at h = 48 hold some twenty independent pieces. Here nothing has to be found
out: the intervals are quantiles of the errors' true normal distribution. At a rate of 0 their level stays, and what the
blocks miss is chance alone. At other rates the level follows the misses as they come to be known, as in
`kernels/surprise/conformal.py`, which holds more blocks and costs width. The score is the mean interval score
(Gneiting & Raftery 2007) in units of the fixed interval's.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import click
import numpy as np

from benchmarks.intervals import BLOCK

ROWS = 200_000
NEAR = 0.05  # of what was promised
LOWEST, HIGHEST = 1e-9, 0.98  # of a level
GIVES = 0.3  # of a floor, where its level pushes
LEVELS = np.concatenate([np.geomspace(LOWEST, 1e-3, 400, endpoint=False), np.linspace(1e-3, HIGHEST, 2000)])
HALF_WIDTHS = np.array([NormalDist().inv_cdf(1.0 - level / 2.0) for level in LEVELS])


def errors_of_walk(horizon: int, random: np.random.Generator) -> np.ndarray:
    """Errors of the last value as a forecast of a random walk, of unit deviation: (ROWS,)."""
    walk = np.cumsum(random.standard_normal(ROWS + horizon)) / math.sqrt(horizon)
    errors: np.ndarray = walk[horizon:] - walk[:-horizon]
    return errors


def steered_half_widths(errors: np.ndarray, horizon: int, share: float, rate: float) -> np.ndarray:
    """Half widths whose level's log odds grow by rate (wanted - missed) when a truth comes, h rows late: (ROWS,)."""
    wanted = 1.0 - share
    level, floor, sizes, widths = wanted, wanted / (4.0 - 3.0 * wanted), np.abs(errors).tolist(), []
    for row in range(len(sizes)):
        if row >= horizon:
            missed = sizes[row - horizon] > widths[row - horizon]
            odds = level / (1.0 - level) * math.exp(rate * (wanted - missed))
            level = odds / (1.0 + odds)
            if level < floor:
                level = floor = max(floor * (level / floor) ** GIVES, LOWEST)
            level = min(level, HIGHEST)
        widths.append(float(np.interp(level, LEVELS, HALF_WIDTHS)))
    return np.array(widths)


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--rates", default="0,0.02,0.045,0.07", show_default=True)
def main(rates: str) -> None:
    random = np.random.default_rng(0)
    click.echo(f"{'H':>3} {'promised':>8} {'rate':>6} {'held':>6} {'blocks':>7} {'score':>6}")
    for horizon in (1, 24, 48):
        errors = errors_of_walk(horizon, random)
        for share in (0.5, 0.9):
            unit = 0.0
            for rate in map(float, rates.split(",")):
                widths = steered_half_widths(errors, horizon, share, rate)
                outside = np.maximum(np.abs(errors) - widths, 0.0)
                score = float((2.0 * widths + 2.0 / (1.0 - share) * outside).mean())
                unit = unit or score
                held = (outside == 0.0).reshape(-1, BLOCK).mean(axis=1)
                near = (np.abs(held - share) <= NEAR).mean()
                click.echo(f"{horizon:>3} {share:8.0%} {rate:6.3f} {held.mean():6.1%} {near:7.0%} {score / unit:6.3f}")


if __name__ == "__main__":
    main()
