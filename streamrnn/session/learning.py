"""Rows -> records: all at once as a table, or one by one where they are few. What comes out is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..streams import Cells

if TYPE_CHECKING:
    import pyarrow

    from ..learner import Learner
    from ..streams import Batch
    from .layout import Layout


def records_of(
    batch: Batch, learner: Learner, learn: bool, layout: Layout, schema: pyarrow.Schema
) -> pyarrow.Table | Cells:
    """Have the learner take the rows of a batch; the records of a few rows stay cells, as the rows are.

    Parameters
    ----------
    batch : Batch
    learner : Learner
    learn : bool
        As in `Learner.step`.
    layout : Layout
        How a record is put together.
    schema : pyarrow.Schema
        Of the records.
    """
    if batch.few_rows and not batch.refused:
        records = [layout.arrange_cells(learner.step_cells(row, learn), row) for row in batch.few_rows]
        return Cells(schema, dict(zip(layout.names, zip(*records, strict=True), strict=True)))
    records_table = layout.arrange(learner.run(batch.table, learn), batch, schema)
    learner.refuse(len(batch.refused))
    return records_table


def alerts_of(records: pyarrow.Table | Cells) -> pyarrow.Table:
    """Those of some records that have an alert."""
    import pyarrow

    table = pyarrow.Table.from_batches([records.table()]) if isinstance(records, Cells) else records
    return table.filter(table["alert"])
