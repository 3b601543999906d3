"""Calls in threads: all or none, each to its end."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from streamrnn.shards import side_by_side
from streamrnn.shards.side_by_side import call_side_by_side

PATIENCE = 30.0  # seconds


def test_calls_are_under_way_at_once_and_their_results_stand_in_their_order():
    all_there = threading.Barrier(3, timeout=PATIENCE)
    calls = [lambda number=number: (all_there.wait(), number)[1] for number in range(3)]
    assert call_side_by_side(calls) == [0, 1, 2]


def test_one_call_needs_no_thread():
    assert call_side_by_side([threading.get_ident]) == [threading.get_ident()]


def test_the_first_error_is_raised_when_all_have_come_to_their_end():
    ended = []

    def fail(number: int) -> None:
        ended.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"^1$"):
        call_side_by_side([lambda: ended.append(0), lambda: fail(1), lambda: fail(2)])
    assert sorted(ended) == [0, 1, 2]


def test_ctrl_c_again_and_again_does_not_end_the_wait_for_all(monkeypatch):
    wait, waits, ended = side_by_side.wait, [], []

    def interrupted(calls: Any) -> Any:
        waits.append(calls)
        if len(waits) < 4:
            raise KeyboardInterrupt
        return wait(calls)

    monkeypatch.setattr(side_by_side, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        call_side_by_side([lambda: ended.append(0), lambda: ended.append(1)])
    assert (len(waits), sorted(ended)) == (4, [0, 1])
