"""How the forecasts did, beside the last-value forecast, and what was refused on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .kernels.state import DIVERGED, LEVEL_SHIFTS, STEPS, State, named_view
from .schema import matrix_columns
from .settings import Settings


@dataclass(frozen=True)
class Score:
    """Prequential errors of one target at one horizon: every forecast was made before its truth arrived."""

    target: str
    horizon: int
    count: int  # forecasts graded
    mae: float
    rmse: float
    last_value_mae: float
    last_value_rmse: float

    @property
    def skill(self) -> float:
        """1 - MAE / MAE of the last value: 0 is no better than it, 1 is perfect; NaN where that is no yardstick."""
        return 1.0 - self.mae / self.last_value_mae if self.last_value_mae > 0.0 else math.nan


@dataclass(frozen=True)
class Metrics:
    """What a learner has seen and how it did, since its first row."""

    rows: int  # arrivals
    refused_rows: int
    steps: int  # accepted rows
    updates: int
    skipped_updates: int
    level_shifts: int
    diverged: int
    nulls: dict[str, int]  # by column: values that were missing
    invalid: dict[str, int]  # not finite, or beyond 1e30
    far: dict[str, int]  # more than 100 deviations off
    scores: tuple[Score, ...]

    @property
    def skill(self) -> float:
        """Mean skill over targets and horizons; NaN while there is none."""
        skills = [score.skill for score in self.scores if not math.isnan(score.skill)]
        return float(np.mean(skills)) if skills else math.nan


def metrics_of(state: State, settings: Settings, lanes: int, rows: int, refused_rows: int) -> Metrics:
    """Add up what the kernels counted, over all lanes."""

    def pooled(name: str) -> np.ndarray:
        sums: np.ndarray = np.sum([named_view(state, name, lane) for lane in range(lanes)], axis=0)
        return sums

    columns = matrix_columns(settings)
    counts, refused = pooled("lane_counts"), pooled("refused")
    updates, skipped = named_view(state, "updates").tolist()
    nulls, invalid, far = (dict(zip(columns, refused[:, kind].tolist(), strict=True)) for kind in range(3))
    return Metrics(
        rows=rows,
        refused_rows=refused_rows,
        steps=int(counts[STEPS]),
        updates=updates,
        skipped_updates=skipped,
        level_shifts=int(counts[LEVEL_SHIFTS]),
        diverged=int(counts[DIVERGED]),
        nulls=nulls,
        invalid=invalid,
        far=far,
        scores=_scores(settings, pooled("errors"), pooled("error_count")),
    )


def _scores(settings: Settings, sums: np.ndarray, counts: np.ndarray) -> tuple[Score, ...]:
    scores = []
    for t, target in enumerate(settings.targets):
        for k, horizon in enumerate(settings.horizons):
            pair = k * len(settings.targets) + t
            count = int(counts[pair])
            absolute, squared, last_absolute, last_squared = sums[pair] / count if count else [math.nan] * 4
            scores.append(
                Score(
                    target, horizon, count,
                    mae=float(absolute), rmse=math.sqrt(squared),
                    last_value_mae=float(last_absolute), last_value_rmse=math.sqrt(last_squared),
                )
            )  # fmt: skip
    return tuple(scores)
