"""What a user decides is checked completely; a refusal names the setting, its value and what would do."""

from __future__ import annotations

import dataclasses
import inspect
import json

import numpy as np
import pytest

from streamrnn import Learner, Settings, SettingsError
from streamrnn.settings import (
    CELLS,
    HORIZON_UNITS,
    INTEGER_RANGES,
    LOSSES,
    NONLINEARITIES,
    NUMBER_RANGES,
    OPTIMIZERS,
    SCHEDULES,
    default,
    in_force,
    options,
)

# What a setting needs to change anything.
NEEDED = {
    "max_keys": {"key": "k"},
    "batch_keys": {"key": "k", "max_keys": 1_000_000},
    "max_delay": {"horizon_unit": "values"},
    "count_contexts": {"count_order": 3},
    "nonlinearity": {"cell": "elman"},
    "huber_delta": {"loss": "huber"},
    "momentum": {"optimizer": "sgd"},
    "alpha": {"optimizer": "rmsprop"},
    "weight_decay": {"optimizer": "adamw"},
}


def refusal(**settings) -> str:
    with pytest.raises(SettingsError) as error:
        Settings(**settings)
    return str(error.value)


# --- columns ----------------------------------------------------------------------------------------------------------


def test_names_are_one_text_or_several():
    assert Settings(targets="load").targets == ("load",)
    assert Settings(targets=["load", "wind"], features=("a",)).targets == ("load", "wind")
    assert Settings(targets=None).targets == ()


def test_features_are_the_targets_unless_named():
    assert Learner(["a", "b"], hidden=2).settings.features == ("a", "b")
    assert Learner("a", "b", hidden=2).settings.features == ("b",)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"targets": ["a", ""]}, "targets takes column names, not ''"),
        ({"features": ["a", 3]}, "features takes column names, not 3"),
        ({"features": 3}, "features takes column names, not 3"),
        ({"targets": ["b", "a", "b", "a"]}, "targets names a column twice: a, b"),
        ({"time": ""}, "time takes one column name, not ''"),
        ({"sequence": ["a"]}, "sequence takes one column name, not ['a']"),
        ({"targets": "t", "time": "t"}, "column 't' cannot be time and feature or target"),
        ({"features": "s", "sequence": "s"}, "column 's' cannot be sequence and feature or target"),
        ({"targets": "a", "features": ["a", "b"], "horizon": 0}, "at horizon 0 a target cannot be a feature: a"),
    ],
)
def test_columns_that_cannot_be_are_refused(settings, message):
    assert refusal(**settings) == message


# --- horizons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("horizon", "horizons"),
    [(1, (1,)), (3, (1, 2, 3)), ((6, 12), (6, 12)), ([24], (24,)), (0, (0,)), ((0,), (0,)), (np.int64(2), (1, 2))],
)
def test_a_number_means_all_up_to_it_and_a_sequence_names_single_ones(horizon, horizons):
    assert Settings(horizon=horizon).horizons == horizons


@pytest.mark.parametrize(
    ("horizon", "message"),
    [
        (-1, "horizon must be from 0 to 10000, not -1"),
        (10_001, "horizon must be from 0 to 10000, not 10001"),
        (1.0, "horizon must be a whole number, not 1.0"),
        (True, "horizon must be a whole number, not True"),
        ("12", "horizon must be a whole number, not '12'"),
        ((), "horizon takes at least one number of rows"),
        ((3, 2), "horizon takes ascending numbers, each once, not 3,2"),
        ((2, 2), "horizon takes ascending numbers, each once, not 2,2"),
        ((0, 1), "horizon 0 stands alone: use one learner for labels, another one for forecasts"),
        ((1, None), "horizon must be a whole number, not None"),
    ],
)
def test_horizons_that_cannot_be_are_refused(horizon, message):
    assert refusal(horizon=horizon) == message


