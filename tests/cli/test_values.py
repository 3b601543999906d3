"""What is written on the command line becomes the value that is meant, or one line about what would do."""

import click
import pytest
from streamrnn_cli.values import Duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1ns", 1), ("20us", 20_000), ("100ms", 10**8), ("1.5s", 1_500_000_000), ("0.1 s", 10**8),
        (" 5m ", 300 * 10**9), ("2h", 7200 * 10**9), ("1d", 86_400 * 10**9),
        ("0.000000001s", 1), ("36500d", 36_500 * 86_400 * 10**9),
    ],
)  # fmt: skip
def test_a_duration_is_exact(text, nanoseconds):
    assert Duration().convert(text, None, None) == nanoseconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("100", "'100' is not a duration such as 100ms, 1.5s, 5m or 2h"),
        (100, "100 is not a duration such as 100ms, 1.5s, 5m or 2h"),
        ("fast", "'fast' is not a duration such as 100ms, 1.5s, 5m or 2h"),
        ("-1s", "'-1s' is not a duration such as 100ms, 1.5s, 5m or 2h"),
        ("1e3s", "'1e3s' is not a duration such as 100ms, 1.5s, 5m or 2h"),
        ("0s", "'0s' is not from 1ns to 36500d, in whole nanoseconds"),
        ("0.5ns", "'0.5ns' is not from 1ns to 36500d, in whole nanoseconds"),
        ("36501d", "'36501d' is not from 1ns to 36500d, in whole nanoseconds"),
    ],
)
def test_what_is_no_duration_is_told(text, message):
    with pytest.raises(click.BadParameter) as error:
        Duration().convert(text, None, None)
    assert error.value.message == message
