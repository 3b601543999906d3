"""Which category has which code, and what is a category."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow
import pytest

from streamrnn import SettingsError
from streamrnn.categories.vocabulary import LONGEST, NOTHING, RESERVED, Vocabulary, category_text, category_texts


def test_codes_are_given_in_the_order_of_arrival_and_a_full_vocabulary_gives_the_reserved_one():
    vocabulary = Vocabulary(2)
    assert [vocabulary.code(state) for state in ("on", "off", "on", None, "stuck", "off")] == [1, 2, 1, -1, 0, 2]
    assert vocabulary.categories == ["on", "off"] and len(vocabulary) == 2


def test_a_vocabulary_that_may_not_grow_takes_what_is_new_for_reserved():
    vocabulary = Vocabulary(5)
    vocabulary.code("on")
    assert vocabulary.code("off", grow=False) == RESERVED
    assert vocabulary.categories == ["on"]


def test_what_is_too_long_gets_no_code():
    vocabulary = Vocabulary(5)
    assert vocabulary.code("x" * LONGEST) == 1
    assert vocabulary.code("y" * (LONGEST + 1)) == RESERVED


@pytest.mark.parametrize("cut", [1, 3, 7, 50])
def test_a_column_gets_the_codes_that_its_values_get_one_by_one(cut):
    random = np.random.default_rng(0)
    values = [None if random.random() < 0.1 else f"kind {random.integers(12)}" for _ in range(50)]
    one_by_one, column = Vocabulary(8), Vocabulary(8)
    expected = [one_by_one.code(value) for value in values]
    parts = [pyarrow.array(values[start : start + cut], pyarrow.string()) for start in range(0, 50, cut)]
    assert np.concatenate([column.codes(part) for part in parts]).tolist() == expected
    assert column.categories == one_by_one.categories


def test_codes_are_named_by_their_categories():
    vocabulary = Vocabulary(5)
    for name in ("on", "off"):
        vocabulary.code(name)
    assert [vocabulary.category(code) for code in (1.0, 2.0, 0.0, 3.0, float("nan"))] == ["on", "off", None, None, None]
    assert vocabulary.texts(np.array([2.0, np.nan, 0.0, 1.0])).to_pylist() == ["off", None, None, "on"]
    vocabulary.code("new")
    assert vocabulary.texts(np.array([3.0])).to_pylist() == ["new"]


def test_a_restored_vocabulary_goes_on_where_it_was():
    vocabulary = Vocabulary(3)
    vocabulary.restore(["b", "a"])
    assert [vocabulary.code(name) for name in ("a", "b", "c", "d")] == [2, 1, 3, 0]


SAME = [
    ([3, 3.0, np.int8(3), np.float64(3.0), "3"], "3"),
    ([True, np.bool_(True)], "true"),
    ([2.5, np.float32(2.5)], "2.5"),
    ([1e20], "1e+20"),
]


@pytest.mark.parametrize(("values", "text"), SAME)
def test_a_number_is_the_category_that_its_shortest_text_is(values, text):
    assert {category_text(value) for value in values} == {text}
    for value in values:
        assert category_texts(pyarrow.array([value]), "x").to_pylist() == [text]


def test_missing_values_are_no_category():
    assert [category_text(value) for value in (None, float("nan"), np.float32("nan"))] == [None] * 3
    assert category_texts(pyarrow.array([1.0, float("nan"), None]), "x").to_pylist() == ["1", None, None]
    assert Vocabulary(3).code(None) == NOTHING


@pytest.mark.parametrize(
    "column", [pyarrow.array(["a", None]), pyarrow.array(["a", None], pyarrow.large_string()),
               pyarrow.array(["a", None]).dictionary_encode()],
)  # fmt: skip
def test_text_in_any_encoding_is_the_same_category(column):
    assert category_texts(column, "x").to_pylist() == ["a", None]


def test_what_is_neither_text_nor_a_number_is_refused():
    with pytest.raises(TypeError, match=r"^\[1\] is neither text nor a number$"):
        category_text([1])
    with pytest.raises(SettingsError, match=r"^column 'x' holds list<item: int64>, neither text nor numbers; it "):
        category_texts(pyarrow.array([[1]]), "x")
    with pytest.raises(SettingsError, match="decimal"):
        category_texts(pyarrow.array([Decimal("1.5")]), "x")


def test_a_code_that_is_given_away_still_names_in_old_answers_what_it_stood_for():
    vocabulary, forgotten = Vocabulary(2), []
    vocabulary.let_go(np.zeros(3, np.int64), forgotten.append)
    codes = np.array([float(vocabulary.code(text)) for text in "ab"])
    vocabulary.place_codes(codes)
    assert (vocabulary.code("a"), vocabulary.code("c"), forgotten) == (1, 2, [2])
    later = np.array([1.0, 2.0, np.nan])
    vocabulary.place_codes(later)
    assert vocabulary.texts(np.concatenate([codes, later])).to_pylist() == ["a", "b", "a", "c", None]
    assert vocabulary.categories == ["a", "c"]
    vocabulary.begin_answers()
    assert vocabulary.texts(np.array([1.0, 2.0])).to_pylist() == ["a", "c"]
    assert (vocabulary.category(2.0), vocabulary.category(3.0)) == ("c", None)
