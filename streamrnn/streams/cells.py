"""Rows as Python has them, before anybody needs them as an Arrow table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow


class Cells(NamedTuple):
    """Some rows, column by column.

    To make an Arrow table of a single row takes longer than to learn from it. So what reads text delivers its cells,
    and a table is made of them when somebody asks.

    Attributes
    ----------
    schema : pyarrow.Schema
        Its columns are float64, int64, bool or string.
    columns : dict of str to sequence
        The cells of each column, of one at least: float, int, bool or str, or None. NaN is a missing number,
        too.
    """

    schema: pyarrow.Schema
    columns: Mapping[str, Sequence[Any]]

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values())))

    def slice(self, start: int, rows: int) -> Cells:
        """Return so many rows from `start` on."""
        return Cells(self.schema, {name: cells[start : start + rows] for name, cells in self.columns.items()})

    def by_name(self) -> list[dict[str, Any]]:
        """Return each row, by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*self.columns.values(), strict=True)]

    def table(self) -> pyarrow.RecordBatch:
        """Return the same as a table, with null for NaN."""
        import pyarrow

        arrays = [pyarrow.array(self.columns[field.name], field.type, from_pandas=True) for field in self.schema]
        return pyarrow.RecordBatch.from_arrays(arrays, schema=self.schema)
