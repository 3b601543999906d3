"""Tables in: sequences by any type of column, roles passed through exactly, and what cannot be learned from refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import COLUMNS, stream

from streamrnn import Learner, SettingsError

SMALL: dict[str, Any] = {"hidden": 4, "window": 6, "lr": 1e-2}
NAN = float("nan")


def with_boundaries(values: np.ndarray, starts: tuple[int, ...]) -> list[dict[str, Any]]:
    """Records of a learner whose sequence column plainly counts; values: (rows,)."""
    table = pyarrow.table({"a": values, "s": [sum(row >= start for start in starts) for row in range(len(values))]})
    return Learner("a", **SMALL, sequence="s").run(table).drop_columns(["s"]).to_pylist()


# --- sequences --------------------------------------------------------------------------------------------------------

NINE = ["x", "x", "x", "y", "y", "y", "x", "x", "x"]  # begins anew at 3 and at 6

SEQUENCES = {
    "text": pyarrow.array(NINE),
    "numbers": pyarrow.array([5, 5, 5, 2**62, 2**62, 2**62, 5, 5, 5]),
    "fractions": pyarrow.array([0.5, 0.5, 0.5, float("inf"), float("inf"), float("inf"), 2.5, 2.5, 2.5]),
    "truth values": pyarrow.array([True, True, True, False, False, False, True, True, True]),
    "days": pyarrow.array([date(2024, 1, 1)] * 3 + [date(2024, 1, 2)] * 3 + [date(2024, 1, 1)] * 3),
    "times": pyarrow.array([datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=row // 3) for row in range(9)]),
    "decimals": pyarrow.array([Decimal("1.10")] * 3 + [Decimal("1.20")] * 3 + [Decimal("1.10")] * 3),
    "nulls": pyarrow.array(["x", "x", "x", None, None, None, "x", "x", "x"]),
    "nothing, then something": pyarrow.array([None, None, None, "x", "x", "x", None, None, None]),
    "not-a-numbers": pyarrow.array([1.0, 1.0, 1.0, NAN, NAN, NAN, 1.0, 1.0, 1.0]),
    "not-a-numbers beside nulls": pyarrow.array([1.0, 1.0, 1.0, NAN, None, NAN, 1.0, 1.0, 1.0]),
    "codes of a dictionary": pyarrow.array(NINE).dictionary_encode(),
    "a value twice in a dictionary": pyarrow.DictionaryArray.from_arrays([0, 2, 0, 1, 1, 1, 2, 0, 2], ["x", "y", "x"]),
    "a null in a dictionary": pyarrow.DictionaryArray.from_arrays([0, 0, 0, 1, None, 1, 0, 0, 0], ["x", None]),
    "large text": pyarrow.array(NINE, pyarrow.large_string()),
    "views of text": pyarrow.array(NINE, pyarrow.string_view()),
    "codes of a dictionary of views": pyarrow.DictionaryArray.from_arrays(
        [0, 0, 0, 1, 1, 1, 0, 0, 0], pyarrow.array(["x", "y"], pyarrow.string_view())
    ),
    "zeros with and without a sign": pyarrow.array([0.0, -0.0, 0.0, 1.0, 1.0, 1.0, -0.0, 0.0, -0.0]),
    "lists": pyarrow.array([[1]] * 3 + [[2]] * 3 + [[1]] * 3),
}


# The same, in values that Python's own types cannot hold.
BEYOND_PYTHON = {
    "nanoseconds": pyarrow.array([1] * 3 + [2] * 3 + [1] * 3, pyarrow.timestamp("ns")),
    "nanoseconds in Berlin": pyarrow.array([1] * 3 + [2] * 3 + [1] * 3, pyarrow.timestamp("ns", "Europe/Berlin")),
    "durations of nanoseconds": pyarrow.array([1] * 3 + [-1] * 3 + [1] * 3, pyarrow.duration("ns")),
    "years that datetime does not know": pyarrow.array([2**40] * 3 + [2**41] * 3 + [2**40] * 3, pyarrow.timestamp("s")),
}


@pytest.mark.parametrize("what", [*SEQUENCES, *BEYOND_PYTHON])
def test_a_change_of_value_begins_a_sequence_whatever_the_type_and_wherever_calls_and_batches_are_cut(what):
    column = (SEQUENCES | BEYOND_PYTHON)[what]
    values = stream(54, columns=1)[:, 0]
    expected = with_boundaries(values, (48, 51))
    learner = Learner("a", **SMALL, sequence="s")
    learner.run(pyarrow.table({"a": values[:45], "s": pyarrow.chunked_array([column.slice(0, 1)] * 45)}))
    table = pyarrow.table({"a": values[45:], "s": column})
    for cuts in ([], [1, 4], [3, 6], [3, 3, 4, 5, 6, 7, 8]):
        pieces = [table.slice(start, stop - start) for start, stop in zip([0, *cuts], [*cuts, 9], strict=True)]
        for one_call in (False, True):
            other = Learner.from_bytes(learner.to_bytes())
            given = [pyarrow.concat_tables(pieces)] if one_call else pieces
            records = pyarrow.concat_tables([other.run(piece).drop_columns(["s"]) for piece in given])
            assert records.to_pylist() == expected[45:]


@pytest.mark.parametrize("what", SEQUENCES)
def test_sequences_row_by_row_are_those_of_the_table(what):
    table = pyarrow.table({"a": stream(9, columns=1)[:, 0], "s": SEQUENCES[what]})
    by_table, by_row = (Learner("a", **SMALL, sequence="s") for _ in range(2))
    by_table.run(table)
    for row in table.to_pylist():
        by_row.step(row)
    assert by_row.to_bytes() == by_table.to_bytes()


@pytest.mark.parametrize(
    ("value", "type_", "kept"),
    [
        (1_700_000_000_000_001_000, pyarrow.timestamp("ns"), "2023-11-14 22:13:20.000001"),
        (1_700_000_000_000_000_000, pyarrow.timestamp("ns"), "2023-11-14 22:13:20"),
        (1_700_000_000_000_000_001, pyarrow.timestamp("ns"), "2023-11-14 22:13:20 +1 ns"),
        (1_700_000_000_000_001_999, pyarrow.timestamp("ns", "UTC"), "2023-11-14 22:13:20.000001+00:00 +999 ns"),
        (-1, pyarrow.timestamp("ns"), "1969-12-31 23:59:59.999999 +999 ns"),
        (2**40, pyarrow.timestamp("s"), "1099511627776 timestamp[s]"),
        (1_001, pyarrow.time64("ns"), "00:00:00.000001 +1 ns"),
        (1_001, pyarrow.duration("ns"), "0:00:00.000001 +1 ns"),
        (2**62, pyarrow.duration("s"), "4611686018427387904 duration[s]"),
        (None, pyarrow.timestamp("ns"), None),
    ],
)
def test_a_sequences_time_is_kept_exactly_and_as_text(value, type_, kept):
    array = pyarrow.array([value], pyarrow.int64()).cast(type_)
    learner = Learner("a", **SMALL, sequence="s")
    for column in (array, array.dictionary_encode()):
        learner.run(pyarrow.table({"a": [1.0], "s": column}))
        assert learner._intake.keys.states[None].sequence == kept


def test_times_of_numpy_and_pandas_name_the_same_sequence_as_those_of_arrow():
    pandas = pytest.importorskip("pandas")
    nanoseconds = 1_700_000_000_000_000_001
    table = pyarrow.table({"a": [1.0], "s": pyarrow.array([nanoseconds], pyarrow.timestamp("ns"))})
    expected = Learner("a", **SMALL, sequence="s")
    expected.run(table)
    for value in (np.datetime64(nanoseconds, "ns"), pandas.Timestamp(nanoseconds)):
        learner = Learner("a", **SMALL, sequence="s")
        learner.step({"a": 1.0, "s": value})
        assert learner.to_bytes() == expected.to_bytes()
    for missing in (np.datetime64("NaT", "ns"), pandas.NaT, None):
        learner.step({"a": 1.0, "s": missing})
        assert learner._intake.keys.states[None].sequence is None


def test_numpys_scalars_name_the_same_sequence_as_pythons():
    table = pyarrow.table({"a": [1.0, 2.0, 4.0], "s": [7, 7, 7]})
    learner, other = (Learner("a", **SMALL, sequence="s") for _ in range(2))
    learner.run(table)
    other.run(table.slice(0, 1))
    for a in (2.0, 4.0):
        other.step({"a": a, "s": np.int64(7)})
    assert other.to_bytes() == learner.to_bytes()


def test_a_boundary_forgets_state_window_held_values_and_pending_forecasts_but_neither_weights_nor_scales():
    values = stream(120, columns=2)
    table = pyarrow.table({"a": values[:, 0], "b": values[:, 1], "s": [row // 100 for row in range(120)]})
    learner = Learner("a", ["a", "b"], **SMALL, sequence="s", horizon=3)
    learner.run(table.slice(0, 100))
    fresh = Learner.from_bytes(learner.to_bytes())
    first = learner.step({"a": None, "b": None, "s": 1})
    assert np.isnan(first.loss) and np.isnan(first.expected["a"])
    mean = values[:100, 0].mean()
    assert first.forecast["a"] == pytest.approx(np.full(3, mean), abs=1.0)  # no held value to start from
    other = fresh.step({"a": None, "b": None, "s": "another"})
    assert other.forecast["a"].tolist() == first.forecast["a"].tolist()


# --- time -------------------------------------------------------------------------------------------------------------

TIMES = {
    "nanoseconds": pyarrow.array([2**62 + row for row in range(6)], pyarrow.timestamp("ns", "Europe/Berlin")),
    "text": pyarrow.array(["2024-01-01", " later ", "", None, "ß", "2024"]),
    "numbers": pyarrow.array([0.1, None, 1e300, -0.0, 2**53 + 2.0, 5.0]),
    "large integers": pyarrow.array([2**63 - 1, -(2**63), 0, None, 1, 2]),
    "a dictionary": pyarrow.array(["x", "y", "x", None, "y", "x"]).dictionary_encode(),
    "durations": pyarrow.array([timedelta(seconds=row) for row in range(6)]),
}


@pytest.mark.parametrize("what", TIMES)
def test_time_and_sequence_are_passed_through_exactly(what):
    table = pyarrow.table({"when": TIMES[what], "a": np.arange(6.0), "s": TIMES["text"]})
    records = Learner("a", **SMALL, time="when", sequence="s").run(table)
    assert records.column_names[:3] == ["row", "when", "s"]
    for name in ("when", "s"):
        assert records.schema.field(name).type == table.schema.field(name).type
        assert records[name].equals(table[name])


def test_a_record_holds_time_and_sequence_as_the_row_has_them():
    learner = Learner("a", **SMALL, time="when", sequence="s")
    when = datetime(2024, 5, 1, tzinfo=UTC)
    record = learner.step({"a": 1.0, "when": when, "s": 4})
    assert record.time is when and record.sequence == 4
    assert list(record.to_dict())[:3] == ["row", "when", "s"]
    assert learner.step({"a": 1.0}).time is None


# --- columns ----------------------------------------------------------------------------------------------------------


def test_any_kind_of_number_is_read():
    kinds = [pyarrow.int8(), pyarrow.uint64(), pyarrow.float32(), pyarrow.float16(), pyarrow.decimal128(9, 3)]
    numbers = [1, 0, 1, None, 1, 1]
    expected = Learner("a", **SMALL).run(pyarrow.table({"a": pyarrow.array(numbers, pyarrow.float64())}))
    arrays = [pyarrow.array(numbers, pyarrow.float64()).cast(kind) for kind in kinds]
    arrays.append(pyarrow.array([None if number is None else bool(number) for number in numbers]))
    for array in arrays:
        assert Learner("a", **SMALL).run(pyarrow.table({"a": array})).equals(expected)
    nothing = Learner("a", **SMALL).run(pyarrow.table({"a": pyarrow.nulls(3)}))
    assert nothing["a"].null_count == 3


def test_nan_infinity_and_null_are_all_null_in_the_record():
    table = pyarrow.table({"a": pyarrow.array([1.0, NAN, None, float("inf"), 2.0])})
    records = Learner("a", **SMALL).run(table)
    assert records["a"].to_pylist() == [1.0, None, None, None, 2.0]
    assert records.schema.field("a").type == pyarrow.float64()


@pytest.mark.parametrize(
    ("array", "hint"),
    [
        (pyarrow.array(["1", "2"]), "; name it among the categorical ones"),
        (pyarrow.array([[1.0], [2.0]]), ""),
        (pyarrow.array(["x", "y"]).dictionary_encode(), "; name it among the categorical ones"),
    ],
)
def test_a_column_that_holds_no_numbers_is_refused_and_no_row_is_taken(array, hint):
    learner = Learner("a", ["a", "b"], **SMALL)
    learner.step({"a": 1.0, "b": 2.0})
    before = learner.to_bytes()
    with pytest.raises(SettingsError) as error:
        learner.run(pyarrow.table({"a": [1.0, 2.0], "b": array}))
    assert str(error.value) == f"column 'b' holds {array.type}, not numbers{hint}"
    assert learner.to_bytes() == before


def test_a_first_table_that_is_refused_decides_nothing():
    learner = Learner("a", ["a", "b"], **SMALL)
    before = learner.to_bytes()
    with pytest.raises(SettingsError, match=r"^column 'b' holds list<item: double>, not numbers$"):
        learner.run(pyarrow.table({"a": ["on"], "b": [[1.0]]}))
    assert learner.to_bytes() == before


def test_an_unknown_column_lists_near_names_and_no_row_is_taken():
    learner = Learner("load", ["load", "temprature"], **SMALL, time="when")
    before = learner.to_bytes()
    table = pyarrow.table({"load": [1.0], "temperature": [2.0], "when": [3]})
    with pytest.raises(SettingsError) as error:
        learner.run(table)
    assert str(error.value) == "the table has no column 'temprature'; did you mean 'temperature'?"
    with pytest.raises(SettingsError) as error:
        learner.run(pyarrow.table({"load": [1.0], "temprature": [2.0]}))
    assert str(error.value) == "the table has no column 'when'; it has 'load', 'temprature'"
    assert learner.to_bytes() == before


def test_other_columns_do_not_matter_nor_does_their_order():
    values = stream(40)
    table = pyarrow.table(dict(zip(COLUMNS, values.T, strict=True)))
    expected = Learner("a", COLUMNS, **SMALL).run(table)
    other = table.append_column("text", pyarrow.array(["x"] * 40)).select(["c", "text", "b", "a"])
    assert Learner("a", COLUMNS, **SMALL).run(other).equals(expected)


def test_batches_tables_readers_and_arrow_streams_are_all_sources():
    values = stream(50)
    table = pyarrow.table(dict(zip(COLUMNS, values.T, strict=True)))
    expected = Learner("a", COLUMNS, **SMALL).run(values)

    class Foreign:
        """Another library's table."""

        def __arrow_c_stream__(self, requested_schema=None):
            return table.__arrow_c_stream__(requested_schema)

    sources = [table, table.combine_chunks().to_batches()[0], Foreign()]
    sources.append(pyarrow.Table.from_batches(table.to_batches(max_chunksize=7)))
    sources.append(pyarrow.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=11)))
    for source in sources:
        assert Learner("a", COLUMNS, **SMALL).run(source).equals(expected)


@pytest.mark.parametrize("data", [[{"a": 1.0}], "a.csv", None, 3.0])
def test_anything_else_is_refused_by_name(data):
    with pytest.raises(TypeError, match=rf"^run takes an Arrow table.* not {type(data).__name__}$"):
        Learner("a", **SMALL).run(data)


def test_an_empty_table_gives_an_empty_one_with_the_schema_of_the_record():
    table = pyarrow.table({"a": [1.0], "when": ["x"]})
    learner = Learner("a", **SMALL, time="when")
    before = learner.to_bytes()
    for empty in (table.slice(0, 0), table.schema.empty_table(), table.to_batches()[0].slice(0, 0)):
        records = learner.run(empty)
        assert len(records) == 0
        assert records.schema == Learner("a", **SMALL, time="when").run(table).schema
    assert len(Learner("a", **SMALL).run(np.empty((0, 1)))) == 0
    assert learner.to_bytes() == before