def test_the_skip_is_on_unless_the_horizon_is_0():
    assert Settings().uses_skip and not Settings(horizon=0).uses_skip and not Settings(skip=False).uses_skip
    assert refusal(horizon=0, skip=True) == (
        "skip = yes needs a horizon of 1 or more: at horizon 0 there is no last value to go on"
    )


def test_forecasts_are_shrunk_unless_they_are_quantiles():
    assert Settings().shrinks and not Settings(loss="quantile").shrinks and not Settings(shrink=False).shrinks
    assert refusal(loss="quantile", shrink=True) == (
        "shrink = yes needs another loss than quantile: shrunk quantiles would not be quantiles"
    )


def test_a_forecast_waits_four_horizons_of_rows_for_its_value_and_32_at_least():
    assert Settings(horizon=12).delay == 0
    assert Settings(horizon=12, horizon_unit="values").delay == 48
    assert Settings(horizon=2, horizon_unit="values").delay == 32
    assert Settings(horizon=2, horizon_unit="values", max_delay=5).delay == 5
    assert refusal(max_delay=5) == (
        "max_delay = 5 needs horizon 0, or a horizon_unit of values: a forecast of a row is graded on time or never"
    )


# --- choices and ranges -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("cell", CELLS),
        ("nonlinearity", NONLINEARITIES),
        ("loss", LOSSES),
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("horizon_unit", HORIZON_UNITS),
    ],
)
def test_a_choice_is_one_of_those_listed(name, choices):
    for choice in choices:
        assert getattr(Settings(**{**NEEDED.get(name, {}), name: choice}), name) == choice
    for wrong in ("none of them", choices[0].upper(), None, 3):
        assert refusal(**{name: wrong}) == f"{name} must be one of {', '.join(choices)}, not {wrong!r}"


@pytest.mark.parametrize("name", INTEGER_RANGES)
def test_a_whole_number_is_within_its_range(name):
    low, high = INTEGER_RANGES[name]
    more = NEEDED.get(name, {})
    for value in (low, high, np.int64(low), np.int32(min(high, 2**31 - 1))):
        kept = getattr(Settings(**{name: value}, **more), name)
        assert kept == value and type(kept) is int
    for value in (low - 1, high + 1):
        assert refusal(**{name: value}, **more) == f"{name} must be from {low} to {high}, not {value}"
    for value in (2.0, "3", True, [3]):
        assert refusal(**{name: value}, **more) == f"{name} must be a whole number, not {value!r}"
    if default(name) is None:
        assert getattr(Settings(**{name: None}), name) is None
    else:
        assert refusal(**{name: None}) == f"{name} must be a whole number, not None"


@pytest.mark.parametrize("name", NUMBER_RANGES)
def test_a_number_is_finite_and_within_its_range(name):
    low, high = NUMBER_RANGES[name]
    for value in (low, high, np.float64(high)):
        kept = getattr(Settings(**{name: value}, **NEEDED.get(name, {})), name)
        assert kept == value and type(kept) is float
    for value in (low - 1.0, 2.0 * high + 1.0):
        assert refusal(**{name: value}) == f"{name} must be from {low:g} to {high:g}, not {value:g}"
    nothing = () if default(name) is None else (None,)
    for value in (float("nan"), float("inf"), "0.1", *nothing, True, 1j):
        assert refusal(**{name: value}) == f"{name} must be a finite number, not {value!r}"


def test_whole_numbers_will_do_where_numbers_are_asked_for():
    assert Settings(lr=1).lr == 1.0 and type(Settings(lr=1).lr) is float


@pytest.mark.parametrize("name", ["skip", "shrink"])
def test_a_switch_is_true_false_or_left_to_the_default(name):
    for value in (None, True, False):
        assert getattr(Settings(**{name: value}), name) is value
    assert getattr(Settings(**{name: np.False_}), name) is False
    assert refusal(**{name: "yes"}) == f"{name} must be true or false, not 'yes'"


