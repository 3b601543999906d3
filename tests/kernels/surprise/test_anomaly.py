"""The anomaly score: beside its reference, and what it promises to one who waits for an alert."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import COLUMNS, DoubleLearner, check_finite, randomised, run_beside_reference, stream
from reference import ReferenceWatch

from streamrnn import Learner, Record
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.surprise.anomaly import score_rows
from streamrnn.kernels.surprise.anomaly_fields import ERROR_WINDOW, REFRACTORY

SMALL: dict[str, Any] = {"hidden": 2, "window": 2, "alert": 0.999, "experts": False}
LAST_VALUE: dict[str, Any] = {"hidden": 1, "window": 1, "lr": 0.0, "alert": 0.999, "experts": False}
CALM = 400  # rows after which a score is long known


def check_beside_reference(learner: Learner, records: list[Record]) -> None:
    targets = learner.settings.targets
    reference = ReferenceWatch(len(targets), learner.settings.alert)
    for record in records:
        scores, joint, alert = reference.step(list(record.values.values()), list(record.expected.values()))
        ours = list(record.anomalies.values()) or [record.anomaly]
        np.testing.assert_allclose(ours, scores if record.anomalies else [joint], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(record.anomaly, joint, rtol=1e-7, atol=1e-9)
        told = math.nan if record.alert is None else float(record.alert)
        np.testing.assert_equal(told, alert, err_msg=f"row {record.row}")


@pytest.mark.parametrize("nulls", [0.0, 0.2])
@pytest.mark.parametrize("targets", ["a", ["a", "b"], list(COLUMNS)])
def test_scores_and_alerts_are_those_of_the_reference(targets, nulls):
    learner = Learner(targets, COLUMNS, **SMALL)
    values = stream(900, nulls=nulls)
    values[600:640] *= 3.0
    values[[650, 655, 660, 680, 690], 0] = 1e25, math.inf, -1e25, 90.0, -90.0
    values[700:] = np.round(values[700:])  # ties
    check_beside_reference(learner, [learner.step(row) for row in values])


@pytest.mark.parametrize(
    "settings",
    [
        {"horizon": 3}, {"horizon": (2, 5)}, {"loss": "quantile"}, {"horizon": 2, "horizon_unit": "values"},
        {"horizon": 0, "features": ("b", "c")},
    ],
)  # fmt: skip
def test_any_horizon_is_scored_by_the_forecast_that_the_record_shows(settings):
    learner = Learner("a", **{"features": COLUMNS, **SMALL, **settings})
    check_beside_reference(learner, [learner.step(row[[learner_place(learner, name) for name in "abc"]])
                                     for row in stream(400, nulls=0.05)])  # fmt: skip


def learner_place(learner: Learner, name: str) -> int:
    return learner.columns.index(name)


def test_errors_are_forgotten_as_in_the_reference_after_as_many_as_are_ranked():
    learner = Learner("a", **LAST_VALUE)
    values = np.random.default_rng(0).standard_normal((ERROR_WINDOW + 300, 1))
    check_beside_reference(learner, [learner.step(row) for row in values])


# --- what it tells ----------------------------------------------------------------------------------------------------


def scores(values: np.ndarray, **settings: Any) -> tuple[np.ndarray, list[int]]:
    """Scores of the rows of a stream of one column, and the rows that are told."""
    table = Learner("a", **{**LAST_VALUE, **settings}).run(np.asarray(values, float).reshape(len(values), -1))
    return table["anomaly"].to_numpy(), np.flatnonzero(table["alert"].fill_null(False).to_numpy()).tolist()


def noise(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, rows)


def test_a_score_is_null_until_so_much_is_known_and_then_within_0_and_1():
    found, _ = scores(noise(CALM))
    first = int(np.flatnonzero(~np.isnan(found))[0])
    assert first == 1 + 20 + 2 * 40 + 59  # a value to start from, errors to rank among, means, a spread
    assert ((found[first:] >= 0.0) & (found[first:] <= 1.0)).all()


def test_a_value_out_of_the_range_of_all_before_is_told_at_once():
    values = noise(CALM)
    values[300] = 3.0
    found, told = scores(values)
    assert found[300] == 1.0 and told == [300]


def test_errors_that_grow_within_the_range_are_told_though_no_value_is_out_of_it():
    values = np.where(np.arange(700) < 500, 0.1, 1.0) * noise(700)
    values[:20] = np.linspace(-1.2, 1.2, 20)
    told = scores(values)[1]
    assert len(told) == 1 and 500 < told[0] < 530


def test_one_event_is_one_alert_and_the_next_one_is_another():
    values = noise(1500)
    values[500:560:5] = 5.0 + np.arange(12)
    values[1000] = 60.0
    _, told = scores(values)
    assert told == [500, 1000]
    values[560 + REFRACTORY // 2] = 40.0  # within what it takes to be quiet again
    assert scores(values)[1] == [500, 1000]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_wild_value_does_not_make_the_next_one_look_tame(sign):
    values = noise(600)
    values[300], values[500] = sign * 1e20, sign * 9.0
    assert scores(values)[1] == [300, 500]


def test_noise_is_seldom_told():
    told = [len(scores(noise(3000, seed))[1]) for seed in range(5)]
    assert sum(told) <= 15  # of 15,000 rows, at 0.999


def test_a_constant_column_that_moves_is_told_and_a_constant_one_is_not():
    values = np.full(600, 7.0)
    assert scores(values)[1] == []
    values[500] = 8.0
    assert scores(values)[1] == [500]


def test_several_columns_that_are_a_little_off_together_are_told_sooner_than_one():
    several = np.random.default_rng(1).standard_normal((900, 6))
    several[:20] *= 4.0
    several[700:] *= 1.5
    names = list("abcdef")
    both = Learner(names, **LAST_VALUE).run(several)
    one = Learner("a", **LAST_VALUE).run(several[:, :1])
    early = slice(700, 740)
    assert np.max(both["anomaly"].to_numpy()[early]) > 0.999 > np.max(one["anomaly"].to_numpy()[early])
    assert np.max(both["a_anomaly"].to_numpy()[early]) == pytest.approx(np.max(one["anomaly"].to_numpy()[early]))


@pytest.mark.parametrize("alert", [0.9, 1.0])
def test_the_lowest_and_the_highest_level_will_do(alert):
    values = noise(CALM)
    values[300] = 3.0
    assert 300 in scores(values, alert=alert)[1]


# --- what it leaves alone ---------------------------------------------------------------------------------------------


def test_the_forecasts_are_those_of_a_learner_without_scores():
    values = stream(300, nulls=0.05)
    plain, scored = (Learner(["a", "b"], COLUMNS, hidden=3, window=4, experts=False, **more) for more in ({}, {
        "alert": 0.999, "learn_on_anomaly": True})
    )  # fmt: skip
    without = scored.run(values).drop_columns(["a_anomaly", "b_anomaly", "anomaly", "alert"])
    assert without.equals(plain.run(values))


def test_without_an_alert_level_nothing_is_kept_and_nothing_compiled():
    learner = Learner("a", hidden=2, experts=False)
    for name in ("past_errors", "surprises", "surprise_means", "surprise_spread", "value_range", "event_left"):
        assert named_view(learner._state, name).size == 0
    assert learner.nbytes < Learner("a", hidden=2, alert=0.999, experts=False).nbytes - 8 * ERROR_WINDOW


def test_one_call_or_many_with_saves_between_give_the_same_bits():
    values = stream(700, nulls=0.1)
    values[500:520] *= 4.0
    whole = Learner(["a", "b"], COLUMNS, **SMALL)
    table = whole.run(values)
    cut = Learner(["a", "b"], COLUMNS, **SMALL)
    for start, stop in [(0, 1), (1, 60), (60, 61), (61, 510), (510, 700)]:
        assert cut.run(values[start:stop]).equals(table.slice(start, stop - start))
        cut = Learner.from_bytes(cut.to_bytes())
    assert cut.to_bytes() == whole.to_bytes()


def test_keys_that_come_and_go_within_a_call_have_scores_of_their_own():
    values = stream(1200, columns=1)[:, 0]
    table = pyarrow.table({"a": values, "who": [f"k{row % 3 + row // 900}" for row in range(1200)]})
    settings = {**SMALL, "key": "who", "max_keys": 3, "intervals": (0.5,)}
    whole, cut = (Learner("a", **settings) for _ in range(2))
    at_once = whole.run(table)
    one_by_one = [cut.step(row).to_dict() for row in table.to_pylist()]
    assert at_once.to_pylist() == one_by_one
    assert whole.to_bytes() == cut.to_bytes()
    newcomer = [record["anomaly"] for record in one_by_one if record["who"] == "k3"]
    assert newcomer[:50] == [None] * 50
    alone = Learner("a", **SMALL, lr=0.0).run(values[:900:3, None])["anomaly"].to_pylist()
    keyed = Learner("a", **settings, lr=0.0).run(table.slice(0, 900))["anomaly"].to_pylist()[::3]
    assert keyed == alone


def test_scores_are_those_of_the_network_also_where_it_is_one_of_several_experts():
    values = stream(400, columns=1)
    alone, mixed = (Learner("a", **{**SMALL, "experts": experts}).run(values) for experts in (False, True))
    assert alone["anomaly"].equals(mixed["anomaly"]) and not alone["a_h1"].equals(mixed["a_h1"])


def test_a_category_has_no_score_and_the_numbers_beside_it_have_theirs():
    values = stream(300, columns=1)[:, 0].tolist()
    settings = {**SMALL, "features": ["a", "s"], "categorical": "s"}
    learner = Learner(["s", "a"], **settings)
    records = [learner.step({"a": value, "s": "xyz"[row % 3]}).to_dict() for row, value in enumerate(values)]
    assert list(records[0])[-4:] == ["loss", "anomaly", "alert", "event"] and "a_anomaly" not in records[0]
    assert 0.0 <= records[-1]["anomaly"] <= 1.0


def test_predicting_leaves_no_trace():
    learner, other = (Learner("a", **SMALL) for _ in range(2))
    for value in noise(250):
        other.predict({"a": 1e6})
        assert other.step({"a": value}).to_dict() == learner.step({"a": value}).to_dict()


@pytest.mark.parametrize("wild", [math.nan, math.inf, -math.inf, 1e300, -1e30, 1e-300])
def test_nothing_that_arrives_poisons_the_scores(wild):
    values = noise(1200)
    values[400:430] = wild
    values[430:460:2] = wild
    learner = Learner("a", **SMALL)
    found = learner.run(values[:, None])["anomaly"].to_numpy()
    check_finite(learner)
    assert not np.isnan(found[-600:]).any() and np.median(found[-600:]) < 0.9


# --- learning on anomalies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"loss": "quantile"}, {"horizon": 3, "shrink": True}])
def test_far_errors_are_learned_from_as_in_the_reference(settings):
    known = {"hidden": 3, "window": 4, "lr": 1e-2, "experts": False, "learn_on_anomaly": False}
    learner = randomised(DoubleLearner("a", COLUMNS, **known, **settings))
    values = stream(200)
    values[100:110, 0] += 40.0
    run_beside_reference(learner, values)


def moved_by_a_spike(**settings: Any) -> float:
    """How far one wild value moves the unit of a target's errors, as a factor."""
    learner = Learner("a", hidden=4, window=4, experts=False, **settings)
    values = np.cumsum(noise(400))
    learner.run(values[:, None])
    before = float(named_view(learner._state, "change_sum2")[0, 0])
    learner.step([values[-1] + 60.0])
    return float(named_view(learner._state, "change_sum2")[0, 0]) / before


def test_a_wild_value_drags_the_learner_along_only_if_that_is_asked_for():
    assert moved_by_a_spike(alert=0.999) == moved_by_a_spike(learn_on_anomaly=False) < 1.2
    assert moved_by_a_spike(alert=0.999, learn_on_anomaly=True) == moved_by_a_spike() > 5.0


def test_the_kernel_is_one_signature():
    """A second one would be compiled while rows wait."""
    learner = Learner("a", **SMALL)
    learner.step([1.0])
    learner.run(noise(3)[:, None])
    assert len(score_rows.signatures) == 1  # type: ignore[attr-defined]
