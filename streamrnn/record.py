"""The record: what a learner says about one row, and the same as an Arrow table; see ``docs/record.md``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .kernels.state import DIVERGENCE, EVENT, EXPECTED, LEVEL_SHIFT, LOSS, UPDATE_SKIPPED
from .schema import record_names, record_schema
from .settings import Settings

if TYPE_CHECKING:
    import pyarrow

EVENT_NAMES = {DIVERGENCE: "diverged", LEVEL_SHIFT: "level-shift", UPDATE_SKIPPED: "update-skipped"}


@dataclass(frozen=True, slots=True)
class Record:
    """What a learner says about one row.

    Attributes
    ----------
    row : int
        Number of the row, from 0; refused rows count.
    time, sequence : object
        As the row has them; None without such a column.
    values, expected : dict of str to float
        By target: the value that arrived, and the forecast with the shortest horizon that it graded. NaN where missing.
    forecast : dict of str to numpy.ndarray
        By target: float64 (horizons,), in the order of the horizons.
    quantiles : dict of str to numpy.ndarray
        By target: float64 (horizons, quantiles); empty unless the loss is ``quantile``.
    loss : float
        Mean loss of what this row revealed, in scaled units; NaN if nothing.
    event : str or None
        ``level-shift``, ``update-skipped``, ``diverged``, comma-joined.
    """

    row: int
    time: Any
    sequence: Any
    values: dict[str, float]
    expected: dict[str, float]
    forecast: dict[str, np.ndarray]
    quantiles: dict[str, np.ndarray]
    loss: float
    event: str | None
    _settings: Settings

    def to_dict(self) -> dict[str, Any]:
        """The record as a line of NDJSON has it: flat, None where a number is missing."""
        settings = self._settings
        flat: dict[str, Any] = {"row": self.row}
        for role in ("time", "sequence"):
            if getattr(settings, role):
                flat[getattr(settings, role)] = getattr(self, role)
        numbers: list[float] = []
        for target in settings.targets:
            numbers.append(self.values[target])
            if settings.horizons != (0,):
                numbers.append(self.expected[target])
            for k, point in enumerate(self.forecast[target].tolist()):
                numbers += [point, *(self.quantiles[target][k].tolist() if self.quantiles else ())]
        names = record_names(settings)[len(flat) : -1]
        flat |= {
            name: value if math.isfinite(value) else None
            for name, value in zip(names, [*numbers, self.loss], strict=True)
        }
        flat["event"] = self.event
        return flat


def event_text(bits: int) -> str | None:
    """Names of the events in a record, comma-joined; None if nothing happened."""
    return ",".join(name for bit, name in EVENT_NAMES.items() if bits & bit) or None


def forecasts_by_target(settings: Settings, numbers: np.ndarray) -> np.ndarray:
    """Forecasts as kernels write them, (..., outputs), as (..., targets, horizons, quantiles)."""
    shape = (*numbers.shape[:-1], len(settings.horizons), len(settings.targets), len(settings.levels))
    return np.swapaxes(numbers.reshape(shape), -3, -2)


def make_record(
    settings: Settings, row: int, time: Any, sequence: Any, values: np.ndarray, answer: np.ndarray
) -> Record:
    """Build one record.

    values: (targets,) as they arrived; answer: (EXPECTED + targets + outputs,) as the kernel wrote it
    """
    targets = settings.targets
    expected = answer[EXPECTED : EXPECTED + len(targets)]
    forecasts = forecasts_by_target(settings, answer[EXPECTED + len(targets) :])
    middle = settings.levels.index(0.5)
    return Record(
        row=row,
        time=time,
        sequence=sequence,
        values=dict(zip(targets, values.tolist(), strict=True)),
        expected=dict(zip(targets, expected.tolist(), strict=True)),
        forecast=dict(zip(targets, forecasts[:, :, middle].copy(), strict=True)),
        quantiles=dict(zip(targets, forecasts.copy(), strict=True)) if settings.loss == "quantile" else {},
        loss=float(answer[LOSS]),
        event=event_text(int(answer[EVENT])),
        _settings=settings,
    )


def make_table(
    settings: Settings,
    row_numbers: np.ndarray,
    passed: dict[str, pyarrow.Array],
    values: np.ndarray,
    answers: np.ndarray,
) -> pyarrow.Table:
    """Build the records of many rows.

    row_numbers: (n,) int64; passed: time and sequence columns by name; values: (n, targets)
    answers: (n, EXPECTED + targets + outputs), as in `make_record`
    """
    import pyarrow

    targets = len(settings.targets)
    forecasts = forecasts_by_target(settings, answers[:, EXPECTED + targets :])
    middle = settings.levels.index(0.5)
    columns: list[Any] = [pyarrow.array(row_numbers), *passed.values()]
    for t in range(targets):
        columns.append(_nullable(values[:, t]))
        if settings.horizons != (0,):
            columns.append(_nullable(answers[:, EXPECTED + t]))
        for k in range(len(settings.horizons)):
            columns.append(_nullable(forecasts[:, t, k, middle]))
            if settings.loss == "quantile":
                columns += [_nullable(forecasts[:, t, k, q]) for q in range(len(settings.levels))]
    columns += [_nullable(answers[:, LOSS]), _event_column(answers[:, EVENT])]
    types = {name: column.type for name, column in passed.items()}
    return pyarrow.Table.from_arrays(columns, schema=record_schema(settings, types))


def _nullable(numbers: np.ndarray) -> pyarrow.Array:
    """A float64 column, null where a number is not finite."""
    import pyarrow

    return pyarrow.array(numbers, mask=~np.isfinite(numbers))


def _event_column(bits: np.ndarray) -> pyarrow.Array:
    import pyarrow

    if not bits.any():
        return pyarrow.nulls(len(bits), pyarrow.string())
    return pyarrow.array([event_text(int(bit)) for bit in bits], pyarrow.string())
