"""Rows as Python has them, before anybody needs them as an Arrow table."""

from __future__ import annotations

from collections.abc import Sequence
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
        Its columns are float64, int64 or string.
    columns : sequence of sequence
        The cells of each, at least one column: float or None, int, str or None. NaN is a missing number, too.
    """

    schema: pyarrow.Schema
    columns: Sequence[Sequence[Any]]

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(self.columns[0])

    def slice(self, start: int, rows: int) -> Cells:
        """Return so many rows from `start` on."""
        return Cells(self.schema, [column[start : start + rows] for column in self.columns])

    def by_name(self) -> list[dict[str, Any]]:
        """Return each row, by column name."""
        names = self.schema.names
        return [dict(zip(names, row, strict=True)) for row in zip(*self.columns, strict=True)]

    def table(self) -> pyarrow.RecordBatch:
        """Return the same as a table, with null for NaN."""
        import pyarrow

        fields = zip(self.columns, self.schema, strict=True)
        arrays = [pyarrow.array(column, field.type, from_pandas=True) for column, field in fields]
        return pyarrow.RecordBatch.from_arrays(arrays, schema=self.schema)
