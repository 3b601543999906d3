"""Rows that come one by one, each of which somebody waits for.

What the kernels are given of a row, and what they answer, stands in arrays that were made before the first one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..categories.answers import NO_NAMES, NamedRow
from ..engine import Call, Portion
from ..kernels.arrays.places import BOUNDARY, EVENT, GOES_ON, LANE, LOSS, NEW_KEY, NEW_SEQUENCE
from ..records.record import Record
from ..rows.reader import NUMBERS_ALONE, OneRow, Row
from ..rows.tables import plain
from ..settings import SettingsError
from ..times import MISSING, TimeError
from .intake import Intake
from .keys import KeyState
from .late import place_of_row


class _Place(NamedTuple):
    """Where a row stands in its stream."""

    key: Any
    state: KeyState
    sequence: Any
    time: int

    def take(self) -> None:
        """Take note of the row."""
        self.state.take(self.sequence, self.time)


class RowByRow:
    """Takes rows into a learner's kernels, one in a call; `many_rows.take_many` takes many as this would.

    Parameters
    ----------
    intake : Intake

    Attributes
    ----------
    row, code, mark, answer : numpy.ndarray
        (1, n) what the kernels are given of the last row, and what they have answered; see `Portion`.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._layout = layout = intake.layout
        self._keys, self._read = intake.keys, intake.reader.read
        self._line = np.empty(layout.inputs + layout.answer_width)  # numbers of the row, and the answer behind them
        self.row, self.answer = (part[None] for part in np.split(self._line, [layout.inputs]))
        self.code = np.empty((1, len(intake.vocabularies)), np.int64)
        self.mark = np.zeros((1, 2), np.int64)
        # NumPy takes longer for one number
        self._numbers: Any = memoryview(self.row[0])
        self._mark: Any = memoryview(self.mark[0])
        self._calls: tuple[list[Call], list[Call]] = [], []  # of the kernels that learn, and that do not

    def portion(self, learn: bool) -> Portion:
        """The row as kernels take it."""
        return Portion(self.row, self.code, self.mark, learn, self.answer)

    def calls(self, learn: bool) -> list[Call]:
        """The kernels' calls that take the row, which are the same for every row."""
        calls = self._calls[not learn]
        if not calls:
            calls += self._intake.engine.ready_calls(self.portion(bool(learn)))
        return calls

    def step(self, row: Row, learn: bool) -> Record:
        """Take one row; return its record."""
        intake, mark, heard = self._intake, self._mark, None
        read = self._read(row, intake.rows, self._numbers)
        if read is NUMBERS_ALONE and self._keys.states[None].goes_on:
            place, mark[LANE], mark[BOUNDARY] = None, 0, GOES_ON
        elif read.is_label:
            return self._take_label(read, learn)
        else:
            place = self._arrive(read, learn)
        for call in self._calls[not learn] or self.calls(learn):
            try:
                call()
            except KeyboardInterrupt as interruption:  # it is heard when machine code returns, so the row is taken
                heard = interruption
        if place is not None:
            place.take()
            intake.place_codes(self.answer)
        if intake.numbers_rows:
            intake.number_rows(np.array([mark[LANE]]), np.zeros(1, np.int64), np.array([intake.rows]), [read.name])
        number = intake.rows
        intake.rows = number + 1
        if heard is not None:
            raise heard
        return Record(
            number, self._layout, read, self._line.tobytes(), NO_NAMES if place is None else self._named(read)
        )

    def _arrive(self, read: OneRow, learn: bool) -> _Place:
        """Place a row that is to be taken."""
        self._intake.begin_answers()
        place = self._place(read.passed, keep=True)
        if read.categories:
            self._write_codes(read.categories, grow=learn)
        self._keys.take(place.key, place.state)
        return place

    def _take_label(self, read: OneRow, learn: bool) -> Record:
        """Take a row of labels, as `step` takes a step."""
        intake, number = self._intake, self._intake.rows
        intake.begin_answers()
        self.answer[:], self.answer[:, EVENT] = np.nan, 0.0
        place = intake.place_of_name(plain(read.passed.get("key")), read.name, number)
        found = slice(0, int(place is not None))
        if place is not None:
            self.mark[0] = place
            self._write_codes(read.categories, grow=learn)
        self._grade(learn, found, [number])
        intake.place_codes(self.answer)
        return Record(number, self._layout, read, self._line.tobytes(), self._named(read))

    def reveal(self, row: int, labels: Mapping[str, Any], learn: bool) -> float:
        """Take labels of an earlier row, by its number; return the mean loss of what they graded."""
        intake = self._intake
        self.mark[0] = place_of_row(intake.engine.state, self._keys.lanes, row, intake.settings.delay)
        self._write_codes(self._read(labels, row, self._numbers).categories, grow=learn)
        self._grade(learn, slice(0, 1))
        return float(self.answer[0, LOSS])

    def _grade(self, learn: bool, found: slice, numbers: Sequence[int] = ()) -> None:
        """Let a label grade; found: of the one row, whether it is known; numbers: as for `Intake.grade_labels`."""
        self.row[0, self._layout.time_features] = np.nan
        self._intake.grade(self.portion(bool(learn)).part(found), numbers)

    def forecast(self, row: Row) -> Record:
        """Return the record that ``take(row, False)`` would give, and leave no trace."""
        intake = self._intake
        read = self._read(row, intake.rows, self._numbers)
        intake.begin_answers()
        place = self._place(read.passed, keep=False)
        self._write_codes(read.categories, grow=False)
        if self._mark[BOUNDARY] < NEW_KEY:
            intake.engine.copy_to_spare(place.state.lane)
        else:  # nobody's lane is given up for it
            self._mark[BOUNDARY] = NEW_KEY
        self._mark[LANE] = intake.engine.spare
        for call in self.calls(learn=False):
            call()
        return Record(intake.rows, self._layout, read, self._line.tobytes(), self._named(read))

    def _named(self, read: OneRow) -> NamedRow:
        """Name the categories in the row that was taken last, and in what was answered."""
        categories = self._layout.categories
        return categories.named(read.categories, self.answer[0]) if categories.targets else NO_NAMES

    def _place(self, passed: dict[str, Any], keep: bool) -> _Place:
        """Write the row's mark and time features; keep: what its time tells of how times are written."""
        intake = self._intake
        key, sequence = plain(passed.get("key")), plain(passed.get("sequence"))
        state, begins = self._keys.look(key)
        starts = state.starts(sequence)
        last = MISSING if starts else state.time
        if intake.time is not None:
            try:
                features, last = intake.time.of_row(passed["time"], last, keep)
            except TimeError as error:
                raise SettingsError(str(error)) from None
            self.row[0, self._layout.time_features] = features
        self._mark[LANE] = state.lane
        self._mark[BOUNDARY] = NEW_SEQUENCE if starts else begins
        return _Place(key, state, sequence, last)

    def _write_codes(self, categories: Mapping[str, str | None], grow: bool) -> None:
        for place, (name, text) in enumerate(categories.items()):
            self.code[0, place] = self._intake.vocabularies[name].code(text, grow)
