"""The rows of a run's source: on a grid if so wished, without those that were taken before, in several passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import Settings, SettingsError
from ..streams import open_source
from ..streams.bad_rows import BadRows
from .note import Consumed, Note, behind
from .plan import STANDARD, Plan

if TYPE_CHECKING:
    from ..streams import Batch, ReadOptions, Source
    from .layout import Layout


class Reading:
    """Reads the source of a run, and keeps account of what was taken of it.

    Parameters
    ----------
    plan : Plan

    Attributes
    ----------
    source : streamrnn.streams.Source
    is_file : bool
        Whether it is a file, which can be read again.
    is_live : bool
        Whether somebody may be waiting for the record of the newest row.
    resumed : bool
        Whether the model has taken rows of it before.
    begins_again : bool
        Whether the next row is the first of another pass.
    passes : int
        How many passes were completed.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._grid: Callable[[Source], Source] = lambda source: source
        self.is_file = plan.source != STANDARD and Path(plan.source).is_file()
        self.is_live = plan.reading.follow or not self.is_file
        if plan.passes > 1 and not self.is_file:
            raise SettingsError(f"--passes {plan.passes} needs a file: {plan.source} cannot be read again")
        self.source: Source = self._open(plan.reading)
        self.resumed = self.begins_again = False
        self.passes = 0
        self._consumed = Consumed()
        self._warned = 0
        self._is_prepared = False

    def put_on_grid(self, every: int, settings: Settings) -> None:
        """Make rows of stretches of time, so many nanoseconds each."""
        time = settings.time
        if time is None:
            raise SettingsError("a grid needs the times of the rows: name their column with --time")
        if settings.key is not None:
            raise SettingsError("--every makes one row of all that a stretch of time holds: it cannot keep keys apart")
        if settings.label_id is not None:
            raise SettingsError("--every makes one row of all that a stretch of time holds: it has no place for labels")
        from ..streams.grid import GridSource

        held = [settings.sequence] if settings.sequence else []
        admit = BadRows(self._plan.on_bad).admitted  # a row that is left out takes no good neighbour of its cell along
        self._grid = lambda source: GridSource(source, time, every, settings.time_format, held, admit)
        self.source = self._grid(self.source)

    def batches(self, layout: Layout, note: Note, warn: Callable[[str], None]) -> Iterator[Batch]:
        """Yield the rows that the model has not taken; `warn` is told if the rows before them have changed."""
        wanted = layout.numbers, layout.others
        batches = self.source.batches(*wanted)
        if note.consumed is not None and self.identity is not None and note.source == self.identity:
            known = note.consumed
            found = behind(batches, known, layout.numbers, layout.known_by) if self._has(known, layout) else None
            if found is not None:
                batches, self._consumed = found
                self.resumed, self.passes = True, note.passes
                if self._consumed.rows != known.rows:
                    warn(
                        f"the last row that {self._plan.model} took of {self.source.name} was not whole then, and is "
                        "another one now: it stays as it was taken"
                    )
            else:
                warn(
                    f"{self.source.name} has changed within the {known.rows.count:,} rows that {self._plan.model} "
                    "has read: all its rows are taken as new"
                )
                self._begin_again()
                batches = self.source.batches(*wanted)
        restarts = self.source.restarts
        for batch in batches:
            if self.source.restarts != restarts:  # the first rows of another file under this name
                restarts, self._consumed = self.source.restarts, Consumed()
            yield batch
            if self.is_live and not self._is_prepared:
                _prepare_for_tables()
                self._is_prepared = True
        while self.passes + 1 < self._plan.passes:
            self._begin_again()
            self.passes += 1
            self.begins_again, self._consumed = True, Consumed()
            yield from self.source.batches(*wanted)

    def count(self, batch: Batch, layout: Layout) -> None:
        """Take note of rows that were taken."""
        self.begins_again = False
        if self._plan.saves and self.is_file:
            self._consumed.add(batch, layout.numbers, layout.known_by)

    def new_warnings(self) -> list[str]:
        """What the source has warned of since this was asked last."""
        new = self.source.warnings[self._warned :]
        self._warned += len(new)
        return new

    @property
    def identity(self) -> str | None:
        """The source's absolute path; None for what cannot be read again."""
        return str(Path(self._plan.source).resolve()) if self.is_file else None

    @property
    def consumed(self) -> Consumed | None:
        """What was taken in this pass; None if it cannot be read again."""
        return self._consumed if self.is_file else None

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def _has(self, known: Consumed, layout: Layout) -> bool:
        """Whether a file that is followed has so many rows: to read on until it has might take for ever."""
        if not self._plan.reading.follow:
            return True
        source = self._grid(self._open(replace(self._plan.reading, follow=False)))
        try:
            batches = source.batches(layout.numbers, layout.others)
            return behind(batches, known, layout.numbers, layout.known_by) is not None
        finally:
            source.close()

    def _open(self, options: ReadOptions) -> Source:
        return open_source(self._plan.source, self._plan.input_format, options)

    def _begin_again(self) -> None:
        self.source.close()
        self.source, self._warned = self._grid(self._open(self._plan.reading)), 0


def _prepare_for_tables() -> None:
    """Have pyarrow load pandas, if that is installed, as it does with its first array: behind the first record."""
    import pyarrow

    pyarrow.array([0.0])
