"""One value -> nanoseconds: texts of ISO 8601, numbers, and what Python and NumPy call a moment or a duration."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np

from . import DAY, HOUR, LARGEST, MINUTE, MISSING, SECOND, UNITS

iso_shape = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?:[T ](?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:[.,](\d+))?)?)?"
    r"(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?",
    re.ASCII,
).fullmatch
_number_shape = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?0*\d{1,3})?", re.ASCII).fullmatch
_nothing_shape = re.compile(r"\s*(?:[+-]?nan|nat|null|na|none)?\s*", re.IGNORECASE | re.ASCII).fullmatch
_EPOCH = datetime(1970, 1, 1)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = _EPOCH.toordinal()
_EXACT = Context(prec=1000)
_LONGEST_NUMBER = 400  # digits
_NUMPY_UNITS = {"W": 7 * DAY, "D": DAY, "h": HOUR, "m": MINUTE, **UNITS}
_NUMPY_FRACTIONS = {"ps": 10**3, "fs": 10**6, "as": 10**9}  # of a nanosecond


def in_range(nanoseconds: int) -> int:
    """The same, MISSING if it does not fit into int64."""
    return nanoseconds if -LARGEST <= nanoseconds <= LARGEST else MISSING


def is_nothing(text: str) -> bool:
    """Whether a text says that there is no value."""
    return _nothing_shape(text) is not None


def read_iso(text: str) -> int:
    """Read ISO 8601, without a zone as UTC; digits beyond the ninth of a second are cut off."""
    match = iso_shape(text)
    if match is None:
        tidy = text.strip(" \t").upper()
        return MISSING if tidy == text else read_iso(tidy)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # there is no such day
        return MISSING
    since = moment - (_EPOCH if match[2] is None else _EPOCH_UTC)
    nanoseconds = (since.days * 86_400 + since.seconds) * SECOND
    if match[1] is not None:
        nanoseconds += since.microseconds * 1000 + int(match[1][6:9].ljust(3, "0"))
    return nanoseconds if -LARGEST <= nanoseconds <= LARGEST else MISSING


def read_number(text: str) -> Decimal | None:
    """Read a decimal number, None if the text is none."""
    return Decimal(text) if len(text) < _LONGEST_NUMBER and _number_shape(text) else None


def unit_of(number: Decimal | int) -> str | None:
    """Guess by its magnitude in which unit a number counts: since 1970, or a short time in seconds.

    None for a number that is too large for any.
    """
    for unit, limit in (("s", 10**11), ("ms", 10**14), ("us", 10**17), ("ns", LARGEST + 1)):
        if -limit < number < limit:
            return unit
    return None


def scaled(number: Decimal | int, unit: str) -> int:
    """A number of a unit in nanoseconds, rounded to the nearest, to the even one of two."""
    if isinstance(number, int):
        return in_range(number * UNITS[unit])
    if number and number.adjusted() > 20:
        return MISSING
    return in_range(int(_EXACT.multiply(number, UNITS[unit]).to_integral_value(ROUND_HALF_EVEN)))


def read_moment(value: Any) -> int | None:
    """Read a datetime, date, time, timedelta or NumPy's datetime64 and timedelta64, None if it is none of them.

    Without a zone it is UTC; durations and times of day are elapsed time.
    """
    if isinstance(value, datetime | timedelta):
        return _read_python(value)
    if isinstance(value, np.datetime64 | np.timedelta64):
        return _read_numpy(value)
    if isinstance(value, date):
        return in_range((value.toordinal() - _FIRST_DAY) * DAY)
    if isinstance(value, time):
        return value.hour * HOUR + value.minute * MINUTE + value.second * SECOND + value.microsecond * 1000
    return None


def _read_python(value: datetime | timedelta) -> int:
    if value != value:  # pandas' NaT, which is a datetime
        return MISSING
    if isinstance(value, datetime):
        value -= _EPOCH if value.tzinfo is None else _EPOCH_UTC
    nanoseconds = getattr(value, "nanoseconds", 0)  # pandas' own
    return in_range((value.days * 86_400 + value.seconds) * SECOND + value.microseconds * 1000 + nanoseconds)


def _read_numpy(value: np.datetime64 | np.timedelta64) -> int:
    unit, count = np.datetime_data(value)
    if np.isnat(value) or unit == "generic":
        return MISSING
    if unit in ("Y", "M"):
        if isinstance(value, np.timedelta64):
            return MISSING
        value, unit, count = value.astype("datetime64[D]"), "D", 1
    steps = int(value.astype(np.int64)) * count
    return in_range(steps * _NUMPY_UNITS[unit] if unit in _NUMPY_UNITS else steps // _NUMPY_FRACTIONS[unit])
