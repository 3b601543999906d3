"""Decimal text -> float64: bit for bit what Python's float() says, or left to it."""

from __future__ import annotations

import random
import struct
from fractions import Fraction

import pytest
from kernels.text.reading import float_bits
from streams.number_cases import MISSING, NOT_NUMBERS, NUMBERS

from streamrnn.kernels.text.powers import EXACT, LEAST, MOST, powers_of_five

NAN = 0x7FF8 << 48


def bits_of(number):
    return struct.unpack("<Q", struct.pack("<d", number))[0]


def float_of(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def check(texts, may_be_left=0.0):
    """Compare with float(); return how many were left to it."""
    found = float_bits(texts)
    left = [text for text, bits in zip(texts, found, strict=True) if bits is None]
    wrong = [
        (text, float_of(bits))
        for text, bits in zip(texts, found, strict=True)
        if bits is not None and bits != bits_of(float(text))
    ]
    assert wrong == []
    assert len(left) <= may_be_left * len(texts), left[:10]


def test_the_shortest_text_of_any_float_reads_back_as_the_same_bits():
    generator = random.Random(1)
    numbers = [float_of(generator.getrandbits(64)) for _ in range(20_000)]
    numbers += [float_of(generator.getrandbits(generator.randint(1, 54))) for _ in range(2000)]  # mostly subnormal
    check([repr(number) for number in numbers if abs(number) < float("inf")])


@pytest.mark.parametrize("digits", [1, 2, 7, 8, 9, 15, 16, 17, 18, 19])
def test_numbers_of_any_length_with_the_point_anywhere_are_read(digits):
    generator = random.Random(digits)
    texts = []
    for _ in range(2000):
        text = str(generator.randint(10 ** (digits - 1), 10**digits - 1))
        point = generator.randint(0, digits)
        texts.append(generator.choice(["", "-", "+"]) + text[:point] + "." + text[point:])
    check([*texts, *(text.replace(".", "") for text in texts)])


def test_any_integer_by_any_power_of_ten_is_rounded_once():
    generator = random.Random(2)
    check([f"{generator.getrandbits(generator.randint(1, 63))}e{generator.randint(-400, 400)}" for _ in range(20_000)])


def test_halfway_between_two_floats_the_even_one_is_taken():
    generator = random.Random(3)
    texts = []
    for exponent in range(-4, 10):
        for _ in range(200):
            halfway = Fraction(2 * (2**52 + generator.getrandbits(52)) + 1) * Fraction(2) ** exponent
            scaled = halfway * 10**5
            assert scaled.denominator == 1
            texts += [f"{scaled.numerator + step}e-5" for step in (-1, 0, 1)]
    check([text for text in texts if len(text) <= 19 + 3])


def test_zeros_before_and_behind_the_digits_count_for_nothing():
    generator = random.Random(4)
    zeros = lambda: "0" * generator.randint(0, 40)  # noqa: E731
    texts = [f"{zeros()}{generator.randint(0, 9999)}.{zeros()}{generator.randint(1, 9999)}" for _ in range(2000)]
    texts += [f"0.{zeros()}{generator.randint(1, 10**9)}e{generator.randint(0, 60)}" for _ in range(2000)]
    check([text for text in texts if len(text.replace(".", "").split("e")[0].lstrip("0")) <= 19])


def test_more_digits_than_a_word_holds_are_left_to_python_or_right():
    generator = random.Random(5)
    digits = lambda least, most: "".join(generator.choices("0123456789", k=generator.randint(least, most)))  # noqa: E731
    check([f"{digits(1, 40)}.{digits(0, 40)}" for _ in range(5000)], may_be_left=1.0)
    check(["0." + "0" * 400 + "1e401", "1" + "0" * 400 + "e-400", "9" * 400], may_be_left=1.0)


def test_the_largest_and_the_least_floats_are_where_they_should_be():
    check(["1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1.8e308", "1e309", "1e400"])
    check(["5e-324", "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2e-324", "1e-400"])
    check(["2.2250738585072014e-308", "2.2250738585072011e-308", "2.225073858507201e-308"])
    check(["-0", "-0.0", "+0", "0e0", "-1e-400", "-1e400", "0e999999999", "1e99999999999", "1e-99999999999"])


def test_what_is_a_number_for_the_sources_is_one_here_or_is_left_to_them():
    texts = [text for text in NUMBERS if text.strip(" \t") == text]
    check(texts, may_be_left=0.2)
    padded = [f" {text}\t" for text in texts]
    assert float_bits(padded) == float_bits(texts)


def test_words_for_a_missing_number_are_missing_or_left_to_the_sources():
    texts = [text for text in MISSING if "(" not in text]
    assert float_bits(texts) == [NAN] * len(texts)
    assert set(float_bits([text for text in MISSING if "(" in text])) == {None}


def test_what_is_no_number_is_never_taken_for_one():
    texts = [text for text in NOT_NUMBERS if not {",", "\n"} & set(text)]
    texts += ["+null", "-NA", "+None", "nanx", "xnan", "infinitx", "nann"]
    assert float_bits(texts) == [None] * len(texts)


def test_the_last_number_of_a_block_is_read_as_any_other():
    for text in ("1", "-2.5", "123456789012345678", "0.1234567890123456", "1e5", "12345.678", "-12345678", "1234567."):
        assert float_bits([text]) == [bits_of(float(text))]
        assert float_bits(["1", text]) == [bits_of(1.0), bits_of(float(text))]


def test_the_table_of_powers_holds_what_it_promises():
    table = powers_of_five()
    assert len(table) == MOST - LEAST + 1
    for q, (high, low) in zip(range(LEAST, MOST + 1), table.tolist(), strict=True):
        kept = high << 64 | low
        assert kept >> 127 == 1 and low != 2**64 - 1
        power = Fraction(5) ** q
        unit = Fraction(2) ** (binary_exponent(power) - 127)
        assert 0 <= power / unit - kept < 1 if not -27 <= q < 0 else 0 < kept - power / unit < 1
        assert kept * unit == power or not 0 <= q <= EXACT


def binary_exponent(number):
    """floor(log2(number))"""
    guess = number.numerator.bit_length() - number.denominator.bit_length()
    return guess if Fraction(2) ** guess <= number else guess - 1
