"""What is written has the form of the column, and is read again as the same times."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow
import pytest

from streamrnn.times import DAY, HOUR, MINUTE, SECOND, TimeError
from streamrnn.times.reader import TimeReader
from streamrnn.times.writer import time_writer

MS = 10**6


def rewritten(column: pyarrow.Array, step: int, format: str | None = None) -> list[Any]:
    """The times of a column, put down to multiples of a step."""
    reader = TimeReader("t", format)
    times = reader.read(column) // step * step
    example = column[0].as_py() if pyarrow.types.is_string(column.type) else ""
    written = time_writer(reader, column.type, step, example)(times)
    assert written.type == column.type
    other = TimeReader("t", format)
    other.unit = reader.unit
    assert other.read(written).tolist() == times.tolist()
    return written.to_pylist()


@pytest.mark.parametrize(
    ("text", "step", "written"),
    [
        ("2024-08-08T00:00:00.1234Z", 100 * MS, "2024-08-08T00:00:00.1Z"),
        ("2024-08-08T00:00:00.1234Z", 1, "2024-08-08T00:00:00.123400000Z"),
        ("2024-08-08T00:00:00.1234Z", 1500 * MS, "2024-08-08T00:00:00.0Z"),
        ("2024-08-08T00:00:00.1234Z", SECOND, "2024-08-08T00:00:00Z"),
        ("2024-08-08 00:07:00", HOUR, "2024-08-08 00:00:00"),
        ("2024-08-08 00:07", HOUR, "2024-08-08 00:00"),
        ("2024-08-08 00:07", SECOND, "2024-08-08 00:07:00"),
        ("2024-08-08T12", DAY, "2024-08-08T00"),
        ("2024-08-08", DAY, "2024-08-08"),
        ("2024-08-08", MINUTE, "2024-08-08 00:00"),
        ("2024-08-08T01:00+01:00", MINUTE, "2024-08-08T00:00+00:00"),
        ("2024-08-08t01:00:00z ", MINUTE, "2024-08-08T01:00:00Z"),
        ("1969-12-31T23:59:59.9", 500 * MS, "1969-12-31T23:59:59.5"),
        ("1723075200.123", 100 * MS, "1723075200.1"),
        ("1723075200123", SECOND, "1723075200000"),
        ("1723075200123", 10**5, "1723075200123.0"),
        ("1723075200123456789", 1, "1723075200123456789"),
        ("-0.55", 100 * MS, "-0.6"),
        ("0.07", 10 * MS, "0.07"),
    ],
)
def test_text_keeps_its_form_with_as_many_digits_as_the_step_needs(text, step, written):
    assert rewritten(pyarrow.array([text]), step) == [written]


def test_a_pattern_is_written_as_it_is_read():
    assert rewritten(pyarrow.array(["1/2/2010 3:07"]), HOUR, "%m/%d/%Y %H:%M") == ["01/02/2010 03:00"]


@pytest.mark.parametrize(
    ("column", "step", "written"),
    [
        (pyarrow.array([1723075200123]), SECOND, 1723075200000),
        (pyarrow.array([7], pyarrow.int16()), 5 * SECOND, 5),
        (pyarrow.array([1723075200.37]), 100 * MS, 1723075200.3),
        (pyarrow.array([1.99], pyarrow.float32()), 500 * MS, 1.5),
        (pyarrow.array([Decimal("1.57")]), 100 * MS, Decimal("1.50")),
    ],
)
def test_numbers_stay_numbers_of_their_unit(column, step, written):
    assert rewritten(column, step) == [written]


def test_a_float_is_the_nearest_to_its_decimal():
    numbers = np.arange(1000) / 100.0
    assert rewritten(pyarrow.array(numbers), 10 * MS) == numbers.tolist()
    later = [1723075200 + hundredth / 100 for hundredth in range(1000)]
    assert rewritten(pyarrow.array(later), 10 * MS) == later


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_arrows_times_keep_their_type(unit):
    for kind in (pyarrow.timestamp(unit), pyarrow.timestamp(unit, "Europe/Berlin"), pyarrow.duration(unit)):
        rewritten(pyarrow.array([12345, 67890]).cast(kind), 5 * SECOND)
    rewritten(pyarrow.array([5, 6], pyarrow.int32()).cast(pyarrow.date32()), 2 * DAY)
    rewritten(pyarrow.array([DAY // MS]).cast(pyarrow.date64()), DAY)
    rewritten(pyarrow.array([5], pyarrow.int32()).cast(pyarrow.time32("s")), 5 * SECOND)


@pytest.mark.parametrize(
    ("column", "format", "step", "message"),
    [
        (pyarrow.array([5]).cast(pyarrow.timestamp("s")), None, 1500 * MS, "steps of 1s, which 1500ms is"),
        (pyarrow.array([5], pyarrow.int32()).cast(pyarrow.date32()), None, HOUR, "steps of 1d, which 1h is"),
        (pyarrow.array([5]), None, 100 * MS, "steps of 1s, which 100ms is"),
        (pyarrow.array([1723075200123]), None, 1500, "steps of 1ms, which 1500ns is"),
    ],
)
def test_steps_between_which_there_is_no_time_are_refused(column, format, step, message):
    with pytest.raises(TimeError) as error:
        rewritten(column, step, format)
    assert str(error.value) == f"column 't' counts in {message} no multiple of: take one"


def test_a_pattern_without_a_place_for_the_step_is_refused():
    with pytest.raises(TimeError) as error:
        rewritten(pyarrow.array(["1/2/2010 3:07"]), SECOND, "%m/%d/%Y %H:%M")
    assert str(error.value) == "column 't': '%m/%d/%Y %H:%M' has no place for times as fine as 1s"
