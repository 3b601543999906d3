"""Which charts there are: each takes an evaluation and returns HTML, or nothing if there is nothing to see."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..course import Course
from ..forecasters import LAST_VALUE
from ..results import Evaluation
from .chart import Area, Axis, Line, chart, round_ticks, value_axis

OTHERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
SMOOTHED = 9  # buckets of a course
ZONE = r"(?<=[\d])(Z|[+-]\d\d:?\d\d)$"
WORST_SHOWN, WORST_OF_OURS = 1.4, 4.0  # times the error of the last value: what is above leaves the picture


def style_of(evaluation: Evaluation, index: int) -> str:
    """The classes of a forecaster's line."""
    if index == len(evaluation.forecasters) - 1:
        return "ours strong"
    return "last" if index == 0 else OTHERS[(index - 1) % len(OTHERS)]


def drawing_order(evaluation: Evaluation) -> range:
    """The learner is drawn last, above the others; the last value first."""
    return range(len(evaluation.forecasters))


def stream(evaluation: Evaluation, target: int, place: int) -> str:
    """The last stretch of a stream, what had been forecast of it, and the intervals."""
    traces, name = evaluation.traces, evaluation.targets[target]
    horizon = evaluation.settings.horizons[place]
    stretch = traces.stretch
    rows, values = stretch.rows.astype(float), stretch.values(target)
    if not len(rows):
        return ""
    kept = traces.places.index(place)
    forecasts, bounds = stretch.forecasts(target, kept), stretch.bounds(target, kept)
    marks: list[Line | Area] = []
    for nominal, (low, high) in reversed(list(zip(evaluation.nominal, bounds, strict=True))):
        marks.append(Area(f"{100 * nominal:g}% interval", "ours band", rows, low, high))
    marks.append(Line(LAST_VALUE, "last thin", rows, forecasts[0]))
    marks.append(Line("what came", "truth", rows, values))
    marks.append(Line(evaluation.forecasters[-1], "ours strong", rows, forecasts[-1]))
    y = value_axis([values, forecasts[-1], forecasts[0], bounds])
    note = f"the last {len(rows)} rows, each as it had been forecast {ahead(horizon)}"
    return wide(chart(name, note, marks, row_axis(evaluation, rows), y))


def errors(evaluation: Evaluation, target: int, place: int) -> str:
    """Everybody's error over that of the last value, from the first row to the last."""
    course = evaluation.traces.errors[target, place]
    rows, means = course.rows(), course.values()
    if len(rows) < 2:
        return ""
    smooth = np.array([moving_mean(row, SMOOTHED) for row in means])
    ratios = np.divide(smooth, smooth[0], out=np.full_like(smooth, np.nan), where=smooth[0] > 0.0)
    lines = [
        Line(evaluation.forecasters[f], style_of(evaluation, f), rows, ratios[f]) for f in drawing_order(evaluation)
    ]
    name, horizon = evaluation.targets[target], evaluation.settings.horizons[place]
    note = f"error over that of the last value, means of about {SMOOTHED * course.span:,} rows"
    worst = min(max(WORST_SHOWN, np.max(ratios[-1], initial=0.0, where=np.isfinite(ratios[-1]))), WORST_OF_OURS)
    axis = row_axis(evaluation, rows)
    return chart(f"{name}, {ahead(horizon)}", note, lines, axis, value_axis([np.minimum(ratios, worst)]))


def profile(evaluation: Evaluation, target: int) -> str:
    """How the error grows with the horizon."""
    settings, name = evaluation.settings, evaluation.targets[target]
    if len(settings.horizons) < 2:
        return ""
    horizons = np.array(settings.horizons, float)
    of_target = [score for score in evaluation.scores if score.target == name]
    lines = []
    for f in drawing_order(evaluation):
        mases = np.array([score.mase for score in of_target if score.forecaster == evaluation.forecasters[f]])
        lines.append(Line(evaluation.forecasters[f], style_of(evaluation, f), horizons, mases))
    x = horizon_axis(settings.horizons)
    y = value_axis([line.y for line in lines], from_zero=True)
    return chart(f"{name}, by horizon", "MASE by rows ahead: the error in units of the stream's own moves", lines, x, y)


