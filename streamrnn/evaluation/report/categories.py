"""How forecasts of categories did: everybody's hits and bits, and what was taken for what."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np

from ...categories.scores import ClassScore
from ..confusion import ConfusionTable
from ..figures import figure, share
from ..results import Evaluation
from ..rivals import rivals
from ..selection import chosen
from .parts import row, table
from .pictures import ahead

MOST_HORIZONS = 3
OTHERS = "all others"
HEADER = ("forecaster", "hits", "recent", "in 3", "recent", "bits", "recent", "balanced", "macro F1")
OF_CATEGORIES = (
    ("recent", "The same over the latest 1,000 forecasts that were graded."),
    ("hits, in 3", "How often the truth was the most probable category, or among the three most probable ones."),
    ("bits", "Mean of -log2 p of the truth: what it would cost to send it, given the forecasts."),
    ("balanced", "Mean over the categories of the share of them that was hit: rare ones count as much as others."),
    ("macro F1", "Mean over the categories of F1, between the share that was hit and the share of forecasts that hit."),
    ("taken for", "Each line shows of what came which share was forecast as what; the diagonal is right."),
)


def categories(evaluation: Evaluation) -> Iterable[str]:
    """Tables of every target that is a category."""
    for score in evaluation.metrics.class_scores:
        if score.horizon in chosen(evaluation.settings.horizons, MOST_HORIZONS):
            yield _heading(f"{score.target}, {ahead(score.horizon)}")
            yield _everybody(score)
    for confusion in evaluation.confusion:
        yield _heading(f"{confusion.target}, {ahead(confusion.horizon)}: taken for what?")
        yield _matrix(confusion)


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _everybody(score: ClassScore) -> str:
    rows = []
    for rival in rivals(score):
        name, accuracy, recent, in_three, recent_in_three, bits, recent_bits, balanced, macro_f1 = rival
        cells = [*map(share, (accuracy, recent, in_three, recent_in_three)), figure(bits), figure(recent_bits)]
        cells += [share(balanced), figure(macro_f1)]
        rows.append([name, *("" if cell == "-" else cell for cell in cells)])
    return table(HEADER, [*map(row, rows[:-1]), row(rows[-1], " class=us")])


def _matrix(confusion: ConfusionTable) -> str:
    """A line for each category that came: the shares of what it was taken for, as shades."""
    names = [*map(shown, confusion.categories), OTHERS]
    if not confusion.counts[-1].any() and not confusion.counts[:, -1].any():
        names.pop()
    rows = []
    for place, counts in enumerate(confusion.counts[: len(names)]):
        count = int(counts.sum())
        cells = [_cell(part, count, place == of) for of, part in enumerate(counts[: len(names)].tolist())]
        rows.append(f"<tr><td>{escape(names[place])}</td><td>{count:,}</td>{''.join(cells)}</tr>")
    return table(["came", "times", *names], rows)


def _cell(part: int, count: int, is_hit: bool) -> str:
    proportion = part / count if count else 0.0
    colour = "two" if is_hit else "ours"
    shade = f"color-mix(in srgb,var(--{colour}) {np.ceil(70.0 * proportion):.0f}%,transparent)"
    return f'<td style="background:{shade}">{f"{proportion:.0%}" if part else ""}</td>'


def shown(category: str) -> str:
    """A category as it can be read: spaces and line ends in quotes."""
    return category if category.isprintable() and category == category.strip() and category else repr(category)
