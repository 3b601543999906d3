"""Times of every form are read exactly, one by one as by the column."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow
import pytest

from streamrnn.times import DAY, HOUR, LARGEST, MINUTE, MISSING, SECOND, TimeError
from streamrnn.times.reader import FEW, TimeReader
from streamrnn.times.scalars import unit_of

MOMENT = 1_723_075_200 * SECOND  # 2024-08-08T00:00:00Z
NAN = float("nan")


def begun(format: str | None = None, unit: str | None = None) -> TimeReader:
    """A reader that takes what cannot be read for missing."""
    reader = TimeReader("t", format)
    reader.unit, reader.has_begun = unit or reader.unit, True
    return reader


def read_both(values: list[Any], kind: pyarrow.DataType | None = None, format: str | None = None) -> list[int]:
    """Read values one by one, and as columns that are short and long; all must agree."""
    reader = begun(format)
    one_by_one = [reader.read_one(value) for value in values]
    repeated = -(-2 * FEW // len(values))
    for times in (1, repeated):
        other = begun(format)
        assert other.read(pyarrow.array(values * times, kind)).tolist() == one_by_one * times
        assert other.unit == reader.unit
    return one_by_one


def shown(times: list[int]) -> list[int | None]:
    return [None if time == MISSING else time for time in times]


# --- text -------------------------------------------------------------------------------------------------------------

ISO = {
    "2024-08-08": MOMENT,
    "2024-08-08T01": MOMENT + HOUR,
    "2024-08-08T01:00": MOMENT + HOUR,
    "2024-08-08 01:00": MOMENT + HOUR,
    "2024-08-08T00:00:01": MOMENT + SECOND,
    "2024-08-08 00:00:00.1": MOMENT + SECOND // 10,
    "2024-08-08T00:00:00.123456789": MOMENT + 123_456_789,
    "2024-08-08T00:00:00.000000001": MOMENT + 1,
    "2024-08-08T00:00:00.0000000019": MOMENT + 1,
    "2024-08-08T00:00:00,5": MOMENT + SECOND // 2,
    "2024-08-08T00:00:00Z": MOMENT,
    "2024-08-08t00:00:00z": MOMENT,
    "2024-08-08T00:00:00+01:00": MOMENT - HOUR,
    "2024-08-08T00:00:00.5+0100": MOMENT - HOUR + SECOND // 2,
    "2024-08-08T00:00:00.123456789-01:30": MOMENT + 90 * MINUTE + 123_456_789,
    "2024-08-08 00:00-01": MOMENT + HOUR,
    " 2024-08-08\t": MOMENT,
    "1969-12-31T23:59:59.999999999": -1,
    "0001-01-01T00:00:00": None,
    "9999-12-31": None,
    "2262-04-11T23:47:16.854775807": LARGEST,
    "2262-04-11T23:47:16.854775808": None,
    "1677-09-21T00:12:43.145224193": -LARGEST,
    "1677-09-21T00:12:43.145224192": None,
    "2024-02-30": None,
    "2023-02-29": None,
    "2024-13-01": None,
    "2024-08-08T24:00:00": None,
    "2024-08-08T23:59:60": None,
    "2024-08-08T00:00:00+24:00": None,
    "2024-08-08T00:00:00.": None,
    "2024-8-8": None,
    "2024-08-08T000000": None,
    "2024-08-08x00:00": None,
    "2024-08-08 00:00:00 UTC": None,
    "\uff12\uff10\uff12\uff14-08-08": None,
    "2024-W32-4": None,
    "yesterday": None,
    "": None,
}


@pytest.mark.parametrize("text", ISO)
def test_text_of_iso_8601_is_read_to_the_nanosecond_without_a_zone_as_utc(text):
    for format in (None, "iso"):
        assert shown(read_both([text], format=format)) == [ISO[text]]


def test_null_and_the_words_for_nothing_are_missing():
    assert shown(read_both([None, "", "nan", "NaT", "null", "NA", " ", "2024-08-08"])) == [None] * 7 + [MOMENT]


def test_a_column_with_zones_and_without_and_with_bad_cells_is_read_cell_by_cell():
    texts = ["2024-08-08", "2024-08-08T00:00Z", "bad", None, "2024-08-08T01:00+01:00", "1723075200"]
    assert shown(read_both(texts)) == [MOMENT, MOMENT, None, None, MOMENT, MOMENT]


@pytest.mark.parametrize("kind", [pyarrow.string(), pyarrow.large_string(), pyarrow.string_view()])
def test_text_of_any_encoding_is_read(kind):
    assert set(begun().read(pyarrow.array(["2024-08-08"] * 20).cast(kind))) == {MOMENT}
    assert set(begun().read(pyarrow.array(["2024-08-08"] * 20).dictionary_encode())) == {MOMENT}
    assert set(begun().read(pyarrow.chunked_array([["2024-08-08"], ["2024-08-08"] * 20]))) == {MOMENT}


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "nanoseconds", "unit"),
    [
        ("1723075200", MOMENT, "s"),
        ("1723075200.1", MOMENT + SECOND // 10, "s"),
        ("1723075200123", MOMENT + 123_000_000, "ms"),
        ("1723075200123456", MOMENT + 123_456_000, "us"),
        ("1723075200123456789", MOMENT + 123_456_789, "ns"),
        ("0.01", SECOND // 100, "s"),
        ("-5", -5 * SECOND, "s"),
        ("1e3", 1000 * SECOND, "s"),
        ("0", 0, "s"),
        ("99999999999", None, "s"),
        ("1e18", 10**18, "ns"),
        ("9223372036854775807", LARGEST, "ns"),
        ("9223372036854775808", None, None),
        ("1e300", None, None),
    ],
)
def test_the_first_number_says_by_its_magnitude_in_which_unit_all_count(number, nanoseconds, unit):
    assert shown(read_both([number])) == [nanoseconds]
    reader = begun()
    reader.read_one(number)
    assert reader.unit == unit


@pytest.mark.parametrize(
    ("least", "unit"), [(0, "s"), (10**11, "ms"), (10**14, "us"), (10**17, "ns"), (LARGEST + 1, None)]
)
def test_units_follow_each_other_without_a_gap(least, unit):
    assert unit_of(least) == unit_of(-least) == unit_of(Decimal(least)) == unit
    assert least == 0 or unit_of(least - 1) != unit


def test_the_unit_is_chosen_once():
    assert read_both(["1723075200123", "5", "17230752001234567"]) == [MOMENT + 123_000_000, 5_000_000, MISSING]
    assert read_both([5, 1_723_075_200_123], pyarrow.int64()) == [5 * SECOND, MISSING]
    reader = begun()
    reader.read(pyarrow.array([None, 5]))
    assert reader.read(pyarrow.array([1_723_075_200])).tolist() == [MOMENT]
    assert reader.read_one("1723075200") == MOMENT


@pytest.mark.parametrize(("format", "length"), [("s", SECOND), ("ms", 10**6), ("us", 10**3), ("ns", 1)])
def test_a_format_names_the_unit_whatever_the_magnitude(format, length):
    for number in (7, 1_723_075):
        assert read_both([number], pyarrow.int64(), format) == [number * length]
        assert read_both([str(number)], format=format) == [number * length]
        assert read_both([float(number)], format=format) == [number * length]
    assert read_both(["2024-08-08"], format=format) == [MISSING]


@pytest.mark.parametrize(
    ("number", "nanoseconds"),
    [
        ("0.0000000004", 0), ("0.0000000006", 1), ("0.0000000005", 0), ("0.0000000015", 2), ("0.00000000050001", 1),
        ("-0.0000000005", 0), ("-0.0000000015", -2), ("1723075200.12345678951", MOMENT + 123_456_790),
        ("0.12345678901234567890123456789", 123_456_789), ("0.00000000050000000000000000000000000001", 1),
        ("1e-9", 1), ("1e-99", 0), ("1e-9999", None),
    ],
)  # fmt: skip
def test_seconds_are_rounded_from_their_decimals(number, nanoseconds):
    assert shown(read_both([number], format="s")) == [nanoseconds]


def test_a_float_is_the_decimal_that_was_written():
    numbers = [1723075200.1, 1723075200.3, 0.07, 0.29, 1e-9, 1234.5678901234567, -1.1, 1e9]
    expected = [MOMENT + 10**8, MOMENT + 3 * 10**8, 7 * 10**7, 29 * 10**7, 1, 1_234_567_890_123, -11 * 10**8, 10**18]
    assert read_both(numbers) == expected
    assert read_both([str(number) for number in numbers]) == expected
    assert begun().read(pyarrow.array([0.07, 0.29], pyarrow.float32())).tolist() == [7 * 10**7, 29 * 10**7]
    assert begun().read_one(np.float32(0.07)) == 7 * 10**7
    assert read_both([NAN, float("inf"), 1e300, 5.0]) == [MISSING, MISSING, MISSING, 5 * SECOND]


def test_no_nanosecond_goes_through_floating_point():
    numbers = [1723075200123456789, 2**53 + 1, LARGEST, -LARGEST]
    for kind in (pyarrow.int64(), pyarrow.decimal128(38, 0)):
        assert begun("ns").read(pyarrow.array(numbers).cast(kind)).tolist() == numbers
    assert read_both(numbers, pyarrow.int64(), "ns") == numbers
    assert read_both([str(number) for number in numbers], format="ns") == numbers
    assert begun("ns").read(pyarrow.array([2**63, 2**64 - 1, 5], pyarrow.uint64())).tolist() == [MISSING, MISSING, 5]


def test_a_number_that_overflows_128_bits_is_missing():
    """In units of 1e-9, 2**119 + 5 has the same lower 128 bits as 5."""
    assert read_both([str(2**119 + 5)], format="s") == [MISSING]
    assert read_both(["17720974791042378314.689665196502"], format="ns") == [MISSING]


@pytest.mark.parametrize("text", ["1_000", "٣", "0x10", "--1", "1e", ".", "", "inf", "1,5", "1e+", "e5", "1 000"])
def test_what_is_no_number_is_missing(text):
    assert read_both([text], format="s") == [MISSING]


@pytest.mark.parametrize("value", [True, False, b"2024-08-08", [1], {"a": 1}, 10**400])
def test_what_is_no_time_at_all_is_missing(value):
    assert begun().read_one(value) == MISSING


# --- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_timestamps_of_any_unit_and_zone_are_read_as_they_are(unit, zone):
    steps = MOMENT // SECOND * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    column = pyarrow.array([steps, None]).cast(pyarrow.timestamp(unit, zone))
    for format in (None, "iso", "ms", "%Y"):
        assert begun(format).read(column).tolist() == [MOMENT, MISSING]


def test_dates_durations_and_times_of_day_are_read_as_they_are():
    day = (datetime(2024, 8, 8) - datetime(1970, 1, 1)).days
    assert begun().read(pyarrow.array([day, None], pyarrow.int32()).cast(pyarrow.date32())).tolist() == [
        MOMENT,
        MISSING,
    ]
    assert begun().read(pyarrow.array([MOMENT // 10**6]).cast(pyarrow.date64())).tolist() == [MOMENT]
    for kind in (pyarrow.duration("ms"), pyarrow.time64("us"), pyarrow.time32("s")):
        assert begun().read(
            pyarrow.array([timedelta(seconds=5)]).cast(pyarrow.duration("s"))
            if pyarrow.types.is_duration(kind)
            else pyarrow.array([time(0, 0, 5)]).cast(kind)
        ).tolist() == [5 * SECOND]


def test_a_timestamp_beyond_64_bits_of_nanoseconds_is_missing():
    far = pyarrow.array([10**15, -(10**15), 0]).cast(pyarrow.timestamp("us"))
    assert begun().read(pyarrow.array([10**12, 5], pyarrow.int64()).cast(pyarrow.timestamp("s"))).tolist() == [
        MISSING,
        5 * SECOND,
    ]
    assert begun().read(far).tolist() == [10**18, -(10**18), 0]


@pytest.mark.parametrize("array", [pyarrow.nulls(3), pyarrow.array([True, None]), pyarrow.array([[1], [2]])])
def test_columns_that_hold_no_times_are_missing(array):
    assert set(begun().read(array)) == {MISSING}


def test_pythons_and_numpys_moments_and_durations_are_read():
    values = {
        datetime(2024, 8, 8): MOMENT,
        datetime(2024, 8, 8, 2, tzinfo=timezone(timedelta(hours=2))): MOMENT,
        datetime(2024, 8, 8, 0, 0, 0, 123456, UTC): MOMENT + 123_456_000,
        datetime(9999, 1, 1): MISSING,
        date(2024, 8, 8): MOMENT,
        time(1, 0, 0, 5): HOUR + 5000,
        timedelta(days=-1, microseconds=1): 1000 - DAY,
        np.datetime64("2024-08-08T00:00:00.123456789"): MOMENT + 123_456_789,
        np.datetime64("2024-08-08", "D"): MOMENT,
        np.datetime64("2024-08", "M"): MOMENT - 7 * DAY,
        np.datetime64("9999-01-01", "us"): MISSING,
        np.datetime64("NaT"): MISSING,
        np.timedelta64(5, "h"): 5 * HOUR,
        np.timedelta64(1500, "ps"): 1,
        np.timedelta64(1, "Y"): MISSING,
        np.int64(1_723_075_200): MOMENT,
        np.float64(1723075200.5): MOMENT + SECOND // 2,
        Decimal("1723075200.123456789"): MOMENT + 123_456_789,
        np.str_("2024-08-08"): MOMENT,
    }
    for value, expected in values.items():
        assert begun().read_one(value) == expected, repr(value)


def test_pandas_moments_keep_their_nanoseconds():
    pandas = pytest.importorskip("pandas")
    assert begun().read_one(pandas.Timestamp(MOMENT + 123_456_789)) == MOMENT + 123_456_789
    assert begun().read_one(pandas.Timestamp(MOMENT + 1, tz="Europe/Berlin")) == MOMENT + 1
    assert begun().read_one(pandas.Timedelta(7, "ns")) == 7
    assert begun().read_one(pandas.NaT) == MISSING


# --- everything at random ---------------------------------------------------------------------------------------------


def written(random: random.Random, time: int) -> str:
    """A time as text of ISO 8601, in one of its forms."""
    offset = random.choice([None, 0, 60, -90, 23 * 60 + 59])
    moment = datetime(1970, 1, 1) + timedelta(seconds=time // SECOND, minutes=offset or 0)
    text = moment.strftime(random.choice(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]))
    digits = f"{time % SECOND:09d}"
    while digits.endswith("0") and random.random() < 0.9:
        digits = digits[:-1]
    zone = "" if offset is None else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
    zone = random.choice(["Z", zone]) if offset == 0 else random.choice([zone, zone.replace(":", "")])
    return text + ("." + digits if digits else "") + zone


@pytest.mark.parametrize("seed", range(20))
def test_any_time_in_any_form_comes_back(seed):
    choice = random.Random(seed)
    times = [choice.randint(-LARGEST + 2 * DAY, LARGEST - 2 * DAY) for _ in range(20)]
    times = [time // length * length for time in times for length in (1, 10**6, SECOND)]
    assert read_both([written(choice, time) for time in times]) == times
    for format, decimals in (("s", 9), ("ms", 6), ("us", 3), ("ns", 0)):
        numbers = [str(Decimal(time).scaleb(-decimals)) for time in times]
        assert read_both(numbers, format=format) == times


def scrambled(choice: random.Random) -> str:
    """Something like a time or a number, perhaps damaged."""
    digits = "".join(choice.choice("0123456789") for _ in range(choice.choice([1, 5, 10, 13, 19, 20, 30])))
    text = choice.choice([*ISO, digits, f"{digits}.{digits[:12]}", f"-{digits}", f"{digits}e{choice.randint(-30, 30)}"])
    if text and choice.random() < 0.3:
        place = choice.randrange(len(text))
        text = text[:place] + choice.choice("0123456789TZ:-+. xé٣eE_") + text[place + 1 :]
    return text


@pytest.mark.parametrize("seed", range(20))
def test_a_column_reads_what_a_single_value_reads_whatever_the_text(seed):
    choice = random.Random(seed)
    for _ in range(100):
        read_both([scrambled(choice)], pyarrow.string(), choice.choice([None, "iso", "s", "ms", "us", "ns"]))


@pytest.mark.parametrize("seed", range(20))
def test_a_column_of_floats_reads_what_a_single_float_reads(seed):
    numbers = np.random.default_rng(seed)
    for format in (None, "s", "ms", "us", "ns"):
        floats = numbers.random(50) * 10.0 ** numbers.integers(-12, 20, 50)
        read_both(floats.tolist(), pyarrow.float64(), format)


# --- the first one ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "format", "message"),
    [
        (
            ["", None, "1/1/2010 0:00"], None,
            "column 'date' holds '1/1/2010 0:00', which is neither ISO 8601 nor a number: "
            "say how its times are written, such as --time-format '%m/%d/%Y %H:%M'",
        ),
        (
            ["noon"], None,
            "column 'date' holds 'noon', which is neither ISO 8601 nor a number: "
            "say how its times are written, such as --time-format '%d.%m.%Y %H:%M'",
        ),
        (
            ["13.01.2024 00:00:00"], "iso",
            "column 'date' holds '13.01.2024 00:00:00', which is no time of --time-format 'iso'; "
            "it looks like '%d.%m.%Y %H:%M:%S'",
        ),
        (["x"], "%H:%M", "column 'date' holds 'x', which is no time of --time-format '%H:%M'"),
        ([True], None, "column 'date' holds 'True', which is neither ISO 8601 nor a number: "
            "say how its times are written, such as --time-format '%d.%m.%Y %H:%M'"),
        (["x" * 1000], "ns", f"column 'date' holds '{'x' * 60}', which is no time of --time-format 'ns'"),
    ],
)  # fmt: skip
def test_a_first_value_that_cannot_be_read_is_an_error_that_says_what_to_do(values, format, message):
    for repeated in (1, FEW):
        with pytest.raises(TimeError) as error:
            TimeReader("date", format).read(pyarrow.array(values * repeated))
        assert str(error.value) == message
    reader = TimeReader("date", format)
    with pytest.raises(TimeError) as error:
        for value in values:
            reader.read_one(value)
    assert str(error.value) == message


def test_after_a_time_has_been_read_a_value_that_cannot_be_is_missing():
    reader = TimeReader("date")
    assert reader.read(pyarrow.array([None, "2024-08-08", "noon"])).tolist() == [MISSING, MOMENT, MISSING]
    assert reader.read_one("noon") == MISSING
    assert reader.read(pyarrow.array(["noon"])).tolist() == [MISSING]


def test_a_first_value_that_leaves_its_place_is_no_error():
    """No such day, or one that 64 bits do not reach: the form is the right one."""
    reader = TimeReader("date")
    assert reader.read(pyarrow.array(["0001-01-01T00:00:00", "2024-02-30"])).tolist() == [MISSING, MISSING]
    with pytest.raises(TimeError):
        reader.read_one("noon")


def test_an_error_leaves_no_trace():
    reader = TimeReader("date")
    with pytest.raises(TimeError):
        reader.read(pyarrow.array(["noon", "1723075200123"]))
    assert (reader.unit, reader.has_begun) == (None, False)


@pytest.mark.parametrize("format", ["isoo", "", "seconds", "%Q", "%Y %Y", "%"])
def test_a_format_that_is_none_is_refused(format):
    with pytest.raises(ValueError, match=r"^(takes iso, s, ms, us, ns or a pattern|has %)"):
        TimeReader("date", format)
