"""Rows are written when they are due, by a clock that the test sets."""

import math
import os
import signal

import numpy as np
import pytest

from streamrnn.streams.replay.outcome import ReplayOutcome
from streamrnn.streams.replay.pacer import GATHERED, LATE, MOST_ROWS, Pacer
from streamrnn.streams.signals import Interrupted, Signals


class FakeClock:
    """Time passes in sleep, `overshoot` more than asked for, in whole nanoseconds."""

    def __init__(self, overshoot=0.0):
        self.nanoseconds = 0
        self.overshoot = overshoot
        self.slept = []

    def now(self):
        return self.nanoseconds / 1e9

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.pass_time(seconds + self.overshoot)

    def pass_time(self, seconds):
        self.nanoseconds += math.ceil(seconds * 1e9)


class Heard:
    def __init__(self):
        self.said = []
        self.warned = []

    def say(self, text):
        self.said.append(text)

    def warn(self, text):
        self.warned.append(text)


class Played:
    """A pacer, and what it wrote when."""

    def __init__(self, clock=None, seconds_a_write=0.0):
        self.clock = clock or FakeClock()
        self.heard = Heard()
        self.outcome = ReplayOutcome()
        self.signals = Signals()
        self.writes = []
        self.pacer = Pacer(self.clock, self.signals, self.outcome, self.heard)
        self.seconds_a_write = seconds_a_write

    def play(self, dues):
        def write(start, stop):
            self.writes.append((round(self.clock.now(), 6), stop - start))
            self.clock.pass_time(self.seconds_a_write)

        self.pacer.write(np.array(dues, float), write)
        return self.writes


def test_each_row_is_written_when_it_is_due():
    assert Played().play([0.0, 0.5, 2.0]) == [(0.0, 1), (0.5, 1), (2.0, 1)]


def test_rows_with_equal_times_go_out_together():
    assert Played().play([0.0, 1.0, 1.0, 1.0, 2.0]) == [(0.0, 1), (1.0, 3), (2.0, 1)]


def test_the_schedule_does_not_drift():
    played = Played(FakeClock(overshoot=0.003))
    played.play([0.0, 0.1])
    assert played.play([0.2, 0.3])[-1] == (0.303, 1)


def test_rows_close_to_each_other_are_gathered_but_never_wait_for_the_next_block():
    dues = np.arange(10) * GATHERED / 4
    played = Played()
    played.play(dues)
    assert len(played.writes) < 5
    assert played.clock.now() <= dues[-1] + 2e-9


def test_what_is_overdue_goes_out_at_once_and_the_schedule_stays():
    played = Played()
    played.play([0.0])
    played.clock.pass_time(5.0)  # a reader that did not read
    assert played.play([1.0, 2.0, 6.0]) == [(0.0, 1), (5.0, 2), (6.0, 1)]


def test_never_more_is_written_at_once_than_takes_a_few_milliseconds():
    assert Played().play([0.0] * (MOST_ROWS + 3)) == [(0.0, MOST_ROWS), (0.0, 3)]


def test_the_error_is_the_time_from_due_to_written():
    played = Played(FakeClock(overshoot=0.002), seconds_a_write=0.001)
    played.play([0.0, 1.0, 1.0, 3.0])
    assert played.outcome.paced == 4
    assert played.outcome.mean_error == pytest.approx((0.0 + 2 * 0.003 + 0.003) / 4)
    assert played.outcome.largest_error == pytest.approx(0.003)


def test_the_schedule_begins_when_the_first_rows_are_out():
    played = Played(seconds_a_write=0.2)  # what is loaded for the first write takes its time
    assert played.play([0.0, 1.0]) == [(0.0, 1), (1.2, 1)]


def test_falling_behind_is_told_once():
    played = Played(seconds_a_write=2 * LATE)
    played.play(np.arange(5) * LATE)
    assert played.heard.warned == ["0.20 s behind the schedule: rows go out as soon as they can be written"]
    assert played.outcome.largest_error > 2 * LATE


def test_being_in_time_is_not_told():
    played = Played(FakeClock(overshoot=0.9 * LATE))
    played.play([0.0, 1.0, 2.0])
    assert (played.heard.warned, played.heard.said) == ([], [])


@pytest.mark.parametrize(("gap", "words"), [(90, "90 seconds"), (600, "10.0 minutes"), (86400 * 3, "3.0 days")])
def test_a_long_wait_is_told(gap, words):
    played = Played()
    played.play([0.0, float(gap)])
    assert played.heard.said == [f"the next row is due in {words}; --speed shortens such gaps"]
    assert max(played.clock.slept) <= 3600.0


def test_a_signal_ends_the_waiting():
    class Interrupting(FakeClock):
        def sleep(self, seconds):
            os.kill(os.getpid(), signal.SIGTERM)

    played = Played(Interrupting())
    with pytest.raises(Interrupted), played.signals:
        played.play([0.0, 100.0])
    assert (played.writes, played.signals.received) == ([(0.0, 1)], signal.SIGTERM)


def test_a_signal_while_rows_are_written_ends_the_replay_behind_them():
    played = Played()

    def write(start, stop):
        played.writes.append(stop)
        os.kill(os.getpid(), signal.SIGINT)

    with played.signals:
        played.pacer.write(np.array([0.0, 1.0, 2.0]), write)
    assert played.writes == [1]
