"""How several learners did that share out one stream, as if it had been one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from ..categories.scores import ClassScore
from ..records.metrics import Health, Metrics, Score, most_common

AnyScore = TypeVar("AnyScore", Score, ClassScore)
# What the mean of each field of a score is over; of the others, over all forecasts that were graded.
WEIGHTS = {"sequence_accuracy": "sequences"} | {
    name: "recent_count" for name in (field.name for field in fields(ClassScore)) if name.startswith("recent_")
}
MEANS = ("gradient_norm", "clipped", "reach")  # of a learner's health


def merged_metrics(shards: Sequence[Metrics]) -> Metrics:
    """Add up what shards counted, and take the means of their errors over all forecasts.

    Rows and refused rows are sums, too; the caller knows how many of them were rows of other shards.
    """
    return Metrics(
        **{field.name: _merged([getattr(shard, field.name) for shard in shards]) for field in fields(Metrics)}
    )


def merged_health(shards: Sequence[tuple[Health, Metrics]]) -> Health:
    """Take means: of gradients by how many updates each shard has made, of intervals by how many forecasts it graded.

    Those of the experts' weights are over keys, and a season is the one of most keys, as their shards tell. The rate
    and its cap are the lowest of all.
    """
    every, metrics = zip(*shards, strict=True)
    updates = [its.updates for its in metrics]
    keys = [its.keys for its in metrics] if any(its.keys for its in metrics) else [1] * len(metrics)
    graded = [sum(score.count for score in its.scores) for its in metrics]
    caps = [health.rate_cap for health in every if health.rate_cap is not None]
    return Health(
        rate=min((health.rate for health in every if not math.isnan(health.rate)), default=math.nan),
        rate_cap=min(caps, default=None),
        **{name: _mean([getattr(health, name) for health in every], updates) for name in MEANS},
        believed={name: _mean([health.believed[name] for health in every], keys) for name in every[0].believed},
        seasons={name: most_common([health.seasons[name] for health in every], keys) for name in every[0].seasons},
        networks={},
        coverage={name: _mean([health.coverage[name] for health in every], graded) for name in every[0].coverage},
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
    """The weighted mean of those that are known; NaN if none of them has a weight."""
    known = [(value, weight) for value, weight in zip(values, weights, strict=True) if weight and not math.isnan(value)]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else math.nan
