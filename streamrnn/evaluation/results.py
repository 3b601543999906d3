"""What an evaluation has found out."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from ..records.metrics import Health, Metrics
from ..schema import numeric_targets
from ..session.outcome import Outcome
from ..settings import Settings
from .confusion import ConfusionTable
from .scores import MOST_TESTED, IntervalScore, Score
from .selection import chosen
from .traces import Traces

NOT_TESTED = "Nobody is known to be better: too few rows, no errors, or keys, with which nothing is tested."
SURE = 0.05  # a difference with a smaller p is more than luck


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes
    ----------
    source : str
        Name of the stream.
    settings : Settings
        Of the learner.
    forecasters : tuple of str
        The last one is the learner, the first one the last value.
    scores : tuple of Score
        For each target, horizon and forecaster, in this order.
    intervals : tuple of IntervalScore
        For each target, horizon and interval, in this order.
    metrics, health : Metrics, Health
        What the learner counted, and how its learning does.
    outcome : Outcome
        What became of the rows.
    confusion : tuple of ConfusionTable
        What was forecast where what came, for each categorical target.
    traces : Traces
        What pictures are drawn from.
    """

    source: str
    settings: Settings
    forecasters: tuple[str, ...]
    scores: tuple[Score, ...]
    intervals: tuple[IntervalScore, ...]
    metrics: Metrics
    health: Health
    outcome: Outcome
    confusion: tuple[ConfusionTable, ...]
    traces: Traces

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that are numbers; how categories did stands in the metrics."""
        return numeric_targets(self.settings)

    @property
    def tested(self) -> list[int]:
        """The horizons at which the learner was tested against the others."""
        return chosen(self.settings.horizons, MOST_TESTED)

    @property
    def nominal(self) -> list[float]:
        """Nominal coverages of the learner's intervals, ascending."""
        return sorted({score.nominal for score in self.intervals})

    @property
    def summary(self) -> str:
        """Who is better, and how surely, in a sentence."""
        better, worse, undecided = self.verdict_counts()
        tests = better + worse + undecided
        if not tests:
            return NOT_TESTED
        against = f"{tests} tests" if tests > 1 else "one test"
        return (
            f"Of {against} against the best other forecaster, the learner wins {better} and loses {worse}; "
            f"{undecided or 'none'} could be luck (p < {SURE})."
        )

    def of(self, target: str, horizon: int) -> list[Score]:
        """Return the scores of a target and horizon: the learner's last, the last value's first."""
        return [score for score in self.scores if (score.target, score.horizon) == (target, horizon)]

    def intervals_of(self, target: str, horizon: int) -> list[IntervalScore]:
        """Return the scores of the learner's intervals at a target and horizon, the narrowest first."""
        return [score for score in self.intervals if (score.target, score.horizon) == (target, horizon)]

    def best_other(self, target: str, horizon: int) -> Score:
        """Return the score of the forecaster that is best beside the learner, by squared error."""
        *others, _ = self.of(target, horizon)
        return min(others, key=lambda score: math.inf if math.isnan(score.rmse) else score.rmse)

    def mase(self, forecaster: str, horizon: int | None = None) -> float:
        """Return the mean of MASE over all targets, at one horizon or at all of them."""
        return _mean([score.mase for score in self._by(forecaster) if horizon in (None, score.horizon)])

    def skill(self, forecaster: str) -> float:
        """Return the mean skill over all targets and horizons."""
        return _mean([score.skill for score in self._by(forecaster)])

    def _by(self, forecaster: str) -> list[Score]:
        return [score for score in self.scores if score.forecaster == forecaster]

    def verdict_counts(self) -> tuple[int, int, int]:
        """In how many tests against the best other forecaster the learner is better, worse, or neither for sure."""
        counts = [0, 0, 0]
        for target in self.targets:
            for horizon in self.tested:
                statistic, p = self.best_other(target, horizon).verdict
                if not math.isnan(p):
                    counts[2 if p >= SURE else int(statistic > 0.0)] += 1
        better, worse, open_ = counts
        return better, worse, open_

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pictures, as JSON has it: a number that does not exist is None."""
        content: dict[str, Any] = _without_nan(
            {
                "source": self.source,
                "rows": self.outcome.rows,
                "refused_rows": self.metrics.refused_rows,
                "late_labels": self.metrics.late_labels,
                "lost_labels": self.metrics.lost_labels,
                "complete": self.outcome.complete and self.outcome.signal is None,
                "settings": self.settings.to_dict(),
                "forecasters": self.forecasters,
                "scores": [_flat(score) for score in self.scores],
                "intervals": [asdict(score) for score in self.intervals],
                "class_scores": [asdict(score) | {"bits": score.bits} for score in self.metrics.class_scores],
                "confusion": [table._asdict() | {"counts": table.counts.tolist()} for table in self.confusion],
                "alerts": self.outcome.alerts,
                "events": {name: len(rows) for name, rows in self.traces.events.items()},
            }
        )
        return content


def _flat(score: Score) -> dict[str, Any]:
    numbers = asdict(score)
    statistic, p = numbers.pop("verdict")
    return {**numbers, "diebold_mariano": statistic, "p": p}


def _mean(numbers: list[float]) -> float:
    known = [number for number in numbers if not math.isnan(number)]
    return sum(known) / len(known) if known else math.nan


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
