"""A record says the same as an object, as a dictionary and as a row of a table."""

from __future__ import annotations

import copy
import json
import math
import pickle
from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import stream

from streamrnn import Learner
from streamrnn.kernels.arrays.places import DIVERGENCE, LEVEL_SHIFT, UPDATE_SKIPPED
from streamrnn.records.layout import event_text
from streamrnn.schema import record_names

SMALL: dict[str, Any] = {"hidden": 4, "window": 5, "lr": 1e-2}
KINDS: list[dict[str, Any]] = [
    {},
    {"horizon": (2, 5), "time": "when"},
    {"horizon": 3, "loss": "quantile", "sequence": "day", "quantiles": (0.1, 0.5)},
    {"horizon": 0, "features": "c", "loss": "quantile"},
    {"horizon": 2, "horizon_unit": "values"},
    {"horizon": 2, "alert": 0.9},
]


def rows(count: int = 60) -> list[dict[str, Any]]:
    values = [[None if math.isnan(value) else value for value in row] for row in stream(count, nulls=0.2).tolist()]
    return [
        {"a": a, "b": b, "c": c, "when": f"t{number}", "day": number // 25} for number, (a, b, c) in enumerate(values)
    ]


@pytest.mark.parametrize("settings", KINDS)
def test_the_dictionary_is_the_tables_row(settings):
    by_row, by_table = (Learner(["a", "b"], **SMALL, **settings) for _ in range(2))
    records = [by_row.step(row).to_dict() for row in rows()]
    table = by_table.run(pyarrow.Table.from_pylist(rows()))
    assert table.to_pylist() == records
    assert table.column_names == list(records[0]) == record_names(by_row.settings)


@pytest.mark.parametrize("settings", KINDS)
def test_the_cells_of_a_step_are_the_records_values_in_their_order(settings):
    as_record, as_cells = (Learner(["a", "b"], **SMALL, **settings) for _ in range(2))
    for row in [*rows(), {"a": math.inf, "b": math.nan, "c": -math.inf}]:
        assert as_cells.step_cells(row) == list(as_record.step(row).to_dict().values())
    assert as_cells.to_bytes() == as_record.to_bytes()


@pytest.mark.parametrize("settings", KINDS)
def test_the_dictionary_is_strict_json_with_null_for_every_missing_number(settings):
    learner = Learner(["a", "b"], **SMALL, **settings)
    for row in [*rows(30), {"a": math.inf, "b": math.nan, "c": -math.inf}]:
        record = learner.step(row).to_dict()
        assert json.loads(json.dumps(record, allow_nan=False)) == record
        assert all(type(value) in (int, float, str, type(None)) for value in record.values())


def test_attributes_and_dictionary_say_the_same():
    learner = Learner(["a", "b"], **SMALL, horizon=(1, 4), loss="quantile", time="when")
    for row in rows():
        record = learner.step(row)
        flat = record.to_dict()
        assert (flat["row"], flat["when"], flat["event"]) == (record.row, record.time, record.event)
        for target in ("a", "b"):
            same(flat[target], record.values[target])
            same(flat[f"{target}_expected"], record.expected[target])
            assert record.forecast[target].shape == (2,) and record.quantiles[target].shape == (2, 3)
            for k, horizon in enumerate((1, 4)):
                same(flat[f"{target}_h{horizon}"], record.forecast[target][k])
                for q, name in enumerate(("q05", "q50", "q95")):
                    same(flat[f"{target}_h{horizon}_{name}"], record.quantiles[target][k, q])
                same(record.forecast[target][k], record.quantiles[target][k, 1])
        same(flat["loss"], record.loss)


def same(number: float | None, other: float) -> None:
    assert math.isnan(other) if number is None or math.isnan(number) else number == other


def test_a_missing_number_is_nan_in_python_and_never_none():
    record = Learner("a", **SMALL).step({"a": None})
    assert math.isnan(record.values["a"]) and math.isnan(record.expected["a"]) and math.isnan(record.loss)
    assert np.isnan(record.forecast["a"]).all()
    assert record.to_dict() == {
        "row": 0, "a": None, "a_expected": None, "a_h1": None, "loss": None, "event": None,
    }  # fmt: skip


def test_expected_is_the_number_that_an_earlier_record_forecast():
    for horizon in (1, 3, (2, 5)):
        table = Learner("a", **SMALL, horizon=horizon).run(stream(50, columns=1)).to_pydict()
        shortest = 2 if horizon == (2, 5) else 1
        assert table["a_expected"][shortest:] == table[f"a_h{shortest}"][:-shortest]
        assert table["a_expected"][:shortest] == [None] * shortest


def test_the_loss_is_the_mean_over_what_a_row_graded_in_units_of_the_scale():
    """Horizon 2 over a walk: the loss of row t, worked out from the records of rows t - 1 and t - 2."""
    learner = Learner("a", **SMALL, horizon=2, shrink=False, experts=False)
    values = np.cumsum(np.random.default_rng(0).standard_normal(80))
    records = [learner.step([value]) for value in values]
    changes = {1: [], 2: []}
    for row, value in enumerate(values):
        expected = []
        for k in (1, 2):
            if row - k >= 0:
                scale = scale_after([abs(change) for change in changes[k][: max(0, row - k - k + 1)]])
                if scale:
                    expected.append(((value - records[row - k].forecast["a"][k - 1]) / scale) ** 2)
        for k in (1, 2):
            if row - k >= 0:
                changes[k].append(value - values[row - k])
        same(records[row].loss, pytest.approx(np.mean(expected), rel=1e-6) if expected else math.nan)


def scale_after(sizes: list[float]) -> float:
    """The first twenty count by their median, later ones by their square."""
    first = sizes[:20]
    if not first:
        return 0.0
    seed = 1.4826 * float(np.median(first))
    return math.sqrt((seed**2 * len(first) + sum(size**2 for size in sizes[20:])) / len(sizes))


def test_records_keep_their_numbers_when_later_rows_come():
    learner = Learner("a", **SMALL, horizon=3, loss="quantile")
    kept = [learner.step(row) for row in rows(20)]
    before = [record.to_dict() for record in kept]
    for row in rows(40):
        learner.step(row)
        learner.predict(row)
    assert [record.to_dict() for record in kept] == before


@pytest.mark.parametrize("settings", [*KINDS, {"emit_weights": True, "intervals": [0.9]}])
def test_a_record_that_is_first_read_when_later_rows_have_come_says_what_it_would_have_said_at_once(settings):
    late, at_once = (Learner(["a", "b"], **SMALL, **settings) for _ in range(2))
    kept = [late.step(row) for row in rows(40)]
    assert [record.to_dict() for record in kept] == [at_once.step(row).to_dict() for row in rows(40)]


def test_a_category_has_the_name_that_it_had_though_its_code_was_given_away_before_the_record_is_read():
    texts = [{"s": f"s{number // 3}"} for number in range(40)]
    late, at_once = (Learner("s", **SMALL, max_categories=3, evict_categories=True) for _ in range(2))
    kept = [late.step(row) for row in texts]
    assert [record.to_dict() for record in kept] == [at_once.step(row).to_dict() for row in texts]


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))])
def test_a_copy_of_a_record_says_the_same(twin):
    learner = Learner("a", **SMALL, horizon=2, time="when")
    record = [learner.step(row) for row in rows(10)][-1]
    assert twin(record).to_dict() == record.to_dict()
    assert repr(twin(record)) == repr(record)


