"""Rows that go back in time, within their key and sequence, are counted wherever the stream is cut."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow
import pytest

from streamrnn import Settings
from streamrnn.session.time_order import TimeOrder
from streamrnn.streams import Batch, Cells


def order_of(**settings: Any) -> TimeOrder:
    return TimeOrder(Settings(targets="x", time="t", **settings))


def batch_of(rows: list[dict[str, Any]]) -> Batch:
    return Batch(pyarrow.RecordBatch.from_pylist(rows, schema=SCHEMA))


SCHEMA = pyarrow.schema([("t", pyarrow.string()), ("k", pyarrow.string()), ("s", pyarrow.string())])


def some_rows(seed: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    times = [None if random.random() < 0.2 else str(time) for time in random.integers(0, 100, 40)]
    return [{"t": time, "k": str(random.integers(4)), "s": str(random.integers(2))} for time in times]


def backward_by_hand(rows: list[dict[str, Any]], key: str | None, sequence: str | None, most: int) -> int:
    """Keys, the one least recently seen first, with sequence and last time of each."""
    known: dict[Any, tuple[Any, float | None]] = {}
    backward = 0
    for row in rows:
        of_key, of_sequence = (row[name] if name else None for name in (key, sequence))
        before, last = known.pop(of_key, (of_sequence, None))
        if of_key not in known and len(known) == most:
            del known[next(iter(known))]
        last = last if before == of_sequence else None
        time = None if row["t"] is None else float(row["t"])
        backward += time is not None and last is not None and time < last
        known[of_key] = of_sequence, last if time is None else time
    return backward


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("sequence", [None, "s"])
def test_the_same_rows_are_counted_in_tables_and_one_by_one(seed, key, sequence):
    random, rows = np.random.default_rng(seed), some_rows(seed)
    right = backward_by_hand(rows, key, sequence, most=3)
    assert right > 0
    settings = {"key": key, "sequence": sequence} | ({"max_keys": 3} if key else {})
    in_tables, one_by_one = order_of(**settings), order_of(**settings)
    ends = sorted({0, 40, *random.integers(1, 40, 5).tolist()})
    found = [in_tables.watch(batch_of(rows[start:end])) for start, end in pairwise(ends)]
    for row in rows:
        one_by_one.watch(Batch(Cells(SCHEMA, {name: [value] for name, value in row.items()})))
    assert in_tables.backward == one_by_one.backward == sum(found) == right


def test_rows_that_are_labels_of_earlier_ones_are_passed_over():
    rows = [{"t": time} for time in "1243"]
    in_table, few = order_of(), order_of()
    in_table.watch(batch_of(rows), np.array([0, 1, 2]))
    few.watch(Batch(Cells(pyarrow.schema([("t", pyarrow.string())]), {"t": [*"1243"]})), [0, 1, 2])
    assert in_table.backward == few.backward == 0


def test_a_time_that_cannot_be_read_ends_the_watch():
    order = order_of()
    order.watch(batch_of([{"t": None}, {"t": "noon"}]))
    order.watch(batch_of([{"t": "2024-08-08"}, {"t": "2024-08-07"}]))
    assert order.backward == 0
