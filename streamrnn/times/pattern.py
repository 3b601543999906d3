"""Times that are written by a pattern such as ``%m/%d/%Y %H:%M``.

The directives are those of `datetime.strptime` that make a moment. Three things are as data need them: names of months
and days are English whatever the locale, ``%f`` takes up to nine digits, and a pattern without a date means the time
since midnight.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from . import DAY, HOUR, LARGEST, MINUTE, MISSING, SECOND, UNITS

FORMATS = ("iso", *UNITS)  # what a `time_format` can be besides a pattern

_ANY_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_ANY_WEEKDAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_MONTHS = _ANY_MONTH.split("|")
_WEEKDAYS = _ANY_WEEKDAY.split("|")
_SHORT_MONTHS = [name[:3] for name in _MONTHS]
_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d\d",
    "m": r"1[0-2]|0?[1-9]",
    "B": _ANY_MONTH,
    "b": "|".join(_SHORT_MONTHS),
    "d": r"3[01]|[12]\d|0?[1-9]",
    "j": r"36[0-6]|3[0-5]\d|[12]\d\d|0?[1-9]\d|0?0?[1-9]",
    "A": _ANY_WEEKDAY,
    "a": "|".join(name[:3] for name in _WEEKDAYS),
    "H": r"2[0-3]|[01]?\d",
    "I": r"1[0-2]|0?[1-9]",
    "p": "am|pm",
    "M": r"[0-5]?\d",
    "S": r"[0-5]?\d",
    "f": r"\d{1,9}",
    "z": r"Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d",
    "Z": "UTC|GMT|Z",
}
# What `likely_pattern` tries: dates, alone or with a time of day; and a few others.
_DATES = (
    *("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%Y.%m.%d", "%d-%m-%Y", "%m/%d/%y", "%d.%m.%y", "%Y%m%d"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y"),
)
_HOURS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z")
_OTHERS = ("%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M")


def check_time_format(format: str) -> None:
    """Raise a ValueError, whose message ends the sentence "time_format ...", for a format that cannot be read."""
    if format in FORMATS:
        return
    if "%" not in format:
        raise ValueError(f"takes {', '.join(FORMATS)} or a pattern such as '%m/%d/%Y %H:%M', not {format!r}")
    Pattern(format)


def likely_pattern(text: str) -> str | None:
    """Return a pattern by which a text can be read, None if no usual one does; days and months may be swapped."""
    patterns = [day + hour for hour in _HOURS for day in _DATES]
    return next((pattern for pattern in (*patterns, *_OTHERS) if Pattern(pattern).read(text) != MISSING), None)


class Pattern:
    """Reads and writes times by a pattern.

    Parameters
    ----------
    text : str
        As for `datetime.strptime`, with %Y %y %m %B %b %d %j %A %a %H %I %p %M %S %f %z %Z %%.

    Raises
    ------
    ValueError
        If it has another directive, or one twice.
    """

    def __init__(self, text: str) -> None:
        self._parts = re.findall(r"%.?|\s+|[^%\s]+", text, re.DOTALL)
        letters = [part[1:] for part in self._parts if part[0] == "%" and part != "%%"]
        for letter in letters:
            if letter not in _DIRECTIVES:
                known = " ".join(f"%{letter}" for letter in _DIRECTIVES)
                raise ValueError(f"has %{letter} in {text!r}; what can be read is {known} %%")
            if letters.count(letter) > 1:
                raise ValueError(f"has %{letter} twice in {text!r}")
        self._match = re.compile("".join(map(_expression, self._parts)), re.IGNORECASE | re.ASCII).fullmatch

    def read(self, text: str) -> int:
        """Return the nanoseconds since 1970 UTC, MISSING if the text is not written so or there is no such day."""
        match = self._match(text) or self._match(text.strip(" \t"))
        if match is None:
            return MISSING
        found = match.groupdict()
        try:
            time = (_day(found) - _FIRST_DAY) * DAY + _time_of_day(found) - _east(found.get("z") or "Z")
        except ValueError:
            return MISSING
        return time if abs(time) <= LARGEST else MISSING

    def write(self, time: int) -> str:
        """Return the text of a time; what the pattern has no place for is not in it."""
        seconds, fraction = divmod(time, SECOND)
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
        return "".join(_written(part, moment, fraction) for part in self._parts)


_FIRST_DAY = date(1970, 1, 1).toordinal()


def _expression(part: str) -> str:
    """One part of a pattern as a regular expression."""
    if part == "%%":
        return "%"
    if part[0] == "%":
        return f"(?P<{part[1]}>{_DIRECTIVES[part[1]]})"
    return r"[ \t]+" if part.isspace() else re.escape(part)


def _day(found: dict[str, str]) -> int:
    """The day's number in the calendar; ValueError if there is no such day."""
    year = 1970
    if "Y" in found:
        year = int(found["Y"])
    elif "y" in found:
        year = int(found["y"]) + (1900 if found["y"] >= "69" else 2000)
    if "j" in found:
        day = date(year, 1, 1).toordinal() + int(found["j"]) - 1
        if date.fromordinal(day).year != year:
            raise ValueError("no such day")
        return day
    month = int(found.get("m", 1))
    name = found.get("b") or found.get("B")
    if name is not None:
        month = _SHORT_MONTHS.index(name[:3].lower()) + 1
    return date(year, month, int(found.get("d", 1))).toordinal()


def _time_of_day(found: dict[str, str]) -> int:
    hour = int(found.get("H", 0))
    if "I" in found:
        hour = int(found["I"]) % 12 + 12 * (found.get("p", "am").lower() == "pm")
    time = hour * HOUR + int(found.get("M", 0)) * MINUTE + int(found.get("S", 0)) * SECOND
    return time + int(found["f"].ljust(9, "0")) if "f" in found else time


def _east(zone: str) -> int:
    """Nanoseconds that a clock which shows ``+01:00`` is ahead of UTC."""
    if zone in "Zz":
        return 0
    ahead = int(zone[1:3]) * HOUR + int(zone[-2:]) * MINUTE
    return -ahead if zone[0] == "-" else ahead


def _written(part: str, moment: datetime, fraction: int) -> str:
    """One part of a pattern for a moment and its nanoseconds within the second."""
    match part:
        case "%B" | "%b":
            name = _MONTHS[moment.month - 1].title()
            return name if part == "%B" else name[:3]
        case "%A" | "%a":
            name = _WEEKDAYS[moment.weekday()].title()
            return name if part == "%A" else name[:3]
        case "%p":
            return "PM" if moment.hour >= 12 else "AM"
        case "%f":
            return f"{fraction:09d}" if fraction % 1000 else f"{fraction // 1000:06d}"
        case "%z":
            return "+0000"
        case "%Z":
            return "UTC"
    return moment.strftime(part) if part[0] == "%" else part
