"""Patterns mean what `strptime` means by them, whatever the locale; what is written is read again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from streamrnn.times import DAY, HOUR, LARGEST, MINUTE, MISSING, SECOND
from streamrnn.times.pattern import Pattern, check_time_format, likely_pattern

EPOCH = datetime(1970, 1, 1)
PATTERNS = [
    "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M", "%d.%m.%Y %I:%M:%S %p", "%y%m%d%H%M%S", "%d-%b-%Y", "%A, %d %B %Y %H:%M",
    "%a %b %d %H:%M:%S %Y", "%Y %j %H:%M", "%Y%m%dT%H%M%S.%f", "100%% %Y", "%d/%b/%Y:%H:%M:%S %z", "[%Y](%m)+%d*",
]  # fmt: skip


def nanoseconds(moment: datetime) -> int:
    since = moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta(0)) - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_reads_what_strptime_reads(pattern):
    choice = random.Random(pattern)
    for _ in range(100):
        moment = datetime(1970, 1, 1) + timedelta(microseconds=choice.randrange(int(98 * 365.25 * 86_400) * 10**6))
        text = moment.strftime(pattern.replace("%z", choice.choice(["+0000", "-0130", "+05:30", "Z"])))
        if choice.random() < 0.5:
            text = text.replace("/0", "/").replace(".0", ".").replace(" 0", " ").upper()
        try:
            expected = nanoseconds(datetime.strptime(text, pattern))
        except ValueError:
            expected = MISSING
        assert Pattern(pattern).read(text) == expected, text


@pytest.mark.parametrize(
    ("pattern", "text", "time"),
    [
        ("%H:%M:%S", "01:02:03", HOUR + 2 * MINUTE + 3 * SECOND),
        ("%S.%f", "1.000000001", SECOND + 1),
        ("%S.%f", "1.5", SECOND + SECOND // 2),
        ("%Y", "1971", 365 * DAY),
        ("%y", "69", -365 * DAY),
        ("%y", "68", (98 * 365 + 24) * DAY),
        ("%I %p", "12 am", 0),
        ("%I %p", "12 PM", 12 * HOUR),
        ("%d %B", "2 FEBRUARY", 32 * DAY),
        ("%m/%d/%Y", " 01/02/1970 ", DAY),
        ("%b %d", "Jan   2", DAY),
        ("%Y %j", "1971 366", MISSING),
        ("%Y %j", "1972 366", 3 * 365 * DAY),
        ("%m/%d/%Y", "02/30/2024", MISSING),
        ("%m/%d/%Y", "13/01/2024", MISSING),
        ("%m/%d/%Y", "1/1/2024 0:00", MISSING),
        ("%H:%M", "24:00", MISSING),
        ("%Y-%m-%d", "2500-01-01", MISSING),
        ("%Y %Z", "1970 UTC", 0),
        ("%Y %Z", "1970 CET", MISSING),
        ("%Y", "\u0661\u0669\u0667\u0660", MISSING),
    ],
)
def test_a_text_is_read_to_its_last_digit_or_not_at_all(pattern, text, time):
    assert Pattern(pattern).read(text) == time


@pytest.mark.parametrize("pattern", [*PATTERNS, "%d.%m.%Y %H:%M:%S.%f", "%p %I:%M %d %m %y %A"])
def test_what_is_written_is_read_again(pattern):
    choice = random.Random(pattern)
    for _ in range(50):
        time = choice.randrange(98 * 365 * DAY)
        text = Pattern(pattern).write(time)
        read = Pattern(pattern).read(text)
        assert Pattern(pattern).write(read) == text
        if "%f" in pattern:
            assert read == time
    assert Pattern("%Y-%m-%d").write(-LARGEST) == "1677-09-21"


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("isoo", "takes iso, s, ms, us, ns or a pattern such as '%m/%d/%Y %H:%M', not 'isoo'"),
        ("%d %Q", "has %Q in '%d %Q'; what can be read is %Y %y %m %B %b %d %j %A %a %H %I %p %M %S %f %z %Z %%"),
        ("%d %d", "has %d twice in '%d %d'"),
    ],
)
def test_a_format_that_cannot_be_read_is_told(format, message):
    with pytest.raises(ValueError) as error:
        check_time_format(format)
    assert str(error.value) == message


@pytest.mark.parametrize("format", ["iso", "s", "ms", "us", "ns", "%Y", "100%%"])
def test_other_formats_can_be_read(format):
    check_time_format(format)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("1/1/2010 0:00", "%m/%d/%Y %H:%M"),
        ("13/1/2010 0:00", "%d/%m/%Y %H:%M"),
        ("1990/1/1 0:00", "%Y/%m/%d %H:%M"),
        ("01.02.2024 03:04:05.678", "%d.%m.%Y %H:%M:%S.%f"),
        ("Jan 5, 2024", "%b %d, %Y"),
        ("10/Oct/2000:13:55:36 -0700", "%d/%b/%Y:%H:%M:%S %z"),
        ("Oct 11 22:14:15", "%b %d %H:%M:%S"),
        ("noon", None),
    ],
)
def test_usual_patterns_are_recognised(text, pattern):
    assert likely_pattern(text) == pattern
