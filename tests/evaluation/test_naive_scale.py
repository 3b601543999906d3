"""The unit of MASE: the mean move from one value to the next."""

import numpy as np
import pytest

from streamrnn.evaluation.naive_scale import NaiveScale

NAN = np.nan


def scale_of(values, begins=(), piece=100):
    """Of one target; begins: rows that begin anew."""
    column = np.array(values, float)[:, None]
    breaks = np.zeros(column.shape, bool)
    breaks[list(begins)] = True
    scale = NaiveScale(1)
    for start in range(0, len(column), piece):
        scale.add(0, column[start : start + piece], breaks[start : start + piece])
    return float(scale.scales()[0])


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("values", "begins", "expected"),
    [
        ([1, 4, 2, 2], (), (3 + 2 + 0) / 3),
        ([NAN, 1, NAN, NAN, 5, 4], (), (4 + 1) / 2),
        ([1, 2, 10, 13], (2,), (1 + 3) / 2),
        ([1, 2, NAN, 13, 15], (2,), (1 + 2) / 2),
        ([1, NAN, NAN, 13, 15], (1,), 2.0),
        ([1, 2, 10, 20], (0, 2), (1 + 10) / 2),
    ],
)
def test_it_is_the_mean_absolute_change_of_what_came(values, begins, expected, piece):
    assert scale_of(values, begins, piece) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[], [NAN, NAN], [3.0], [2.0, 2.0, 2.0]])
def test_a_stream_that_does_not_move_has_no_unit(values):
    assert np.isnan(scale_of(values))


def test_the_keys_of_a_stream_move_each_for_itself():
    scale = NaiveScale(1)
    for lane, value in ((0, 1.0), (1, 100.0), (0, 3.0), (1, 104.0)):
        scale.add(lane, np.array([[value]]), np.zeros((1, 1), bool))
    assert scale.scales().tolist() == [3.0]
