"""Features of the time: right to the minute, and the same bits row by row as all at once."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pyarrow
import pytest

from streamrnn.times import LARGEST, MISSING, SECOND, TIME_FEATURES
from streamrnn.times.features import TimeFeatures
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
    found = made().of_row((minute * 60 + 59) * SECOND, False)
    assert found[1:] == pytest.approx((math.sin(day), math.cos(day), math.sin(week), math.cos(week)), abs=1e-12)


def test_time_since_is_in_seconds_since_the_last_known_time_of_the_sequence():
    features = made()
    times = [None, 5 * SECOND, 5 * SECOND + 1, None, 8 * SECOND, 3 * SECOND, 9 * SECOND, None, 10 * SECOND]
    starts = [False, False, False, False, False, False, True, True, False]
    since = [features.of_row(time, begins)[0] for time, begins in zip(times, starts, strict=True)]
    np.testing.assert_allclose(since, [NAN, NAN, 1e-9, NAN, 3 - 1e-9, -5, NAN, NAN, NAN], rtol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_row_by_row_and_all_at_once_give_the_same_bits(seed):
    random = np.random.default_rng(seed)
    count = 200
    times = np.where(random.random(count) < 0.2, MISSING, random.integers(-LARGEST, LARGEST, count))
    starts = random.random(count) < 0.1
    one, many = made(), made()
    rows = [
        one.of_row(None if time == MISSING else time, begins)
        for time, begins in zip(times.tolist(), starts.tolist(), strict=True)
    ]
    pieces = []
    for piece in np.array_split(np.arange(count), 7):
        features, many.last = many.of_rows(times[piece], starts[piece])
        pieces.append(features)
    np.testing.assert_array_equal(np.concatenate(pieces), np.array(rows))
    assert np.concatenate(pieces).shape == (count, len(TIME_FEATURES))
    assert many.last == one.last


def test_a_look_ahead_leaves_no_trace():
    features = made(None)
    before = features.to_dict()
    assert features.of_row("1723075200123", False, keep=False)[1] == 0.0
    assert features.to_dict() == before
    features.of_row("5", False)
    assert features.to_dict() == {"last": 5 * SECOND, "unit": "s", "has_begun": True}


def test_what_is_saved_goes_on():
    features, other = made(None), made(None)
    features.reader.read(pyarrow.array([1_723_075_200_123]))
    features.of_row(1_723_075_200_123, False)
    other.go_on_from(features.to_dict())
    assert other.of_row("1723075200623", False)[0] == 0.5
    assert other.of_row("noon", False) == pytest.approx((NAN,) * 5, nan_ok=True)
    fresh = made(None)
    fresh.go_on_from(fresh.to_dict())
    assert fresh.last == MISSING
