"""Who forecasts a category, and how well: the learner, its parts, and what needs no learning."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..categories.scores import ClassScore


class Rival(NamedTuple):
    """One forecaster of a categorical target; NaN where nothing is known of it. ``recent``: over the last 1,000."""

    name: str
    accuracy: float = math.nan
    recent_accuracy: float = math.nan
    in_three: float = math.nan
    recent_in_three: float = math.nan
    bits: float = math.nan
    recent_bits: float = math.nan
    balanced_accuracy: float = math.nan
    macro_f1: float = math.nan


def rivals(score: ClassScore) -> list[Rival]:
    """Return everybody at one target and horizon; the learner comes last."""
    nothing_learned = [
        Rival("most frequent", score.majority_accuracy, score.recent_majority_accuracy),
        Rival("last one", score.previous_accuracy, score.recent_previous_accuracy),
    ]
    mixes = not math.isnan(score.counts_log_loss)
    parts = [
        Rival("counts alone", bits=score.counts_log_loss / math.log(2.0)),
        Rival("network alone", bits=score.network_log_loss / math.log(2.0)),
    ]
    learner = Rival(
        "network with counts" if mixes else "network",
        score.accuracy,
        score.recent_accuracy,
        score.top[2],
        score.recent_top[2],
        score.bits,
        score.recent_bits,
        score.balanced_accuracy,
        score.macro_f1,
    )
    return [*nothing_learned, *(parts if mixes else ()), learner]
