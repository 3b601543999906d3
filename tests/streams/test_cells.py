"""Rows as Python has them: what becomes of them, and when a table is made of them."""

import math

import pyarrow as pa
import pytest

from streamrnn.streams import Batch, Cause, Cells, Refused
from streamrnn.streams.batch import FEW

SCHEMA = pa.schema([("load", pa.float64()), ("row", pa.int64()), ("time", pa.string())])
COLUMNS = {"load": [1.5, None, math.nan, math.inf], "row": [0, 1, 2, 3], "time": ["a", None, "", "é"]}
CELLS = Cells(SCHEMA, COLUMNS)


def test_a_table_of_cells_has_their_values_and_null_for_what_is_missing():
    table = CELLS.table()
    assert table.schema.equals(SCHEMA)
    assert table.to_pydict() == {**COLUMNS, "load": [1.5, None, None, math.inf]}


def test_columns_of_a_table_stand_in_the_order_of_the_schema():
    assert Cells(SCHEMA, dict(reversed(COLUMNS.items()))).table() == CELLS.table()


def test_cells_without_rows_are_a_table_without_rows():
    empty = CELLS.slice(2, 0)
    assert (empty.num_rows, empty.table().num_rows, empty.by_name()) == (0, 0, [])


@pytest.mark.parametrize("start", range(4))
def test_a_slice_of_cells_is_the_slice_of_their_table(start):
    for rows in range(4 - start):
        assert CELLS.slice(start, rows).table() == CELLS.table().slice(start, rows)


def test_rows_by_name_are_the_rows():
    assert CELLS.by_name()[1] == {"load": None, "row": 1, "time": None}
    assert [row["row"] for row in CELLS.by_name()] == [0, 1, 2, 3]


def test_a_batch_is_cut_alike_whether_it_holds_cells_or_a_table():
    refused = tuple(Refused(offset, None, None, Cause.RAGGED, "why", "raw") for offset in (0, 2, 4))
    of_cells, of_table = (Batch(rows, refused) for rows in (CELLS, CELLS.table()))
    for start in range(8):
        for stop in range(start, 8):
            cells, table = of_cells.slice(start, stop), of_table.slice(start, stop)
            assert (cells.table, cells.refused, cells.arrivals) == (table.table, table.refused, table.arrivals)


def test_only_a_few_rows_of_cells_are_few():
    many = Cells(SCHEMA, {name: [*cells, cells[0]] for name, cells in COLUMNS.items()})
    assert CELLS.num_rows == FEW
    assert Batch(CELLS).few_rows == CELLS.by_name()
    assert Batch(many).few_rows is None
    assert Batch(CELLS.table()).few_rows is None
