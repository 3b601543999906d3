"""Errors beside the last-value forecast, as a table that fits on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.evaluation.figures import figure, percent, share
from streamrnn.evaluation.selection import chosen

if TYPE_CHECKING:
    from streamrnn.categories.scores import ClassScore
    from streamrnn.records.metrics import Metrics, Score

MOST_LINES = 12
CLASS_HEADER = [
    "target", "horizon", "hits", "most frequent", "previous", "in 3", "recent", "sequences", "bits", "recent",
]  # fmt: skip
HEADER = ["target", "horizon", "MAE", "last value", "skill", "RMSE", "last value"]


def score_table(metrics: Metrics) -> list[str]:
    """Lines of a table: a line per target and horizon, or the first, some and the last; then the mean skill."""
    targets = list(dict.fromkeys(score.target for score in metrics.scores))
    horizons = list(dict.fromkeys(score.horizon for score in metrics.scores))
    some = chosen(horizons, max(2, MOST_LINES // len(targets)))
    first = targets[: MOST_LINES // len(some)]
    lines = [_line(score) for score in metrics.scores if score.horizon in some and score.target in first]
    table = aligned([HEADER, *lines, *_mean(metrics)])
    if len(first) < len(targets):
        table.insert(-1, f"... and {len(targets) - len(first)} more targets")
    return table


def _line(score: Score) -> list[str]:
    pairs = (score.mae, score.last_value_mae), (score.rmse, score.last_value_rmse)
    (mae, last_mae), (rmse, last_rmse) = ((figure(left), figure(right)) for left, right in pairs)
    return [score.target, str(score.horizon), mae, last_mae, percent(score.skill), rmse, last_rmse]


def _mean(metrics: Metrics) -> list[list[str]]:
    if len(metrics.scores) < 2:
        return []
    return [["mean", "all", "", "", percent(metrics.skill), "", ""]]


def class_table(metrics: Metrics) -> list[str]:
    """Lines of a table: how forecasts of categories did, beside the most frequent category and the last one."""
    horizons = list(dict.fromkeys(score.horizon for score in metrics.class_scores))
    some = chosen(horizons, MOST_LINES)
    lines = [_class_line(score) for score in metrics.class_scores if score.horizon in some]
    return aligned([CLASS_HEADER, *lines[:MOST_LINES]])


def _class_line(score: ClassScore) -> list[str]:
    shares = [score.accuracy, score.majority_accuracy, score.previous_accuracy, score.top[2], score.recent_accuracy]
    if score.sequences:
        shares.append(score.sequence_accuracy)
    named = [share(part) for part in shares] + ["-"] * (6 - len(shares))
    return [score.target, str(score.horizon), *named, figure(score.bits), figure(score.recent_bits)]


def aligned(rows: list[list[str]]) -> list[str]:
    """Columns of one width each: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
