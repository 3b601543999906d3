"""When rows are due, and which of them are wanted."""

import numpy as np
import pytest

from streamrnn.streams.replay.schedule import RateSchedule, Timeline, TimeSchedule, schedule_of
from streamrnn.times import MISSING, SECOND


def seconds(*values):
    return np.array([MISSING if value is None else round(value * SECOND) for value in values], np.int64)


def dues(speed, *blocks):
    timeline, schedule = Timeline(), TimeSchedule(speed)
    return [schedule.dues(timeline.place(seconds(*block))).tolist() for block in blocks]


def test_rows_are_due_as_far_apart_as_their_times():
    assert dues(1.0, [100.0, 100.25, 103.0], [103.0, 104.5]) == [[0.0, 0.25, 3.0], [3.0, 4.5]]


def test_speed_shortens_every_gap():
    assert dues(100.0, [50.0, 51.0, 150.0]) == [[0.0, 0.01, 1.0]]


def test_rows_without_a_time_go_with_the_row_before_them():
    assert dues(1.0, [7.0, None, 8.0, None], [None, 9.0]) == [[0.0, 0.0, 1.0, 1.0], [1.0, 2.0]]


def test_rows_before_the_first_time_are_due_at_once():
    assert dues(1.0, [None, None], [None, 9.0, 9.5]) == [[0.0, 0.0], [0.0, 0.0, 0.5]]


def test_a_time_that_goes_back_goes_with_the_row_before_it_and_changes_no_other():
    assert dues(1.0, [1.0, 3.0, 2.0, 4.0], [3.5, 5.0]) == [[0.0, 2.0, 2.0, 3.0], [3.0, 4.0]]


def test_nanoseconds_of_today_are_not_rounded():
    times = seconds(0.0, 0.0) + np.array([1_700_000_000_123_456_789, 1_700_000_000_123_456_790])
    assert TimeSchedule(1.0).dues(times).tolist() == [0.0, 1e-9]


def test_a_rate_goes_on_from_block_to_block():
    schedule = RateSchedule(50.0)
    assert schedule.dues(seconds(1, 1, 1)).tolist() == [0.0, 0.02, 0.04]
    assert schedule.dues(seconds(9)).tolist() == [0.06]


def test_nothing_waits_at_full_speed():
    assert schedule_of(float("inf"), None) is None
    assert isinstance(schedule_of(2.0, None), TimeSchedule)
    assert isinstance(schedule_of(float("inf"), 3.0), RateSchedule)


def test_rows_that_go_back_and_rows_without_a_time_are_counted():
    timeline = Timeline()
    timeline.place(seconds(5, 4, None, 5))
    timeline.place(seconds(4, None, 6))
    assert (timeline.backwards, timeline.untimed) == (2, 2)


@pytest.mark.parametrize(
    ("since", "until", "expected", "ended"),
    [
        (None, None, (0, 6), False),
        (2, None, (1, 6), False),
        (None, 4, (0, 4), True),
        (2, 4, (1, 4), True),
        (9, None, (6, 6), False),
        (None, 1, (0, 0), True),
        (4, 2, (4, 4), True),
    ],
)
def test_the_part_is_from_since_to_before_until(since, until, expected, ended):
    bounds = (None if bound is None else bound * SECOND for bound in (since, until))
    timeline = Timeline(*bounds)
    assert timeline.wanted(timeline.place(seconds(1, 2, None, 1, 4, 5))) == expected
    assert timeline.ended is ended


def test_a_part_may_begin_in_a_later_block():
    timeline = Timeline(since=10 * SECOND)
    assert timeline.wanted(timeline.place(seconds(None, 8, 9))) == (3, 3)
    assert timeline.wanted(timeline.place(seconds(None, 10))) == (1, 2)
    assert timeline.wanted(timeline.place(seconds(None, 3))) == (0, 2)
