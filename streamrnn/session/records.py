"""Records, in the groups that their format wants.

Lines are written as they come. Arrow has batches, and a reader sees where they end: on a pipe they follow those of the
source, in a file they end at fixed row numbers. When they end never depends on time, so the same rows give the same
bytes, in one run or in several.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..streams import Cells

if TYPE_CHECKING:
    import pyarrow

    from ..streams import Sink

ROWS_PER_BATCH = 1024

Grouping = Literal["as they come", "by batch", "by row number"]


class Records:
    """Writes records to a sink, and holds back those whose group is not complete.

    Parameters
    ----------
    sink : Sink
    grouping : {'as they come', 'by batch', 'by row number'}
    held : pyarrow.Table, optional
        Records that an earlier run held back.
    """

    def __init__(self, sink: Sink, grouping: Grouping, held: pyarrow.Table | None = None) -> None:
        self._sink = sink
        self._grouping = grouping
        self._held: list[pyarrow.Table] = [] if held is None else [held]
        self._final_position: int | None = None

    @property
    def position(self) -> int:
        """How far the sink's file is complete; what stands behind it is written again by a run that goes on."""
        return self._sink.position if self._final_position is None else self._final_position

    @property
    def can_be_left(self) -> bool:
        """Whether nothing would be lost if the run ended now and went on from a checkpoint."""
        return not self._held or self._grouping == "by row number"

    def write(self, records: pyarrow.Table | Cells, ends_batch: bool) -> None:
        """Take records; those whose group is complete are with the system when this returns."""
        if self._grouping == "as they come":
            self._sink.write(records)
            return
        import pyarrow

        if records.num_rows:
            self._held.append(pyarrow.Table.from_batches([records.table()]) if isinstance(records, Cells) else records)
        if not self._held:
            return
        if self._grouping == "by row number":
            self._write_complete_groups()
        elif ends_batch:
            self._sink.write(self._take_held())

    def sync(self) -> None:
        """Have on the disk what was written to a file."""
        self._sink.sync()

    def finish(self) -> None:
        """Write what is held back too, and close the sink; `position` and `held` stay as they were."""
        self._final_position = self._sink.position
        if self._held:
            rest = self._take_held()
            self._sink.write(rest)
            self._held = [rest]
        self._sink.close()

    def held(self) -> str:
        """Return what is held back as text for a checkpoint."""
        import pyarrow

        if not self._held:
            return ""
        table = self._take_held()
        self._held = [table]
        stream = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)
        return base64.b64encode(stream.getvalue()).decode()

    def _write_complete_groups(self) -> None:
        if self._held[0]["row"][0].as_py() // ROWS_PER_BATCH == self._held[-1]["row"][-1].as_py() // ROWS_PER_BATCH:
            return
        table = self._take_held()
        groups = table["row"].to_numpy() // ROWS_PER_BATCH
        ends = np.flatnonzero(np.diff(groups)) + 1
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            self._sink.write(table.slice(start, end - start))
        self._held = [table.slice(ends[-1])]

    def _take_held(self) -> pyarrow.Table:
        import pyarrow

        held, self._held = self._held, []
        return pyarrow.concat_tables(held).combine_chunks()


def held_table(held: str) -> pyarrow.Table | None:
    """Read what `Records.held` returned."""
    import pyarrow

    return pyarrow.ipc.open_stream(base64.b64decode(held)).read_all() if held else None
