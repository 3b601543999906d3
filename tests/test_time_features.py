"""A learner that is told the time: the same from rows, tables and checkpoints, and never misled by what it has seen."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import stream

from streamrnn import Learner, SettingsError
from streamrnn.kernels.arrays.state import named_view
from streamrnn.schema import matrix_columns
from streamrnn.settings import Settings
from streamrnn.times import CYCLES, SECOND, TIME_FEATURES

SMALL: dict[str, Any] = {"hidden": 4, "window": 6, "lr": 1e-2}
TIMED: dict[str, Any] = {**SMALL, "time": "when", "time_features": True}


def times_of(rows: int, seed: int = 0) -> list[datetime | None]:
    """Moments at irregular distances, some missing, some going back."""
    random = np.random.default_rng(seed)
    seconds = np.cumsum(random.exponential(3000.0, rows)) - 5000.0 * (random.random(rows) < 0.1)
    moments = [datetime(2024, 8, 8) + timedelta(microseconds=int(second * 1e6)) for second in seconds]
    return [None if random.random() < 0.1 else moment for moment in moments]


def table_of(rows: int = 60, times: Any = None) -> pyarrow.Table:
    values = stream(rows, columns=2)
    times = pyarrow.array(times_of(rows), pyarrow.timestamp("us")) if times is None else times
    return pyarrow.table({"a": values[:, 0], "b": values[:, 1], "when": times, "s": [row // 25 for row in range(rows)]})


def as_text(moments: list[datetime | None]) -> list[str | None]:
    return [None if moment is None else moment.isoformat() for moment in moments]


def as_timestamps(moments: list[datetime | None], unit: str = "us") -> pyarrow.Array:
    return pyarrow.array(moments, pyarrow.timestamp("us")).cast(pyarrow.timestamp(unit), safe=False)


FORMS = {
    "timestamps": as_timestamps,
    "ISO 8601": lambda moments: pyarrow.array(as_text(moments)),
    "with a bad one": lambda moments: pyarrow.array([*as_text(moments[:29]), "noon", *as_text(moments[30:])]),
    "milliseconds": lambda moments: as_timestamps(moments, "ms").cast(pyarrow.int64()),
    "elapsed": lambda moments: pyarrow.array(np.cumsum(np.full(len(moments), 0.01))),
}


# --- the same everywhere ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("settings", [{"horizon": 2}, {"horizon": 0, "features": "b"}, {"horizon": 2, "sequence": "s"}])
def test_rows_tables_and_saving_in_between_give_the_same_bits(form, settings):
    table = table_of(times=FORMS[form](times_of(60)))
    options = {**TIMED, **settings}
    whole, rows, cut = (Learner("a", **options) for _ in range(3))
    expected = whole.run(table)
    assert [rows.step(row).to_dict() for row in table.to_pylist()] == expected.to_pylist()
    assert rows.to_bytes() == whole.to_bytes()
    records = []
    for start in range(0, 60, 7):
        cut = Learner.from_bytes(cut.to_bytes())
        records.append(cut.run(table.slice(start, 7)))
    assert pyarrow.concat_tables(records).equals(expected)
    assert cut.to_bytes() == whole.to_bytes()


def test_a_forecast_leaves_no_trace_and_is_that_of_the_step():
    times = [None, None, *(1_723_075_200_000 + 60_000 * row for row in range(28))]
    table = table_of(30, pyarrow.array(times, pyarrow.int64()))
    learner = Learner("a", **TIMED, horizon=2)
    for row in table.to_pylist():
        before = learner.to_bytes()
        forecast = learner.predict(row)["a"]
        assert learner.to_bytes() == before
        assert learner.step(row, learn=False).forecast["a"].tolist() == forecast.tolist()


def test_the_unit_of_numbers_stays_the_first_ones_after_saving():
    table = table_of(20, pyarrow.array([1_723_075_200_000 + 60_000 * row for row in range(20)]))
    learner = Learner("a", **TIMED)
    learner.run(table)
    learner = Learner.from_bytes(learner.to_bytes())
    learner.step({"a": 1.0, "when": 61_000})  # a minute after 1970, not after noon
    assert learner._intake.keys.states[None].time == 61 * SECOND


def test_a_record_has_no_column_for_it():
    assert Learner("a", **TIMED).run(table_of()).schema == Learner("a", **SMALL, time="when").run(table_of()).schema
    assert Learner("a", ["a", "b"], **TIMED).columns == ("a", "b")


def test_without_it_nothing_is_read_of_the_time():
    plain, timed = Learner("a", **SMALL), Learner("a", **SMALL, time="when", time_features=False)
    table = table_of(times=pyarrow.array(["noon"] * 60))
    assert timed.run(table).drop_columns(["when"]).equals(plain.run(table))


def test_a_time_that_is_named_is_learned_from_where_experts_forecast_unless_somebody_says_no():
    table = table_of()
    with_time, default_ = Learner("a", **TIMED), Learner("a", **SMALL, time="when")
    assert default_.run(table).equals(with_time.run(table))
    for settings in ({"time_features": False}, {"experts": False}, {"horizon": 0, "features": "b"}):
        assert not Learner("a", **{"features": "a", **SMALL, "time": "when", **settings}).settings.sees_time
    assert not Settings(targets="a", features=["a", "hour_sin"], time="when").sees_time


@pytest.mark.parametrize("form", ["rows", "table"])
def test_what_is_no_time_is_missing_unless_its_format_is_named_or_its_features_are_asked_for(form):
    table = table_of(times=pyarrow.array(["noon"] * 60))
    learner = Learner("a", **SMALL, time="when")
    records = [learner.step(row).to_dict() for row in table.to_pylist()] if form == "rows" else learner.run(table)
    assert len(records) == 60 and np.isfinite(learner.metrics.scores[0].rmse)
    for settings in ({"time_features": True}, {"time_format": "iso"}):
        with pytest.raises(SettingsError, match="noon"):
            Learner("a", **SMALL, time="when", **settings).run(table)


# --- what the network sees --------------------------------------------------------------------------------------------


def inputs_of(learner: Learner) -> dict[str, float]:
    """What the network saw of the last row, by name."""
    step = int(named_view(learner._state, "lane_counts")[0])
    inputs = named_view(learner._state, "inputs")
    names = matrix_columns(learner.settings)
    return dict(zip(names, inputs[(step - 1) % len(inputs)].tolist(), strict=False))


def test_the_network_sees_the_circles_at_their_full_size_whatever_part_it_has_seen():
    """Ten minutes of one night do not make the next noon far off, nor their own drift large."""
    learner = Learner("a", **TIMED)
    for row in range(600):
        learner.step({"a": float(row), "when": 30.0 * 86_400 + row})
    seen = inputs_of(learner)
    assert abs(seen["hour_sin"]) < 0.1 and abs(seen["hour_cos"] - math.sqrt(2)) < 0.1
    learner.step({"a": 0.0, "when": 30.5 * 86_400})
    assert inputs_of(learner)["hour_cos"] == pytest.approx(-math.sqrt(2), rel=1e-5)
    assert [learner.metrics.far[name] for name in CYCLES] == [0] * 4


def test_regular_rows_see_no_time_since_the_last_one():
    learner = Learner("a", **TIMED)
    learner.run(table_of(60, pyarrow.array(60 * np.arange(60))))
    assert inputs_of(learner)["time_since"] == 0.0


def test_times_that_are_missing_or_cannot_be_read_are_counted_and_the_row_is_taken():
    learner = Learner("a", **TIMED)
    texts = ["2024-08-08", "2024-08-09", None, "noon", "2024-08-10"]
    records = learner.run(table_of(5, pyarrow.array(texts)))
    assert records["when"].to_pylist() == texts
    assert learner.metrics.steps == 5
    assert {name: learner.metrics.nulls[name] for name in TIME_FEATURES} == {"time_since": 3} | dict.fromkeys(CYCLES, 2)


def test_a_sequence_begins_without_a_time_since():
    learner = Learner("a", **TIMED, sequence="s")
    learner.run(table_of(60, pyarrow.array(np.arange(60))))
    assert learner.metrics.nulls["time_since"] == 3


def test_what_depends_on_the_hour_is_learned_from_it():
    random = np.random.default_rng(0)
    minutes = np.cumsum(random.integers(20, 600, 4000))
    wave = np.sin(2 * np.pi * (minutes / 60 - 3) / 24)
    table = pyarrow.table({"noise": random.random(4000), "wave": wave, "when": minutes * 60})
    errors = []
    for time_features in (True, False):
        learner = Learner("wave", "noise", **{**TIMED, "time_features": time_features}, horizon=0)
        errors.append(np.mean((learner.run(table)["wave_h0"].to_numpy() - wave)[2000:] ** 2))
    assert errors[0] < 0.1 * errors[1]


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_first_time_that_cannot_be_read_is_an_error_and_no_row_is_taken():
    learner = Learner("a", **TIMED)
    before = learner.to_bytes()
    message = "column 'when' holds '1/1/2010 0:00', which is neither ISO 8601 nor a number: "
    for take in (learner.step, learner.predict):
        with pytest.raises(SettingsError) as error:
            take({"a": 1.0, "when": "1/1/2010 0:00"})
        assert str(error.value).startswith(message)
    with pytest.raises(SettingsError) as error:
        learner.run(table_of(30, pyarrow.array(["1/1/2010 0:00"] * 30)))
    assert str(error.value) == message + "say how its times are written, such as --time-format '%m/%d/%Y %H:%M'"
    assert learner.to_bytes() == before
    learner = Learner("a", **TIMED, time_format="%m/%d/%Y %H:%M")
    learner.step({"a": 1.0, "when": "1/1/2010 0:00"})
    assert learner.metrics.nulls["hour_sin"] == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"time_features": True}, "time_features = yes needs time: name the column that holds it"),
        ({"time_format": "iso"}, "time_format = iso needs time: name the column that holds it"),
        ({"time_features": 1.5, "time": "t"}, "time_features must be true or false, not 1.5"),
        ({"time_format": 5, "time": "t"}, "time_format takes text, not 5"),
        (
            {"time_format": "isoo", "time": "t"},
            "time_format takes iso, s, ms, us, ns or a pattern such as '%m/%d/%Y %H:%M', not 'isoo'",
        ),
        (
            {"time_features": True, "time": "t", "features": ["a", "hour_sin"]},
            "time_features makes a column 'hour_sin', which is a feature or target already: rename that one",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(SettingsError) as error:
        Learner("a", **SMALL, **settings)
    assert str(error.value) == message


def test_a_saved_model_keeps_it():
    learner = Learner("a", **TIMED, time_format="iso")
    assert Learner.from_bytes(learner.to_bytes()).settings == learner.settings
    for name, value in (("time_features", False), ("time_format", "ms")):
        with pytest.raises(SettingsError, match=name):
            Learner.from_bytes(learner.to_bytes(), **{name: value})
    assert json.loads(json.dumps(learner.settings.to_dict()))["time_features"] is True
    assert Learner("a", **{**TIMED, "time_features": np.True_}).to_bytes()
