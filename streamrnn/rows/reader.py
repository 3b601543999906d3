"""What users hand in -> what kernels take: the numbers, and beside them the categories and what is passed through."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from struct import Struct
from struct import error as StructError
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..categories.vocabulary import category_text, category_texts
from ..schema import categorical_columns, check_columns_exist, columns_read, matrix_columns, numeric_columns
from ..settings import Settings, SettingsError
from .tables import column_matrix, holds_text

if TYPE_CHECKING:
    import pyarrow

Row = Mapping[str, Any] | Sequence[float] | np.ndarray


class OneRow(NamedTuple):
    """A row, but for its numbers."""

    passed: dict[str, Any]  # by role: time, key, sequence
    categories: dict[str, str | None]  # by column
    name: str | None = None  # by which labels that come late name it
    is_label: bool = False  # it brings labels of an earlier row, whose name it has


NUMBERS_ALONE = OneRow({}, {})


class ManyRows(NamedTuple):
    """Rows of a table or an array."""

    matrix: np.ndarray  # (n, numeric columns) float64, NaN where null
    passed: dict[str, pyarrow.Array]  # by column
    categories: dict[str, pyarrow.Array]  # by column
    names: pyarrow.StringArray | None = None  # as those of `OneRow`
    are_labels: np.ndarray | None = None  # (n,) bool
    times: np.ndarray | None = None  # (n,) int64 nanoseconds

    def steps(self) -> ManyRows:
        """Those that are no labels."""
        return self if self.are_labels is None or not self.are_labels.any() else self.chosen(~self.are_labels)

    def chosen(self, are_wanted: np.ndarray) -> ManyRows:
        """Some of them; are_wanted: (n,) bool."""
        import pyarrow

        mask = pyarrow.array(are_wanted)
        passed, categories = (
            {name: column.filter(mask) for name, column in columns.items()}
            for columns in (self.passed, self.categories)
        )
        return ManyRows(
            self.matrix[are_wanted],
            passed,
            categories,
            None if self.names is None else self.names.filter(mask),
            None if self.are_labels is None else self.are_labels[are_wanted],
            None if self.times is None else self.times[are_wanted],
        )

    def part(self, rows: slice) -> ManyRows:
        """Some that follow each other."""
        passed, categories = (
            {name: column[rows] for name, column in columns.items()} for columns in (self.passed, self.categories)
        )
        return ManyRows(
            self.matrix[rows],
            passed,
            categories,
            None if self.names is None else self.names[rows],
            None if self.are_labels is None else self.are_labels[rows],
            None if self.times is None else self.times[rows],
        )

    def spans(self) -> Iterator[slice]:
        """Rows that follow each other, and are all labels or none of them."""
        cuts = [] if self.are_labels is None else (1 + np.flatnonzero(np.diff(self.are_labels))).tolist()
        return (slice(start, stop) for start, stop in pairwise([0, *cuts, len(self.matrix)]))


class RowReader:
    """Reads rows as the settings name their columns.

    Parameters
    ----------
    settings : Settings
    passed : mapping of str to str
        The columns that are passed through, by role.
    """

    def __init__(self, settings: Settings, passed: Mapping[str, str]) -> None:
        in_matrix, numeric = matrix_columns(settings), numeric_columns(settings)
        self.columns = columns_read(settings)
        self._names = [name for name in in_matrix if name in numeric]
        self._places = [in_matrix.index(name) for name in self._names]
        # writes numbers, or all that can be one; others write the time features between them
        self._write = Struct("".join("d" if name in numeric else "8x" for name in in_matrix)).pack_into
        self._categorical = categorical_columns(settings)
        self._passed = passed
        self._label_id = settings.label_id
        self._targets = settings.targets
        # whether there is more to a row than its numbers, so that columns must have names
        self._needs_names = bool(self._passed or self._categorical or self._label_id)

    def read(self, row: Any, number: int, out: Any) -> OneRow:
        """Write a row's numbers to ``out``, and return the rest of it.

        Parameters
        ----------
        row : Row
        number : int
            The row's, for messages.
        out : memoryview
            float64 (columns,)

        Raises
        ------
        TypeError
            If a value is not what its column holds.
        """
        if type(row) is np.ndarray and not self._needs_names:
            try:
                out[:] = row
            except ValueError:  # it is not float64, or not as long
                self._read_by_position(row, number, out)
            return NUMBERS_ALONE
        if type(row) is not dict and not isinstance(row, Mapping):
            self._read_by_position(row, number, out)
            return NUMBERS_ALONE
        try:
            self._write(out, 0, *map(row.get, self._names))
        except StructError:  # something is null, or wrong
            for place, name in zip(self._places, self._names, strict=True):
                value = row.get(name)
                out[place] = value if type(value) is float else _number(value, name, number)
        return self._read_beside(row, number, out) if self._needs_names else NUMBERS_ALONE

    def _read_beside(self, row: Mapping[str, Any], number: int, out: Any) -> OneRow:
        """Return what there is to a row beside its numbers, which stand in ``out``."""
        categories = {name: _category(row.get(name), name, number) for name in self._categorical}
        passed = {role: row.get(name) for role, name in self._passed.items()}
        if self._label_id is None:
            return OneRow(passed, categories)
        named = _category(row.get(self._label_id), self._label_id, number)
        missing = {name: math.isnan(out[place]) for place, name in zip(self._places, self._names, strict=True)}
        missing |= {column: text is None for column, text in categories.items()}
        return OneRow(passed, categories, named, self._is_label(named, missing))

    def _read_by_position(self, row: Any, number: int, out: Any) -> None:
        """Write the numbers of a row without names."""
        if isinstance(row, str | bytes) or not hasattr(row, "__len__"):
            raise TypeError(f"row {number} is {type(row).__name__}: pass a mapping, or numbers by position")
        if self._needs_names:
            raise TypeError(f"row {number} has no time, key, sequence or categories: pass a mapping by column name")
        if len(row) != len(self.columns):
            raise TypeError(f"row {number} has {len(row)} numbers; the columns are {', '.join(self.columns)}")
        for place, value in enumerate(row):
            out[place] = value if type(value) is float else _number(value, self.columns[place], number)

    def read_array(self, data: np.ndarray) -> ManyRows:
        """Read an array (n, columns); what is masked is null."""
        if self._needs_names:
            raise SettingsError("an array has no time, no key, no sequence and no categories; use a table")
        if data.ndim != 2 or data.shape[1] != len(self.columns):
            raise SettingsError(f"an array must be (rows, {len(self.columns)}): {', '.join(self.columns)}")
        if data.dtype.kind not in "biuf":
            raise SettingsError(f"an array must hold numbers, not {data.dtype}")
        masked = np.ma.getmaskarray(data)
        return ManyRows(np.where(masked, np.nan, np.ma.getdata(data)) if masked.any() else np.ma.getdata(data), {}, {})

    def read_batch(self, batch: pyarrow.RecordBatch, is_first: bool) -> ManyRows:
        """Read a batch of a table; in the first one, columns of text hold categories, named so or not."""
        names = self._passed.values()
        check_columns_exist(
            (*self.columns, *names, *([self._label_id] if self._label_id else ())), batch.schema.names, "the table"
        )
        decides = is_first and batch.num_rows > 0
        coded = [
            name
            for name in self.columns
            if name in self._categorical or (decides and holds_text(batch.schema.field(name).type))
        ]
        categories = {name: category_texts(batch[name], name) for name in coded}
        matrix = column_matrix(batch, [name for name in self.columns if name not in coded])
        passed = {name: batch[name] for name in names}
        if self._label_id is None:
            return ManyRows(matrix, passed, categories)
        names_of_rows = category_texts(batch[self._label_id], self._label_id)
        return ManyRows(matrix, passed, categories, names_of_rows, self._are_labels(names_of_rows, matrix, categories))

    def _is_label(self, name: str | None, missing: Mapping[str, bool]) -> bool:
        """Whether a row has a name, a label, and nothing to learn from: then it is about an earlier row."""
        has_label = any(not missing[target] for target in self._targets)
        return bool(name) and has_label and all(missing[column] for column in missing if column not in self._targets)

    def _are_labels(
        self, names: pyarrow.StringArray, matrix: np.ndarray, categories: Mapping[str, pyarrow.Array]
    ) -> np.ndarray:
        """Tell `_is_label` of many rows; matrix: (n, numeric columns) as they arrived."""
        numeric = [column for column in self.columns if column not in categories]
        missing = dict(zip(numeric, np.isnan(matrix).T, strict=True))
        missing |= {column: texts.is_null().to_numpy(zero_copy_only=False) for column, texts in categories.items()}
        are_labels = np.array([bool(name) for name in names.to_pylist()], bool)
        are_labels &= ~np.all([missing[target] for target in self._targets], axis=0)
        for column, nulls in missing.items():
            if column not in self._targets:
                are_labels &= nulls
        return are_labels


def _category(value: Any, column: str, row: int) -> str | None:
    """One cell as a category; None is null."""
    try:
        return category_text(value)
    except TypeError as error:
        raise TypeError(f"row {row}, column {column!r}: {error}") from None


def _number(value: Any, column: str, row: int) -> float:
    """One cell as a float; None is null."""
    if value is None:
        return np.nan
    if isinstance(value, str | bytes):
        raise TypeError(f"row {row}, column {column!r}: {value!r} is text, not a number; pass a number or None")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"row {row}, column {column!r}: {value!r} is not a number") from None
