"""How rows come in: which number, lane, sequence, time and codes each has when the kernels take it.

Here one row at a time; `many_rows.py` takes many as this would one by one. What the kernels are given, and what they
answer, stands in arrays that were made before the first row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from .engine import Engine, Portion
from .eviction import Evictor
from .kernels.arrays.state import BOUNDARY, EVENT, EXPECTED, LANE, LOSS, NEW_KEY, NEW_SEQUENCE, named_view
from .keys import Keys, KeyState
from .late import LostLabel, age_of_name, count_labels, name_codes, number_rows, place_of_row
from .record import Record, make_record, record_cells
from .record_layout import RecordLayout
from .restore import Saved
from .rows import OneRow, Row, RowReader
from .schema import categorical_columns, categorical_targets
from .settings import Settings, SettingsError
from .tables import plain
from .times import MISSING, TimeError
from .times.features import TimeFeatures
from .times.reader import TimeReader
from .vocabulary import Vocabulary

MOST_LOST = 1024  # labels that are remembered


class Intake:
    """Takes rows into a learner's kernels.

    Parameters
    ----------
    settings : Settings
    engine : Engine

    Attributes
    ----------
    rows, refused_rows : int
        Arrivals, from the first one; those of them that could not be used.
    lost_labels : deque of LostLabel
        The latest ones; whoever has dealt with them may clear it.
    row, code, mark, answer : numpy.ndarray
        (1, n) what the kernels are given of one row, and what they answer.
    line : numpy.ndarray
        The numbers of ``row`` and ``answer``, one behind the other.
    call, grade : callable
        As `Engine.take`, and as `grade_labels`.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.call = engine.take
        self._keeps_numbers = bool(engine.sizes.late_slots)
        self.grade = self.grade_labels
        self.vocabularies = {name: Vocabulary(settings.max_categories) for name in categorical_columns(settings)}
        self.layout = RecordLayout(settings, self.vocabularies)
        self.reader = RowReader(settings, self.layout.passed)
        self.keys = Keys(settings.max_keys if settings.key else None)
        self.rows = 0
        self.refused_rows = 0
        self.lost_labels: deque[LostLabel] = deque(maxlen=MOST_LOST)
        self.time: TimeFeatures | None = None
        if settings.sees_time:
            must_be_time = bool(settings.time_features or settings.time_format)
            self.time = TimeFeatures(TimeReader(str(settings.time), settings.time_format, must_be_time))
        if settings.evict_categories:
            self._let_categories_go()
        self._weigh_categories(settings.class_weights)
        self.line = np.empty(self.layout.inputs + self.layout.answer_width)
        self.row, self.answer = (part[None] for part in np.split(self.line, [self.layout.inputs]))
        self.code = np.empty((1, len(self.vocabularies)), np.int64)
        self.mark = np.zeros((1, 2), np.int64)
        self._numbers, self._mark = self.row[0], self.mark[0]  # these views are not made anew for every row

    def _let_categories_go(self) -> None:
        evictor = Evictor(self.engine.state, self.engine.sizes, self.settings)
        all_seen = named_view(self.engine.state, "last_seen")
        for seen, (name, vocabulary) in zip(all_seen, self.vocabularies.items(), strict=True):
            vocabulary.let_go(seen, partial(evictor.forget, name))

    def _weigh_categories(self, weights: str | tuple[tuple[str, float], ...]) -> None:
        """Let labels count as was asked for, told in the largest weight there is; what is not named counts as 1."""
        if isinstance(weights, str):
            return
        named = dict(weights)
        largest = max(1.0, *named.values())
        importance = named_view(self.engine.state, "importance")
        importance[:] = 1.0 / largest
        for of_target, target in zip(importance, categorical_targets(self.settings), strict=True):

            def weigh(category: str, code: int, of_code: np.ndarray = of_target) -> None:
                of_code[code] = named.get(category, 1.0) / largest

            self.vocabularies[target].greet(weigh)

    @property
    def has_taken(self) -> bool:
        """Whether a row was taken; until then its text may make a column categorical."""
        return self.rows > self.refused_rows

    def go_on_from(self, saved: Saved) -> None:
        """Stand where the learner stood that was saved."""
        self.keys.restore(saved.keys)
        self.rows, self.refused_rows = saved.rows, saved.refused_rows
        for column, categories in saved.categories.items():
            self.vocabularies[column].restore(categories)
        if self.time is not None and saved.time is not None:
            self.time.go_on_from(saved.time)

    # --- one row ----------------------------------------------------------------------------------------------------

    def take(self, row: Row, learn: bool) -> OneRow:
        """Take one row; its numbers stand in ``row``, what the kernels answer in ``answer``."""
        read = self.reader.read(row, self.rows, self._numbers)
        self.begin_answers()
        if read.is_label:
            self._take_label(read, learn)
            return read
        key, state, sequence, last = self._place_row(read.passed, keep=True)
        self._write_codes(read.categories, grow=learn)
        self.keys.take(key, state)
        heard = self.call(self.portion(learn))
        if self._keeps_numbers:
            self.number_rows(np.array([state.lane]), np.zeros(1, np.int64), np.array([self.rows]), [read.name])
        state.take(sequence, last)
        self.rows += 1
        if heard is not None:
            raise heard
        self.place_codes(self.answer)
        return read

    def portion(self, learn: bool) -> Portion:
        """The row that is being taken."""
        return Portion(self.row, self.code, self.mark, bool(learn), self.answer)

    def _take_label(self, read: OneRow, learn: bool) -> None:
        """Take a row of labels, as `take` takes a step."""
        self.row[0, self.layout.time_features] = np.nan
        self.answer[:], self.answer[:, EVENT] = np.nan, 0.0
        place = self.place_of_name(plain(read.passed.get("key")), read.name, self.rows)
        found = slice(0, int(place is not None))
        if place is not None:
            self.mark[0] = place
            self._write_codes(read.categories, grow=learn)
        self.grade(self.portion(learn).part(found), [self.rows])
        self.place_codes(self.answer)

    def forecast(self, row: Row) -> Record:
        """Return the record that ``take(row, False)`` would give, and leave no trace."""
        read = self.reader.read(row, self.rows, self._numbers)
        self.begin_answers()
        _, state, _, _ = self._place_row(read.passed, keep=False)
        self._write_codes(read.categories, grow=False)
        if self.mark[0, BOUNDARY] < NEW_KEY:
            self.engine.copy_to_spare(state.lane)
        else:  # nobody's lane is given up for it
            self.mark[0, BOUNDARY] = NEW_KEY
        self.mark[0, LANE] = self.engine.spare
        heard = self.call(self.portion(learn=False))
        if heard is not None:
            raise heard
        return self.record_of(read, self.rows)

    def record_of(self, read: OneRow, number: int) -> Record:
        """Return the record of the row that was taken last."""
        return make_record(self.layout, number, read.passed, self.line, read.categories)

    def cells_of(self, read: OneRow, number: int) -> list[Any]:
        """Return its record as a row of a table."""
        return record_cells(self.layout, number, read.passed, self.line, read.categories)

    def _place_row(self, passed: dict[str, Any], keep: bool) -> tuple[Any, KeyState, Any, int]:
        """Write the row's mark and time features; return its key, where that stands, its sequence and the last time."""
        key, sequence = plain(passed.get("key")), plain(passed.get("sequence"))
        state, begins = self.keys.look(key)
        starts = state.starts(sequence)
        last = MISSING if starts else state.time
        if self.time is not None:
            try:
                features, last = self.time.of_row(passed["time"], last, keep)
            except TimeError as error:
                raise SettingsError(str(error)) from None
            self.row[0, self.layout.time_features] = features
        self._mark[LANE] = state.lane
        self._mark[BOUNDARY] = NEW_SEQUENCE if starts else begins
        return key, state, sequence, last

    def _write_codes(self, categories: Mapping[str, str | None], grow: bool) -> None:
        for place, (name, text) in enumerate(categories.items()):
            self.code[0, place] = self.vocabularies[name].code(text, grow)

    # --- labels that come late --------------------------------------------------------------------------------------

    def reveal(self, row: int, labels: Mapping[str, Any], learn: bool) -> float:
        """Take labels of an earlier row, by its number; return the mean loss of what they graded."""
        self.mark[0] = place_of_row(self.engine.state, self.keys.lanes, row, self.settings.delay)
        self.row[:] = np.nan
        self._write_codes(self.reader.read(labels, row, self._numbers).categories, grow=learn)
        self.grade(self.portion(learn))
        return float(self.answer[0, LOSS])

    def place_of_name(self, key: Any, name: str | None, row: int) -> tuple[int, int] | None:
        """Return the lane of the row that a label names, and how many steps of it there were since; or note its loss.

        row: the number of the label's own row
        """
        state = self.keys.states.get(key)
        if state is not None:
            age = age_of_name(self.engine.state, state.lane, name_codes([name])[0], self.settings.delay)
            if age is not None:
                return state.lane, age
        self.lost_labels.append(LostLabel(row, name or ""))
        return None

    def grade_labels(self, labels: Portion, numbers: Sequence[int] = ()) -> None:
        """Let labels grade what was predicted at the rows that are marked.

        numbers: of the rows that they came in, if they did; those of labels that are lost are among them
        """
        heard = self.engine.take_labels(labels)
        graded = np.isfinite(labels.answers[:, [LOSS, *range(EXPECTED, self.layout.forecasts_at)]]).any(axis=1)
        count_labels(self.engine.state, graded, max(0, len(numbers) - len(labels.rows)))
        if numbers:
            self.count_arrivals(len(numbers), numbers[-1])
        if heard is not None:
            raise heard

    def number_rows(
        self, lanes: np.ndarray, behind: np.ndarray, numbers: np.ndarray, names: Sequence[str | None]
    ) -> None:
        """Note which rows were just taken, whose labels may be late; arguments as for `late.number_rows`."""
        codes = np.array(name_codes(names), np.int64) if self.settings.label_id else None
        number_rows(self.engine.state, lanes, behind, numbers, codes)

    # --- counting ---------------------------------------------------------------------------------------------------

    def count_arrivals(self, rows: int, last: int) -> None:
        """Count rows that were taken, and those that were refused between them; last: the number of the last one."""
        self.refused_rows += last + 1 - self.rows - rows
        self.rows = last + 1

    def refuse(self, rows: int) -> None:
        """Count rows that could not be used."""
        self.rows += rows
        self.refused_rows += rows

    # --- categories in answers --------------------------------------------------------------------------------------

    def begin_answers(self) -> None:
        """Forget which categories earlier answers named, where codes may go from one to another."""
        if self.settings.evict_categories:
            self.layout.categories.begin()

    def place_codes(self, answers: np.ndarray) -> None:
        """Let the categories in answers be those of now, before a code is given to another one."""
        if self.settings.evict_categories:
            self.layout.categories.place(answers)
