"""What a person sees on stderr while a run goes on."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from streamrnn.records.metrics import Metrics
    from streamrnn.shards.sharded import AnyLearner

SECONDS_BETWEEN_SKILLS = 0.5


class Terminal:
    """Messages, and a progress bar where it is in nobody's way.

    Parameters
    ----------
    quiet : bool
        Warnings only.
    records_on_stdout : bool
        Whether a bar would run through the records, if stdout is the same terminal.
    """

    def __init__(self, quiet: bool, records_on_stdout: bool) -> None:
        self._quiet = quiet
        stands_alone = not (records_on_stdout and os.isatty(1))
        self._wants_bar = not quiet and sys.stderr.isatty() and stands_alone and os.environ.get("TERM") != "dumb"
        self._bar: Any = None
        self._next_skill = 0.0

    def say(self, text: str) -> None:
        """Show a line, unless it is to be quiet."""
        if not self._quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Show a line."""
        if self._bar is not None:
            self._bar.clear()
        click.echo(f"streamrnn: {text}", err=True)

    def tell(self, lines: list[str]) -> None:
        """Show several lines as they are, unless it is to be quiet."""
        for line in () if self._quiet else lines:
            click.echo(line, err=True)

    def advance(self, rows: int, learner: AnyLearner) -> None:
        """Move the bar."""
        if not self._wants_bar:
            return
        if self._bar is None:
            self._bar = _new_bar()
        if (now := time.monotonic()) >= self._next_skill:
            self._next_skill = now + SECONDS_BETWEEN_SKILLS
            self._bar.set_postfix_str(_standing(learner.metrics), refresh=False)
        self._bar.update(rows)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _standing(metrics: Metrics) -> str:
    """How the forecasts do so far, in a word; nothing while that is not known."""
    if not math.isnan(metrics.skill):
        return f"skill {metrics.skill:+.1%}"
    graded = sum(score.count for score in metrics.class_scores)
    hits = sum(score.accuracy * score.count for score in metrics.class_scores if score.count)
    return f"hits {hits / graded:.1%}" if graded else ""


def _new_bar() -> Any:
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread
    form = "{n:,} rows, {rate_fmt}{postfix}"
    return tqdm(unit=" rows", unit_scale=True, file=sys.stderr, leave=False, dynamic_ncols=True, bar_format=form)
