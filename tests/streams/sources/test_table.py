"""Tables in memory -> batches."""

import decimal

import pyarrow as pa
import pytest

from streamrnn.streams import Cause, StreamError
from streamrnn.streams.sources.columns import ROWS
from streamrnn.streams.sources.table import TableSource

TABLE = pa.table(
    {
        "x": [1, None, 3],
        "flag": [True, False, None],
        "price": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2")]),
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
        "time": pa.array([1, 2, 3], pa.timestamp("ns")),
        "tags": [["p"], [], None],
    }
)


class Foreign:
    """Another library's table."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "form",
    [
        lambda table: table,
        lambda table: table.to_batches()[0],
        lambda table: pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=2)),
        Foreign,
    ],
    ids=["table", "batch", "reader", "foreign"],
)
def test_whatever_is_a_table_gives_its_rows_with_their_kinds(read_all, form):
    source = TableSource(form(TABLE), "prices")
    assert source.columns == {"x": "number", "flag": "number", "price": "number", "kind": "text", "time": "time"}
    type_ = TABLE.schema.field("tags").type
    assert source.warnings == [f"prices: column 'tags' is left out: it is of type {type_}"]
    rows, batches = read_all(source, ["price", "x", "flag"], ["kind", "time"])
    assert [(row["x"], row["flag"], row["price"], row["kind"]) for row in rows] == [
        (1.0, 1.0, 1.5, "a"),
        (None, 0.0, None, "b"),
        (3.0, None, -2.0, "a"),
    ]
    assert pa.chunked_array([batch.table["time"] for batch in batches]).equals(TABLE["time"])
    assert not source.ended_early


def test_its_schema_is_that_of_its_batches_and_it_is_told_before(read_all):
    source = TableSource(TABLE)
    schema = source.schema(["x"], ["kind", "time"])
    _, (batch,) = read_all(source, ["x"], ["kind", "time"])
    assert batch.table.schema == schema == pa.schema(
        [("x", pa.float64()), ("kind", pa.string()), ("time", pa.timestamp("ns"))]
    )  # fmt: skip


def test_a_reader_is_read_no_further_than_it_is_asked():
    taken = []

    def batches():
        for number in range(5):
            taken.append(number)
            yield pa.record_batch({"x": [number]})

    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
    source = TableSource(reader)
    rows = source.batches(["x"], [])
    assert next(rows).table.to_pylist() == [{"x": 0.0}]
    assert taken == [0]
    source.close()


def test_a_large_table_is_delivered_in_slices(read_all):
    rows, batches = read_all(TableSource(pa.table({"x": range(ROWS + 1)})), ["x"])
    assert [batch.table.num_rows for batch in batches] == [ROWS, 1]
    assert len(rows) == ROWS + 1


def test_text_that_is_no_number_is_a_bad_cell(read_all):
    rows, (batch,) = read_all(TableSource(pa.table({"x": pa.array(["1", "one"], pa.string_view())})), ["x"])
    assert [row["x"] for row in rows] == [1.0, None]
    assert batch.bad_cells == ((1, None, None, "x", Cause.NOT_A_NUMBER, "one"),)


def test_an_empty_table_has_columns_and_no_batches():
    source = TableSource(TABLE.slice(0, 0))
    assert list(source.columns) == ["x", "flag", "price", "kind", "time"]
    assert list(source.batches(["x"], [])) == []


def test_what_is_no_table_is_refused_by_name():
    with pytest.raises(TypeError, match=r"^load must be a table with __arrow_c_stream__, not list$"):
        TableSource([{"x": 1}], "load")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table([[1], [2]], names=["x", "x"]), "two columns are named 'x'; give each column its own name"),
        (pa.table({"x": [b"a"]}), "table has no column of numbers, text or times"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(table, message):
    with pytest.raises(StreamError, match=message):
        TableSource(table)


def test_an_unknown_column_is_refused_with_those_that_there_are():
    with pytest.raises(StreamError, match=r"^table: there is no column 'y'; there are x, flag, price, kind, time"):
        next(TableSource(TABLE).batches(["y"], []))


def test_what_fails_while_a_table_is_read_is_told_in_words():
    def batches():
        yield pa.record_batch({"x": [1]})
        raise OSError("the connection was lost")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
    rows = TableSource(reader, "query").batches(["x"], [])
    next(rows)
    with pytest.raises(StreamError, match=r"^query cannot be read: .*the connection was lost"):
        next(rows)
