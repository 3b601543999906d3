"""Rows that go back in time are counted, wherever the calls are cut."""

from __future__ import annotations

import numpy as np
import pytest

from streamrnn.times import MISSING
from streamrnn.times.order import times_before


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
    assert times_before(times[:0], starts[:0], 7)[1] == 7
