"""Where everything stands in the kernels' answers and in the record, and records as an Arrow table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ..categories.answers import CategoryAnswers
from ..categories.vocabulary import Vocabulary
from ..kernels.arrays.places import DIVERGENCE, DRIFT, EVENT, EVICTION, EXPECTED, LEVEL_SHIFT, LOSS, UPDATE_SKIPPED
from ..model.answers import answers_of
from ..schema import (
    matrix_columns,
    network_features,
    numeric_targets,
    passed_columns,
    record_names,
    record_schema,
    scores_each_target,
)
from ..settings import Settings
from ..times import TIME_FEATURES

if TYPE_CHECKING:
    import pyarrow


EVENT_NAMES = {
    DRIFT: "drift",
    DIVERGENCE: "diverged",
    LEVEL_SHIFT: "level-shift",
    UPDATE_SKIPPED: "update-skipped",
    EVICTION: "evicted",
}


class RecordLayout:
    """Where everything stands in the kernel's answers and in the record, worked out once per learner."""

    def __init__(self, settings: Settings, vocabularies: Mapping[str, Vocabulary]) -> None:
        columns = matrix_columns(settings)
        self.categories = CategoryAnswers(settings, vocabularies)
        self.settings = settings
        self.passed = passed_columns(settings)
        self.targets = settings.targets
        self.names = record_names(settings)
        self._numeric = numeric_targets(settings)
        self.places = [columns.index(target) for target in self._numeric]  # of each in a row
        features = len(network_features(settings))
        self.time_features = slice(features - len(TIME_FEATURES) * settings.sees_time, features)  # of a row
        self.has_expected = settings.horizons != (0,)
        self.has_quantiles = settings.loss == "quantile"
        self.middle = settings.levels.index(0.5)
        places = answers_of(settings)
        self.forecasts_at = places.forecasts
        self.shape = len(settings.horizons), len(self._numeric), len(settings.levels)
        self.bounds_at = places.bounds
        self.weights_at = places.weights
        self.scores_at = places.scores
        self.scores_each_target = scores_each_target(settings)
        self.answer_width = places.width
        self.inputs = len(columns)
        # (targets, horizons) places of the forecasts proper, behind the numbers of a row
        self.points_at = self.forecasts(self.inputs + np.arange(self.answer_width))[:, :, self.middle]
        self._numbers_at = self._places_of_numbers()
        self.numbers_each = (len(self._numbers_at) - 1 - bool(self.scores_at)) // max(len(self._numeric), 1)
        self.pick_numbers = itemgetter(*self._numbers_at, self.inputs + EVENT)
        self._schema: tuple[Any, pyarrow.Schema] | None = None  # of the last table, and what it was made for

    def forecasts(self, answers: np.ndarray) -> np.ndarray:
        """Forecasts of (rows, answer_width) answers, or of one, as (..., targets, horizons, quantiles)."""
        return self._of_pairs(answers, self.forecasts_at, self.shape[2])

    def weights(self, answers: np.ndarray) -> np.ndarray:
        """Weights of the mix in answers, as (..., targets, horizons, experts); none unless they are told."""
        return self._of_pairs(answers, self.weights_at, len(self.settings.expert_names) if self.weights_at else 0)

    def bounds(self, answers: np.ndarray) -> np.ndarray:
        """Bounds of intervals in answers, as (..., targets, horizons, 2 * intervals)."""
        return self._of_pairs(answers, self.bounds_at, 2 * len(self.settings.intervals))

    def _of_pairs(self, answers: np.ndarray, start: int, each: int) -> np.ndarray:
        """So many numbers of each horizon and target, as (..., targets, horizons, each)."""
        horizons, targets, _ = self.shape
        numbers = answers[..., start : start + horizons * targets * each]
        return numbers.reshape(*numbers.shape[:-1], horizons, targets, each).swapaxes(-3, -2)

    def answer(self, line: Any) -> Any:
        """The kernels' answer, (answer_width,), behind the numbers of its row."""
        return line[self.inputs :]

    def graded(self, answer: Any) -> Any:
        """Forecasts of an answer's row, as (targets,)."""
        return answer[EXPECTED : self.forecasts_at]

    def scores(self, answer: Any) -> Any:
        """Each target's score, the joint one, and whether it is told: (targets + 2,)."""
        return answer[self.scores_at : self.told_at + 1]

    def by_number(self, parts: Iterable[Any]) -> dict[str, Any]:
        """The parts of all numeric targets, by target."""
        return dict(zip(self._numeric, parts, strict=True))

    def by_target(self, parts: Iterable[Any], named: dict[str, Any]) -> dict[str, Any]:
        """The same, with those of categorical targets in their places."""
        both = self.by_number(parts)
        if not named:
            return both
        both |= named
        return {target: both[target] for target in self.targets}

    def table(
        self,
        rows: np.ndarray,
        passed: dict[str, pyarrow.Array],
        inputs: np.ndarray,
        categories: Mapping[str, pyarrow.Array],
        answers: np.ndarray,
    ) -> pyarrow.Table:
        """Build the records of many rows.

        rows: (n,) int64 numbers; passed: time, key and sequence columns by name
        inputs: (n, columns); categories: by column, as they arrived; answers: (n, answer_width)
        """
        import pyarrow

        numbers = np.empty((len(self._numbers_at), len(rows)))
        for numbers_of_column, place in zip(numbers, self._numbers_at, strict=True):
            numbers_of_column[:] = inputs[:, place] if place < self.inputs else answers[:, place - self.inputs]
        alerts = [_alert_column(answers[:, self.told_at])] if self.scores_at else []
        columns = [
            pyarrow.array(rows),
            *passed.values(),
            *_nullable_columns(numbers),
            *alerts,
            _event_column(answers[:, EVENT]),
        ]
        if self.categories.targets:
            columns = self._with_categories(columns, categories, answers)
        types = tuple((name, column.type) for name, column in passed.items())
        if self._schema is None or self._schema[0] != types:
            self._schema = types, record_schema(self.settings, dict(types))
        return pyarrow.Table.from_arrays(columns, schema=self._schema[1])

    def _with_categories(
        self, columns: list[pyarrow.Array], categories: Mapping[str, pyarrow.Array], answers: np.ndarray
    ) -> list[pyarrow.Array]:
        """Put what is about categories where the record has it."""
        by_name = {target: categories[target] for target in self.categories.targets} | self.categories.columns(answers)
        others = iter(columns)
        return [by_name[name] if name in by_name else next(others) for name in self.names]

    def _places_of_numbers(self) -> list[int]:
        """Where the record's numbers stand, in its order, in a row of (inputs + answer_width,)."""
        answers = self.inputs + np.arange(self.answer_width)
        forecasts, bounds, weights = self.forecasts(answers), self.bounds(answers), self.weights(answers)
        places: list[int] = []
        for t, place in enumerate(self.places):
            places.append(place)
            if self.has_expected:
                places.append(int(answers[EXPECTED + t]))
            if self.scores_each_target:
                places.append(int(answers[self.scores_at + t]))
            for k in range(self.shape[0]):
                places.append(int(forecasts[t, k, self.middle]))
                places += bounds[t, k].tolist() + weights[t, k].tolist()
                if self.has_quantiles:
                    places += forecasts[t, k].tolist()
        joint = [int(answers[self.scores_at + len(self._numeric)])] if self.scores_at else []
        return [*places, int(answers[LOSS]), *joint]

    @property
    def told_at(self) -> int:
        """Place in an answer of the alert."""
        return self.scores_at + len(self._numeric) + 1


def event_text(bits: int) -> str | None:
    """Names of the events in a record, comma-joined; None if nothing happened."""
    return ",".join(name for bit, name in EVENT_NAMES.items() if bits & bit) if bits else None


def _nullable_columns(numbers: np.ndarray) -> list[pyarrow.Array]:
    """Columns, (columns, rows) float64, that are null where a number is not finite."""
    import pyarrow

    missing = ~np.isfinite(numbers)
    masks = [mask if some else None for mask, some in zip(missing, missing.any(axis=1), strict=True)]
    return [pyarrow.array(column, mask=mask) for column, mask in zip(numbers, masks, strict=True)]


def _alert_column(alerts: np.ndarray) -> pyarrow.Array:
    import pyarrow

    return pyarrow.array(alerts > 0.0, mask=np.isnan(alerts))


def _event_column(bits: np.ndarray) -> pyarrow.Array:
    import pyarrow

    if not bits.any():
        return pyarrow.nulls(len(bits), pyarrow.string())
    return pyarrow.array([event_text(int(bit)) for bit in bits], pyarrow.string())
