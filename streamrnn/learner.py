"""The learner: what users call, row by row or with many rows at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from .checkpoints.file import encode
from .checkpoints.kept import Kept
from .checkpoints.saved import Saved, changed_settings, read_saved
from .engine import Engine
from .exclusive import exclusive, in_use
from .intake.intake import Intake
from .intake.late import LostLabel
from .intake.many_rows import row_numbers, take_many, with_times
from .intake.row_by_row import RowByRow
from .kernels.arrays.state import State
from .known_answer import check_kernels, check_late_labels, check_scores
from .records.metrics import Health, Metrics, health_of, metrics_of
from .records.record import Record, record_cells
from .rows.reader import Row
from .rows.tables import record_batches, text_cells
from .schema import check_categories_are_used, check_record_names, columns_read, record_names
from .settings import Settings, SettingsError, check_needs_of_categories, check_option_names

if TYPE_CHECKING:
    import pyarrow


def learner_settings(
    targets: str | Sequence[str], features: str | Sequence[str] | None, settings: dict[str, Any]
) -> Settings:
    """The settings that `Learner` is asked for: its features are its targets, unless they are named."""
    check_option_names(settings)
    roles: dict[str, Any] = {"targets": targets, "features": targets if features is None else features}
    return Settings(**roles, **settings)


class Learner(Kept):
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
        self._build(learner_settings(targets, features, settings))
        self._engine.draw_weights()

    def _build(self, settings: Settings) -> None:
        """Take the memory of a learner with these settings, and load the kernels."""
        for role in ("targets", "features"):
            if not getattr(settings, role):
                raise SettingsError(f"a learner needs {role}: name at least one column")
        check_categories_are_used(settings)
        check_record_names(record_names(settings))
        self.settings = settings
        self.columns = columns_read(settings)
        self.session: dict[str, Any] = {}  # a JSON-able note of whoever feeds it, kept in checkpoints
        self._turn = threading.Lock()
        self._engine = Engine(settings, self.dtype)
        self._intake = Intake(settings, self._engine)
        self._row_by_row = RowByRow(self._intake)
        check_kernels(type(self), settings)
        if self._engine.sizes.watched:
            check_scores(type(self))
        if settings.label_id:
            check_late_labels(type(self), settings)

    # --- one row ----------------------------------------------------------------------------------------------------

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
            If the first time cannot be read, with ``time_features`` or ``time_format``, or if a setting is about
            categories and the first row has none. The row is then not taken.
        RuntimeError
            If another thread is in a call of this learner. The row is then not taken.
        """
        if not self._turn.acquire(False):  # as `exclusive` does for whoever has more time
            raise in_use(self, "step")
        try:
            if self._intake.rows == self._intake.refused_rows:
                self._decide_kinds(text_cells(row, self.columns))
            return self._row_by_row.step(row, learn)
        finally:
            self._turn.release()

    def step_cells(self, row: Row, learn: bool = True) -> list[Any] | None:
        """Take one row, as `step` does; return its record as a row of `run`'s table, in Python's values.

        None for a row of labels. A host that writes every record on saves the time that it takes to build a `Record`.
        """
        return record_cells(self.step(row, learn))

    def _decide_kinds(self, texts: Iterable[str] | None) -> None:
        """Take columns whose first value is text for categorical ones; then the learner's memory is another.

        Now all kinds are known, and so is which settings are about categories that there are not. A row that cannot be
        taken, None, decides nothing.
        """
        if texts is None:
            return
        found = [name for name in texts if name not in self.settings.categorical]
        settings = replace(self.settings, categorical=(*self.settings.categorical, *found))
        check_needs_of_categories(settings)
        if not found:
            return
        refused, kept = self.refused_rows, {name: getattr(self, name) for name in ("session", "_turn")}
        self._build(settings)
        self._engine.draw_weights()
        self.__dict__.update(kept)
        self.refuse(refused)

    @exclusive
    def predict(self, row: Row) -> dict[str, np.ndarray]:
        """Return the forecasts that ``step(row, learn=False)`` would give, and leave no trace.

        Returns
        -------
        dict of str to numpy.ndarray
            By target: float64 (horizons,), with quantile loss (horizons, quantiles); for categories the most probable
            ones, object (horizons,).
        """
        record = self._row_by_row.forecast(row)
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
            If `row` is no number of a row, or if a label is not a number, or not a category.
        """
        if not self._engine.sizes.late_slots:
            raise SettingsError(
                "labels can be late at horizon 0, by max_delay rows: this learner keeps no row for them"
            )
        for name in labels:
            if name not in self.settings.targets:
                raise SettingsError(f"{name!r} is no target; the targets are {', '.join(self.settings.targets)}")
        check_late_labels(type(self), self.settings)
        return self._row_by_row.reveal(row, labels, learn)

    def refuse(self, rows: int = 1) -> None:
        """Count rows that arrived but could not be used: they have a number but are no step."""
        self._intake.refuse(rows)

    def begin_sequence(self) -> None:
        """Let the next row begin a sequence, of every key.

        What is unlearned is then learned, and state and pending forecasts go.
        """
        self._intake.keys.begin_sequence()

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
            If a column is missing or not numeric, if the first time cannot be read, with ``time_features`` or
            ``time_format``, or if a setting is about categories and the first row has none. No row is then taken.
        """
        import pyarrow

        offsets, before, tables = np.array(refused, np.int64), self.refused_rows, []
        first = self.rows
        if isinstance(data, np.ndarray):
            rows = self._intake.reader.read_array(data)
            if len(data) and not self._intake.has_taken:
                self._decide_kinds(())
            tables.append(take_many(self._intake, rows, learn, row_numbers(first, slice(0, len(data)), offsets)))
        else:
            for batch in record_batches(data):
                taken = self.rows - first - (self.refused_rows - before)
                tables.append(self._take_batch(batch, learn, offsets[self.refused_rows - before :] - taken))
        self.refuse(len(offsets) - (self.refused_rows - before))
        return tables[0] if len(tables) == 1 else pyarrow.concat_tables(tables)

    def _take_batch(self, batch: pyarrow.RecordBatch, learn: bool, refused: np.ndarray) -> pyarrow.Table:
        rows = self._intake.reader.read_batch(batch, is_first=not self._intake.has_taken)
        if batch.num_rows and not self._intake.has_taken:
            self._decide_kinds(rows.categories)
        numbers = row_numbers(self.rows, slice(0, batch.num_rows), refused)
        return take_many(self._intake, with_times(self._intake, rows), learn, numbers)

    # --- what it knows ----------------------------------------------------------------------------------------------

    @property
    def rows(self) -> int:
        """How many rows have arrived; the next one has this number."""
        return self._intake.rows

    @property
    def refused_rows(self) -> int:
        """Those of them that could not be used."""
        return self._intake.refused_rows

    @property
    def lost_labels(self) -> deque[LostLabel]:
        """The latest labels in rows of their own that named no row; whoever has dealt with them may clear it."""
        return self._intake.lost_labels

    @property
    def _state(self) -> State:
        return self._engine.state

    @property
    def nbytes(self) -> int:
        """Bytes of all its arrays, known from the settings alone."""
        return self._engine.nbytes

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Views of the weights under PyTorch's names, shapes and gate order; writing to them changes the learner.

        Of several networks, each has its name before: ``load.weight_ih_l0``, ``0.3.weight_ih_l0``. With weights per key
        they are those that a new key begins with.
        """
        return self._engine.views()

    @property
    def gradient(self) -> dict[str, np.ndarray]:
        """Views of the last sweep's gradient, before clipping, named as the parameters."""
        return self._engine.views("gradient")

    @property
    def metrics(self) -> Metrics:
        """Errors beside the last-value forecast, and counts of all that was refused."""
        return metrics_of(self._engine.arrays, self.settings, self._intake.keys.lanes, self.rows, self.refused_rows)

    @property
    def health(self) -> Health:
        """How learning does: the rate in force, and the gradient's size, clipping and reach."""
        return health_of(self._engine.arrays, self.settings, self._intake.keys.lanes)

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
        return encode(*self._content())

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What is kept of it: a description that JSON can hold, and the arrays."""
        intake = self._intake
        description = {
            "settings": self.settings.to_dict(),
            "rows": self.rows,
            "refused_rows": self.refused_rows,
            "keys": intake.keys.to_list(),
            "time": None if intake.time is None else intake.time.to_dict(),
            "session": self.session,
            "categories": {name: vocabulary.categories for name, vocabulary in intake.vocabularies.items()},
        }
        return description, self._engine.tensors(intake.keys.lanes)

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "checkpoint", **training: Any) -> Self:
        """Rebuild what `to_bytes` returned; see `load`."""
        return cls._from_saved(read_saved(data, name, cls.dtype), name, training)

    @classmethod
    def _from_saved(cls, saved: Saved, name: str, training: dict[str, Any]) -> Self:
        learner = cls.__new__(cls)
        settings = changed_settings(saved.settings, training, name)
        if saved.rows > saved.refused_rows:
            check_needs_of_categories(settings)
        learner._build(settings)
        learner._engine.restore(
            saved.tensors, keeps_rate=learner.settings.learning_rate == saved.settings.learning_rate
        )
        learner._intake.go_on_from(saved)
        learner.session = saved.session
        return learner
