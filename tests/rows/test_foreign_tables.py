"""Tables of other libraries: a learner takes the rows of Polars, DuckDB and pandas as it takes those of Arrow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from streamrnn import Learner

SMALL: dict[str, Any] = {"hidden": 4, "window": 6, "lr": 1e-2}
ROWS = 12
NAN = float("nan")

NUMBERS = {
    "load": [float(row % 5) for row in range(ROWS)],
    "gaps": [None, NAN, 1.0, float("inf"), *[0.5 * row for row in range(ROWS - 4)]],
    "count": [None if row % 4 == 1 else row for row in range(ROWS)],
    "flag": [None if row % 5 == 4 else row % 2 == 0 for row in range(ROWS)],
    "price": [None if row == 3 else Decimal(row) / 4 for row in range(ROWS)],
}
ROOMS = ["hall"] * 3 + ["attic"] * 3 + [None] * 2 + ["hall"] * 4
# Whole seconds, then fractions that differ by a nanosecond, which no datetime can tell apart.
NANOSECONDS = [10**18] * 4 + [10**18 + 1] * 4 + [10**18 + 2] * 4
DAYS = [datetime(2024, 1, 1 + row // 4) for row in range(ROWS)]

PRICE = pa.decimal128(9, 2)
ARROW = pa.table(
    {
        **{name: pa.array(cells, PRICE if name == "price" else None) for name, cells in NUMBERS.items()},
        "room": pa.array(ROOMS),
        "second": pa.array(NANOSECONDS, pa.timestamp("ns")),
        "day": pa.array(DAYS, pa.timestamp("us")),
    }
)


def of_polars() -> Any:
    polars = pytest.importorskip("polars")
    columns = {**NUMBERS, "room": ROOMS, "day": DAYS}
    frame = polars.DataFrame({name: polars.Series(cells, strict=False) for name, cells in columns.items()})
    seconds = polars.Series("second", NANOSECONDS).cast(polars.Datetime("ns"))
    return frame.with_columns(
        seconds,
        polars.col("price").cast(polars.Decimal(9, 2)),
        category=polars.col("room").cast(polars.Categorical),
        enum=polars.col("room").cast(polars.Enum(["attic", "hall"])),
    )


def of_duckdb() -> Any:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("arrow", ARROW)
    return connection.sql("select *, room::ENUM('attic', 'hall') as category, room::VARCHAR as enum from arrow")


def of_pandas() -> Any:
    pandas = pytest.importorskip("pandas", minversion="2.2")
    frame = pandas.DataFrame({name: NUMBERS[name] for name in ("load", "gaps", "price")})
    frame["count"] = pandas.array(NUMBERS["count"], "Int64")
    frame["flag"] = pandas.array(NUMBERS["flag"], "boolean")
    frame["room"] = ROOMS
    frame["category"] = pandas.Categorical(ROOMS)
    frame["enum"] = pandas.Categorical(ROOMS, categories=["hall", "attic", "cellar"], ordered=True)
    frame["second"] = pandas.Series(NANOSECONDS).astype("datetime64[ns]")
    frame["day"] = pandas.Series(DAYS).astype("datetime64[us]")
    return frame


LIBRARIES = [of_polars, of_duckdb, of_pandas]


@pytest.fixture(params=LIBRARIES, ids=["polars", "duckdb", "pandas"])
def foreign(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Makes the table of a library; a relation of DuckDB can be read only once at a time."""
    request.param()  # skips if the library is not there
    return request.param


def boundaries(column: str, table: Any) -> pa.Table:
    """Records of a learner that starts anew whenever this column changes, without the column itself."""
    records = Learner("load", **SMALL, sequence=column).run(table)
    return records.drop_columns([column])


def test_numbers_of_every_type_give_the_records_that_arrow_gives(foreign):
    expected = Learner("load", list(NUMBERS), **SMALL).run(ARROW)
    assert Learner("load", list(NUMBERS), **SMALL).run(foreign()).equals(expected)
    for target in NUMBERS:
        expected = Learner(target, **SMALL).run(ARROW)
        assert Learner(target, **SMALL).run(foreign()).equals(expected)


@pytest.mark.parametrize("column", ["room", "category", "enum"])
def test_texts_and_categories_are_sequences_by_their_values(foreign, column):
    starts = np.cumsum([row in (3, 6, 8) for row in range(ROWS)])
    expected = boundaries("s", pa.table({"load": NUMBERS["load"], "s": starts}))
    assert boundaries(column, foreign()).equals(expected)


@pytest.mark.parametrize("column", ["second", "day"])
def test_times_are_sequences_to_their_last_digit(foreign, column):
    starts = np.arange(ROWS) // 4
    expected = boundaries("s", pa.table({"load": NUMBERS["load"], "s": starts}))
    assert boundaries(column, foreign()).equals(expected)


@pytest.mark.parametrize("column", ["room", "category", "second", "day"])
def test_a_sequence_goes_on_in_the_next_table_and_in_the_next_process(foreign, column):
    whole = boundaries(column, foreign())
    table = pa.RecordBatchReader.from_stream(foreign()).read_all()
    learner = Learner("load", **SMALL, sequence=column)
    records = []
    for row in range(ROWS):
        learner = Learner.from_bytes(learner.to_bytes())
        records.append(learner.run(table.slice(row, 1)).drop_columns([column]))
    assert pa.concat_tables(records).equals(whole)


def test_time_columns_pass_through_exactly(foreign):
    for column in ("second", "day"):
        records = Learner("load", **SMALL, time=column).run(foreign())
        assert records[column].equals(ARROW[column])


def test_times_that_are_texts_or_categories_are_read_for_their_features():
    polars = pytest.importorskip("polars")
    texts = polars.DataFrame({"load": NUMBERS["load"], "when": [day.isoformat() for day in DAYS]})
    expected = Learner("load", **SMALL, time="when", time_features=True).run(texts)
    categories = texts.with_columns(polars.col("when").cast(polars.Categorical))
    records = Learner("load", **SMALL, time="when", time_features=True).run(categories)
    assert records.drop_columns(["when"]).equals(expected.drop_columns(["when"]))
