"""Rows -> records: all at once as a table, or one by one where they are few. What comes out is the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ..streams import Cells
from ..streams.rejects import Unused

if TYPE_CHECKING:
    import pyarrow

    from ..shards.sharded import AnyLearner
    from ..streams import Batch
    from .layout import Layout


def records_of(
    batch: Batch, learner: AnyLearner, learn: bool, layout: Layout, schema: pyarrow.Schema
) -> pyarrow.Table | Cells:
    """Have the learner take the rows of a batch; the records of a few rows stay cells, as the rows are.

    Rows of labels have no record.

    Parameters
    ----------
    batch : Batch
    learner : Learner or ShardedLearner
    learn : bool
        As in `Learner.step`.
    layout : Layout
        How a record is put together.
    schema : pyarrow.Schema
        Of the records.
    """
    if batch.few_rows and not batch.refused:
        taken = ((learner.step_cells(row, learn), row) for row in batch.few_rows)
        lines = [layout.arrange_cells(record, row) for record, row in taken if record is not None]
        columns = zip(*lines, strict=True) if lines else [[]] * len(layout.names)
        return Cells(schema, dict(zip(layout.names, columns, strict=True)))
    first = learner.rows
    records = learner.run(batch.table, learn, [row.offset for row in batch.refused])
    return layout.arrange(records, batch, schema, first)


def lost_labels_of(batch: Batch, learner: AnyLearner, first: int) -> list[Unused]:
    """Those of the rows just taken whose labels are for a row that is not known; `first`: the batch's first number."""
    lost = []
    for label in learner.lost_labels:
        place = int(batch.places_of(np.array(label.row - first)))
        cells = batch.few_rows[place] if batch.few_rows else batch.table.slice(place, 1).to_pylist()[0]
        named = {name: cells[name] for name in (str(learner.settings.label_id), *learner.settings.targets)}
        raw = json.dumps(named, default=str, ensure_ascii=False)
        reason = f"no row {label.name!r} that a label can still be for"
        lost.append(Unused(label.row, str(learner.settings.label_id), reason, raw))
    learner.lost_labels.clear()
    return lost


def steps_of(records: pyarrow.Table | Cells, batch: Batch, first: int) -> np.ndarray | None:
    """The places of the rows that have a record; None if all have one."""
    if records.num_rows == batch.rows.num_rows:
        return None
    numbers = records.columns["row"] if isinstance(records, Cells) else records["row"]
    return batch.places_of(np.array(numbers, np.int64) - first)


def alerts_of(records: pyarrow.Table | Cells) -> pyarrow.Table:
    """Those of some records that have an alert."""
    import pyarrow

    table = pyarrow.Table.from_batches([records.table()]) if isinstance(records, Cells) else records
    return table.filter(table["alert"])