@pytest.mark.parametrize(
    ("quantiles", "message"),
    [
        ((0.1, 0.9), "quantiles takes ascending numbers with 0.5 among them, not (0.1, 0.9)"),
        ((0.9, 0.5), "quantiles takes ascending numbers with 0.5 among them, not (0.9, 0.5)"),
        ((0.5, 0.5), "quantiles takes ascending numbers with 0.5 among them, not (0.5, 0.5)"),
        ((), "quantiles takes ascending numbers with 0.5 among them, not ()"),
        ((0.0, 0.5), "quantiles must be from 1e-06 to 0.999999, not 0"),
        ((0.5, 1.0), "quantiles must be from 1e-06 to 0.999999, not 1"),
        ((0.5, "0.9"), "quantiles must be a finite number, not '0.9'"),
    ],
)
def test_quantiles_that_cannot_be_are_refused(quantiles, message):
    assert refusal(quantiles=quantiles) == message


def test_levels_are_the_quantiles_or_the_middle_alone():
    assert Settings().levels == (0.5,)
    assert Settings(quantiles=[0.1, 0.5], loss="quantile").levels == (0.1, 0.5)
    assert Settings(quantiles=0.5, loss="quantile").quantiles == (0.5,)


def test_quantiles_that_no_loss_forecasts_are_refused():
    message = "needs a loss of quantile: any other forecasts one value per horizon"
    assert refusal(quantiles=(0.1, 0.5)) == f"quantiles = 0.1,0.5 {message}"
    assert refusal(quantiles=0.5, loss="huber") == f"quantiles = 0.5 {message}"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"intervals": 0.9, "horizon": 0}, "intervals = 0.9 needs a horizon of 1 or more: a label comes with its row"),
        (
            {"intervals": 0.9, "categorical": "s"},
            "intervals = 0.9 needs a target of numbers: all targets are categorical",
        ),
        ({"alert": 0.99, "categorical": "s"}, "alert = 0.99 needs a target of numbers: all targets are categorical"),
    ],
)
def test_what_is_said_of_numbers_needs_a_target_of_numbers(settings, message):
    assert refusal(targets="s", features="b", **settings) == message
    assert Settings(targets=("s", "a"), features="b", **{**settings, "horizon": 1})


def test_a_lag_needs_a_gate_that_can_keep():
    assert Settings(cell="lstm", expected_lag=50).expected_lag == 50
    needed = "a cell of lstm, gru or coupled-lstm: elman has no gate that keeps"
    assert refusal(cell="elman", expected_lag=50) == f"expected_lag = 50 needs {needed}"


# --- as a whole -------------------------------------------------------------------------------------------------------


def test_settings_come_back_from_json():
    settings = Settings(targets=["a", "b"], features="c", horizon=(2, 5), loss="quantile", lr=0.1, expected_lag=9)
    again = Settings(**json.loads(json.dumps(settings.to_dict())))
    assert again == settings and hash(again) == hash(settings)
    assert again.to_dict() == settings.to_dict()


def test_numpys_numbers_can_be_saved():
    learner = Learner("a", hidden=np.int64(4), window=np.int32(5), lr=np.float64(0.01), horizon=np.arange(1, 3))
    assert Learner.from_bytes(learner.to_bytes()).settings == learner.settings


def test_settings_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().lr = 1.0


def test_every_setting_says_where_it_belongs_and_what_it_does():
    groups = {"Columns", "Forecast", "Network", "Training"}
    for name, option in options().items():
        assert option.group in groups and option.help, name
        assert option.structure or option.group == "Training" or name == "top", name
        if option.choices:
            assert default(name) in option.choices


def test_training_settings_can_change_and_structure_cannot():
    """Those that decide no shape and no meaning of an array."""
    changeable = {name for name, option in options().items() if not option.structure}
    assert changeable == {
        "stride", "lr", "schedule", "warmup", "clip", "momentum", "alpha", "beta1", "beta2", "eps", "weight_decay",
        "drift", "guard", "learn_on_anomaly", "target_weights", "top", "class_weights", "focal",
    }  # fmt: skip


