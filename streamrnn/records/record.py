"""The record: what a learner says about one row; see ``docs/record.md``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..categories.answers import Named, NamedRow, best_of
from ..kernels.arrays.places import EVENT, LOSS
from ..rows.reader import OneRow
from .layout import RecordLayout, event_text


@dataclass(eq=False, slots=True)
class Record:
    """What a learner says about one row; what comes behind its number is worked out when it is first asked for.

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
    time: Any = field(init=False)
    key: Any = field(init=False)
    sequence: Any = field(init=False)
    values: dict[str, Any] = field(init=False)
    expected: dict[str, Any] = field(init=False)
    forecast: dict[str, np.ndarray] = field(init=False)
    top: dict[str, list[Named]] = field(init=False)
    of_sequence: dict[str, tuple[str | None, float]] = field(init=False)
    quantiles: dict[str, np.ndarray] = field(init=False)
    intervals: dict[str, np.ndarray] = field(init=False)
    weights: dict[str, np.ndarray] = field(init=False)
    loss: float = field(init=False)
    anomaly: float = field(init=False)
    alert: bool | None = field(init=False)
    anomalies: dict[str, float] = field(init=False)
    event: str | None = field(init=False)
    _layout: RecordLayout = field(repr=False)
    _read: OneRow = field(repr=False)
    _line: bytes = field(repr=False)  # float64 (inputs + answer_width,): the row's numbers, and the kernels' answer
    _named: NamedRow = field(repr=False)

    if not TYPE_CHECKING:  # which is to know the attributes above, and no other

        def __getattr__(self, name: str) -> Any:
            """Work out what is asked for the first time."""
            if name not in PARTS:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            part = PARTS[name](self, self._layout, memoryview(self._line).cast("d"))
            setattr(self, name, part)
            return part

    def to_dict(self) -> dict[str, Any]:
        """The record as a line of NDJSON has it: flat, None where a number is missing."""
        layout, named = self._layout, NamedRow(self.values, self.expected, self.top, self.of_sequence)
        cells: list[Any] = [self.row, *(getattr(self, role) for role in layout.passed)]
        for target in layout.targets:
            if target in self.top:
                cells += layout.categories.cells_of(target, named)
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


# --- its parts, of its line: (inputs + answer_width,) float64 ---------------------------------------------------------


def _values(record: Record, layout: RecordLayout, line: Any) -> dict[str, Any]:
    return layout.by_target([line[place] for place in layout.places], record._named.values)


def _expected(record: Record, layout: RecordLayout, line: Any) -> dict[str, Any]:
    return layout.by_target(layout.graded(layout.answer(line)).tolist(), record._named.expected)


def _forecast(record: Record, layout: RecordLayout, line: Any) -> dict[str, Any]:
    return layout.by_target(
        np.frombuffer(line)[layout.points_at], {target: best_of(best) for target, best in record._named.top.items()}
    )


def _quantiles(record: Record, layout: RecordLayout, line: Any) -> dict[str, Any]:
    return layout.by_number(layout.forecasts(_array(layout, line)).copy()) if layout.has_quantiles else {}


def _intervals(record: Record, layout: RecordLayout, line: Any) -> dict[str, Any]:
    bounds = layout.bounds(_array(layout, line))
    return layout.by_number(bounds.reshape(*bounds.shape[:2], -1, 2).copy()) if layout.bounds_at else {}


def _weights(record: Record, layout: RecordLayout, line: Any) -> dict[str, Any]:
    return layout.by_number(layout.weights(_array(layout, line)).copy()) if layout.weights_at else {}


def _array(layout: RecordLayout, line: Any) -> np.ndarray:
    return np.frombuffer(layout.answer(line))


def _anomalies(record: Record, layout: RecordLayout, line: Any) -> dict[str, Any]:
    return layout.by_number(layout.scores(layout.answer(line)).tolist()[:-2]) if layout.scores_each_target else {}


def _anomaly(record: Record, layout: RecordLayout, line: Any) -> float:
    return layout.scores(layout.answer(line))[-2] if layout.scores_at else math.nan


def _alert(record: Record, layout: RecordLayout, line: Any) -> bool | None:
    return _alert_of(layout.answer(line)[layout.told_at]) if layout.scores_at else None


PARTS: dict[str, Callable[[Record, RecordLayout, Any], Any]] = {
    "time": lambda record, layout, line: record._read.passed.get("time"),
    "key": lambda record, layout, line: record._read.passed.get("key"),
    "sequence": lambda record, layout, line: record._read.passed.get("sequence"),
    "values": _values,
    "expected": _expected,
    "forecast": _forecast,
    "top": lambda record, layout, line: dict(record._named.top),
    "of_sequence": lambda record, layout, line: dict(record._named.of_sequence),
    "quantiles": _quantiles,
    "intervals": _intervals,
    "weights": _weights,
    "loss": lambda record, layout, line: layout.answer(line)[LOSS],
    "anomaly": _anomaly,
    "alert": _alert,
    "anomalies": _anomalies,
    "event": lambda record, layout, line: event_text(int(layout.answer(line)[EVENT])),
}


def record_cells(record: Record) -> list[Any] | None:
    """Say the same as a row of `RecordLayout.table`, in Python's values; None for labels of an earlier row."""
    if record._read.is_label:
        return None
    layout, line = record._layout, memoryview(record._line).cast("d").tolist()
    *numbers, event = layout.pick_numbers(line)
    cells: Iterator[Any] = map(_finite, numbers)
    if layout.categories.targets:
        cells = layout.categories.cells(record._named, cells, layout.numbers_each)
    alert = [_alert_of(layout.answer(line)[layout.told_at])] if layout.scores_at else []
    return [record.row, *record._read.passed.values(), *cells, *alert, event_text(int(event))]


def _alert_of(told: float) -> bool | None:
    return None if math.isnan(told) else bool(told > 0.0)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
