"""A run looked back on: every forecast beside the value that then came, and beside the last value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True)
class History:
    """One target at one horizon, row by row.

    Attributes
    ----------
    values : numpy.ndarray
        (rows,) float64: what came; NaN where nothing did.
    forecasts : numpy.ndarray
        (rows,) float64: what had been forecast for that row, ``horizon`` rows before it came.
    last_values : numpy.ndarray
        (rows,) float64: the value of ``horizon`` rows before.
    horizon : int
        In rows.
    """

    values: np.ndarray
    forecasts: np.ndarray
    last_values: np.ndarray
    horizon: int

    def rolling_errors(self, span: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean absolute errors over the last ``span`` rows, of the forecasts and of the last value: two of (rows,)."""
        ours, last = np.abs(self.values - self.forecasts), np.abs(self.values - self.last_values)
        graded = np.isfinite(ours) & np.isfinite(last)
        return rolling_mean(np.where(graded, ours, np.nan), span), rolling_mean(np.where(graded, last, np.nan), span)


def history_of(records: pyarrow.Table, target: str, horizon: int) -> History:
    """Line up a target's records: what was forecast of a row stands beside what came in it.

    Parameters
    ----------
    records : pyarrow.Table
        As `Learner.run` returns it.
    target : str
    horizon : int
        Rows from the forecast to the value.
    """
    values = records[target].to_numpy().astype(float)
    made = records[f"{target}_h{horizon}"].to_numpy().astype(float)
    return History(values, _later(made, horizon), _later(values, horizon), horizon)


def rolling_mean(numbers: np.ndarray, span: int) -> np.ndarray:
    """Mean of the finite numbers among the last ``span``; NaN where there are none."""
    finite = np.isfinite(numbers)
    sums = np.cumsum(np.where(finite, numbers, 0.0))
    counts = np.cumsum(finite)
    sums[span:] -= sums[:-span].copy()
    counts[span:] -= counts[:-span].copy()
    means: np.ndarray = np.divide(sums, counts, out=np.full(len(numbers), np.nan), where=counts > 0)
    return means


def _later(numbers: np.ndarray, rows: int) -> np.ndarray:
    shifted = np.full(len(numbers), np.nan)
    shifted[rows:] = numbers[: len(numbers) - rows]
    return shifted
