"""The last rows of a stream, with what had been forecast of each: a stretch that a person can read."""

from __future__ import annotations

import numpy as np

from .grading import Graded

ROWS = 200


class Stretch:
    """Rings over the last rows.

    Parameters
    ----------
    targets, places, forecasters, intervals : int
        How many are kept: the first so many targets; horizons, see `add`; forecasters; the learner's intervals.
    """

    def __init__(self, targets: int, places: int, forecasters: int, intervals: int) -> None:
        self._rows = 0
        self._targets = targets
        self._values = np.full((targets, ROWS), np.nan)
        self._forecasts = np.full((targets, places, forecasters, ROWS), np.nan)
        self._bounds = np.full((targets, places, intervals, 2, ROWS), np.nan)

    def begin(self, values: np.ndarray) -> None:
        """Take the values of the next rows, (rows, targets); what was forecast of them follows by `add`."""
        self._rows += len(values)
        last = values[-ROWS:]
        slots = np.arange(self._rows - len(last), self._rows) % ROWS
        self._values[:, slots] = last[:, : self._targets].T
        self._forecasts[..., slots] = np.nan
        self._bounds[..., slots] = np.nan

    def add(self, graded: Graded, place: int) -> None:
        """Take forecasts whose truth lies in the last rows, for one of the places."""
        recent = graded.rows >= self._rows - ROWS
        slots = graded.rows[recent] % ROWS
        self._forecasts[graded.target, place][:, slots] = graded.values[recent] - graded.errors[:, recent]
        self._bounds[graded.target, place][..., slots] = np.moveaxis(graded.bounds[recent], 0, -1)

    @property
    def rows(self) -> np.ndarray:
        """Their numbers, ascending."""
        return np.arange(max(0, self._rows - ROWS), self._rows)

    def values(self, target: int) -> np.ndarray:
        """What came, (rows,)."""
        values: np.ndarray = self._values[target, self.rows % ROWS]
        return values

    def forecasts(self, target: int, place: int) -> np.ndarray:
        """What had been forecast of it, (forecasters, rows)."""
        forecasts: np.ndarray = self._forecasts[target, place][:, self.rows % ROWS]
        return forecasts

    def bounds(self, target: int, place: int) -> np.ndarray:
        """The learner's intervals for it, (intervals, 2, rows)."""
        bounds: np.ndarray = self._bounds[target, place][..., self.rows % ROWS]
        return bounds
