"""Several learners that share out the keys of one stream, to use as many cores."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..checkpoints.file import encode
from ..checkpoints.kept import Kept
from ..exclusive import exclusive
from ..intake.intake import MOST_LOST
from ..intake.late import LostLabel
from ..intake.many_rows import row_numbers, take_many, with_times
from ..learner import Learner, learner_settings
from ..records.metrics import Health, Metrics
from ..records.record import Record, record_cells
from ..rows.reader import ManyRows, Row
from ..rows.tables import plain, record_batches, text_cells
from ..settings import Settings, SettingsError
from ..settings.values import integer_of
from .merged import merged_health, merged_metrics
from .shares import read_shares, shard_of_key, shards_of_keys, share_of, shared_checkpoint
from .side_by_side import call_side_by_side

if TYPE_CHECKING:
    import pyarrow

MOST_SHARDS = 1024
SLICES = 32  # in a block: threads begin and end once in a block, Ctrl-C has to wait for its end


class ShardedLearner(Kept):
    """Learners that share out the keys of one stream, each in a thread of its own.

    Every shard is a `Learner` with weights of its own, which learns from the rows of its keys alone. A hash of the key
    tells whose it is. So records depend on the number of shards, and on nothing else: neither on how threads
    take turns, nor on how rows are cut into tables.

    Parameters
    ----------
    targets, features
        As for `Learner`.
    shards : int
        How many: at most as many as there are cores to use.
    **settings
        As for `Learner`, ``key`` among them. Every shard has room for ``max_keys / shards`` keys, rounded up. A hash
        shares keys out unevenly, so leave some room: a shard that is full lets a key go, even if another is not.
        Weights begin alike, by ``seed``.

    Attributes
    ----------
    settings : Settings
        Of all; each shard's differ in ``max_keys``.
    shards : tuple of Learner
        To look at, and not to feed. A row of another shard is a refused one there.
    lost_labels : deque of LostLabel
        As those of `Learner`.
    session : dict
        A note of whoever feeds it, as JSON can hold it, which is kept in checkpoints.

    Raises
    ------
    SettingsError
        If a setting cannot be used, or there is no key.

    Examples
    --------
    >>> from streamrnn import ShardedLearner
    >>> learner = ShardedLearner("load", shards=2, key="pump", hidden=8)
    >>> for load in (3.0, 4.0, 3.5):
    ...     record = learner.step({"pump": "north", "load": load})
    >>> record.row, record.key, record.expected
    (2, 'north', {'load': 4.0})
    """

    def __init__(
        self,
        targets: str | Sequence[str] = (),
        features: str | Sequence[str] | None = None,
        *,
        shards: int,
        **settings: Any,
    ) -> None:
        count = integer_of("shards", shards, 1, MOST_SHARDS) or 1
        of_all = learner_settings(targets, features, settings)
        if of_all.key is None:
            raise SettingsError("shards share out keys: name the column that tells them with key")
        self._set_up([Learner(**share_of(of_all, count).to_dict()) for _ in range(count)], of_all, {})

    def _set_up(self, shards: Sequence[Learner], settings: Settings, session: dict[str, Any]) -> None:
        self.shards, self.settings, self.session = tuple(shards), settings, session
        self.columns = shards[0].columns
        self.lost_labels: deque[LostLabel] = deque(maxlen=MOST_LOST)
        self._turn = threading.Lock()
        self._share_time()

    def _share_time(self) -> None:
        """Let the stream's first time tell every shard how times are written."""
        for shard in self.shards:
            shard._intake.time = self.shards[0]._intake.time

    # --- one row ----------------------------------------------------------------------------------------------------

    @exclusive
    def step(self, row: Row, learn: bool = True) -> Record:
        """Take one row, in the shard of its key; see `Learner.step`."""
        if not self._has_taken:
            self._decide_kinds(text_cells(row, self.columns))
        shard = self._shard_of(row)
        record = shard._row_by_row.step(row, learn)
        self._gather_lost_labels()
        return record

    def step_cells(self, row: Row, learn: bool = True) -> list[Any] | None:
        """Take one row, in the shard of its key; see `Learner.step_cells`."""
        return record_cells(self.step(row, learn))

    @exclusive
    def predict(self, row: Row) -> dict[str, np.ndarray]:
        """Return the forecasts that ``step(row, learn=False)`` would give, and leave no trace."""
        return self._shard_of(row).predict(row)

    @exclusive
    def reveal(self, row: int, labels: Mapping[str, Any], learn: bool = True) -> float:
        """Take labels that come late, in the shard that took their row; see `Learner.reveal`."""
        *others, last = self.shards
        for shard in others:
            with suppress(LookupError):
                return shard.reveal(row, labels, learn)
        return last.reveal(row, labels, learn)

    def refuse(self, rows: int = 1) -> None:
        """Count rows that arrived but could not be used: they have a number but are no step."""
        self._catch_up(self.shards[0])
        self.shards[0].refuse(rows)

    def begin_sequence(self) -> None:
        """Let the next row begin a sequence, of every key."""
        for shard in self.shards:
            shard.begin_sequence()

    def _shard_of(self, row: Row) -> Learner:
        """The shard of a row's key, which then numbers its next row as the stream does."""
        key = plain(row.get(str(self.settings.key))) if isinstance(row, Mapping) else None
        shard = self.shards[shard_of_key(key, len(self.shards))]
        self._catch_up(shard)
        return shard

    def _catch_up(self, shard: Learner) -> None:
        """Have a shard count the rows that others took since its last one."""
        shard.refuse(self.rows - shard.rows)

    # --- many rows --------------------------------------------------------------------------------------------------

    @exclusive
    def run(self, data: Any, learn: bool = True, refused: Sequence[int] = ()) -> pyarrow.Table:
        """Take every row of a table, as `step` would one by one, each shard in a thread of its own.

        Threads begin and end in blocks of rows that take about a tenth of a second, and Ctrl-C is heard between two of
        them: all rows before ``rows`` are then taken, and none behind.

        Parameters
        ----------
        data : pyarrow.Table, pyarrow.RecordBatch, or anything with ``__arrow_c_stream__``
        learn : bool
        refused : sequence of int
            As in `Learner.run`.

        Returns
        -------
        pyarrow.Table
            One record per row, in the order of the rows; see `Learner.run`.

        Raises
        ------
        SettingsError
            As in `Learner.run`. No row is then taken.
        Exception
            What a shard has raised while it took its rows, as when memory has run out. The other shards have taken
            theirs; the rows that it did not take count as refused.
        """
        import pyarrow

        if isinstance(data, np.ndarray):
            raise SettingsError("an array has no key; use a table")
        offsets, first, arrived, tables = np.array(refused, np.int64), self.rows, 0, []
        for batch in record_batches(data):
            rows = self.shards[0]._intake.reader.read_batch(batch, is_first=not self._has_taken)
            if batch.num_rows and not self._has_taken:
                self._decide_kinds(rows.categories)
            which = shards_of_keys(batch[str(self.settings.key)], len(self.shards))
            for block in self._blocks(batch.num_rows):
                numbers = row_numbers(first, slice(arrived, arrived + block.stop - block.start), offsets)
                tables.append(self._take_block(rows.part(block), which[block], learn, numbers))
                arrived += len(numbers)
        self.refuse(first + arrived + len(offsets) - self.rows)
        return pyarrow.concat_tables(tables)

    def _blocks(self, rows: int) -> Iterable[slice]:
        size = SLICES * len(self.shards) * self.shards[0]._engine.rows_per_slice
        return (slice(start, min(start + size, rows)) for start in range(0, max(rows, 1), size))

    def _take_block(self, rows: ManyRows, which: np.ndarray, learn: bool, numbers: np.ndarray) -> pyarrow.Table:
        """Share out rows, and let all shards take theirs; which: (n,) of the shards; numbers: (n,) of the rows."""
        import pyarrow

        rows, calls = with_times(self.shards[0]._intake, rows), []
        for owner in np.unique(which).tolist() or [0]:
            is_its = which == owner
            calls.append(partial(take_many, self.shards[owner]._intake, rows.chosen(is_its), learn, numbers[is_its]))
        try:
            tables = call_side_by_side(calls)
        finally:
            self._gather_lost_labels()
        if len(tables) == 1:
            return tables[0]
        records = pyarrow.concat_tables(tables)
        return records.take(np.argsort(records["row"].to_numpy()))

    def _gather_lost_labels(self) -> None:
        lost = [label for shard in self.shards for label in shard.lost_labels]
        self.lost_labels.extend(sorted(lost))
        for shard in self.shards:
            shard.lost_labels.clear()

    # --- columns of text --------------------------------------------------------------------------------------------

    @property
    def _has_taken(self) -> bool:
        return any(shard._intake.has_taken for shard in self.shards)

    def _decide_kinds(self, texts: Iterable[str] | None) -> None:
        """Take columns whose first value is text for categorical ones, in every shard."""
        found = None if texts is None else [*texts]
        for shard in self.shards:
            shard._decide_kinds(found)
        self.settings = replace(self.settings, categorical=self.shards[0].settings.categorical)
        self._share_time()

    # --- what it knows ----------------------------------------------------------------------------------------------

    @property
    def rows(self) -> int:
        """How many rows have arrived; the next one has this number."""
        return max(shard.rows for shard in self.shards)

    @property
    def refused_rows(self) -> int:
        """Those of them that could not be used."""
        return self.rows - sum(shard.rows - shard.refused_rows for shard in self.shards)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays of all shards, known from the settings alone."""
        return sum(shard.nbytes for shard in self.shards)

    @property
    def metrics(self) -> Metrics:
        """Counts and errors over all shards.

        Of categories, balanced accuracy and F1 are means of the shards' own, by how many forecasts each has graded, and
        what is recent is so in each shard.
        """
        merged = merged_metrics([shard.metrics for shard in self.shards])
        return replace(merged, rows=self.rows, refused_rows=self.refused_rows)

    @property
    def health(self) -> Health:
        """How learning does, over all shards; see `merged_health`."""
        return merged_health([(shard.health, shard.metrics) for shard in self.shards])

    def __repr__(self) -> str:
        return f"<ShardedLearner of {', '.join(self.settings.targets)}: {len(self.shards)} shards, {self.rows} rows>"

    # --- keeping it -------------------------------------------------------------------------------------------------

    @exclusive
    def to_bytes(self) -> bytes:
        """Return everything that is needed to go on bit for bit; equal learners give equal bytes.

        It is one safetensors file, in which ``shard0.`` stands before the names of the first shard's arrays.
        """
        for shard in self.shards:
            self._catch_up(shard)
        return encode(*shared_checkpoint([shard._content() for shard in self.shards], self.settings, self.session))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "checkpoint", **training: Any) -> Self:
        """Rebuild what `to_bytes` returned, with as many shards as it had; see `load`."""
        saved = read_shares(data, name, Learner.dtype)
        shards = [Learner._from_saved(shard, name, training) for shard in saved.shards]
        learner = cls.__new__(cls)
        learner._set_up(shards, replace(shards[0].settings, max_keys=saved.settings.max_keys), saved.session)
        return learner


AnyLearner = Learner | ShardedLearner  # one face: what feeds one can feed the other
