"""What the time of a row can tell a network: how long since the row before, and where in the day and in the week.

Hour and weekday go round, so each is a point on a circle: 23:59 lies beside 0:00. They are looked up by the minute, in
tables, so that one row alone and a million at once get the same bits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import DAY, MINUTE, MISSING, SECOND, TIME_FEATURES
from .reader import TimeReader

_MINUTES_A_DAY = DAY // MINUTE
_MINUTES_A_WEEK = 7 * _MINUTES_A_DAY
_MONDAY = 3 * _MINUTES_A_DAY  # from the Monday before it to 1970-01-01, a Thursday
_MISSING_ROW = (math.nan,) * len(TIME_FEATURES)


def _circle(places: int) -> np.ndarray:
    """Sine and cosine of each of so many places around a circle: (places, 2)."""
    angles = np.arange(places) * (2.0 * math.pi / places)
    return np.column_stack([np.sin(angles), np.cos(angles)])


_DAY_CIRCLE = _circle(_MINUTES_A_DAY)
_WEEK_CIRCLE = _circle(_MINUTES_A_WEEK)


class TimeFeatures:
    """The `TIME_FEATURES` of a stream's rows, NaN where a time is missing.

    Parameters
    ----------
    reader : TimeReader
        Reads the times.
    """

    def __init__(self, reader: TimeReader) -> None:
        self.reader = reader

    def of_row(self, value: Any, last: int, keep: bool = True) -> tuple[tuple[float, ...], int]:
        """Return the features of the next row, and what `last` will be for the one after it.

        Parameters
        ----------
        value : object
            Its time, in any form.
        last : int
            The last time before it in this sequence; MISSING if there is none.
        keep : bool
            False leaves no trace.

        Raises
        ------
        TimeError
            If the first time cannot be read.
        """
        reader = self.reader
        known = reader.unit, reader.has_begun
        time = reader.read_one(value)
        if not keep:
            reader.unit, reader.has_begun = known
        if time == MISSING:
            return _MISSING_ROW, last
        minute = time // MINUTE
        since = math.nan if last == MISSING else _seconds_between(last, time)
        features = (
            since,
            *_DAY_CIRCLE[minute % _MINUTES_A_DAY].tolist(),
            *_WEEK_CIRCLE[(minute + _MONDAY) % _MINUTES_A_WEEK].tolist(),
        )
        return features, time

    def of_rows(self, times: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Return the features of the next rows, (n, 5).

        times: (n,) as the reader has read them; before: (n,) the last one of the same sequence before each
        """
        known = times != MISSING
        features = np.full((len(times), len(TIME_FEATURES)), np.nan)
        minutes = times[known] // MINUTE
        features[known, 1:3] = _DAY_CIRCLE[minutes % _MINUTES_A_DAY]
        features[known, 3:5] = _WEEK_CIRCLE[(minutes + _MONDAY) % _MINUTES_A_WEEK]
        has_before = known & (before != MISSING)
        features[has_before, 0] = _seconds_between(before[has_before], times[has_before])
        return features

    def to_dict(self) -> dict[str, Any]:
        """All that is needed to go on, as JSON holds it."""
        return {"unit": self.reader.unit, "has_begun": self.reader.has_begun}

    def go_on_from(self, saved: dict[str, Any]) -> None:
        """Go on from what `to_dict` returned."""
        self.reader.unit, self.reader.has_begun = saved["unit"], saved["has_begun"]


def _seconds_between(before: Any, after: Any) -> Any:
    """Seconds from one time to another, of integers as of arrays, with the same bits; their difference may overflow."""
    return (after // SECOND - before // SECOND) + (after % SECOND - before % SECOND) / SECOND
