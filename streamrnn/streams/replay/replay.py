"""The replay: rows of a recording go out at their own pace, or at another one."""

from __future__ import annotations

import time
from bisect import bisect_left
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ...times import MISSING, TimeError
from ...times.reader import TimeReader
from ..signals import Interrupted, Signals
from ..sources import open_source
from .listener import Listener
from .outcome import ReplayOutcome
from .pacer import Clock, Pacer, SystemClock
from .plan import ReplayError, ReplayPlan
from .schedule import Schedule, Timeline, Times, schedule_of
from .time_column import time_column
from .writers import Writer, writer_of

if TYPE_CHECKING:
    from ..batch import Batch
    from ..sources import Source


class Replay:
    """One replay of a recording.

    Opening it reads the first row, and checks everything that can be checked; `run` does the rest.

    Parameters
    ----------
    plan : ReplayPlan
    clock : Clock
        The machine's own, unless a test has another one.

    Attributes
    ----------
    source : Source
    format : str
        What is written.
    time : str or None
        The time column, if one is needed.
    outcome : ReplayOutcome

    Raises
    ------
    StreamError
        If the source cannot be read.
    ReplayError
        If it cannot be replayed as it was asked for.
    """

    def __init__(self, plan: ReplayPlan, clock: Clock = SystemClock()) -> None:  # noqa: B008  # it has no state
        plan.check_files()
        self.plan = plan
        self.outcome = ReplayOutcome()
        self.source: Source = open_source(plan.source, plan.input_format, plan.reading)
        try:
            self.time = time_column(self.source.name, self.source.columns, plan.time) if plan.needs_times else None
            self.format = plan.format_for(self.source.format)
            self._reader = None if self.time is None else reader_of(self.time, plan.time_format)
            self._writer: Writer = writer_of(self.source, plan, self.format, self.time)
        except BaseException:
            self.source.close()
            raise
        self._clock = clock
        self._schedule: Schedule | None = schedule_of(plan.speed, plan.rate)
        self._timeline = Timeline()
        self._warned = 0

    def run(self, listener: Listener) -> ReplayOutcome:
        """Write all rows that are wanted.

        Raises
        ------
        BrokenPipeError
            If the reader of the output has gone.
        StreamError
            If the source is damaged or the output cannot be written.
        ReplayError
            If the first times, or those of the part that is wanted, cannot be read.
        """
        try:
            with Signals() as signals:
                try:
                    self._play(signals, listener)
                except BrokenPipeError:
                    if signals.received is None:  # else the reader was stopped by the same signal
                        raise
                finally:
                    self.outcome.signal = signals.received
        finally:
            self.source.close()
        return self.outcome

    def _play(self, signals: Signals, listener: Listener) -> None:
        batches = signals.until_one(self.source.batches(self._writer.numbers, self._writer.others))
        first = next(batches, None)
        if first is not None:
            self._timeline = self._timeline_of(first)
        self._writer.open(listener.warn)
        pacer = Pacer(self._clock, signals, self.outcome, listener)
        started = time.monotonic()
        try:
            for batch in batches if first is None else chain([first], batches):
                self._take(batch, pacer, listener)
                if self._timeline.ended or self.outcome.rows == self.plan.limit or signals.received is not None:
                    break
        except Interrupted:
            pass
        finally:
            self.outcome.seconds = time.monotonic() - started
            self._writer.close()
        self._pass_on_warnings(listener)
        self.outcome.complete = not self.source.ended_early

    # --- rows and their times ---------------------------------------------------------------------------------------

    def _take(self, batch: Batch, pacer: Pacer, listener: Listener) -> None:
        """Write the rows of a batch that are wanted, each when it is due."""
        places = self._places(batch, listener)
        first, stop = self._timeline.wanted(places)
        if self.plan.limit is not None:
            stop = min(stop, first + self.plan.limit - self.outcome.rows)
        self._pass_on_warnings(listener)
        if first >= stop:
            return
        write = self._writer.write_of(batch)

        def write_and_count(start: int, end: int) -> None:
            write(start, end)
            self._count(batch, start, end, listener)

        if self._schedule is None:
            write_and_count(first, stop)
        else:
            dues = self._schedule.dues(places[first:stop])
            pacer.write(dues, lambda start, end: write_and_count(first + start, first + end))

    def _places(self, batch: Batch, listener: Listener) -> Times:
        """Where the batch's arrivals stand in the recording's time."""
        if self._reader is None:
            return np.zeros(batch.arrivals, np.int64)
        backwards = self._timeline.backwards
        places = self._timeline.place(self._times(batch))
        if self._timeline.backwards and not backwards:
            listener.warn(f"column {self.time!r} goes back in time: such rows go out at once")
        self.outcome.backwards, self.outcome.untimed = self._timeline.backwards, self._timeline.untimed
        return places

    def _times(self, batch: Batch) -> Times:
        assert self._reader is not None, "a time column is needed"
        try:
            times = self._reader.read(batch.table.column(self.time))
        except TimeError as error:
            raise ReplayError(f"{self.source.name}: {error}") from error
        return np.insert(times, [row.offset for row in batch.refused], MISSING)

    def _timeline_of(self, first: Batch) -> Timeline:
        """Read the bounds of the part that is wanted; what the first times look like tells in which unit they count."""
        if self._reader is None:
            return Timeline()
        self._times(first)
        return Timeline(*(bound_of(name, getattr(self.plan, name), self._reader) for name in ("since", "until")))

    # --- what is told -----------------------------------------------------------------------------------------------

    def _count(self, batch: Batch, start: int, end: int, listener: Listener) -> None:
        """Take note of arrivals that were written, or left out."""
        outcome = self.outcome
        first, last = (bisect_left(batch.refused_arrivals, place) for place in (start, end))
        for place in range(first, last):
            row = batch.refused[place]
            if not self._writer.leaves_out(row):
                continue
            if not outcome.left_out:
                number = outcome.rows + batch.refused_arrivals[place] - start
                where = f"row {number:,}" if row.line is None else f"line {row.line:,}"
                listener.warn(f"{where} is left out, which cannot be written as {self.format}: {row.reason}")
            outcome.left_out += 1
        outcome.rows += end - start

    def _pass_on_warnings(self, listener: Listener) -> None:
        for warning in self.source.warnings[self._warned :]:
            listener.warn(warning)
        self._warned = len(self.source.warnings)


def reader_of(column: str, format: str | None) -> TimeReader:
    """Return a reader of the time column."""
    try:
        return TimeReader(column, format)
    except ValueError as error:
        raise ReplayError(f"--time-format {error}") from error


def bound_of(name: str, text: str | None, reader: TimeReader) -> int | None:
    """Read a bound as the times of the column are written, or else as ISO 8601.

    Raises
    ------
    ReplayError
        If it is neither.
    """
    if text is None:
        return None
    for one in (reader, TimeReader(name)):
        with suppress(TimeError):
            if (time := one.read_one(text)) != MISSING:
                return time
    raise ReplayError(f"--{name} {text}: this is no time as column {reader.name!r} has them, nor ISO 8601")
