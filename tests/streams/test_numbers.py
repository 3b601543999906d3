"""Strict numbers."""

import math
import random

import pytest

from streamrnn.streams.numbers import is_number, numbers_from_text, numbers_from_values, parse_number
from streams.number_cases import MISSING, NOT_NUMBERS, NUMBERS


def _none_for_nan(numbers):
    """Missing numbers, as Arrow has them."""
    return [None if number is None or math.isnan(number) else number for number in numbers]


def test_what_a_person_calls_a_number_is_one():
    for text, number in NUMBERS.items():
        assert repr(parse_number(text)) == repr(number), text
        assert is_number(text)
        for cells in ([text], [text, "abc"]):  # together, and one by one
            numbers, bad = numbers_from_text(cells)
            assert (repr(numbers[0]), bad) == (repr(number), [1][: len(cells) - 1]), text


def test_what_only_python_calls_a_number_is_none():
    for text in NOT_NUMBERS:
        assert not is_number(text), text
        numbers, bad = numbers_from_text(["1", text, "2"])
        assert (numbers, bad) == ([1.0, None, 2.0], [1]), text


def test_the_spellings_of_nothing_are_missing_and_not_bad():
    for text in MISSING:
        assert parse_number(text) is None, text
        for cells in (["1", text], ["1", text, "abc"]):
            numbers, bad = numbers_from_text(cells)
            assert (_none_for_nan(numbers)[1], bad) == (None, [2][: len(cells) - 2]), text


def test_every_float_reads_back_exactly():
    generator = random.Random(1)
    numbers = [math.ldexp(generator.random() - 0.5, generator.randint(-1070, 1023)) for _ in range(2000)]
    numbers += [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789]
    texts = [repr(number) for number in numbers]
    assert numbers_from_text(texts)[0] == numbers
    assert [parse_number(text) for text in texts] == numbers


def test_a_long_text_is_refused_in_time_that_grows_with_its_length(promptly):
    texts = [
        "1" * 1_000_000 + "x",
        "1" * 500_000 + "." + "1" * 500_000 + "x",
        "nan(" + "1" * 1_000_000,
        " " * 1_000_000 + "x",
    ]
    assert promptly(lambda: [is_number(text) for text in texts]) == [False] * 4


def test_values_of_json_are_numbers_if_they_say_one():
    numbers, bad = numbers_from_values(
        [1, 2.5, True, False, None, "3.5", "NA", math.nan, math.inf, 2**60, 10**400, -(10**400)]
    )
    expected = [1.0, 2.5, 1.0, 0.0, None, 3.5, None, None, math.inf, float(2**60), math.inf, -math.inf]
    assert (_none_for_nan(numbers), bad) == (expected, [])


@pytest.mark.parametrize("value", ["abc", [1], {"a": 1}])
def test_a_value_that_is_no_number_is_bad(value):
    numbers, bad = numbers_from_values([1, value])
    assert (numbers, bad) == ([1.0, None], [1])
