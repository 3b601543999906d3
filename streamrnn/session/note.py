"""What a model remembers of its runs: how far it has read its source, and how far it has written its output.

A source counts as the same if it has the same path and its rows up to there have the same content. Content is compared
by checksums over rows, not over bytes or batches, so it does not matter how a stream is cut.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..checkpoints.file import CheckpointError
from ..rows.tables import column_matrix

if TYPE_CHECKING:
    import pyarrow

    from ..streams import Batch


@dataclass(frozen=True)
class Rows:
    """A number of rows from the first one of a source on, and rolling checksums of them (CRC-32)."""

    count: int = 0  # accepted and refused
    numbers: int = 0  # of the numbers, float64, row by row
    others: int = 0  # of the time and the sequence
    refused: int = 0  # of the rows that could not be read

    def and_then(self, batch: Batch, numbers: Sequence[str], others: Sequence[str]) -> Rows:
        """Return these rows and those of a batch that follows them."""
        of_others, of_refused = self.others, self.refused
        if others:
            rows = zip(*(_texts(batch.table[name]) for name in others), strict=True)
            of_others = zlib.crc32("".join(map(repr, rows)).encode(), of_others)
        for before, row in enumerate(batch.refused):
            of_refused = zlib.crc32(f"{self.count + row.offset + before}:{row.raw}\n".encode(), of_refused)
        of_numbers = zlib.crc32(column_matrix(batch.table, numbers).data, self.numbers)
        return Rows(self.count + batch.arrivals, of_numbers, of_others, of_refused)


@dataclass
class Consumed:
    """The rows of a source that were taken; and those before the last one, which may not have been whole yet.

    The last line of a file that somebody is writing may be half a line, the last cell of a grid half a cell.
    """

    rows: Rows = field(default_factory=Rows)
    before_last: Rows = field(default_factory=Rows)

    def add(self, batch: Batch, numbers: Sequence[str], others: Sequence[str]) -> None:
        """Take note of a batch."""
        last = batch
        if batch.arrivals > 1:
            head, last = batch.split(batch.arrivals - 1)
            self.rows = self.rows.and_then(head, numbers, others)
        if last.arrivals:
            self.before_last, self.rows = self.rows, self.rows.and_then(last, numbers, others)


@dataclass(frozen=True)
class Written:
    """The file that a model was writing its records to, and how far it had come."""

    path: str
    format: str
    columns: list[str]
    position: int
    held: str = ""  # records that follow but were not written yet: an Arrow stream, in base64


@dataclass(frozen=True)
class Note:
    """What is kept in a model file beside the learner."""

    source: str | None = None  # absolute path; None for what cannot be read again
    consumed: Consumed | None = None
    written: Written | None = None
    rejects: Written | None = None
    every: int | None = None  # nanoseconds of the grid that the source was put on
    passes: int = 0  # over the source, that were completed

    def to_dict(self) -> dict[str, Any]:
        """The note as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, note: dict[str, Any]) -> Note:
        """Read what `to_dict` wrote; an empty dictionary is the note of a learner that no session has fed.

        Raises
        ------
        CheckpointError
            If it was not `to_dict` that wrote it.
        """
        try:
            return cls._of(note)
        except (AttributeError, TypeError, ValueError):
            raise CheckpointError("the model's note of its runs cannot be read: was it changed by hand?") from None

    @classmethod
    def _of(cls, note: dict[str, Any]) -> Note:
        consumed, written, rejects = note.get("consumed"), note.get("written"), note.get("rejects")
        return cls(
            source=note.get("source"),
            consumed=Consumed(**{name: Rows(**rows) for name, rows in consumed.items()}) if consumed else None,
            written=Written(**written) if written else None,
            rejects=Written(**rejects) if rejects else None,
            every=note.get("every"),
            passes=note.get("passes", 0),
        )


def _texts(column: pyarrow.Array) -> list[str | None]:
    import pyarrow

    if pyarrow.types.is_temporal(column.type):
        times: list[str | None] = column.to_numpy(zero_copy_only=False).astype(str).tolist()
        return times
    texts: list[str | None] = column.cast(pyarrow.string()).to_pylist()
    return texts


def behind(
    batches: Iterator[Batch], known: Consumed, numbers: Sequence[str], others: Sequence[str]
) -> tuple[Iterator[Batch], Consumed] | None:
    """Find the rows that are known at the beginning of a stream.

    Returns
    -------
    rest, seen : iterator of Batch, Consumed
        What follows them; and what they are now, where the last one may have become another. None if the stream does
        not begin with them.
    """
    seen = Consumed()
    for batch in batches:
        head, rest = batch.split(known.rows.count - seen.rows.count)
        seen.add(head, numbers, others)
        if seen.rows.count == known.rows.count:
            is_known = seen.rows == known.rows or seen.before_last == known.before_last
            return (chain([rest] if rest.arrivals else [], batches), seen) if is_known else None
    return None
