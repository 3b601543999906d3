"""The record: what a learner says about one row, and the same as an Arrow table; see ``docs/record.md``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from .answers import answers_of
from .category_answers import CategoryAnswers, Named, best_of
from .kernels.arrays.state import DIVERGENCE, DRIFT, EVENT, EVICTION, EXPECTED, LEVEL_SHIFT, LOSS, UPDATE_SKIPPED
from .schema import (
    matrix_columns,
    network_features,
    numeric_targets,
    passed_columns,
    record_names,
    record_schema,
    scores_each_target,
)
from .settings import EXPERTS, Settings
from .times import TIME_FEATURES
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow

EVENT_NAMES = {
    DRIFT: "drift",
    DIVERGENCE: "diverged",
    LEVEL_SHIFT: "level-shift",
    UPDATE_SKIPPED: "update-skipped",
    EVICTION: "evicted",
}


@dataclass(eq=False, slots=True)
class Record:
    """What a learner says about one row.

    Attributes
    ----------
    row : int
        Number of the row, from 0; refused rows count.
    time, key, sequence : object
        As the row has them; None without such a column.
    values, expected : dict of str to float, or to str
        By target: the value that arrived, and the forecast with the shortest horizon that it graded. Where missing,
        NaN; None for a category.
    forecast : dict of str to numpy.ndarray
        By target: float64 (horizons,), in the order of the horizons; for categories the most probable ones.
    top : dict of str to list
        By categorical target: for each horizon the ``top`` most probable categories, as pairs of name and probability.
    of_sequence : dict of str to tuple
        By categorical target: the category that is most probable for the whole sequence so far, and its probability;
        empty unless ``sequence_forecast`` is ``mean``.
    quantiles : dict of str to numpy.ndarray
        By target: float64 (horizons, quantiles); empty unless the loss is ``quantile``.
    intervals : dict of str to numpy.ndarray
        By target: float64 (horizons, intervals, 2), the lower and the upper bound; empty without ``intervals``.
    weights : dict of str to numpy.ndarray
        By target: float64 (horizons, experts), how far each expert is believed; empty unless ``emit_weights``.
    loss : float
        Mean loss of what this row revealed, in scaled units; NaN if nothing.
    anomaly, alert : float, bool or None
        How surprising the row is, from 0 to 1, and whether an event began with it; NaN and None until enough is
        known, and without the setting ``alert``.
    anomalies : dict of str to float
        The same score by target; empty unless there are several.
    event : str or None
        ``drift``, ``level-shift``, ``update-skipped``, ``diverged``, ``evicted``, comma-joined.
    """

    row: int
    time: Any
    key: Any
    sequence: Any
    values: dict[str, Any]
    expected: dict[str, Any]
    forecast: dict[str, np.ndarray]
    top: dict[str, list[Named]]
    of_sequence: dict[str, tuple[str | None, float]]
    quantiles: dict[str, np.ndarray]
    intervals: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]
    loss: float
    anomaly: float
    alert: bool | None
    anomalies: dict[str, float]
    event: str | None
    _layout: RecordLayout

    def to_dict(self) -> dict[str, Any]:
        """The record as a line of NDJSON has it: flat, None where a number is missing."""
        layout = self._layout
        cells: list[Any] = [self.row, *(getattr(self, role) for role in layout.passed)]
        for target in layout.targets:
            if target in self.top:
                cells += self._category_cells(target)
                continue
            cells.append(_finite(self.values[target]))
            if layout.has_expected:
                cells.append(_finite(self.expected[target]))
            if self.anomalies:
                cells.append(_finite(self.anomalies[target]))
            for k, point in enumerate(self.forecast[target].tolist()):
                cells.append(_finite(point))
                for more in (self.intervals, self.weights, self.quantiles):
                    cells += map(_finite, more[target][k].ravel().tolist() if more else ())
        cells += [_finite(self.loss), *([_finite(self.anomaly), self.alert] if layout.scores_at else ()), self.event]
        return dict(zip(layout.names, cells, strict=True))

    def _category_cells(self, target: str) -> list[Any]:
        """The cells of one categorical target."""
        cells = [self.values[target], *([self.expected[target]] if self._layout.has_expected else ())]
        for named in self.top[target]:
            missing = self._layout.settings.top - len(named)
            cells += [cell for pair in named for cell in pair] + [None, None] * missing
        if target in self.of_sequence:
            category, p = self.of_sequence[target]
            cells += [category, _finite(p)]
        return cells


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
        self._numbers_at = self._places_of_numbers(len(columns))
        self._pick_numbers = itemgetter(*self._numbers_at)
        self._schema: tuple[Any, pyarrow.Schema] | None = None  # of the last table, and what it was made for

    def forecasts(self, answers: np.ndarray) -> np.ndarray:
        """Forecasts of (rows, answer_width) answers, or of one, as (..., targets, horizons, quantiles)."""
        return self._of_pairs(answers, self.forecasts_at, self.shape[2])

    def weights(self, answers: np.ndarray) -> np.ndarray:
        """Weights of the mix in answers, as (..., targets, horizons, experts); none unless they are told."""
        return self._of_pairs(answers, self.weights_at, len(EXPERTS) if self.weights_at else 0)

    def bounds(self, answers: np.ndarray) -> np.ndarray:
        """Bounds of intervals in answers, as (..., targets, horizons, 2 * intervals)."""
        return self._of_pairs(answers, self.bounds_at, 2 * len(self.settings.intervals))

    def _of_pairs(self, answers: np.ndarray, start: int, each: int) -> np.ndarray:
        """So many numbers of each horizon and target, as (..., targets, horizons, each)."""
        horizons, targets, _ = self.shape
        numbers = answers[..., start : start + horizons * targets * each]
        return numbers.reshape(*numbers.shape[:-1], horizons, targets, each).swapaxes(-3, -2)

    def record(
        self,
        row: int,
        passed: Mapping[str, Any],
        inputs: np.ndarray,
        categories: Mapping[str, str | None],
        answer: np.ndarray,
    ) -> Record:
        """Build one record.

        passed: by role, as it arrived; inputs: (columns,) as they arrived; categories: by column, as they arrived
        answer: (answer_width,) as the kernel wrote it
        """
        forecasts = self.forecasts(answer).copy()
        weights = self.weights(answer).copy() if self.weights_at else ()
        numbers = inputs.tolist()
        head = answer[: self.forecasts_at].tolist()
        values: dict[str, Any] = {
            target: numbers[place] for target, place in zip(self._numeric, self.places, strict=True)
        }
        expected: dict[str, Any] = dict(zip(self._numeric, head[EXPECTED:], strict=True))
        forecast = dict(zip(self._numeric, forecasts[:, :, self.middle], strict=True))
        quantiles = dict(zip(self._numeric, forecasts, strict=True)) if self.has_quantiles else {}
        shares = dict(zip(self._numeric, weights, strict=bool(self.weights_at)))
        intervals = self._intervals(answer) if self.bounds_at else {}
        top, of_sequence = {}, self.categories.of_sequence(answer)
        if self.categories.targets:
            top = self.categories.best(answer)
            values = self._in_order(values, {target: categories.get(target) for target in top})
            expected = self._in_order(expected, self.categories.expected(answer))
            forecast = self._in_order(forecast, {target: best_of(named) for target, named in top.items()})
        roles = passed.get("time"), passed.get("key"), passed.get("sequence")
        said = values, expected, forecast, top, of_sequence
        more = quantiles, intervals, shares
        return Record(row, *roles, *said, *more, head[LOSS], *self._scores(answer), event_text(int(head[EVENT])), self)

    def _intervals(self, answer: np.ndarray) -> dict[str, np.ndarray]:
        bounds = self.bounds(answer).copy().reshape(*self.shape[1::-1], len(self.settings.intervals), 2)
        return dict(zip(self._numeric, bounds, strict=True))

    def _in_order(self, numbers: dict[str, Any], categories: dict[str, Any]) -> dict[str, Any]:
        both = numbers | categories
        return {target: both[target] for target in self.targets}

    def cells(
        self,
        row: int,
        passed: Mapping[str, Any],
        inputs: np.ndarray,
        categories: Mapping[str, str | None],
        answer: np.ndarray,
    ) -> list[Any]:
        """Build one record as a row of `table`, in Python's values; arguments as for `record`."""
        if self.categories.targets:
            return list(self.record(row, passed, inputs, categories, answer).to_dict().values())
        numbers = map(_finite, self._pick_numbers(inputs.tolist() + answer.tolist()))
        alert = [self._scores(answer)[1]] if self.scores_at else []
        return [row, *passed.values(), *numbers, *alert, event_text(int(answer[EVENT]))]

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

        numbers = _nullable_columns(np.concatenate([inputs, answers], axis=1)[:, self._numbers_at])
        alerts = [_alert_column(answers[:, self._told_at])] if self.scores_at else []
        columns = [pyarrow.array(rows), *passed.values(), *numbers, *alerts, _event_column(answers[:, EVENT])]
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

    def _places_of_numbers(self, inputs: int) -> list[int]:
        """Where the record's numbers stand, in its order, in a row of (inputs + answer_width,)."""
        answers = inputs + np.arange(self.answer_width)
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

    def _scores(self, answer: np.ndarray) -> tuple[float, bool | None, dict[str, float]]:
        """The row's score, whether it is told, and each target's score."""
        if not self.scores_at:
            return math.nan, None, {}
        *each, anomaly, alert = answer[self.scores_at : self._told_at + 1].tolist()
        anomalies = dict(zip(self._numeric, each, strict=True)) if self.scores_each_target else {}
        return anomaly, None if math.isnan(alert) else alert > 0.0, anomalies

    @property
    def _told_at(self) -> int:
        """Place in an answer of the alert."""
        return self.scores_at + len(self._numeric) + 1


def event_text(bits: int) -> str | None:
    """Names of the events in a record, comma-joined; None if nothing happened."""
    return ",".join(name for bit, name in EVENT_NAMES.items() if bits & bit) if bits else None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _nullable_columns(numbers: np.ndarray) -> list[pyarrow.Array]:
    """The columns of a float64 matrix, null where a number is not finite."""
    import pyarrow

    missing = ~np.isfinite(numbers)
    masks = [mask if some else None for mask, some in zip(missing.T, missing.any(axis=0), strict=True)]
    columns = np.asfortranarray(numbers).T
    return [pyarrow.array(column, mask=mask) for column, mask in zip(columns, masks, strict=True)]


def _alert_column(alerts: np.ndarray) -> pyarrow.Array:
    import pyarrow

    return pyarrow.array(alerts > 0.0, mask=np.isnan(alerts))


def _event_column(bits: np.ndarray) -> pyarrow.Array:
    import pyarrow

    if not bits.any():
        return pyarrow.nulls(len(bits), pyarrow.string())
    return pyarrow.array([event_text(int(bit)) for bit in bits], pyarrow.string())
