"""Each time beside the one before it: does the stream run forward?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import MISSING, TimeError
from .reader import TimeReader

if TYPE_CHECKING:
    import pyarrow


def times_before(times: np.ndarray, starts: np.ndarray | None, last: int) -> tuple[np.ndarray, int]:
    """Return the last time in the same sequence before each row, and after all of them; MISSING where there is none.

    times: (n,); starts: (n,) nonzero where a row begins a sequence, None if none does; last: the time before them all
    """
    times = np.concatenate([[last], times])
    places = np.arange(len(times))
    latest = np.maximum.accumulate(np.where(times != MISSING, places, 0))
    if starts is None:
        return times[latest[:-1]], int(times[latest[-1]])
    beginning = np.maximum.accumulate(np.where(np.concatenate([[0], starts]), places, 0))
    before = np.where(latest[:-1] >= beginning[1:], times[latest[:-1]], MISSING)
    return before, int(times[latest[-1]]) if latest[-1] >= beginning[-1] else MISSING


class Clock:
    """Counts the rows whose time lies before that of the row before them.

    Parameters
    ----------
    name : str
        The time column.
    format : str, optional
        As for `TimeReader`.

    Attributes
    ----------
    name : str
    is_readable : bool
        False once the first time could not be read: then nothing more is counted.
    backward : int
        Rows that went back in time.
    first_backward : int or None
        The number of the first of them, from 0, among the rows that were shown.
    rows : int
        Rows that were shown.
    """

    def __init__(self, name: str, format: str | None = None) -> None:
        self.is_readable = True
        self.backward = 0
        self.first_backward: int | None = None
        self.rows = 0
        self.name = name
        self._reader = TimeReader(name, format)
        self._last = MISSING

    def watch(self, column: pyarrow.Array, starts: np.ndarray | None = None) -> None:
        """Look at the times of the next rows.

        Parameters
        ----------
        column : pyarrow.Array
            The time column of a batch.
        starts : numpy.ndarray, optional
            (n,) nonzero where a row begins a sequence: its time may begin anew.
        """
        if not self.is_readable:
            return
        try:
            times = self._reader.read(column)
        except TimeError:
            self.is_readable = False
            return
        before, self._last = times_before(times, starts, self._last)
        back = np.flatnonzero((times < before) & (times != MISSING))
        if len(back) and self.first_backward is None:
            self.first_backward = self.rows + int(back[0])
        self.backward += len(back)
        self.rows += len(times)

    def watch_one(self, value: Any, starts: bool = False) -> None:
        """Look at the time of the next row; `starts` says whether it begins a sequence."""
        if not self.is_readable:
            return
        try:
            time = self._reader.read_one(value)
        except TimeError:
            self.is_readable = False
            return
        before = MISSING if starts else self._last
        self._last = before if time == MISSING else time
        if MISSING != time < before:
            self.first_backward = self.rows if self.first_backward is None else self.first_backward
            self.backward += 1
        self.rows += 1
