"""A row is read alike in whatever form it comes, and a step looks nothing up that it does not need."""

from __future__ import annotations

from collections import ChainMap, OrderedDict, defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from learners import COLUMNS, stream

from streamrnn import Learner
from streamrnn.kernels.learn import learn_rows
from streamrnn.model.kind import kind_of

SMALL: dict[str, Any] = {"hidden": 3, "window": 4, "experts": False}
VALUES = (8 * stream(30)).round() / 8 + 0.0  # eighths, and no -0.0: exact in every kind of number


def named(kind: Callable[[float], Any]) -> Callable[[np.ndarray], Any]:
    return lambda values: {
        name: None if np.isnan(value) else kind(value) for name, value in zip(COLUMNS, values.tolist(), strict=True)
    }


MAPPINGS: dict[str, Callable[[np.ndarray], Any]] = {
    "decimals": named(Decimal),
    "fractions": named(Fraction),
    "singles": named(np.float32),
    "doubles": named(np.float64),
    "arrays of none": named(np.asarray),
    "integers": named(lambda value: int(value) if value == int(value) else value),
    "flags": named(lambda value: bool(value) if value in (0.0, 1.0) else value),
    "absent": lambda values: {name: value for name, value in named(float)(values).items() if value is not None},
    "ordered": lambda values: OrderedDict(named(float)(values)),
    "proxy": lambda values: MappingProxyType(named(float)(values)),
    "chain": lambda values: ChainMap(named(float)(values), {}),
    "more": lambda values: {"other": "text", **named(float)(values)},
}
SEQUENCES: dict[str, Callable[[np.ndarray], Any]] = {
    "array": lambda values: values,
    "list": lambda values: values.tolist(),
    "tuple": lambda values: tuple(named(float)(values).values()),
    "singles": lambda values: values.astype(np.float32),
    "strided": lambda values: np.repeat(values, 2)[::2],
    "foreign": lambda values: values.astype(values.dtype.newbyteorder()),
    "objects": lambda values: np.array([*named(Decimal)(values).values()]),
    "masked": lambda values: np.ma.masked_invalid(values),
}


def records_of(rows: list[Any]) -> tuple[list[dict[str, Any]], bytes]:
    learner = Learner("a", COLUMNS, **SMALL)
    return [learner.step(row).to_dict() for row in rows], learner.to_bytes()


@pytest.mark.parametrize("form", MAPPINGS)
def test_a_mapping_of_any_kind_with_any_kind_of_number_is_the_same_row(form):
    plain = [named(float)(values) for values in VALUES]
    assert records_of([MAPPINGS[form](values) for values in VALUES]) == records_of(plain)


@pytest.mark.filterwarnings("ignore:Warning. converting a masked element to nan")
@pytest.mark.parametrize("form", SEQUENCES)
def test_numbers_by_position_are_the_same_row(form):
    order = [COLUMNS.index(name) for name in Learner("a", COLUMNS, **SMALL).columns]
    plain = [named(float)(values) for values in VALUES]
    assert records_of([SEQUENCES[form](values[order]) for values in VALUES]) == records_of(plain)


def test_a_mapping_that_makes_what_it_lacks_is_not_asked_to():
    learner, row = Learner("a", COLUMNS, **SMALL), defaultdict(float, a=1.0)
    learner.step(dict.fromkeys(COLUMNS, 1.0))
    learner.step(row)
    assert dict(row) == {"a": 1.0}
    assert learner.metrics.nulls == {name: int(name != "a") for name in learner.columns}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2.5", "'2.5' is text, not a number; pass a number or None"),
        (b"2.5", "b'2.5' is text, not a number; pass a number or None"),
        (np.str_("2"), "np.str_('2') is text, not a number; pass a number or None"),
        (1j, "1j is not a number"),
        (10**400, f"{10**400} is not a number"),
        ([], "[] is not a number"),
    ],
)
@pytest.mark.parametrize("by_position", [False, True])
def test_what_is_no_number_is_told_with_its_column_and_the_row_is_not_taken(value, message, by_position):
    learner = Learner("a", COLUMNS, **SMALL)
    learner.step([1.0, 2.0, 3.0])
    before, name = learner.to_bytes(), learner.columns[1]
    row = [1.0, value, 3.0] if by_position else {"a": 1.0, "b": 1.0, "c": 1.0, name: value}
    with pytest.raises(TypeError) as raised:
        learner.step(row)
    assert str(raised.value) == f"row 1, column {name!r}: {message}"
    assert learner.to_bytes() == before


def test_a_stream_of_numbers_goes_on_behind_a_forecast_a_beginning_and_a_table():
    alone, disturbed = (Learner("a", COLUMNS, **SMALL) for _ in range(2))
    for number, values in enumerate(VALUES):
        if number == 12:
            alone.begin_sequence()
            disturbed.begin_sequence()
        disturbed.predict(values)
        if number % 5 == 4:
            disturbed.run(values[None], learn=number % 2 == 0)
        else:
            disturbed.step(values, learn=number % 2 == 0)
        alone.step(values, learn=number % 2 == 0)
    assert disturbed.to_bytes() == alone.to_bytes()


def test_steps_run_the_machine_code_that_tables_run():
    learner = Learner("a", COLUMNS, **SMALL)
    learner.run(VALUES)
    entry: Any = learn_rows(kind_of(learner.settings))
    before = len(entry.signatures)
    learner.step(VALUES[0])
    learner.step(VALUES[0], learn=np.array(0))
    assert len(entry.signatures) == before