def test_every_setting_is_a_keyword_of_the_learner():
    values = Settings(targets="a", features="b").to_dict()
    assert Learner(**values).settings == Settings(**values)
    assert "settings" in inspect.signature(Learner.__init__).parameters
    with pytest.raises(SettingsError, match=r"^there is no setting 'hiden'; did you mean 'hidden'\?$"):
        Learner("a", hiden=3)


# --- experts ----------------------------------------------------------------------------------------------------------


def test_experts_are_on_where_they_can_be():
    assert Settings(targets="a").mixes and Settings(targets="a", horizon=(2, 5)).mixes
    assert not Settings(targets="a", features="b", horizon=0).mixes
    assert not Settings(targets="a", loss="quantile").mixes
    assert not Settings(targets="a", experts=False).mixes


def test_with_keys_there_are_experts_where_they_are_asked_for():
    assert not Settings(targets="a", key="k").mixes
    assert Settings(targets="a", key="k", experts=True).mixes


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizon": 0}, "experts = yes needs a horizon of 1 or more: at horizon 0 there is no past of the target"),
        ({"loss": "quantile"}, "experts = yes needs another loss than quantile: they forecast one value per horizon"),
        ({"season": "weekly"}, "season must be a whole number or auto, not 'weekly'"),
        ({"season": -1}, "season must be from 0 to 100000, not -1"),
        ({"season": 2.5}, "season must be a whole number, not 2.5"),
        ({"season": None}, "season must be a whole number, not None"),
        ({"experts": False, "emit_weights": True}, "emit_weights = yes needs experts: without them there is no mix"),
        (
            {"experts": False, "mix_network": False},
            "mix_network = no needs experts: without them the network cannot be left out",
        ),
    ],
)
def test_experts_that_cannot_be_are_refused(settings, message):
    assert refusal(targets="a", features="b", **{"experts": True, **settings}) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr_pool": 1.0}, "lr_pool takes two or more ascending multiples, each once, not 1.0"),
        ({"lr_pool": (3, 1)}, "lr_pool takes two or more ascending multiples, each once, not 3,1"),
        ({"lr_pool": (1, 1)}, "lr_pool takes two or more ascending multiples, each once, not 1,1"),
        ({"lr_pool": ("x", 1)}, "lr_pool must be a finite number, not 'x'"),
        ({"lr_pool": (0, 1)}, "lr_pool must be from 1e-06 to 1e+06, not 0"),
        (
            {"lr_pool": (1, 3), "experts": False},
            "lr_pool needs experts, and the network among them: their mix chooses among the rates",
        ),
        (
            {"lr_pool": (1, 3), "mix_network": False},
            "lr_pool needs experts, and the network among them: their mix chooses among the rates",
        ),
        (
            {"lr_pool": (1, 3), "key": "k"},
            "lr_pool and key do not go together: the streams of all keys share one network",
        ),
        (
            {"lr_pool": (1, 3), "loss": "quantile"},
            "lr_pool is for one forecast per horizon, not for quantiles; use another loss",
        ),
        (
            {"lr_pool": (1, 3), "targets": "s", "features": "s", "categorical": "s"},
            "lr_pool is for targets of numbers; 's' is categorical",
        ),
        ({"channels": "both"}, "channels must be one of joint, independent, not 'both'"),
        (
            {"channels": "independent", "horizon": 0, "targets": "b"},
            "channels of independent needs a horizon of 1 or more: labels are learned by one network",
        ),
        (
            {"channels": "independent", "key": "k"},
            "channels of independent and key do not go together: the streams of all keys share one network",
        ),
        (
            {"channels": "independent", "loss": "quantile"},
            "channels of independent is for one forecast per horizon, not for quantiles; use another loss",
        ),
        (
            {"lr_pool": (1, 3), "evict_categories": True},
            "lr_pool and evict_categories do not go together",
        ),
        (
            {"lr_pool": (1, 3), "targets": ("a", "s"), "categorical": "s"},
            "lr_pool is for targets of numbers; 's' is categorical",
        ),
        (
            {"channels": "independent", "targets": ("a", "b")},
            "channels of independent needs each target among the features; 'b' is not",
        ),
    ],
)
def test_several_networks_that_cannot_be_are_refused(settings, message):
    assert refusal(**{"targets": "a", "features": "a", **settings}) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": "warm"}, "temperature must be a number or auto, not 'warm'"),
        ({"temperature": 0}, "temperature must be from 0.05 to 20, not 0"),
        ({"focal": -1.0}, "focal must be from 0 to 10, not -1"),
        (
            {"class_weights": "a=1,a=2"},
            "class_weights takes none, balanced, or weights like beat=5,other=1, each category once, not 'a=1,a=2'",
        ),
        (
            {"class_weights": "heavy"},
            "class_weights takes none, balanced, or weights like beat=5,other=1, each category once, not 'heavy'",
        ),
        ({"class_weights": {"a": -1.0}}, "class_weights must be from 0 to 1e+06, not -1"),
        (
            {"sequence_forecast": "mean", "horizon": 0},
            "sequence_forecast = mean needs horizon 0 and a sequence: it is one label for all rows",
        ),
        (
            {"sequence_forecast": "mean", "sequence": "s"},
            "sequence_forecast = mean needs horizon 0 and a sequence: it is one label for all rows",
        ),
    ],
)
def test_what_is_said_of_categories_is_checked(settings, message):
    assert refusal(targets="a", features="b", **settings) == message


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        ((0.9, 0.5), "intervals takes ascending probabilities, each once, not 0.9,0.5"),
        ((0.5, 0.5), "intervals takes ascending probabilities, each once, not 0.5,0.5"),
        (90, "intervals must be from 0.001 to 0.999, not 90"),
        ("wide", "intervals must be a finite number, not 'wide'"),
    ],
)
def test_intervals_that_cannot_be_are_refused(intervals, message):
    assert refusal(targets="a", intervals=intervals) == message
    assert Settings(targets="a", intervals=0.9).intervals == (0.9,)


