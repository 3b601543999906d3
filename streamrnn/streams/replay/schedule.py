"""When each row is due: by the recording's own clock, faster or slower, or at a fixed rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...times import MISSING, SECOND

Times = NDArray[np.int64]  # (rows,) nanoseconds
Dues = NDArray[np.float64]  # (rows,) seconds since the first row was written, never decreasing


class Timeline:
    """Where rows stand in the recording's time, and which of them are in the part that is wanted.

    A row without a time, or with one that goes back, stands where the row before it stands.

    Parameters
    ----------
    since, until : int, optional
        The part begins with the first row at or after `since`, and ends before the first row at or after `until`.

    Attributes
    ----------
    backwards, untimed : int
        Rows whose time went back, and rows without a time.
    ended : bool
        Whether `until` has been reached.
    """

    def __init__(self, since: int | None = None, until: int | None = None) -> None:
        self.backwards = 0
        self.untimed = 0
        self.ended = False
        self._since = since
        self._until = until
        self._latest = MISSING

    def place(self, times: Times) -> Times:
        """Return where the next rows stand."""
        places = np.maximum.accumulate(np.concatenate([[self._latest], times]))
        has_time = times != MISSING
        self.untimed += int(np.count_nonzero(~has_time))
        self.backwards += int(np.count_nonzero(has_time & (times < places[:-1])))
        self._latest = int(places[-1])
        return places[1:]

    def wanted(self, places: Times) -> tuple[int, int]:
        """Return the first of these rows that is in the part, and the first behind the part."""
        start, stop = 0, len(places)
        if self._since is not None:
            start = int(np.searchsorted(places, self._since))
        if self._until is not None:
            stop = int(np.searchsorted(places, self._until))
            self.ended = stop < len(places)
        return start, max(start, stop)


class TimeSchedule:
    """Rows are due by their times: `speed` times as fast as they were recorded."""

    def __init__(self, speed: float) -> None:
        self._nanoseconds = speed * SECOND  # of the recording in a second
        self._origin = MISSING

    def dues(self, places: Times) -> Dues:
        """Return when the next rows are due; rows before the first time are due at once."""
        timed = places[places != MISSING]
        if self._origin == MISSING and len(timed):
            self._origin = int(timed[0])
        return np.asarray((np.maximum(places, self._origin) - self._origin) / self._nanoseconds)


class RateSchedule:
    """Rows are due one after the other, so many in a second."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._rows = 0

    def dues(self, places: Times) -> Dues:
        """Return when the next rows are due."""
        first, self._rows = self._rows, self._rows + len(places)
        return np.arange(first, self._rows) / self._rate


Schedule = TimeSchedule | RateSchedule


def schedule_of(speed: float, rate: float | None) -> Schedule | None:
    """Return the schedule of a pace; None if nothing has to wait."""
    if rate is not None:
        return RateSchedule(rate)
    return TimeSchedule(speed) if speed < math.inf else None
