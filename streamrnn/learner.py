"""The learner: what users call, row by row or with many rows at once."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from .checkpoint import encode
from .engine import Engine, Take
from .eviction import Evictor
from .exclusive import exclusive
from .files import replace_content
from .kernels.state import BOUNDARY, EVENT, EXPECTED, LANE, LOSS, NEW_KEY, NEW_SEQUENCE, State, named_view
from .keys import Keys, KeyState
from .known_answer import check_kernels, check_late_labels, check_scores
from .late import LostLabel, age_of_name, count_labels, name_codes, number_rows, place_of_row
from .metrics import Health, Metrics, health_of, metrics_of
from .record import Record, RecordLayout
from .restore import changed_settings, read_saved
from .rows import ManyRows, OneRow, Row, RowReader
from .schema import (
    categorical_columns,
    check_categories_are_used,
    check_record_names,
    columns_read,
    kernels_of,
    matrix_columns,
    record_names,
)
from .settings import Settings, SettingsError, check_option_names
from .tables import Cells, cells_of, plain, record_batches, text_cells
from .times import MISSING, TIME_FEATURES, TimeError
from .times.features import TimeFeatures
from .times.reader import TimeReader
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow


MOST_LOST = 1024  # labels that are remembered


class _Given(NamedTuple):
    """Many rows that are being taken."""

    rows: ManyRows
    keys: Cells
    sequences: Cells
    numbers: np.ndarray  # (n,) int64
    answers: np.ndarray  # (n, answer_width), written


class Learner:
    """A recurrent network that learns on a stream: it forecasts each row, then sees the truth, then learns.

    Parameters
    ----------
    targets : str or sequence of str
        Names of the columns to forecast: numbers, or categories.
    features : str or sequence of str, optional
        Names of the columns to learn from; the targets by default. A column is categorical if ``categorical`` names it,
        or if its first value is text.
    **settings
        Every field of `Settings`: ``horizon``, ``cell``, ``hidden``, ``window``, ``lr``, ... See ``docs/options.md``.

    Raises
    ------
    SettingsError
        If a setting cannot be used.

    Notes
    -----
    All memory is taken here, ``nbytes`` of it, and anew if the first row makes a column categorical; no row adds to it
    but the names of its categories. The first learner of a process loads the compiled kernels, the first on a machine
    compiles them, which takes seconds.

    Examples
    --------
    >>> from streamrnn import Learner
    >>> learner = Learner("load", hidden=8)
    >>> for load in (3.0, 4.0, 3.5):
    ...     record = learner.step({"load": load})
    >>> record.row, record.values, record.expected
    (2, {'load': 3.5}, {'load': 4.0})
    """

    dtype: ClassVar[Any] = np.float32  # of the network; float64 is for checking gradients

    def __init__(
        self, targets: str | Sequence[str] = (), features: str | Sequence[str] | None = None, **settings: Any
    ) -> None:
        roles: dict[str, Any] = {"targets": targets, "features": targets if features is None else features}
        check_option_names(settings)
        self._build(Settings(**roles, **settings))
        self._engine.draw_weights()

    def _build(self, settings: Settings) -> None:
        """Take the memory of a learner with these settings, and load the kernels."""
        for role in ("targets", "features"):
            if not getattr(settings, role):
                raise SettingsError(f"a learner needs {role}: name at least one column")
        check_categories_are_used(settings)
        check_record_names(record_names(settings))
        self.settings = settings
        self._turn = threading.Lock()
        self.columns = columns_read(settings)
        self._vocabularies = {name: Vocabulary(settings.max_categories) for name in categorical_columns(settings)}
        self._layout = RecordLayout(settings, self._vocabularies)
        self._reader = RowReader(settings, self._layout.passed)
        self._keys = Keys(settings.max_keys if settings.key else None)
        self._engine = Engine(settings, self.dtype)
        self._call: Take = self._engine.take
        if settings.evict_categories:
            self._let_categories_go()
        self.rows = 0  # arrivals, from the first one
        self.refused_rows = 0
        self.lost_labels: deque[LostLabel] = deque(
            maxlen=MOST_LOST
        )  # the latest; whoever has dealt with them may clear
        self.session: dict[str, Any] = {}  # a JSON-able note of whoever feeds it, kept in checkpoints
        self._kinds_are_open = True  # until the first row, whose text makes a column categorical
        self._time: TimeFeatures | None = None
        if settings.sees_time:
            must_be_time = bool(settings.time_features or settings.time_format)
            self._time = TimeFeatures(TimeReader(str(settings.time), settings.time_format, must_be_time))
        self._one_row = np.empty((1, len(matrix_columns(settings))))
        self._one_code = np.empty((1, len(self._vocabularies)), np.int64)
        self._one_mark = np.zeros((1, 2), np.int64)
        self._one_answer = np.empty((1, self._layout.answer_width))
        check_kernels(type(self), kernels_of(settings))
        if self._engine.sizes.watched:
            check_scores(type(self))
        if settings.label_id:
            check_late_labels(type(self))

    def _let_categories_go(self) -> None:
        evictor = Evictor(self._state, self._engine.sizes, self.settings)
        for seen, (name, vocabulary) in zip(
            named_view(self._state, "last_seen"), self._vocabularies.items(), strict=True
        ):
            vocabulary.let_go(seen, partial(evictor.forget, name))

    # --- one row ----------------------------------------------------------------------------------------------------

    @exclusive
    def step(self, row: Row, learn: bool = True) -> Record:
        """Take one row: grade what was forecast of it, learn, forecast what comes next.

        Parameters
        ----------
        row : mapping, or sequence of float
            By column name, where an absent key, None and NaN are null; or the numbers in the order of ``columns``.
        learn : bool
            False freezes weights, moments and scaling statistics; state, pending forecasts and metrics go on.

        Returns
        -------
        Record
            With ``label_id``, a row that brings labels of an earlier one has no forecast; its loss is that of what it
            graded.

        Raises
        ------
        TypeError
            If a value is not a number. The row is then not taken.
        SettingsError
            If the first time cannot be read, with ``time_features`` or ``time_format``. The row is then not taken.
        RuntimeError
            If another thread is in a call of this learner. The row is then not taken.
        """
        taken = self._take(row, learn)
        return self._layout.record(self.rows - 1, taken.passed, self._one_row[0], taken.categories, self._one_answer[0])

    @exclusive
    def step_cells(self, row: Row, learn: bool = True) -> list[Any] | None:
        """Take one row, as `step` does; return its record as a row of `run`'s table, in Python's values.

        None for a row of labels. A host that writes every record on saves the time that it takes to build a `Record`.
        """
        taken = self._take(row, learn)
        if taken.is_label:
            return None
        return self._layout.cells(self.rows - 1, taken.passed, self._one_row[0], taken.categories, self._one_answer[0])

    def _take(self, row: Row, learn: bool) -> OneRow:
        """Take one row; its numbers stand in ``_one_row``, what the kernels answer in ``_one_answer``."""
        if self._kinds_are_open:
            self._decide_kinds(text_cells(row, self.columns))
        read = self._reader.read(row, self.rows, self._one_row[0])
        self._begin_answers()
        if read.is_label:
            self._take_label(read, learn)
            return read
        key, state, last = self._place_row(read.passed, keep=True)
        self._write_codes(read.categories, grow=learn)
        self._keys.take(key, state)

        def note() -> None:
            if self._engine.sizes.late_slots:
                self._number_rows(np.array([state.lane]), np.zeros(1, np.int64), np.array([self.rows]), [read.name])
            state.take(plain(read.passed.get("sequence")), last)
            self._count_arrivals(1, self.rows)

        self._call(self._one_row, self._one_code, self._one_mark, bool(learn), self._one_answer, note)
        self._place_codes(self._one_answer)
        return read

    def _begin_answers(self) -> None:
        if self.settings.evict_categories:
            self._layout.categories.begin()

    def _place_codes(self, answers: np.ndarray) -> None:
        """Let the categories in answers be those of now, before a code is given to another one."""
        if self.settings.evict_categories:
            self._layout.categories.place(answers)

    def _take_label(self, read: OneRow, learn: bool) -> None:
        """Take a row of labels, as `_take` takes a step."""
        self._one_row[0, self._layout.time_features] = np.nan
        self._one_answer[:], self._one_answer[:, EVENT] = np.nan, 0.0
        place = self._place_of_name(plain(read.passed.get("key")), read.name, self.rows)
        found = slice(0, int(place is not None))
        if place is not None:
            self._one_mark[0] = place
            self._write_codes(read.categories, grow=learn)
        given = self._one_row[found], self._one_code[found], self._one_mark[found]
        self._grade_labels(*given, learn, self._one_answer[found], [self.rows])
        self._place_codes(self._one_answer)

    def _place_of_name(self, key: Any, name: str | None, row: int) -> tuple[int, int] | None:
        """Return the lane of the row that a label names, and how many steps of it there were since; or note its loss.

        row: the number of the label's own row
        """
        state = self._keys.states.get(key)
        if state is not None:
            age = age_of_name(self._state, state.lane, name_codes([name])[0], self.settings.delay)
            if age is not None:
                return state.lane, age
        self.lost_labels.append(LostLabel(row, name or ""))
        return None

    def _grade_labels(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        marks: np.ndarray,
        learn: bool,
        answers: np.ndarray,
        numbers: Sequence[int] = (),
    ) -> None:
        """Let labels grade what was predicted at the rows that are marked.

        numbers: of the rows that they came in, if they did; those of labels that are lost are among them
        """

        def note() -> None:
            graded = np.isfinite(answers[:, [LOSS, *range(EXPECTED, self._layout.forecasts_at)]]).any(axis=1)
            count_labels(self._state, graded, max(0, len(numbers) - len(rows)))
            if numbers:
                self._count_arrivals(len(numbers), numbers[-1])

        self._engine.take_labels(rows, codes, marks, bool(learn), answers, note)

    def _number_rows(
        self, lanes: np.ndarray, behind: np.ndarray, numbers: np.ndarray, names: Sequence[str | None]
    ) -> None:
        """Note which rows were just taken, whose labels may be late; arguments as for `late.number_rows`."""
        codes = np.array(name_codes(names), np.int64) if self.settings.label_id else None
        number_rows(self._state, lanes, behind, numbers, codes)

    @exclusive
    def predict(self, row: Row) -> dict[str, np.ndarray]:
        """Return the forecasts that ``step(row, learn=False)`` would give, and leave no trace.

        Returns
        -------
        dict of str to numpy.ndarray
            By target: float64 (horizons,), with quantile loss (horizons, quantiles); for categories the most probable
            ones, object (horizons,).
        """
        read = self._reader.read(row, self.rows, self._one_row[0])
        self._begin_answers()
        _, state, _ = self._place_row(read.passed, keep=False)
        self._write_codes(read.categories, grow=False)
        if self._one_mark[0, BOUNDARY] < NEW_KEY:
            self._engine.copy_to_spare(state.lane)
        else:  # nobody's lane is given up for it
            self._one_mark[0, BOUNDARY] = NEW_KEY
        self._one_mark[0, LANE] = self._engine.spare
        self._call(self._one_row, self._one_code, self._one_mark, False, self._one_answer)
        record = self._layout.record(self.rows, read.passed, self._one_row[0], read.categories, self._one_answer[0])
        return record.forecast | record.quantiles

    @exclusive
    def reveal(self, row: int, labels: Mapping[str, Any], learn: bool = True) -> float:
        """Take labels that come late: grade what was predicted at their row, and learn from them at once.

        A late label is no step: one sweep goes from its row through the window that belonged to it.

        Parameters
        ----------
        row : int
            Number of the row, as its record has it.
        labels : mapping
            By target.
        learn : bool
            False changes metrics alone.

        Returns
        -------
        float
            Mean loss of what was graded; NaN if nothing was: if the labels are null, the row had its labels already, or
            its sequence has ended.

        Raises
        ------
        SettingsError
            Without ``max_delay`` or at a horizon other than 0, or if a label is not one of a target.
        LookupError
            If the row is further back than ``max_delay`` rows of its key, was never taken, or its key has given way.
        TypeError
            If a label is not a number, or not a category.
        """
        if not self._engine.sizes.late_slots:
            raise SettingsError(
                "labels can be late at horizon 0, by max_delay rows: this learner keeps no row for them"
            )
        for name in labels:
            if name not in self.settings.targets:
                raise SettingsError(f"{name!r} is no target; the targets are {', '.join(self.settings.targets)}")
        check_late_labels(type(self))
        self._one_mark[0] = place_of_row(self._state, self._keys.lanes, row, self.settings.delay)
        self._one_row[:] = np.nan
        self._write_codes(self._reader.read(labels, row, self._one_row[0]).categories, grow=learn)
        self._grade_labels(self._one_row, self._one_code, self._one_mark, learn, self._one_answer)
        return float(self._one_answer[0, LOSS])

    def refuse(self, rows: int = 1) -> None:
        """Count rows that arrived but could not be used: they have a number but are no step."""
        self.rows += rows
        self.refused_rows += rows

    def _place_row(self, passed: dict[str, Any], keep: bool) -> tuple[Any, KeyState, int]:
        """Write the row's mark and time features; return its key, where that one's stream stands, and the last time."""
        key = plain(passed.get("key"))
        state, begins = self._keys.look(key)
        starts = state.starts(plain(passed.get("sequence")))
        last = MISSING if starts else state.time
        if self._time is not None:
            try:
                features, last = self._time.of_row(passed["time"], last, keep)
            except TimeError as error:
                raise SettingsError(str(error)) from None
            self._one_row[0, self._layout.time_features] = features
        self._one_mark[0, LANE] = state.lane
        self._one_mark[0, BOUNDARY] = NEW_SEQUENCE if starts else begins
        return key, state, last

    def _write_codes(self, categories: Mapping[str, str | None], grow: bool) -> None:
        for place, (name, text) in enumerate(categories.items()):
            self._one_code[0, place] = self._vocabularies[name].code(text, grow)

    def _decide_kinds(self, texts: Iterable[str]) -> None:
        """Take columns whose first value is text for categorical ones; then the learner's memory is another."""
        found = [name for name in texts if name not in self.settings.categorical]
        if not found:
            return
        kept = {name: getattr(self, name) for name in ("rows", "refused_rows", "session", "_turn")}
        self._build(replace(self.settings, categorical=(*self.settings.categorical, *found)))
        self._engine.draw_weights()
        self.__dict__.update(kept)

    def begin_sequence(self) -> None:
        """Let the next row begin a sequence, of every key.

        What is unlearned is then learned, and state and pending forecasts go.
        """
        self._keys.begin_sequence()

    # --- many rows --------------------------------------------------------------------------------------------------

    @exclusive
    def run(self, data: Any, learn: bool = True, refused: Sequence[int] = ()) -> pyarrow.Table:
        """Take every row of a table, as `step` would one by one; the kernels run without the GIL.

        Parameters
        ----------
        data : pyarrow.Table, pyarrow.RecordBatch, or anything with ``__arrow_c_stream__``; or numpy.ndarray
            A table with the columns that the settings name; or float64 (n, columns) in the order of ``columns``.
        learn : bool
            As in `step`.
        refused : sequence of int
            For each row that could not be used, as for `refuse`, how many rows of the table came before it; ascending.

        Returns
        -------
        pyarrow.Table
            One record per row; see ``docs/record.md``. Call it per batch to keep memory constant. With ``label_id``,
            rows that bring labels of earlier ones have a number, and no record.

        Raises
        ------
        SettingsError
            If a column is missing or not numeric, or if the first time cannot be read, with ``time_features`` or
            ``time_format``. No row is then taken.
        """
        import pyarrow

        offsets, before, tables = np.array(refused, np.int64), self.refused_rows, []
        first = self.rows
        if isinstance(data, np.ndarray):
            tables.append(self._take_many(self._reader.read_array(data), learn, offsets))
        else:
            for batch in record_batches(data):
                taken = self.rows - first - (self.refused_rows - before)
                tables.append(self._take_batch(batch, learn, offsets[self.refused_rows - before :] - taken))
        self.refuse(len(offsets) - (self.refused_rows - before))
        return tables[0] if len(tables) == 1 else pyarrow.concat_tables(tables)

    def _take_batch(self, batch: pyarrow.RecordBatch, learn: bool, refused: np.ndarray) -> pyarrow.Table:
        texts = self._reader.text_columns(batch) if self._kinds_are_open and batch.num_rows else []
        rows = self._reader.read_batch(batch, texts)
        self._decide_kinds(texts)
        if self._time is None:
            return self._take_many(rows, learn, refused)
        try:
            times = self._time.reader.read(rows.passed[self._time.reader.name])
        except TimeError as error:
            raise SettingsError(str(error)) from None
        places = [self._layout.time_features.start] * len(TIME_FEATURES)
        rows = rows._replace(matrix=np.insert(rows.matrix, places, np.nan, axis=1), times=times)
        return self._take_many(rows, learn, refused)

    def _take_many(self, rows: ManyRows, learn: bool, refused: np.ndarray) -> pyarrow.Table:
        """Take all rows; refused: (n,) as for `run`."""
        places = np.arange(len(rows.matrix))
        given = _Given(
            rows._replace(matrix=np.require(rows.matrix, np.float64, ["C", "A", "W"])),  # what the kernel is for
            self._cells(rows, "key"),
            self._cells(rows, "sequence"),
            self.rows + places + np.searchsorted(refused, places, side="right"),
            np.empty((len(places), self._one_answer.shape[1])),
        )
        self._begin_answers()
        for part in self._parts(given.rows, learn):  # between two of them Ctrl-C is heard
            if rows.are_labels is not None and rows.are_labels[part.start]:
                self._take_labels(given, part, learn)
            else:
                self._take_steps(given, part, learn)
        steps = given.rows.steps()
        kept = slice(None) if rows.are_labels is None else ~rows.are_labels
        return self._layout.table(
            given.numbers[kept], steps.passed, steps.matrix, steps.categories, given.answers[kept]
        )

    def _parts(self, rows: ManyRows, learn: bool) -> Iterator[slice]:
        """Cut rows so that a part takes some milliseconds; one with a new category, which may evict another, is alone.

        Each part has to be taken before the next one is asked for.
        """
        for span in rows.spans():
            for part in self._engine.slices(span):
                yield from self._apart(rows, part) if self.settings.evict_categories and learn else (part,)

    def _apart(self, rows: ManyRows, part: slice) -> Iterator[slice]:
        start = part.start
        columns = [(self._vocabularies[name], texts[part].to_pylist()) for name, texts in rows.categories.items()]
        for row in range(part.start, part.stop):
            if any(vocabulary.is_new(texts[row - part.start]) for vocabulary, texts in columns):
                if start < row:
                    yield slice(start, row)
                yield slice(row, row + 1)
                start = row + 1
        if start < part.stop:
            yield slice(start, part.stop)

    def _cells(self, rows: ManyRows, role: str) -> Cells:
        return cells_of(rows.passed.get(self._layout.passed.get(role, "")))

    def _take_steps(self, given: _Given, part: slice, learn: bool) -> None:
        """Take some rows, all of them steps."""
        rows, matrix = given.rows, given.rows.matrix[part]
        codes = np.empty((len(matrix), len(self._vocabularies)), np.int64)
        marks = np.empty((len(matrix), 2), np.int64)
        arrivals = self._keys.take_rows(given.keys.part(part), given.sequences.part(part), len(matrix))
        marks[:, LANE], marks[:, BOUNDARY] = arrivals.lanes, arrivals.begins
        if self._time is not None and rows.times is not None:
            before = arrivals.times_before(rows.times[part])
            matrix[:, self._layout.time_features] = self._time.of_rows(rows.times[part], before)
        for place, (name, vocabulary) in enumerate(self._vocabularies.items()):
            codes[:, place] = vocabulary.codes(rows.categories[name][part], learn)

        def note() -> None:
            if self._engine.sizes.late_slots:
                names = [] if rows.names is None else rows.names[part].to_pylist()
                self._number_rows(arrivals.lanes, arrivals.rows_behind(), given.numbers[part], names)
            arrivals.take()
            self._count_arrivals(len(matrix), int(given.numbers[part][-1]))

        self._call(matrix, codes, marks, bool(learn), given.answers[part], note)
        self._place_codes(given.answers[part])

    def _take_labels(self, given: _Given, part: slice, learn: bool) -> None:
        """Take some rows, all of them labels of earlier ones."""
        rows, numbers = given.rows, given.numbers[part].tolist()
        names = [] if rows.names is None else rows.names[part].to_pylist()
        places = [
            self._place_of_name(given.keys.value(row), name, number)
            for row, name, number in zip(range(part.start, part.stop), names, numbers, strict=True)
        ]
        found = np.array([place for place, known in enumerate(places) if known is not None], np.int64)
        marks = np.array([known for known in places if known is not None], np.int64).reshape(-1, 2)
        codes = np.empty((len(found), len(self._vocabularies)), np.int64)
        for place, (name, vocabulary) in enumerate(self._vocabularies.items()):
            codes[:, place] = vocabulary.codes(rows.categories[name][part].take(found), learn)
        answers = np.empty((len(found), self._one_answer.shape[1]))
        self._grade_labels(rows.matrix[part][found], codes, marks, learn, answers, numbers)

    def _count_arrivals(self, rows: int, last: int) -> None:
        """Count rows that were taken, and those that were refused between them; last: the number of the last one."""
        self.refused_rows += last + 1 - self.rows - rows
        self.rows, self._kinds_are_open = last + 1, False

    # --- what it knows ----------------------------------------------------------------------------------------------

    @property
    def _state(self) -> State:
        return self._engine.state

    @property
    def nbytes(self) -> int:
        """Bytes of all its arrays, known from the settings alone."""
        return self._engine.nbytes

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Views of the weights under PyTorch's names, shapes and gate order; writing to them changes the learner."""
        return self._engine.views()

    @property
    def gradient(self) -> dict[str, np.ndarray]:
        """Views of the last sweep's gradient, before clipping, named as the parameters."""
        return self._engine.views("gradient")

    @property
    def metrics(self) -> Metrics:
        """Errors beside the last-value forecast, and counts of all that was refused."""
        return metrics_of(self._state, self.settings, self._keys.lanes, self.rows, self.refused_rows)

    @property
    def health(self) -> Health:
        """How learning does: the rate in force, and the gradient's size, clipping and reach."""
        return health_of(self._state, self.settings, self._keys.lanes)

    def __repr__(self) -> str:
        settings = self.settings
        return (
            f"<Learner of {', '.join(settings.targets)}: {settings.cell} {settings.layers} x {settings.hidden}, "
            f"horizon {settings.horizon}, {self.rows} rows>"
        )

    # --- keeping it -------------------------------------------------------------------------------------------------

    @exclusive
    def to_bytes(self) -> bytes:
        """Return everything that is needed to go on bit for bit; equal learners give equal bytes."""
        description = {
            "settings": self.settings.to_dict(),
            "rows": self.rows,
            "refused_rows": self.refused_rows,
            "keys": self._keys.to_list(),
            "time": None if self._time is None else self._time.to_dict(),
            "session": self.session,
            "categories": {name: vocabulary.categories for name, vocabulary in self._vocabularies.items()},
        }
        return encode(description, self._engine.tensors(self._keys.lanes))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "checkpoint", **training: Any) -> Learner:
        """Rebuild what `to_bytes` returned; see `load`."""
        learner = cls.__new__(cls)
        saved = read_saved(data, name, cls.dtype)
        learner._build(changed_settings(saved.settings, training, name))
        learner._keys.restore(saved.keys)
        learner._engine.restore(
            saved.tensors, keeps_rate=learner.settings.learning_rate == saved.settings.learning_rate
        )
        learner.rows, learner.refused_rows = saved.rows, saved.refused_rows
        learner.session = saved.session
        learner._kinds_are_open = learner.rows == learner.refused_rows
        for column, categories in saved.categories.items():
            learner._vocabularies[column].restore(categories)
        if learner._time is not None and saved.time is not None:
            learner._time.go_on_from(saved.time)
        return learner

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint: a safetensors file, replaced as a whole or not at all."""
        replace_content(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str], **training: Any) -> Learner:
        """Read a checkpoint. Loading runs no code.

        Parameters
        ----------
        path : str or path
        **training
            Training settings that apply from now on: ``lr``, ``schedule``, ``clip``, ``stride``, ... Another ``lr``
            than before lifts what the guard has made of that one.

        Raises
        ------
        CheckpointError
            If the file is not a model, is damaged, or is of an unknown version.
        SettingsError
            If a setting is given that decides the model's structure.
        """
        with open(path, "rb") as file:
            return cls.from_bytes(file.read(), os.fspath(path), **training)

    def __getstate__(self) -> dict[str, Any]:
        return {"checkpoint": self.to_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(self.from_bytes(state["checkpoint"]).__dict__)