def test_the_rate_is_lower_far_ahead_unless_one_is_named():
    rates = [Settings(targets="a", horizon=horizon).learning_rate for horizon in (0, 1, 16, (2, 81))]
    assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 1e-3 / 3])
    assert Settings(targets="a", horizon=16, lr=0.01).learning_rate == 0.01
    assert Settings(targets="a", horizon=16, categorical="a").learning_rate == 1e-3


def test_the_rate_of_labels_is_paced_unless_one_is_named():
    settings = {"targets": "a", "features": "b"}
    assert [Settings(**settings, horizon=horizon).is_paced for horizon in (0, 1, (1, 5))] == [True, False, False]
    assert not Settings(**settings, horizon=0, lr=0.001).is_paced


def test_gradients_of_categories_alone_are_clipped_later():
    clips = [Settings(targets=["a", "b"], categorical=names).gradient_clip for names in ((), "a", ("a", "b"))]
    assert clips == [1.0, 1.0, 10.0]
    assert Settings(targets="a", categorical="a", clip=0).gradient_clip == 0.0
    assert Settings(targets="a", categorical="a", optimizer="sgd").gradient_clip == 1.0


def test_what_is_in_force_is_every_setting_and_no_secret():
    """Nothing that a learner goes by is left open, but what may be absent."""
    settings = Settings(targets="a", categorical="a", features="b", horizon=0, sequence="s")
    known = in_force(settings)
    assert list(known) == list(settings.to_dict())
    assert (known["lr"], known["clip"], known["experts"], known["skip"]) == (1e-3, 10.0, False, False)
    open_ = {"time", "time_format", "key", "label_id", "alert", "expected_lag"}
    assert {name for name, value in known.items() if value is None} == open_
