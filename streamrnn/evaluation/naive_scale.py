"""The unit of MASE: how far a stream moves from one value to the next.

The mean absolute scaled error is a mean absolute error divided by that of the naive forecast one step ahead. It has no
unit, so that it can be averaged over targets: the last value has 1 one row ahead, whatever the stream.

Hyndman & Koehler scale by the rows for training. A stream has no such rows: here it is all that came in it.

References
----------
R. J. Hyndman & A. B. Koehler (2006), Another look at measures of forecast accuracy. International Journal of
Forecasting 22.
"""

from __future__ import annotations

import numpy as np


class NaiveScale:
    """Mean absolute change from one value of a target to the next, over a stream.

    Parameters
    ----------
    targets : int
    """

    def __init__(self, targets: int) -> None:
        self._nothing = np.full(targets, np.nan)
        self._last: dict[int, np.ndarray] = {}  # of each lane, (targets,)
        self._sums = np.zeros(targets)
        self._counts = np.zeros(targets, np.int64)

    def add(self, lane: int, values: np.ndarray, begins: np.ndarray) -> None:
        """Take the next rows of a lane: of a key, or of all if there are none.

        Parameters
        ----------
        lane : int
        values : numpy.ndarray
            (rows, targets) float64, NaN where nothing came.
        begins : numpy.ndarray
            (rows, targets) bool: nothing before this row counts.
        """
        last = self._last.setdefault(lane, self._nothing.copy())
        for t in range(len(last)):
            present = np.flatnonzero(np.isfinite(values[:, t]))
            if not len(present):
                last[t] = np.nan if begins[:, t].any() else last[t]
                continue
            sections = np.cumsum(begins[:, t])[present]
            changes = np.abs(np.diff(values[present, t], prepend=last[t]))
            counted = np.isfinite(changes) & (np.diff(sections, prepend=0) == 0)
            self._sums[t] += changes[counted].sum()
            self._counts[t] += counted.sum()
            is_new = begins[present[-1] + 1 :, t].any()
            last[t] = np.nan if is_new else values[present[-1], t]

    def scales(self) -> np.ndarray:
        """Return (targets,) float64; NaN where nothing has moved."""
        known = (self._counts > 0) & (self._sums > 0.0)
        scales: np.ndarray = np.divide(self._sums, self._counts, out=np.full(len(self._sums), np.nan), where=known)
        return scales
