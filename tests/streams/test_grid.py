"""A grid is what one would make of the rows by hand, one after the other, wherever batches end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow
import pytest

from streamrnn.streams import BadCell, Batch, Cause, Refused, StreamError, open_source
from streamrnn.streams.grid import GridSource, cells, grid
from streamrnn.times import LARGEST

SECOND = 10**9
KINDS = {"a": pyarrow.float64(), "b": pyarrow.float64(), "site": pyarrow.string(), "t": pyarrow.int64()}
NUMBERS, OTHERS = ["a", "b"], ["site", "t"]


class Given:
    """A source of the batches that it is given."""

    name, format = "given", "arrow"

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = batches
        self.columns: dict[str, Any] = dict.fromkeys(batches[0].table.schema.names, "number")
        self.warnings: list[str] = []
        self.ended_early = False
        self.heard: list[Any] = []

    def expect(self, numbers, others):
        self.heard.append((numbers, others))

    def schema(self, numbers, others):
        return self._batches[0].table.select([*numbers, *others]).schema

    def batches(self, numbers, others) -> Iterator[Batch]:
        for batch in self._batches:
            yield Batch(batch.table.select([*numbers, *others]), batch.refused, batch.bad_cells)

    def close(self):
        self.heard.append("close")


# --- by hand ----------------------------------------------------------------------------------------------------------
# An arrival is a row with the numbers of its bad cells, a refused row's number, or the cause for which it is refused.


def by_hand(arrivals: Sequence[Any], every: int, held: Sequence[str] = ()) -> list[Any]:
    """The arrivals of the grid; each row's time is a number of nanoseconds."""
    out: list[Any] = []
    cell: dict[str, Any] | None = None
    for row in arrivals:
        if isinstance(row, int):
            out.append(row)
            continue
        if row["t"] is None:
            out.append(Cause.NO_TIME)
            continue
        start = row["t"] // every * every
        if cell is not None and start < cell["t"]:
            out.append(Cause.LATE)
            continue
        while cell is not None and cell["t"] < start:
            out.append(cell)
            is_far = (start - cell["t"]) // every - 1 > cells.MOST_EMPTY
            goes_on = {name: cell[name] for name in held}
            cell = dict.fromkeys(row) | goes_on | {"t": start if is_far else cell["t"] + every, "bad": []}
        cell = cell or dict.fromkeys(row) | {"t": start, "bad": []}
        cell |= {name: row[name] for name in (*NUMBERS, "site") if not is_nothing(row[name])}
        cell["bad"] = cell["bad"] + row["bad"]
    return [*out, cell] if cell else out


def is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def batch_of(arrivals: Sequence[Any]) -> Batch:
    rows: list[dict[str, Any]] = []
    refused, bad = [], []
    for arrival in arrivals:
        if isinstance(arrival, int):
            refused.append(Refused(len(rows), arrival, None, Cause.RAGGED, "", ""))
        else:
            bad += [BadCell(len(rows), number, None, "a", Cause.NOT_A_NUMBER, "x") for number in arrival["bad"]]
            rows.append(arrival)
    columns = [pyarrow.array([row[name] for row in rows], kind) for name, kind in KINDS.items()]
    return Batch(pyarrow.RecordBatch.from_arrays(columns, names=list(KINDS)), tuple(refused), tuple(bad))


def arrivals_of(batches: Sequence[Batch]) -> list[Any]:
    out: list[Any] = []
    for batch in batches:
        batch.table.validate(full=True)
        rows: list[Any] = [row | {"bad": []} for row in batch.table.to_pylist()]
        for cell in batch.bad_cells:
            rows[cell.row]["bad"].append(cell.line)
        for place, row in zip(batch.refused_arrivals, batch.refused, strict=True):
            rows.insert(place, row.cause if row.line is None else row.line)
        out += rows
    return out


