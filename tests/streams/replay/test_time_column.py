"""Which column is the time, where nobody says so."""

import pytest

from streamrnn.streams.replay import ReplayError
from streamrnn.streams.replay.time_column import time_column


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"a": "number", "at": "time"}, "at"),
        ({"date": "text", "at": "time"}, "at"),
        ({"a": "number", "Timestamp": "text"}, "Timestamp"),
        ({"ts": "number", "a": "number"}, "ts"),
        ({"valid_until": "time", "timestamp": "time"}, "timestamp"),
    ],
)
def test_it_is_the_only_one_that_holds_times_or_else_the_only_one_that_is_called_so(columns, expected):
    assert time_column("x", columns, None) == expected


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"a": "number", "b": "text"}, "its columns are a, b"),
        ({"at": "time", "until": "time"}, "at, until could each be its time"),
        ({"date": "text", "time": "text"}, "date, time could each be its time"),
    ],
)
def test_otherwise_it_must_be_named(columns, why):
    with pytest.raises(ReplayError) as error:
        time_column("x.csv", columns, None)
    assert str(error.value) == (
        f"x.csv: which column is the time? {why}; name it with --time, or set a pace with --rate"
    )


def test_the_one_that_is_named_must_exist():
    assert time_column("x", {"time": "text", "a": "number"}, "a") == "a"
    with pytest.raises(ReplayError, match=r"^x: there is no column 'tine'; did you mean time\?$"):
        time_column("x", {"time": "text", "a": "number"}, "tine")
    with pytest.raises(ReplayError, match=r"^x: there is no column 'q'; there are time, a$"):
        time_column("x", {"time": "text", "a": "number"}, "q")