def test_what_was_read_of_a_record_stays_the_same_object():
    record = Learner("a", **SMALL).step({"a": 1.0})
    record.forecast["a"][0] = 7.0
    assert record.forecast["a"][0] == record.to_dict()["a_h1"] == 7.0
    with pytest.raises(AttributeError, match=r"^'Record' object has no attribute 'forcast'$"):
        _ = record.forcast


def test_without_quantile_loss_there_are_no_quantiles():
    assert Learner("a", **SMALL).step({"a": 1.0}).quantiles == {}


def test_a_record_is_slotted():
    record = Learner("a", **SMALL).step({"a": 1.0})
    with pytest.raises(AttributeError):
        record.remark = "no room for it"


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        (0, None),
        (LEVEL_SHIFT, "level-shift"),
        (UPDATE_SKIPPED, "update-skipped"),
        (DIVERGENCE, "diverged"),
        (LEVEL_SHIFT | UPDATE_SKIPPED | DIVERGENCE, "diverged,level-shift,update-skipped"),
    ],
)
def test_events_are_named_and_joined_by_commas(bits, text):
    assert event_text(bits) == text


def test_weights_of_the_mix_stand_behind_their_forecast_and_sum_to_one():
    learner = Learner("a", **SMALL, horizon=(1, 3), emit_weights=True)
    record = [learner.step([value]) for value in np.sin(np.arange(90.0))][-1]
    names = [f"a_h1_w_{expert}" for expert in ("last", "seasonal", "linear", "joint", "readout", "network")]
    flat = record.to_dict()
    place = list(flat).index("a_h1")
    assert list(flat)[place + 1 : place + 7] == names
    assert [flat[name] for name in names] == record.weights["a"][0].tolist()
    assert record.weights["a"].sum(axis=1) == pytest.approx([1.0, 1.0])
    assert Learner("a", **SMALL).step([1.0]).weights == {}
