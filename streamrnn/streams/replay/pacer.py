"""Waits until rows are due, and measures how well that was kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from ..signals import Signals
from .listener import Listener
from .outcome import ReplayOutcome
from .schedule import Dues

GATHERED = 0.0005  # seconds for which due rows may be gathered, to be written at once
MOST_ROWS = 4096  # written at once: formatting them takes a few milliseconds
LATE = 0.1  # seconds behind that somebody should hear of
LONG_WAIT = 60.0  # seconds that somebody should hear of
NAP = 3600.0


class Clock(Protocol):
    """Where a replay has its time from."""

    def now(self) -> float:
        """Return the seconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own, which nobody sets."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class Pacer:
    """Writes rows when they are due.

    The schedule begins with the first write, and stays: after a stall, what is overdue goes out as fast as it can be
    written.

    Parameters
    ----------
    clock : Clock
    signals : Signals
        A signal breaks off the waiting.
    outcome : ReplayOutcome
        Where the errors are noted.
    listener : Listener
        Is told of a long wait, and of being behind for the first time.
    """

    def __init__(self, clock: Clock, signals: Signals, outcome: ReplayOutcome, listener: Listener) -> None:
        self._clock = clock
        self._signals = signals
        self._outcome = outcome
        self._listener = listener
        self._began: float | None = None
        self._woke = -GATHERED  # when rows were written last
        self._told_late = False

    def write(self, dues: Dues, write: Callable[[int, int], None]) -> None:
        """Write rows, each when it is due; `write` takes the first of them and the one behind the last."""
        start = 0
        while start < len(dues) and self._signals.received is None:
            # Rows that follow each other closely go out together; none waits for a row that has yet to be read.
            gathered = min(self._woke + GATHERED, float(dues[-1]))
            self._woke = self._wait(max(float(dues[start]), gathered))
            stop = min(int(np.searchsorted(dues, self._woke, side="right")), start + MOST_ROWS)
            write(start, stop)
            if (
                self._began is None
            ):  # the schedule begins when the first rows are out, whatever had to be loaded for them
                self._began = self._clock.now()
            self._note(dues[start:stop], self._elapsed())
            start = stop

    def _elapsed(self) -> float:
        return 0.0 if self._began is None else self._clock.now() - self._began

    def _wait(self, due: float) -> float:
        """Wait until then; return the time."""
        now = self._elapsed()
        if due - now > LONG_WAIT:
            self._listener.say(f"the next row is due in {_duration(due - now)}; --speed shortens such gaps")
        while now < due:
            with self._signals.waiting():
                self._clock.sleep(min(due - now, NAP))
            now = self._elapsed()
        return now

    def _note(self, dues: Dues, written: float) -> None:
        late = written - float(dues[0])
        self._outcome.paced += len(dues)
        self._outcome.total_error += written * len(dues) - float(dues.sum())
        self._outcome.largest_error = max(self._outcome.largest_error, late)
        if late > LATE and not self._told_late:
            self._told_late = True
            self._listener.warn(f"{late:.2f} s behind the schedule: rows go out as soon as they can be written")


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2.0 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"
