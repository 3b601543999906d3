"""Rows that go back in time are counted, wherever the calls are cut."""

from __future__ import annotations

import numpy as np
import pyarrow
import pytest

from streamrnn.times import MISSING
from streamrnn.times.order import Clock, times_before


def before_by_hand(times: list[int], starts: list[bool], last: int) -> tuple[list[int], int]:
    before = []
    for time, begins in zip(times, starts, strict=True):
        last = MISSING if begins else last
        before.append(last)
        last = last if time == MISSING else time
    return before, last


@pytest.mark.parametrize("seed", range(20))
def test_the_time_before_each_row_is_the_last_one_known_in_its_sequence(seed):
    random = np.random.default_rng(seed)
    times = np.where(random.random(50) < 0.3, MISSING, random.integers(0, 100, 50))
    starts = random.random(50) < 0.2
    for last in (MISSING, 7):
        before, after = times_before(times, starts, last)
        assert (before.tolist(), after) == before_by_hand(times.tolist(), starts.tolist(), last)
        before, after = times_before(times, None, last)
        assert (before.tolist(), after) == before_by_hand(times.tolist(), [False] * 50, last)
    assert times_before(times[:0], starts[:0], 7)[1] == 7


@pytest.mark.parametrize("seed", range(20))
def test_a_clock_counts_the_rows_that_go_back_wherever_it_is_cut(seed):
    random = np.random.default_rng(seed)
    values = [None if random.random() < 0.2 else int(time) for time in random.integers(0, 100, 40)]
    clock = Clock("t")
    for piece in np.array_split(np.arange(40), int(random.integers(1, 40))):
        clock.watch(pyarrow.array([values[row] for row in piece], pyarrow.int64()))
    backward = [row for row in range(40) if is_backward(values, row)]
    assert (clock.rows, clock.backward) == (40, len(backward))
    assert clock.first_backward == (backward[0] if backward else None)


@pytest.mark.parametrize("seed", range(20))
def test_a_clock_that_sees_times_one_by_one_counts_the_same(seed):
    random = np.random.default_rng(seed)
    values = [None if random.random() < 0.2 else str(time) for time in random.integers(0, 100, 40)]
    values[int(random.integers(0, 40))] = "noon"
    starts = random.random(40) < 0.2
    at_once, one_by_one = Clock("t"), Clock("t")
    at_once.watch(pyarrow.array(values, pyarrow.string()), starts)
    for value, begins in zip(values, starts, strict=True):
        one_by_one.watch_one(value, bool(begins))
    for name in ("is_readable", "backward", "first_backward") + (("rows",) if at_once.is_readable else ()):
        assert getattr(one_by_one, name) == getattr(at_once, name)


def is_backward(values: list[int | None], row: int) -> bool:
    earlier = [value for value in values[:row] if value is not None]
    now = values[row]
    return bool(earlier) and now is not None and now < earlier[-1]


def test_a_sequence_may_begin_anew():
    clock = Clock("t")
    clock.watch(pyarrow.array(["2024-08-08", "2024-08-07", "2024-08-06"]), np.array([0, 1, 0]))
    assert (clock.backward, clock.first_backward) == (1, 2)


def test_a_clock_that_cannot_read_the_first_time_counts_nothing():
    clock = Clock("t")
    clock.watch(pyarrow.array([None, "noon"]))
    clock.watch(pyarrow.array(["2024-08-08", "2024-08-07"]))
    assert (clock.is_readable, clock.backward, clock.first_backward) == (False, 0, None)
