"""Charts as HTML: lines and areas in SVG that stretches with the page, words around it that keep their size.

A picture of fixed proportions is unreadable on a phone. Here only the plot stretches; strokes keep their width, and the
labels are text of the page at percentages of the plot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

SIZE = 1000.0  # of the plot's own coordinates, both ways


@dataclass(frozen=True)
class Line:
    """A line through points; it is broken where a number is missing.

    Attributes
    ----------
    label : str
        For the legend; nothing for none.
    style : str
        Classes of CSS.
    x, y : numpy.ndarray
        (n,) float64.
    """

    label: str
    style: str
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Area:
    """What lies between two lines; broken where a number of either is missing."""

    label: str
    style: str
    x: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Axis:
    """One direction of a plot.

    Attributes
    ----------
    low, high : float
        Where it begins and ends.
    ticks : tuple of (float, str)
        Places and their labels.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """Where numbers lie, 0 at the beginning and 1 at the end."""
        places: np.ndarray = (numbers - self.low) / (self.high - self.low)
        return places

    def place(self, number: float) -> float:
        """Where one number lies."""
        return (number - self.low) / (self.high - self.low)


def chart(title: str, note: str, marks: Sequence[Line | Area], x: Axis, y: Axis) -> str:
    """Draw a chart; what is drawn first lies below."""
    grid = "".join(f'<path class="grid" d="M0 {_down(y, at):g}H1000"/>' for at, _ in y.ticks)
    drawn = "".join(_drawn(mark, x, y) for mark in marks)
    labels = "".join(_label("y", "bottom", y.place(at), text) for at, text in y.ticks)
    labels += "".join(_label("x", "left", x.place(at), text) for at, text in x.ticks)
    keys = "".join(f'<li class="{mark.style}">{escape(mark.label)}</li>' for mark in marks if mark.label)
    legend = f"<ul>{keys}</ul>" if keys else ""
    small = f"<small>{escape(note)}</small>" if note else ""
    return (
        f"<figure><figcaption><b>{escape(title)}</b> {small}</figcaption>{legend}"
        f'<div class="plot" role="img" aria-label="{escape(f"{title}. {note}")}">'
        f'<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">{grid}{drawn}</svg>'
        f"{labels}</div></figure>"
    )


def _label(kind: str, side: str, place: float, text: str) -> str:
    edge = " first" if place < 0.02 else " last" if place > 0.98 else ""
    return f'<span class="{kind}{edge}" style="{side}:{100 * place:.4g}%">{escape(text)}</span>'


def _down(y: Axis, value: float) -> float:
    return round(SIZE * (1.0 - y.place(value)), 1)


def _drawn(mark: Line | Area, x: Axis, y: Axis) -> str:
    if isinstance(mark, Line):
        return f'<path class="line {mark.style}" d="{_path(mark.x, mark.y, x, y)}"/>'
    known = np.isfinite(mark.low) & np.isfinite(mark.high)
    parts = []
    for start, stop in _runs(known):
        there, back = slice(start, stop), slice(stop - 1, start - 1 if start else None, -1)
        edge = np.concatenate([mark.x[there], mark.x[back]]), np.concatenate([mark.high[there], mark.low[back]])
        parts.append(_path(*edge, x, y) + "Z")
    return f'<path class="area {mark.style}" d="{"".join(parts)}"/>'


def _path(xs: np.ndarray, ys: np.ndarray, x: Axis, y: Axis) -> str:
    right = np.round(SIZE * x.places(xs), 1)
    down = np.round(SIZE * (1.0 - np.clip(y.places(ys), -1.0, 2.0)), 1)
    parts = []
    for start, stop in _runs(np.isfinite(ys)):
        points = [f"{a:g} {b:g}" for a, b in zip(right[start:stop].tolist(), down[start:stop].tolist(), strict=True)]
        parts.append(f"M{points[0]}L{' '.join(points)}")
    return "".join(parts)


def _runs(known: np.ndarray) -> list[tuple[int, int]]:
    """Where stretches of true begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def value_axis(numbers: Sequence[np.ndarray], from_zero: bool = False, most: int = 5) -> Axis:
    """An axis for numbers, with a few round ticks."""
    known = np.concatenate([part[np.isfinite(part)].ravel() for part in numbers] or [np.empty(0)])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    low = min(0.0, low) if from_zero else low
    room = 0.04 * (high - low) or 0.5 * abs(high) or 0.5
    low, high = low if from_zero and low == 0.0 else low - room, high + room
    return Axis(low, high, round_ticks(low, high, most))


def round_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    """About so many round numbers between two, one at least, and how to write them."""
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    while not (fitting := [step * k for k in (1, 2, 5, 10) if (high - low) / (step * k) <= most + 1]):
        step *= 10.0
    step = fitting[0]
    first, last = math.ceil(low / step), math.floor(high / step)
    return tuple((k * step, number_text(k * step, step)) for k in range(first, last + 1))


def number_text(value: float, step: float) -> str:
    """A tick's number, as exact as the step between ticks needs it."""
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if max(abs(value), step) >= 1e7 or digits > 6:
        return f"{value:.3g}"
    return f"{value:,.{digits}f}"
