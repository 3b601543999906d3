"""Pictures of figures, drawn by matplotlib where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

OURS, OTHERS, GRID = "#0b6e99", ("#c8ced3", "#aab3ba", "#8a959e", "#6b7780"), "#e8e8e8"
Line = tuple[Sequence[float], Sequence[float], Sequence[float]]  # sizes, costs, what they are expected to grow like


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise click.ClickException("a picture needs matplotlib: pip install 'streamrnn[plot]'") from None
    return Figure(figsize=(width, height), layout="constrained")


def draw_costs(path: str, lines: dict[str, Line], expected: str) -> None:
    """Draw what each size costs on logarithmic axes, with the expected growth through the last one."""
    figure = _figure(2.8 * len(lines) + 0.6, 3.0)
    axes = figure.subplots(1, len(lines), squeeze=False, sharey=True)[0]
    for axis, (name, (sizes, costs, growth)) in zip(axes, lines.items(), strict=True):
        axis.loglog(sizes, [one / growth[-1] * costs[-1] for one in growth], color=OTHERS[1], label=expected)
        axis.loglog(sizes, costs, "o-", color=OURS, markersize=4, label="measured")
        axis.set_xlabel(name)
        axis.grid(True, which="major", color=GRID)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("microseconds a row")
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=150)


def draw_speeds(path: str, title: str, groups: Sequence[str], rates: dict[str, Sequence[float]]) -> None:
    """Draw rows per second as bars, ours first; rates: by library, one for each group."""
    figure = _figure(8.5, 3.4)
    axis = figure.subplots()
    width = 0.82 / len(rates)
    for place, (name, values) in enumerate(rates.items()):
        color = OURS if place == 0 else OTHERS[(place - 1) % len(OTHERS)]
        at = [group + (place - 0.5 * (len(rates) - 1)) * width for group in range(len(groups))]
        bars = axis.bar(at, values, 0.92 * width, color=color, label=name)
        axis.bar_label(bars, [f"{value:,.0f}" for value in values], fontsize=6.5, padding=1)
    axis.set_yscale("log")
    axis.set_xticks(range(len(groups)), groups)
    axis.set_ylabel("rows a second, learning from each")
    axis.set_title(title, loc="left", fontsize=10)
    axis.tick_params(axis="x", length=0)
    axis.spines[["top", "right"]].set_visible(False)
    axis.margins(y=0.12)
    axis.legend(frameon=False, ncols=len(rates), fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    figure.savefig(path, dpi=150)
