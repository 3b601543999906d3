"""Where a stream stands: numbers, keys, times and categories of the rows that have come in.

`row_by_row.py` and `many_rows.py` take more of them into the kernels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..categories.eviction import Evictor
from ..categories.vocabulary import Vocabulary
from ..checkpoints.saved import Saved
from ..engine import Engine, Portion
from ..kernels.arrays.places import EXPECTED, LOSS
from ..kernels.arrays.state import named_view
from ..records.layout import RecordLayout
from ..rows.reader import RowReader
from ..schema import categorical_columns, categorical_targets
from ..settings import Settings
from ..times.features import TimeFeatures
from ..times.reader import TimeReader
from .keys import Keys
from .late import LostLabel, age_of_name, count_labels, name_codes, number_rows

MOST_LOST = 1024  # labels that are remembered


class Intake:
    """What is known of the rows that a learner has taken, and of what they are given to the kernels with.

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
    numbers_rows : bool
        Whether rows are numbered, so that labels which come late can find them.
    call, grade : callable
        As `Engine.take`, and as `grade_labels`.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.call = engine.take
        self.numbers_rows = bool(engine.sizes.late_slots)
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

    # --- labels that come late --------------------------------------------------------------------------------------

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
