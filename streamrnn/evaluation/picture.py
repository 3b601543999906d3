"""The picture of a run: the stream, what was forecast of it, and the error falling against the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUTH, FORECAST, LAST_VALUE, FAINT = "#1f2430", "#e4572e", "#7a8699", "#d9dee6"
SPARKS = "▁▂▃▄▅▆▇█"


class PictureError(Exception):
    """Matplotlib is not installed; the message names the extra."""


def draw_run(
    path: str, histories: dict[str, History], skills: dict[str, list[float]], horizons: list[int], title: str, unit: str
) -> None:
    """Draw a run to a PNG, SVG or PDF file.

    Parameters
    ----------
    path : str
    histories : dict of str to History
        By target; the first one is shown at large.
    skills : dict of str to list of float
        By target: skill at each horizon.
    horizons : list of int
    title : str
    unit : str
        What a row is, for the axes: ``s`` or ``rows``.

    Raises
    ------
    PictureError
        Without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError:
        raise PictureError("pictures need matplotlib: pip install 'streamrnn[plot]'") from None
    layout = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12)
    figure = Figure(figsize=(12, 8.4), dpi=120, facecolor="white", layout=layout)
    figure.suptitle(title, fontsize=15, fontweight="bold", color=TRUTH, x=0.01, ha="left")
    grid = figure.add_gridspec(3, 2, height_ratios=[1.25, 1, 1])
    target, history = next(iter(histories.items()))
    _draw_stream(figure.add_subplot(grid[0, :]), target, history, unit)
    _draw_errors(figure.add_subplot(grid[1, :]), target, history, unit)
    _draw_second(figure.add_subplot(grid[2, 0]), histories, unit)
    _draw_skills(figure.add_subplot(grid[2, 1]), skills, horizons, unit)
    figure.savefig(path)


def _draw_stream(axes: Axes, target: str, history: History, unit: str, rows: int = 300) -> None:
    """The last stretch of the stream, and what had been forecast of each row."""
    _draw_stretch(axes, history, rows)
    axes.set_title(
        f"{target}: the last {rows} {unit}, and the forecasts made {history.horizon} {unit} before", loc="left"
    )
    _legend(axes)
    _tidy(axes, f"row ({unit})")


def _draw_stretch(axes: Axes, history: History, rows: int) -> None:
    shown = np.arange(max(0, len(history.values) - rows), len(history.values))
    axes.plot(shown, history.last_values[shown], color=LAST_VALUE, lw=1, ls=":", label="last value")
    axes.plot(shown, history.values[shown], color=TRUTH, lw=1.4, label="came")
    axes.plot(shown, history.forecasts[shown], color=FORECAST, lw=1.6, label="forecast")
    axes.set_xlim(shown[0], shown[-1])


def _draw_errors(axes: Axes, target: str, history: History, unit: str) -> None:
    """The error over the whole stream beside the baseline's, the gain shaded."""
    span = max(20, len(history.values) // 12)
    ours, last = history.rolling_errors(span)
    rows = np.arange(len(ours))
    shown = rows >= span // 2
    axes.fill_between(rows, ours, last, where=shown & (ours < last), color=FORECAST, alpha=0.15, lw=0)
    axes.plot(rows[shown], last[shown], color=LAST_VALUE, lw=1.4, label="last value")
    axes.plot(rows[shown], ours[shown], color=FORECAST, lw=1.8, label="learning as it goes")
    axes.set_title(f"{target}: mean absolute error of the {span} {unit} before, from the first row on", loc="left")
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, len(rows))
    _legend(axes)
    _tidy(axes, f"row ({unit})")


def _draw_second(axes: Axes, histories: dict[str, History], unit: str) -> None:
    """A stretch of the second target, if there is one."""
    target, history = list(histories.items())[min(1, len(histories) - 1)]
    _draw_stretch(axes, history, 180)
    axes.set_title(f"{target}, {history.horizon} {unit} ahead", loc="left")
    _tidy(axes, f"row ({unit})")


def _draw_skills(axes: Axes, skills: dict[str, list[float]], horizons: list[int], unit: str) -> None:
    """Skill against the horizon, for every target."""
    axes.axhline(0.0, color=LAST_VALUE, lw=1, ls=":")
    shades: list[Any] = [FORECAST, TRUTH, "#2a9d8f", "#e9a23b", "#6a4c93", LAST_VALUE]
    for (target, values), shade in zip(skills.items(), shades * (1 + len(skills) // len(shades)), strict=False):
        axes.plot(horizons, values, color=shade, lw=1.6, marker="o", ms=3, label=target)
    axes.set_title("skill: 1 - error / error of the last value", loc="left")
    _legend(axes)
    _tidy(axes, f"horizon ({unit})")


def _legend(axes: Axes) -> None:
    """Above the plot, at the right: the title stands at the left."""
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=3, frameon=False, fontsize=9)


def _tidy(axes: Axes, label: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=LAST_VALUE, labelsize=8)
    axes.set_xlabel(label, color=LAST_VALUE, fontsize=9)
    axes.title.set_fontsize(10)
    axes.title.set_color(TRUTH)
    axes.grid(axis="y", color=FAINT, lw=0.6)


def sparkline(numbers: np.ndarray, width: int = 60) -> str:
    """Draw a series as one line of text; blanks where nothing is known."""
    if not len(numbers):
        return ""
    parts = [part[np.isfinite(part)] for part in np.array_split(numbers, min(width, len(numbers)))]
    means = np.array([part.mean() if len(part) else np.nan for part in parts])
    top = np.nanmax(means) if np.isfinite(means).any() else 0.0
    return "".join(" " if np.isnan(m) else SPARKS[int(7 * m / top) if top > 0 else 0] for m in means)
