"""How several learners did that share out one stream, as if it had been one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from .class_scores import ClassScore
from .metrics import Metrics, Score

AnyScore = TypeVar("AnyScore", Score, ClassScore)
# What the mean of each field of a score is over; of the others, over all forecasts that were graded.
WEIGHTS = {"sequence_accuracy": "sequences"} | {
    name: "recent_count" for name in (field.name for field in fields(ClassScore)) if name.startswith("recent_")
}


def merged_metrics(shards: Sequence[Metrics]) -> Metrics:
    """Add up what shards counted, and take the means of their errors over all forecasts.

    Rows and refused rows are sums, too; the caller knows how many of them were rows of other shards.
    """
    return Metrics(
        **{field.name: _merged([getattr(shard, field.name) for shard in shards]) for field in fields(Metrics)}
    )


def _merged(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        return {name: sum(value[name] for value in values) for name in values[0]}
    if isinstance(values[0], tuple):
        return tuple(_merged_score(scores) for scores in zip(*values, strict=True))
    return sum(values)


def _merged_score(scores: Sequence[AnyScore]) -> AnyScore:
    """Merge the scores of one target at one horizon."""
    first = scores[0]
    merged: dict[str, Any] = {"target": first.target, "horizon": first.horizon}
    for name in (field.name for field in fields(first) if field.name not in merged):
        values = [getattr(score, name) for score in scores]
        if isinstance(values[0], int):
            merged[name] = sum(values)
            continue
        weights = [getattr(score, WEIGHTS.get(name, "count")) for score in scores]
        if isinstance(values[0], tuple):
            merged[name] = tuple(_mean(column, weights) for column in zip(*values, strict=True))
        elif name.endswith("rmse"):
            merged[name] = math.sqrt(_mean([value**2 for value in values], weights))
        else:
            merged[name] = _mean(values, weights)
    return type(first)(**merged)


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    """The weighted mean; NaN if no weight is positive."""
    total = sum(weights)
    return (
        sum(value * weight for value, weight in zip(values, weights, strict=True) if weight) / total
        if total
        else math.nan
    )
