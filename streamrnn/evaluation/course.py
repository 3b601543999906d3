"""A series of any length in a fixed number of buckets: what a picture can show of it."""

from __future__ import annotations

import numpy as np

BUCKETS = 256


class Course:
    """Means, or extremes, of several series over stretches of rows that double in length when they run out.

    Parameters
    ----------
    series : int
        How many series; they have values at the same rows.
    fold : numpy.ufunc
        ``numpy.add`` for means, ``numpy.maximum`` or ``numpy.minimum`` for extremes.

    Attributes
    ----------
    span : int
        Rows in a bucket.
    """

    def __init__(self, series: int, fold: np.ufunc = np.add) -> None:
        self.span = 1
        self._fold = fold
        self._nothing = 0.0 if fold is np.add else -np.inf if fold is np.maximum else np.inf
        self._folded = np.full((BUCKETS, series), self._nothing)
        self._counts = np.zeros(BUCKETS, np.int64)

    def add(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Take values (series, n) at rows (n,), all of them finite; no row may lie far before those known."""
        if not len(rows):
            return
        while int(rows.max()) // self.span >= BUCKETS:
            self._double()
        buckets = rows // self.span
        self._fold.at(self._folded, buckets, values.T)
        self._counts += np.bincount(buckets, minlength=BUCKETS)

    def _double(self) -> None:
        pairs = self._folded.reshape(BUCKETS // 2, 2, -1)
        self._folded = np.full_like(self._folded, self._nothing)
        self._folded[: BUCKETS // 2] = self._fold.reduce(pairs, axis=1)
        counts = self._counts.reshape(-1, 2).sum(axis=1)
        self._counts = np.concatenate([counts, np.zeros(BUCKETS // 2, np.int64)])
        self.span *= 2

    def rows(self) -> np.ndarray:
        """Return (buckets,): the middle row of each bucket that has values."""
        return (np.flatnonzero(self._counts) + 0.5) * self.span - 0.5

    def values(self) -> np.ndarray:
        """Return (series, buckets): of each bucket that has values, the means or extremes."""
        used = self._counts > 0
        divisors = self._counts[used] if self._fold is np.add else np.ones(int(used.sum()))
        values: np.ndarray = self._folded[used].T / divisors
        return values
