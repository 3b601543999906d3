"""A series of any length in a fixed number of buckets."""

import numpy as np
import pytest

from streamrnn.evaluation.course import BUCKETS, Course
from streamrnn.evaluation.grading import Graded
from streamrnn.evaluation.stretch import ROWS, Stretch


@pytest.mark.parametrize("piece", [1, 10, 5000])
@pytest.mark.parametrize("fold", [np.add, np.maximum, np.minimum])
def test_buckets_hold_what_their_rows_hold(fold, piece):
    random = np.random.default_rng(0)
    rows = np.flatnonzero(random.random(5000) < 0.3)
    values = random.standard_normal((2, len(rows)))
    course = Course(2, fold)
    for start in range(0, len(rows), piece):
        course.add(rows[start : start + piece], values[:, start : start + piece])
    assert course.span == 32  # 5,000 rows in at most 256 buckets
    buckets = np.unique(rows // course.span)
    summary = {np.add: np.mean, np.maximum: np.max, np.minimum: np.min}[fold]
    expected = [summary(values[:, rows // course.span == bucket], axis=1) for bucket in buckets]
    np.testing.assert_allclose(course.values(), np.transpose(expected), rtol=1e-12)
    np.testing.assert_array_equal(course.rows(), (buckets + 0.5) * course.span - 0.5)


def test_memory_does_not_grow():
    course = Course(1)
    for row in range(0, 10**9, 10**7):
        course.add(np.array([row]), np.ones((1, 1)))
    assert len(course.rows()) <= BUCKETS
    assert course.values().tolist() == [[1.0] * len(course.rows())]


def graded(rows, values, errors):
    bounds = np.stack([values - 1.0, values + 1.0], axis=-1)[:, None]
    return Graded(0, 0, rows, values, errors, bounds)


@pytest.mark.parametrize("piece", [1, 70, 1000])
def test_a_stretch_holds_the_last_rows_with_what_was_forecast_of_them(piece):
    count = 700
    values = np.arange(count) * 1.0
    errors = np.stack([np.arange(count) % 7, np.arange(count) % 5]) * 0.5
    stretch = Stretch(1, 1, 2, 1)
    for start in range(0, count, piece):
        part = slice(start, start + piece)
        rows = np.arange(count)[part]
        known = rows % 7 > 0  # every seventh row grades nothing
        stretch.begin(values[part, None])
        stretch.add(graded(rows[known], values[part][known], errors[:, part][:, known]), 0)
    last = slice(count - ROWS, count)
    is_known = np.arange(count)[last] % 7 > 0
    np.testing.assert_array_equal(stretch.rows, np.arange(count)[last])
    np.testing.assert_array_equal(stretch.values(0), values[last])
    np.testing.assert_array_equal(stretch.forecasts(0, 0), np.where(is_known, (values - errors)[:, last], np.nan))
    np.testing.assert_array_equal(stretch.bounds(0, 0)[0, 1], np.where(is_known, values[last] + 1.0, np.nan))


def test_a_short_stream_is_a_short_stretch():
    stretch = Stretch(1, 1, 1, 0)
    stretch.begin(np.ones((3, 1)))
    assert (stretch.rows.tolist(), stretch.values(0).tolist()) == ([0, 1, 2], [1.0, 1.0, 1.0])