def random_arrivals(random: np.random.Generator, count: int) -> list[Any]:
    step, back = random.choice([0.1, 1.0, 5.0]), random.choice([0.0, 0.3])
    times = np.cumsum(random.exponential(step, count)) - back * random.exponential(step, count)
    arrivals: list[Any] = []
    for number, time in enumerate(times):
        row = {
            "a": random.choice([None, math.nan, 1.0, 2.0, 3.0]),
            "b": None if random.random() < 0.9 else random.random(),
            "site": random.choice([None, "x", "y"]),
            "t": None if random.random() < 0.05 else int(time * SECOND),
            "bad": [number] * int(random.choice([0, 0, 0, 1, 2])),
        }
        arrivals.append(number if random.random() < 0.1 else row)
    return arrivals


def grids_of(source: Any, every: int, time_format: str | None = None, held: Sequence[str] = ()) -> list[Batch]:
    """What becomes of a source, or of batches, with the columns of `KINDS` that they have."""
    source = source if hasattr(source, "batches") else Given(source)
    request = [[name for name in names if name in source.columns] for names in (NUMBERS, OTHERS)]
    on_grid = GridSource(source, "t", every, time_format, held)
    batches = list(on_grid.batches(*request))
    for batch in batches:
        assert batch.table.schema.equals(on_grid.schema(*request))
    return batches


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_one_would_make_by_hand_wherever_batches_end(seed, monkeypatch):
    random = np.random.default_rng(seed)
    monkeypatch.setattr(grid, "ROWS", int(random.integers(1, 20)))
    monkeypatch.setattr(grid, "MOST_ROWS", int(random.choice([1, 10, 1000])))
    monkeypatch.setattr(cells, "MOST_EMPTY", int(random.choice([3, 1000])))
    arrivals = random_arrivals(random, int(random.integers(1, 120)))
    every = int(random.choice([SECOND, SECOND // 10, 7 * SECOND + 1]))
    held = ("site",) if random.random() < 0.5 else ()
    expected = by_hand(arrivals, every, held)
    for pieces in (1, 3, 2 * len(arrivals)):
        ends = np.sort(random.integers(0, len(arrivals) + 1, pieces - 1)).tolist()
        batches = [batch_of(arrivals[start:end]) for start, end in pairwise([0, *ends, len(arrivals)])]
        grids = grids_of(batches, every, "ns", held)
        assert arrivals_of(grids) == expected
        assert all(batch.arrivals and batch.table.num_rows <= grid.ROWS for batch in grids)


# --- times ------------------------------------------------------------------------------------------------------------


def times_of(column: pyarrow.Array, every: int, time_format: str | None = None) -> list[Any]:
    """The times of the grid that rows with these times stand on."""
    table = pyarrow.RecordBatch.from_arrays([pyarrow.array(range(len(column)), pyarrow.float64()), column], ["a", "t"])
    return [row["t"] for batch in grids_of([Batch(table)], every, time_format) for row in batch.table.to_pylist()]


@pytest.mark.parametrize(
    ("times", "every", "time_format", "expected"),
    [
        (["2024-08-08T00:00:00.37Z", "2024-08-08T00:00:00.5Z"], SECOND // 10, None,
         ["2024-08-08T00:00:00.3Z", "2024-08-08T00:00:00.4Z", "2024-08-08T00:00:00.5Z"]),
        (["2024-08-08 00:10", "2024-08-08 02:59"], 3600 * SECOND, "iso",
         ["2024-08-08 00:00", "2024-08-08 01:00", "2024-08-08 02:00"]),
        (["1/2/2010 3:07", "1/2/2010 4:00"], 3600 * SECOND, "%m/%d/%Y %H:%M", ["01/02/2010 03:00", "01/02/2010 04:00"]),
        (["0.28", "0.29", "0.31"], SECOND // 100, None, ["0.28", "0.29", "0.30", "0.31"]),
        ([0.28, 0.29, 0.31], SECOND // 100, None, [0.28, 0.29, 0.3, 0.31]),
        ([1723075200.3, 1723075200.5], SECOND // 10, None, [1723075200.3, 1723075200.4, 1723075200.5]),
        ([1723075200123, 1723075202123], SECOND, None, [1723075200000, 1723075201000, 1723075202000]),
        ([1723075200123456789, 1723075200123456791], 1, None,
         [1723075200123456789, 1723075200123456790, 1723075200123456791]),
        ([-5, 5], 10 * SECOND, "s", [-10, 0]),
        ([LARGEST - 1, LARGEST], 1, "ns", [LARGEST - 1, LARGEST]),
    ],
)  # fmt: skip
def test_the_time_is_the_start_of_the_cell_in_the_form_of_the_source(times, every, time_format, expected):
    assert times_of(pyarrow.array(times), every, time_format) == expected


def test_hundredths_of_a_second_are_cells_of_their_own():
    """As text and as floats, which lie beside most hundredths."""
    hundredths = [number / 100 for number in range(10_000)]
    assert times_of(pyarrow.array(hundredths), SECOND // 100) == hundredths
    texts = [f"{number // 100}.{number % 100:02d}" for number in range(10_000)]
    assert times_of(pyarrow.array(texts), SECOND // 100) == texts


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_timestamps_keep_their_type(unit):
    kind = pyarrow.timestamp(unit, "Europe/Berlin")
    column = pyarrow.array([1_723_075_200_370, 1_723_075_200_512]).cast(pyarrow.timestamp("ms")).cast(kind)
    (found,) = grids_of([Batch(pyarrow.RecordBatch.from_arrays([column], ["t"]))], SECOND // 10)[:1]
    steps = {"ms": 1, "us": 10**3, "ns": 10**6}[unit]
    assert found.table["t"].type == kind
    assert found.table["t"].cast(pyarrow.int64()).to_pylist() == [
        (1_723_075_200_300 + more) * steps for more in (0, 100)
    ]


def test_times_at_the_edges_of_64_bits_have_their_cell_or_are_refused():
    times = [-LARGEST, -LARGEST + 20 * SECOND, 0, LARGEST]
    grids = grids_of(
        [batch_of([{"a": 1.0, "b": None, "site": None, "t": time, "bad": []} for time in times])], 10 * SECOND, "ns"
    )
    kept = [row if isinstance(row, Cause) else row["t"] for row in arrivals_of(grids)]
    assert kept == [Cause.NO_TIME, *(time // (10 * SECOND) * 10 * SECOND for time in times[1:])]


# --- what is not there ------------------------------------------------------------------------------------------------


def row_at(seconds: float | None, a: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"a": a, "b": None, "site": None, "t": None if seconds is None else int(seconds * SECOND), "bad": [], **more}


def test_cells_without_rows_are_delivered_unless_they_are_too_many():
    source = Given([batch_of([row_at(0), row_at(100_001), row_at(200_003)])])
    (first, *others) = grids_of(source, SECOND, "ns")
    rows = sum(batch.table.num_rows for batch in (first, *others))
    assert rows == 100_001 + 1 + 1
    assert source.warnings == [
        f"given: no rows from {100_001 * SECOND} to {200_003 * SECOND}: the grid goes on there, because it never "
        "fills a gap of more than 100,000 rows"
    ]


def test_a_wrong_clock_does_not_make_millions_of_rows_and_is_told_once():
    source = Given([batch_of([row_at(second) for second in (0, 10**8, 2 * 10**8, 3 * 10**8)])])
    assert len(arrivals_of(grids_of(source, 1000, "ns"))) == 4
    assert len(source.warnings) == 1


def test_rows_without_a_time_and_rows_too_late_are_refused_with_their_times():
    text = pyarrow.array(["2024-08-08T00:00:05", "noon", None, "2024-08-08T00:00:01", "2024-08-08T00:00:05"])
    grids = grids_of(
        [Batch(pyarrow.RecordBatch.from_arrays([pyarrow.array([1.0, 2, 3, 4, 5]), text], ["a", "t"]))], SECOND
    )
    assert [row for batch in grids for row in batch.refused] == [
        Refused(0, None, None, Cause.NO_TIME, "column 't': no time", "noon", "t"),
        Refused(0, None, None, Cause.NO_TIME, "column 't': no time", "", "t"),
        Refused(0, None, None, Cause.LATE, "column 't': too late for its place", "2024-08-08T00:00:01", "t"),
    ]
    assert arrivals_of(grids)[-1] == {"a": 5.0, "t": "2024-08-08T00:00:05", "bad": []}


def test_a_stream_without_any_time_has_no_cells():
    grids = grids_of([batch_of([row_at(None), 7, row_at(None)]), batch_of([])], SECOND)
    assert arrivals_of(grids) == [Cause.NO_TIME, 7, Cause.NO_TIME]


@pytest.mark.parametrize(
    ("times", "every", "time_format", "message"),
    [
        (["1/2/2010 3:07"], SECOND, None, "holds '1/2/2010 3:07', which is neither ISO 8601 nor a number: "
         "say how its times are written, such as --time-format '%m/%d/%Y %H:%M'"),
        ([5, 6], SECOND // 10, None, "counts in steps of 1s, which 100ms is no multiple of: take one"),
    ],
)  # fmt: skip
def test_times_that_cannot_be_read_or_written_are_an_error(times, every, time_format, message):
    with pytest.raises(StreamError) as error:
        times_of(pyarrow.array(times), every, time_format)
    assert str(error.value) == f"given: column 't' {message}"


def test_a_format_that_is_none_is_refused_at_once():
    with pytest.raises(ValueError, match="isoo"):
        GridSource(Given([batch_of([])]), "t", SECOND, "isoo")


# --- as a source ------------------------------------------------------------------------------------------------------


def test_it_follows_the_protocol_of_a_source():
    given = Given([batch_of([row_at(1)])])
    source = GridSource(given, "t", SECOND, "ns")
    assert (source.name, source.format, source.columns) == ("given", "arrow", given.columns)
    source.expect(["a"], ["t"])
    source.close()
    assert given.heard == [(["a"], ["t"]), "close"]
    given.warnings.append("hear, hear")
    given.ended_early = True
    assert (source.warnings, source.ended_early) == (["hear, hear"], True)


def test_a_time_that_nobody_asked_for_is_not_delivered():
    source = GridSource(Given([batch_of([row_at(0, 1.0), row_at(2, 2.0)])]), "t", SECOND, "ns")
    tables = [batch.table for batch in source.batches(["a"], [])]
    assert [row for table in tables for row in table.to_pylist()] == [{"a": 1.0}, {"a": None}, {"a": 2.0}]


def test_a_cell_is_delivered_as_soon_as_a_row_of_a_later_one_has_come(pipe, promptly):
    pipe.write(b"t,a\n0.1,1\n")
    source = GridSource(promptly(lambda: open_source(pipe.path)), "t", SECOND)
    batches = source.batches(["a"], ["t"])
    pipe.write(b"0.9,2\n")
    pipe.write(b"1.5,3\n")
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"a": 2.0, "t": "0"}]
    pipe.write(b"3.0,4\n")
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"a": 3.0, "t": "1"}, {"a": None, "t": "2"}]
    pipe.end()
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"a": 4.0, "t": "3"}]
    assert promptly(lambda: list(batches)) == []
    source.close()


def test_memory_is_bounded_however_many_rows_fall_into_a_cell(monkeypatch):
    monkeypatch.setattr(grid, "MOST_ROWS", 10)
    allocated = []

    class Long(Given):
        def batches(self, numbers, others):
            for number in range(500):
                yield batch_of([row_at(1.0, float(number), site="x" * 10_000)])
                allocated.append(pyarrow.total_allocated_bytes())

    (found,) = grids_of(Long([batch_of([row_at(1.0)])]), SECOND, "ns")
    assert found.table["a"].to_pylist() == [499.0]
    assert max(allocated) - allocated[0] < 30 * 11_000


def test_bad_cells_are_told_up_to_a_number(monkeypatch):
    monkeypatch.setattr(grid, "MOST_BAD_CELLS", 100)
    source = Given([batch_of([row_at(1, bad=[1, 2, 3])])] * 50 + [batch_of([row_at(2, bad=[4])])] * 2)
    first, second = grids_of(source, SECOND, "ns")
    assert (len(first.bad_cells), len(second.bad_cells)) == (100, 2)
    assert source.warnings == ["given: within one step of the grid 100 cells are bad: further ones are not counted"]
