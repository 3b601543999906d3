"""Names of columns: which a learner reads, which a record has, and what is said where one is missing."""

from __future__ import annotations

import pyarrow
import pytest

from streamrnn import Settings, SettingsError
from streamrnn.schema import (
    check_columns_exist,
    check_record_names,
    forecast_names,
    numeric_columns,
    quantile_suffix,
    record_names,
    record_schema,
)


def test_a_learner_reads_its_features_then_the_targets_that_are_none():
    assert numeric_columns(Settings(targets=["c", "a"], features=["a", "b"])) == ("a", "b", "c")
    assert numeric_columns(Settings(targets=["x"], features=["x"])) == ("x",)


def test_a_records_columns_stand_in_the_documented_order():
    settings = Settings(targets=["load", "wind"], features="load", time="when", sequence="day", horizon=(1, 24))
    assert record_names(settings) == [
        "row", "when", "day",
        "load", "load_expected", "load_h1", "load_h24",
        "wind", "wind_expected", "wind_h1", "wind_h24",
        "loss", "event",
    ]  # fmt: skip


def test_a_label_of_this_row_has_no_expected_value():
    assert record_names(Settings(targets="digit", features="x", horizon=0)) == [
        "row", "digit", "digit_h0", "loss", "event",
    ]  # fmt: skip


def test_quantiles_stand_behind_their_forecast():
    settings = Settings(targets=["a", "b"], horizon=2, loss="quantile", quantiles=(0.025, 0.5))
    for target in ("a", "b"):
        assert forecast_names(settings, target) == [
            f"{target}_{name}" for name in ("h1", "h1_q2_5", "h1_q50", "h2", "h2_q2_5", "h2_q50")
        ]
    assert record_names(settings)[1:9] == ["a", "a_expected", *forecast_names(settings, "a")]


def test_a_category_is_followed_by_its_probability_then_by_the_next_best():
    settings = Settings(targets=["x", "u"], categorical="u", horizon=(1, 3), top=2)
    assert record_names(settings) == [
        "row", "x", "x_expected", "x_h1", "x_h3",
        "u", "u_expected", "u_h1", "u_h1_p", "u_h1_top2", "u_h1_top2_p",
        "u_h3", "u_h3_p", "u_h3_top2", "u_h3_top2_p", "loss", "event",
    ]  # fmt: skip
    kinds = record_schema(settings, {})
    assert {name for name in kinds.names if kinds.field(name).type == pyarrow.string()} == {
        "u", "u_expected", "u_h1", "u_h1_top2", "u_h3", "u_h3_top2", "event",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "suffix"),
    [(0.05, "q05"), (0.5, "q50"), (0.95, "q95"), (0.025, "q2_5"), (0.999, "q99_9"), (0.01, "q01"), (0.0001, "q0_01")],
)
def test_a_quantiles_name_is_its_percentage(level, suffix):
    assert quantile_suffix(level) == suffix


def test_a_schema_has_the_types_of_the_record_and_of_what_is_passed_through():
    settings = Settings(targets="load", time="when", sequence="day")
    when = pyarrow.timestamp("ns", "UTC")
    schema = record_schema(settings, {"when": when, "day": pyarrow.int32()})
    assert schema.names == record_names(settings)
    assert dict(zip(schema.names, schema.types, strict=True)) == {
        "row": pyarrow.int64(),
        "when": when,
        "day": pyarrow.int32(),
        "load": pyarrow.float64(),
        "load_expected": pyarrow.float64(),
        "load_h1": pyarrow.float64(),
        "loss": pyarrow.float64(),
        "event": pyarrow.string(),
    }


# --- what is missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "present", "message"),
    [
        ("laod", ["load", "wind"], "x.csv has no column 'laod'; did you mean 'load'?"),
        ("temp", ["temp1", "temp2", "wind"], "x.csv has no column 'temp'; did you mean 'temp2' or 'temp1'?"),
        ("zzz", ["load", "wind"], "x.csv has no column 'zzz'; it has 'load', 'wind'"),
        ("zzz", [], "x.csv has no column 'zzz'; it has no columns"),
        (
            "zzz",
            [f"c{number}" for number in range(20)],
            "x.csv has no column 'zzz'; it has "
            "'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11' and 8 more",
        ),
    ],
)
def test_a_missing_column_is_named_with_what_it_might_have_been(wanted, present, message):
    with pytest.raises(SettingsError) as error:
        check_columns_exist([*present[:1], wanted], present, "x.csv")
    assert str(error.value) == message


def test_columns_that_are_there_are_no_matter():
    check_columns_exist(["a", "b"], ["b", "a", "c"], "x.csv")


@pytest.mark.parametrize(
    "settings",
    [{"targets": ["a", "a_h1"]}, {"targets": "loss"}, {"targets": "a", "time": "a_expected"}, {"targets": ["row"]}],
)
def test_two_columns_of_one_name_are_refused(settings):
    with pytest.raises(SettingsError, match=r"^the record would have two columns named '.*'; rename the source's$"):
        check_record_names(record_names(Settings(**settings)))


def test_every_name_that_clashes_is_told():
    with pytest.raises(SettingsError, match="two columns named 'a', 'b'; rename"):
        check_record_names(["b", "a", "c", "a", "b"])
