"""Many rows in one call: as `RowByRow` would take them one by one, a few kernel calls in all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..engine import Portion
from ..kernels.arrays.places import BOUNDARY, LANE
from ..rows.reader import ManyRows
from ..rows.tables import Cells, cells_of
from ..settings import SettingsError
from ..times import TIME_FEATURES, TimeError
from .intake import Intake

if TYPE_CHECKING:
    import pyarrow


class _Given(NamedTuple):
    """Many rows that are being taken."""

    rows: ManyRows
    keys: Cells
    sequences: Cells
    numbers: np.ndarray  # (n,) int64
    answers: np.ndarray  # (n, answer_width), written


def with_times(intake: Intake, rows: ManyRows) -> ManyRows:
    """Make room for the time features in front of a table's rows, and read their times.

    Raises
    ------
    SettingsError
        If the first time cannot be read.
    """
    if intake.time is None:
        return rows
    try:
        times = intake.time.reader.read(rows.passed[intake.time.reader.name])
    except TimeError as error:
        raise SettingsError(str(error)) from None
    places = [intake.layout.time_features.start] * len(TIME_FEATURES)
    return rows._replace(matrix=np.insert(rows.matrix, places, np.nan, axis=1), times=times)


def row_numbers(first: int, rows: slice, refused: np.ndarray) -> np.ndarray:
    """Return the numbers of some rows of a table, whose first arrival has the number ``first``.

    refused: (n,) as for `Learner.run`
    """
    places = np.arange(rows.start, rows.stop)
    numbers: np.ndarray = first + places + np.searchsorted(refused, places, side="right")
    return numbers


def take_many(intake: Intake, rows: ManyRows, learn: bool, numbers: np.ndarray) -> pyarrow.Table:
    """Take all rows; return the records of those that are no labels.

    numbers: (n,) int64 of the rows, ascending; those left out count as refused
    """
    given = _Given(
        rows._replace(matrix=np.require(rows.matrix, np.float64, ["C", "A", "W"])),  # what the kernel is for
        _cells(intake, rows, "key"),
        _cells(intake, rows, "sequence"),
        numbers,
        np.empty((len(numbers), intake.layout.answer_width)),
    )
    intake.begin_answers()
    for part in _parts(intake, given.rows, learn):  # between two of them Ctrl-C is heard
        if rows.are_labels is not None and rows.are_labels[part.start]:
            _take_labels(intake, given, part, learn)
        else:
            _take_steps(intake, given, part, learn)
    steps = given.rows.steps()
    kept = slice(None) if rows.are_labels is None else ~rows.are_labels
    return intake.layout.table(given.numbers[kept], steps.passed, steps.matrix, steps.categories, given.answers[kept])


def _cells(intake: Intake, rows: ManyRows, role: str) -> Cells:
    return cells_of(rows.passed.get(intake.layout.passed.get(role, "")))


def _parts(intake: Intake, rows: ManyRows, learn: bool) -> Iterator[slice]:
    """Cut rows so that a part takes some milliseconds; one with a new category, which may evict another, is alone.

    Each part has to be taken before the next one is asked for.
    """
    for span in rows.spans():
        for part in intake.engine.slices(span):
            yield from _apart(intake, rows, part) if intake.settings.evict_categories and learn else (part,)


def _apart(intake: Intake, rows: ManyRows, part: slice) -> Iterator[slice]:
    start = part.start
    columns = [(intake.vocabularies[name], texts[part].to_pylist()) for name, texts in rows.categories.items()]
    for row in range(part.start, part.stop):
        if any(vocabulary.is_new(texts[row - part.start]) for vocabulary, texts in columns):
            if start < row:
                yield slice(start, row)
            yield slice(row, row + 1)
            start = row + 1
    if start < part.stop:
        yield slice(start, part.stop)


def _names(rows: ManyRows, part: slice) -> list[str | None]:
    return [] if rows.names is None else rows.names[part].to_pylist()


def _codes(intake: Intake, texts: dict[str, pyarrow.Array], count: int, learn: bool) -> np.ndarray:
    """Codes of some rows' categories: (count, coded)."""
    codes = np.empty((count, len(intake.vocabularies)), np.int64)
    for place, (name, vocabulary) in enumerate(intake.vocabularies.items()):
        codes[:, place] = vocabulary.codes(texts[name], learn)
    return codes


def _take_steps(intake: Intake, given: _Given, part: slice, learn: bool) -> None:
    """Take some rows, all of them steps."""
    rows, matrix = given.rows, given.rows.matrix[part]
    marks = np.empty((len(matrix), 2), np.int64)
    arrivals = intake.keys.take_rows(given.keys.part(part), given.sequences.part(part), len(matrix))
    marks[:, LANE], marks[:, BOUNDARY] = arrivals.lanes, arrivals.begins
    if intake.time is not None and rows.times is not None:
        before = arrivals.times_before(rows.times[part])
        matrix[:, intake.layout.time_features] = intake.time.of_rows(rows.times[part], before)
    codes = _codes(intake, {name: texts[part] for name, texts in rows.categories.items()}, len(matrix), learn)
    answers = given.answers[part]
    heard = intake.call(Portion(matrix, codes, marks, bool(learn), answers))
    if intake.numbers_rows:
        intake.number_rows(arrivals.lanes, arrivals.rows_behind(), given.numbers[part], _names(rows, part))
    arrivals.take()
    intake.count_arrivals(len(matrix), int(given.numbers[part][-1]))
    if heard is not None:
        raise heard
    intake.place_codes(answers)


def _take_labels(intake: Intake, given: _Given, part: slice, learn: bool) -> None:
    """Take some rows, all of them labels of earlier ones."""
    rows, numbers = given.rows, given.numbers[part].tolist()
    places = [
        intake.place_of_name(given.keys.value(row), name, number)
        for row, name, number in zip(range(part.start, part.stop), _names(rows, part), numbers, strict=True)
    ]
    found = np.array([place for place, known in enumerate(places) if known is not None], np.int64)
    marks = np.array([known for known in places if known is not None], np.int64).reshape(-1, 2)
    texts = {name: texts[part].take(found) for name, texts in rows.categories.items()}
    codes = _codes(intake, texts, len(found), learn)
    answers = np.empty((len(found), intake.layout.answer_width))
    intake.grade(Portion(rows.matrix[part][found], codes, marks, bool(learn), answers), numbers)