def coverage_by_horizon(evaluation: Evaluation) -> str:
    """How many truths lie in the intervals, by horizon, beside how many should."""
    horizons = np.array(evaluation.settings.horizons, float)
    if not evaluation.nominal or len(horizons) < 2:
        return ""
    lines = []
    for place, nominal in enumerate(evaluation.nominal):
        shares = [coverage_at(evaluation, nominal, horizon) for horizon in evaluation.settings.horizons]
        lines += _beside_nominal(place, nominal, horizons, np.array(shares))
    x = horizon_axis(evaluation.settings.horizons)
    return chart(
        "Coverage by horizon", "share of truths inside, by rows ahead; dashed: as it should be", lines, x, SHARES
    )


def coverage_over_time(evaluation: Evaluation) -> str:
    """How many truths lie in the intervals, from the first row to the last."""
    course = evaluation.traces.coverage
    if not evaluation.nominal or len(course.rows()) < 2:
        return ""
    rows, shares = course.rows(), course.values()
    lines = []
    for place, nominal in enumerate(evaluation.nominal):
        lines += _beside_nominal(place, nominal, rows, moving_mean(shares[place], SMOOTHED))
    note = f"share of truths inside, means of about {SMOOTHED * course.span:,} rows; dashed: as it should be"
    return chart("Coverage over time", note, lines, row_axis(evaluation, rows), SHARES)


def _beside_nominal(place: int, nominal: float, x: np.ndarray, shares: np.ndarray) -> list[Line]:
    style = OTHERS[place % len(OTHERS)]
    return [
        Line("", f"{style} thin dashed", x, np.full(len(x), nominal)),
        Line(f"{100 * nominal:g}% interval", f"{style} strong", x, shares),
    ]


def coverage_at(evaluation: Evaluation, nominal: float, horizon: int) -> float:
    """The share of truths in an interval, over all targets."""
    found = [score for score in evaluation.intervals if (score.nominal, score.horizon) == (nominal, horizon)]
    count = sum(score.count for score in found)
    return sum(score.count * score.coverage for score in found if score.count) / count if count else np.nan


def weights(evaluation: Evaluation, place: int) -> str:
    """How far each expert of the mix is believed, from the first row to the last."""
    course = evaluation.traces.weights.get(place)
    if course is None or len(course.rows()) < 2:
        return ""
    rows, shares = course.rows(), course.values()
    edges = np.concatenate([np.zeros((1, len(rows))), np.cumsum(shares, axis=0)])
    areas = [
        Area(name, style_of(evaluation, evaluation.forecasters.index(name)), rows, edges[k], edges[k + 1])
        for k, name in enumerate((LAST_VALUE, *evaluation.settings.expert_names[1:]))
    ]
    horizon = evaluation.settings.horizons[place]
    note = f"share of each expert in the mix, {ahead(horizon)}, mean over targets"
    return chart("Who is believed", note, areas, row_axis(evaluation, rows), SHARES)


def whole(evaluation: Evaluation, target: int) -> str:
    """The whole stream: the range of its values."""
    traces = evaluation.traces
    highs, lows = traces.highs[target], traces.lows[target]
    if len(highs.rows()) < 2:
        return ""
    y = value_axis([lows.values(), highs.values()])
    marks: list[Line | Area] = [Area("", "truth", highs.rows(), *_with_height(lows, highs))]
    if traces.alerts:
        marks.append(Line("alert", "ours thin", *_upright(traces.alerts, y)))
    note = f"lowest and highest value of each {highs.span:,} rows"
    name = evaluation.targets[target]
    return chart(f"{name}, all of it", note, marks, row_axis(evaluation, highs.rows()), y)


def anomaly(evaluation: Evaluation) -> str:
    """The anomaly score from the first row to the last, on a scale that has room near 1, and the alerts."""
    course, threshold = evaluation.traces.anomaly, evaluation.settings.alert
    if course is None or threshold is None or len(course.rows()) < 2:
        return ""
    rows, scores = course.rows(), course.values()[0]
    marks: list[Line | Area] = [
        Line("alert", "ours thin", *_upright(evaluation.traces.alerts, RARITY)),
        Line("anomaly score", "one", rows, rarity(scores)),
        Line("threshold", "last thin dashed", rows, np.full(len(rows), rarity(np.array(threshold)))),
    ]
    note = f"the highest score of each {course.span:,} rows; {evaluation.outcome.alerts:,} alerts"
    return wide(chart("Anomaly score", note, marks, row_axis(evaluation, rows), RARITY))


