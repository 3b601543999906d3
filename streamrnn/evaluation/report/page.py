"""The page: what came out in a sentence, then tables and pictures, then how to read them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from pathlib import PurePath
from typing import Any

from ..figures import figure, percent, share
from ..results import Evaluation
from ..scores import Score
from ..selection import chosen
from . import pictures
from .categories import OF_CATEGORIES, categories
from .parts import charts, definitions, details, row, section, table
from .style import STYLE

MOST_COLUMNS = 8
# No script, no network: what is not on the page cannot be loaded.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

PREQUENTIAL = (
    "prequential",
    "Every row is first forecast by everybody, then learned from. No forecast has seen what it is of.",
)
OF_NUMBERS = (
    ("MAE, RMSE", "Mean absolute error and root mean squared error, in the target's unit."),
    (
        "MASE",
        "Mean absolute error in units of the stream's own moves from one value to the next: the last value has 1 one "
        "row ahead (Hyndman & Koehler 2006).",
    ),
    ("skill", "1 - error / error of the last value: 0 is no better than it, 1 is perfect."),
    (
        "DM, p",
        "Diebold and Mariano's statistic (1995) of the learner against the other forecaster, in squared error: "
        "negative where the learner is better; p is how likely so much would be luck. The variance allows for errors "
        "that hang together (Newey & West 1987).",
    ),
    ("interval", "A 90% interval should hold 90% of what comes, and be narrow."),
)


def page_of(evaluation: Evaluation) -> str:
    """Return the page; equal evaluations give equal pages."""
    title = escape(f"{PurePath(evaluation.source).name}, forecast as it came")
    body = "".join(
        [
            f"<h1>{title}</h1>",
            f'<p class="faint">{escape(subject(evaluation))}</p>',
            *(_of_numbers(evaluation) if evaluation.targets else ()),
            *categories(evaluation),
            details("How to read it", definitions(_reading(evaluation))),
            details("Settings and counts", definitions(_facts(evaluation))),
        ]
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _reading(evaluation: Evaluation) -> Iterable[tuple[str, str]]:
    yield PREQUENTIAL
    yield from OF_NUMBERS if evaluation.targets else ()
    yield from OF_CATEGORIES if evaluation.metrics.class_scores else ()


def subject(evaluation: Evaluation) -> str:
    """What was evaluated, in a line."""
    settings = evaluation.settings
    count = len(settings.targets)
    network = f"{settings.cell.upper()} with {settings.layers} x {settings.hidden} units"
    what = f"{count} targets" if count > 1 else settings.targets[0]
    outcome = evaluation.outcome
    return f"{outcome.rows:,} rows; {what}, {pictures.ahead(settings.horizons[-1])}; {network}{outcome.ending}"


def _of_numbers(evaluation: Evaluation) -> Iterable[str]:
    yield f'<p class="verdict">{escape(evaluation.summary)}</p>'
    yield overview(evaluation)
    yield from _targets(evaluation)
    yield section("Anomalies", [pictures.anomaly(evaluation)])
    yield section("The mix", [pictures.weights(evaluation, place) for place in evaluation.traces.places])
    yield section("Intervals", [pictures.coverage_by_horizon(evaluation), pictures.coverage_over_time(evaluation)])
    yield details("Every figure", figures(evaluation))


def overview(evaluation: Evaluation) -> str:
    """Everybody at a glance."""
    horizons = chosen(evaluation.settings.horizons, MOST_COLUMNS)
    names = evaluation.forecasters
    columns = [[evaluation.mase(name, horizon) for name in names] for horizon in (*horizons, None)]
    best = [min((mase for mase in column if not math.isnan(mase)), default=math.nan) for column in columns]
    rows = []
    for place, name in enumerate(names):
        cells = [
            f"<td{' class=best' if column[place] == least else ''}>{figure(column[place])}</td>"
            for column, least in zip(columns, best, strict=True)
        ]
        kind = " class=us" if place == len(names) - 1 else ""
        rows.append(f"<tr{kind}><td>{escape(name)}</td>{''.join(cells)}<td>{percent(evaluation.skill(name))}</td></tr>")
    header = ["MASE", *(f"h {horizon}" for horizon in horizons), "all", "skill"]
    return table(header, rows)


def _targets(evaluation: Evaluation) -> Iterable[str]:
    traces, names = evaluation.traces, evaluation.targets
    for target in traces.targets:
        drawn = [pictures.stream(evaluation, target, place) for place in traces.places]
        drawn += [pictures.errors(evaluation, target, place) for place in traces.places]
        drawn += [pictures.profile(evaluation, target), pictures.whole(evaluation, target)]
        if len(names) == 1:
            yield section(names[0], drawn)
        else:
            yield details(names[target], charts(drawn), is_open=target == 0)
    left = names[len(traces.targets) :]
    if left:
        yield f'<p class="faint">Not drawn, but among every figure below: {escape(", ".join(left))}.</p>'


def figures(evaluation: Evaluation) -> str:
    """A line for every target, horizon and forecaster; the horizons that were tested."""
    rows = []
    for target in evaluation.targets:
        for horizon in evaluation.tested:
            rows += [_line(evaluation, score) for score in evaluation.of(target, horizon)]
    header = ["target", "horizon", "forecaster", "MAE", "RMSE", "MASE", "skill", "DM", "p"]
    header += [text for level in evaluation.nominal for text in (f"in {100 * level:g}%", "width")]
    return table(header, rows)


def _line(evaluation: Evaluation, score: Score) -> str:
    statistic, p = score.verdict
    cells = [score.target, score.horizon, score.forecaster, *map(figure, (score.mae, score.rmse, score.mase))]
    cells += [percent(score.skill), "" if math.isnan(p) else f"{statistic:+.2f}", "" if math.isnan(p) else f"{p:.3f}"]
    is_ours = score.forecaster == evaluation.forecasters[-1]
    for interval in evaluation.intervals_of(score.target, score.horizon):
        known = is_ours and interval.count
        cells += [share(interval.coverage), figure(interval.width)] if known else ["", ""]
    kind = " class=us" if is_ours else ""
    return row(list(map(str, cells)), kind)


def _facts(evaluation: Evaluation) -> Iterable[tuple[str, str]]:
    metrics = evaluation.metrics
    yield "rows", f"{evaluation.outcome.rows:,}"
    counted = {
        "alerts": evaluation.outcome.alerts,
        "refused rows": metrics.refused_rows,
        "level shifts": metrics.level_shifts,
        "diverged": metrics.diverged,
    }
    for name, columns in {"nulls": metrics.nulls, "invalid values": metrics.invalid, "far values": metrics.far}.items():
        counted[name] = sum(columns.values())
    yield from ((name, f"{count:,}") for name, count in counted.items())
    yield from ((name, _setting(value)) for name, value in evaluation.settings.to_dict().items())


def _setting(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)
