"""An evaluation as tables: everybody at a glance, then the learner in detail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from streamrnn.evaluation.figures import figure, percent, share
from streamrnn.evaluation.rivals import rivals
from streamrnn.evaluation.selection import chosen

from .report import counts, learning
from .table import aligned

if TYPE_CHECKING:
    from streamrnn.evaluation.results import Evaluation
    from streamrnn.evaluation.scores import Score

MOST_COLUMNS = 6
MOST_LINES = 24
LEAST_P = 0.001
CATEGORY_HEADER = ["forecaster", "hits", "recent", "in 3", "recent", "bits", "recent", "balanced", "macro F1"]


def lines_of(evaluation: Evaluation) -> list[str]:
    """Everything that fits on a screen or two."""
    lines = [headline(evaluation), ""]
    if evaluation.targets:
        lines += [*overview(evaluation), "", *details(evaluation), "", evaluation.summary, ""]
    if evaluation.metrics.class_scores:
        lines += [*categories(evaluation), ""]
    happened = counts(evaluation.metrics, evaluation.outcome) | learning(evaluation.health, evaluation.settings)
    return [*lines, *(f"{what:<16} {text}" for what, text in happened.items())]


def headline(evaluation: Evaluation) -> str:
    """What was evaluated."""
    outcome = evaluation.outcome
    rate = f", {outcome.rows / outcome.seconds:,.0f} rows/s" if outcome.seconds > 0.0 else ""
    return f"{evaluation.source}: {outcome.rows:,} rows in {outcome.seconds:.1f} s{rate}{outcome.ending}"


def overview(evaluation: Evaluation) -> list[str]:
    """A line for each forecaster."""
    horizons = chosen(evaluation.settings.horizons, MOST_COLUMNS)
    rows = [["MASE", *(f"h {horizon}" for horizon in horizons), "all", "skill"]]
    for name in evaluation.forecasters:
        means = [figure(evaluation.mase(name, horizon)) for horizon in horizons]
        rows.append([name, *means, figure(evaluation.mase(name)), percent(evaluation.skill(name))])
    return aligned(rows)


def details(evaluation: Evaluation) -> list[str]:
    """A line for each target and horizon, or for the first, some and the last."""
    horizons = chosen(evaluation.tested, max(3, MOST_LINES // len(evaluation.targets)))
    targets = evaluation.targets[: max(1, MOST_LINES // len(horizons))]
    header = ["target", "horizon", "MAE", "RMSE", "MASE", "skill", "best other", "its RMSE", "DM", "p"]
    header += [text for level in evaluation.nominal for text in (f"in {100 * level:g}%", "width")]
    rows = [header]
    for target in targets:
        rows += [_detail(evaluation, target, horizon) for horizon in horizons]
    left = len(evaluation.targets) - len(targets)
    return [*aligned(rows), *([f"... and {left} more targets: --json has them all"] if left else [])]


def _detail(evaluation: Evaluation, target: str, horizon: int) -> list[str]:
    *_, ours = evaluation.of(target, horizon)
    other = evaluation.best_other(target, horizon)
    cells = [target, str(horizon), figure(ours.mae), figure(ours.rmse), figure(ours.mase), percent(ours.skill)]
    cells += [other.forecaster, figure(other.rmse), *_verdict(other)]
    for interval in evaluation.intervals_of(target, horizon):
        cells += [share(interval.coverage), figure(interval.width)]
    return cells


def categories(evaluation: Evaluation) -> list[str]:
    """Everybody's hits and bits of the targets that are categories, at some horizons; and over the latest 1,000."""
    rows = [["target", "horizon", *CATEGORY_HEADER]]
    for score in evaluation.metrics.class_scores:
        if score.horizon in chosen(evaluation.settings.horizons, 3):
            for name, *shares, bits, recent_bits, balanced, macro_f1 in rivals(score):
                cells = [
                    name,
                    *map(share, shares),
                    figure(bits),
                    figure(recent_bits),
                    share(balanced),
                    figure(macro_f1),
                ]
                rows.append([score.target, str(score.horizon), *cells])
    return aligned(rows)


def _verdict(other: Score) -> list[str]:
    statistic, p = other.verdict
    if math.isnan(p):
        return ["-", "-"]
    return [f"{statistic:+.2f}", f"<{LEAST_P}" if p < LEAST_P else f"{p:.3f}"]