def rarity(scores: np.ndarray) -> np.ndarray:
    """How many nines a score has: 1 for 0.9, 3 for 0.999."""
    nines: np.ndarray = -np.log10(np.maximum(1.0 - scores, 10.0**-RARITY.high))
    return nines


def _upright(rows: Sequence[int], y: Axis) -> tuple[np.ndarray, np.ndarray]:
    """Points of upright lines at rows, over the whole height."""
    return np.repeat(np.array(rows, float), 3), np.tile([y.low, y.high, np.nan], len(rows))


def _with_height(lows: Course, highs: Course) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the range, a little apart where it has no height, so that it is seen."""
    low, high = lows.values()[0], highs.values()[0]
    least = 0.004 * (high.max() - low.min())
    return low - least, high + least


def horizon_axis(horizons: Sequence[int]) -> Axis:
    """An axis of horizons."""
    low, high = float(horizons[0]), float(horizons[-1])
    few = tuple((float(horizon), f"{horizon:,}") for horizon in horizons)
    return Axis(low, high, few if len(few) <= 3 else _whole_ticks(low, high, 6))


def _whole_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    return tuple((at, f"{at:,.0f}") for at, _ in round_ticks(low, high, most) if at == round(at))


def row_axis(evaluation: Evaluation, rows: np.ndarray) -> Axis:
    """An axis of rows, with times for labels if there are any."""
    low, high = float(rows[0]), float(max(rows[-1], rows[0] + 1.0))
    if evaluation.settings.time is None:
        return Axis(low, high, _whole_ticks(low, high, 5))
    places = [low, (low + high) / 2, high]
    return Axis(
        low, high, tuple(zip(places, shortened([evaluation.traces.times.at(at) for at in places]), strict=True))
    )


def shortened(times: Sequence[str]) -> list[str]:
    """Times without what they have in common, or without the hours where the days differ."""
    for needless in (ZONE, r"(?<=:\d\d)\.\d+$", r"(?<=:\d\d):00$"):
        shorter = [re.sub(needless, "", time) for time in times]
        if all(map(re.search, [needless] * len(times), times)) and len(set(shorter)) == len(times):
            times = shorter
    parts = [re.split(r"[ T]", time, maxsplit=1) for time in times]
    if all(len(part) == 2 for part in parts):
        dates = [part[0] for part in parts]
        if len(set(dates)) == len(dates):
            return dates
        if len(set(dates)) == 1:
            return [part[1] for part in parts]
    if len({time[:5] for time in times}) == 1 and all(re.match(r"\d{4}[-/]", time) for time in times):
        times = [time[5:] for time in times]
    return [time[:19] for time in times]


def ahead(horizon: int) -> str:
    """How far a forecast looks."""
    if horizon == 0:
        return "for its own row"
    return "one row ahead" if horizon == 1 else f"{horizon} rows ahead"


def moving_mean(numbers: np.ndarray, span: int) -> np.ndarray:
    """Means over so many neighbours, an odd number; fewer at both ends."""
    kernel = np.ones(min(span, (len(numbers) - 1) // 2 * 2 + 1))
    means: np.ndarray = np.convolve(numbers, kernel, "same") / np.convolve(np.ones(len(numbers)), kernel, "same")
    return means


def wide(figure: str) -> str:
    """A chart over the whole width."""
    return figure.replace("<figure>", '<figure class="wide">', 1)


RARITY = Axis(0.0, 6.0, ((0.0, "0"), (1.0, "0.9"), (2.0, "0.99"), (3.0, "0.999"), (4.0, "0.9999"), (5.0, "0.99999")))
SHARES = Axis(0.0, 1.0, tuple((share, f"{100 * share:.0f}%") for share in (0.0, 0.25, 0.5, 0.75, 1.0)))
