"""Strict numbers."""

import math

import pytest

from streamrnn.streams.numbers import float64_from_text, float64_from_values, is_number, parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0),
        ("-.5", -0.5),
        ("+2.", 2.0),
        (" 1e-3\t", 0.001),
        ("0012", 12.0),
        ("1e400", math.inf),
        ("-inf", -math.inf),
    ],
)
def test_what_a_person_calls_a_number_is_one(text, number):
    assert parse_number(text) == number
    assert float64_from_text([text])[0].to_pylist() == [number]


@pytest.mark.parametrize("text", ["abc", "1_000", "٣", "0x10", "1,5", "--1", "1 2", "true", "-", ".", "\uff11"])
def test_what_only_python_calls_a_number_is_none(text):
    assert not is_number(text)
    array, bad = float64_from_text(["1", text, "2"])
    assert (array.to_pylist(), bad) == ([1.0, None, 2.0], [1])


@pytest.mark.parametrize("text", ["", " ", "nan", "NaN", "+nan", "NAN(1)", "null", "NULL", "NA", "na", "None", " NA "])
def test_the_spellings_of_nothing_are_missing_and_not_bad(text):
    assert parse_number(text) is None
    array, bad = float64_from_text(["1", text])
    assert (array.to_pylist(), bad) == ([1.0, None], [])


def test_every_float_reads_back_exactly():
    numbers = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789]
    assert float64_from_text([repr(number) for number in numbers])[0].to_pylist() == numbers


def test_values_of_json_are_numbers_if_they_say_one():
    array, bad = float64_from_values([1, 2.5, True, False, None, "3.5", "NA", math.nan, math.inf, 2**60])
    assert array.to_pylist() == [1.0, 2.5, 1.0, 0.0, None, 3.5, None, None, math.inf, float(2**60)]
    assert bad == []


@pytest.mark.parametrize("value", ["abc", [1], {"a": 1}, 10**400])
def test_a_value_that_is_no_number_is_bad(value):
    array, bad = float64_from_values([1, value])
    assert (array.to_pylist(), bad) == ([1.0, None], [1])
