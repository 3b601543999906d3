"""Features of the time: right to the minute, and the same bits row by row as all at once."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pyarrow
import pytest

from streamrnn.times import LARGEST, MISSING, SECOND, TIME_FEATURES
from streamrnn.times.features import TimeFeatures
from streamrnn.times.order import times_before
from streamrnn.times.reader import TimeReader

NAN = math.nan


def made(format: str | None = "ns") -> TimeFeatures:
    return TimeFeatures(TimeReader("t", format))


@pytest.mark.parametrize("seed", range(10))
def test_hour_and_weekday_are_places_on_their_circles(seed):
    minute = int(np.random.default_rng(seed).integers(-(10**7), 10**7))
    moment = datetime(1970, 1, 1) + timedelta(minutes=minute)
    day = 2 * math.pi * (moment.hour + moment.minute / 60) / 24
    week = (2 * math.pi * moment.weekday() + day) / 7
    found, _ = made().of_row((minute * 60 + 59) * SECOND, MISSING)
    assert found[1:] == pytest.approx((math.sin(day), math.cos(day), math.sin(week), math.cos(week)), abs=1e-12)


def test_time_since_is_in_seconds_since_the_last_known_time_of_the_sequence():
    features, last = made(), MISSING
    times = [None, 5 * SECOND, 5 * SECOND + 1, None, 8 * SECOND, 3 * SECOND, 9 * SECOND, None, 10 * SECOND]
    starts = [False, False, False, False, False, False, True, True, False]
    since = []
    for time, begins in zip(times, starts, strict=True):
        (seconds, *_), last = features.of_row(time, MISSING if begins else last)
        since.append(seconds)
    np.testing.assert_allclose(since, [NAN, NAN, 1e-9, NAN, 3 - 1e-9, -5, NAN, NAN, NAN], rtol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_row_by_row_and_all_at_once_give_the_same_bits(seed):
    random = np.random.default_rng(seed)
    count = 200
    times = np.where(random.random(count) < 0.2, MISSING, random.integers(-LARGEST, LARGEST, count))
    starts = random.random(count) < 0.1
    one, rows, last = made(), [], MISSING
    for time, begins in zip(times.tolist(), starts.tolist(), strict=True):
        row, last = one.of_row(None if time == MISSING else time, MISSING if begins else last)
        rows.append(row)
    before, last_of_all = times_before(times, starts, MISSING)
    features = made().of_rows(times, before)
    np.testing.assert_array_equal(features, np.array(rows))
    assert features.shape == (count, len(TIME_FEATURES))
    assert last_of_all == last


def test_a_look_ahead_leaves_no_trace():
    features = made(None)
    before = features.to_dict()
    assert features.of_row("1723075200123", MISSING, keep=False)[0][1] == 0.0
    assert features.to_dict() == before
    assert features.of_row("5", MISSING)[1] == 5 * SECOND
    assert features.to_dict() == {"unit": "s", "has_begun": True}


def test_what_is_saved_goes_on():
    features, other = made(None), made(None)
    features.reader.read(pyarrow.array([1_723_075_200_123]))
    _, last = features.of_row(1_723_075_200_123, MISSING)
    other.go_on_from(features.to_dict())
    assert other.of_row("1723075200623", last)[0][0] == 0.5
    found, still = other.of_row("noon", last)
    assert found == pytest.approx((NAN,) * 5, nan_ok=True)
    assert still == last
