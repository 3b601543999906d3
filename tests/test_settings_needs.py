"""A setting that somebody names is used, or refused: none is taken in silence and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from itertools import chain

import numpy as np
import pyarrow as pa
import pytest

from streamrnn import Learner, Settings, SettingsError, ShardedLearner
from streamrnn.checkpoints.file import decode
from streamrnn.settings import in_force
from streamrnn.settings.needs import IDLE, RULES, RULES_OF_CATEGORIES, check_needs_of_categories

SMALL = {"hidden": 4, "window": 8}
LEARNERS: dict[str, dict[str, object]] = {
    "numbers": {"targets": "n", "features": ("n", "m")},
    "network alone": {"targets": "n", "features": ("n", "m"), "experts": False},
    "quantiles": {"targets": "n", "features": ("n", "m"), "loss": "quantile"},
    "keys": {"targets": "n", "features": ("n", "m"), "key": "key"},
    "category": {"targets": "s", "features": ("s", "m"), "categorical": "s"},
    "number of a category": {"targets": "n", "features": ("n", "s"), "categorical": "s"},
    "label of numbers": {"targets": "n", "features": "m", "horizon": 0},
    "class of numbers": {"targets": "s", "features": "m", "categorical": "s", "horizon": 0},
    "class of clips": {"targets": "s", "features": "m", "categorical": "s", "horizon": 0, "sequence": "clip"},
}
OTHER_RULES: dict[str, dict[str, object]] = {
    "sgd": {"targets": "n", "features": ("n", "m"), "optimizer": "sgd", "experts": False},
    "rmsprop": {"targets": "n", "features": ("n", "m"), "optimizer": "rmsprop", "experts": False},
    "adamw": {"targets": "n", "features": ("n", "m"), "optimizer": "adamw", "experts": False},
    "elman": {"targets": "n", "features": ("n", "m"), "cell": "elman", "loss": "huber", "experts": False},
}
OF_RULES = ("momentum", "alpha", "beta1", "beta2", "eps", "weight_decay", "nonlinearity", "huber_delta", "expected_lag")
# Values that are not the default, for every setting but those that say which columns are forecast and how.
NAMED = {
    "max_categories": (3,), "evict_categories": (True,), "time": ("time",), "time_format": ("iso",),
    "time_features": (True, False), "key": ("key",), "max_keys": (1,), "weights": ("per-key",), "sequence": ("clip",),
    "label_id": ("id",), "horizon": (2,), "horizon_unit": ("values",), "max_delay": (5,), "skip": (True, False),
    "shrink": (True, False), "temperature": (2.0, "auto"), "sequence_forecast": ("mean",), "count_order": (2,),
    "count_contexts": (8,), "top": (2,), "experts": (True, False), "season": (7, 0), "season_lags": (True,),
    "mix_network": (False,), "intervals": (0.9,), "alert": (0.99,), "emit_weights": (True,),
    "channels": ("independent",), "cell": ("lstm",), "nonlinearity": ("relu",), "hidden": (3,), "layers": (2,),
    "norm": ("layer",), "head": ("all",), "embedding": (3,), "window": (7,), "loss": ("huber", "absolute", "quantile"),
    "huber_delta": (0.5,), "quantiles": ((0.1, 0.5),), "expected_lag": (9,), "seed": (1,), "stride": (3,),
    "batch_keys": (2,), "optimizer": ("sgd",), "lr": (0.01,), "lr_pool": ((0.5, 2.0),), "schedule": ("inverse-sqrt",),
    "warmup": (30,), "clip": (0.01,), "momentum": (0.5,), "alpha": (0.5,), "beta1": (0.5,), "beta2": (0.5,),
    "eps": (1e-3,), "weight_decay": (0.1,), "target_weights": (2.0,), "class_weights": ("balanced", "a=3,b=0.5"),
    "focal": (2.0,), "learn_on_anomaly": (True, False), "drift": ("rate",), "guard": (False,),
}  # fmt: skip
ROLES = {"targets", "features", "categorical"}
AS_IT_IS = {"head": ("all",)}  # one layer is all layers


def rows() -> list[dict[str, object]]:
    random = np.random.default_rng(0)
    return [
        {
            "n": float(np.sin(i / 3) + 0.2 * random.normal() + 30.0 * (i == 90)),
            "m": float(random.normal()),
            "s": "ab"[i % 3 == 0] if i % 7 else f"c{i % 4}",
            "key": "pq"[random.integers(2)],
            "time": f"2024-01-01T00:{i // 60:02d}:{i % 60:02d}",
            "clip": str(i // 40),
            "id": str(i),
        }
        for i in range(120)
    ]


def outcome(settings: dict[str, object]) -> tuple[str, dict[str, bytes]]:
    """Records, and all that is kept but the settings themselves: as they are written, and as they steer the kernels."""
    learner = Learner(**{**SMALL, **settings})
    records = repr([learner.step(row).to_dict() for row in rows()])
    _, tensors = decode(learner.to_bytes(), "learner")
    return records, {name: tensor.tobytes() for name, tensor in tensors.items() if name != "rates"}


def test_every_setting_is_looked_at():
    assert set(NAMED) | ROLES == {field.name for field in fields(Settings)}


def silent(base: dict[str, object], names: Iterable[str]) -> list[tuple[str, object]]:
    """What is taken and changes nothing, but for a switch that is told to be as it would be anyway."""
    usual, found = outcome(base), []
    for name in set(names) - set(base):
        for value in NAMED[name]:
            told = {**base, name: value}
            try:
                changes = outcome(told) != usual
            except SettingsError:
                continue
            is_idle = name in IDLE and (
                value == IDLE[name] or in_force(Settings(**told))[name] == in_force(Settings(**base))[name]
            )
            if not changes and not is_idle and value not in AS_IT_IS.get(name, ()):
                found.append((name, value))
    return found


@pytest.mark.parametrize("base", LEARNERS.values(), ids=LEARNERS)
def test_a_setting_changes_something_or_is_refused(base):
    assert silent(base, NAMED) == []


@pytest.mark.parametrize("base", OTHER_RULES.values(), ids=OTHER_RULES)
def test_a_number_of_another_rule_is_refused(base):
    assert silent(base, OF_RULES) == []


@pytest.mark.parametrize("name", sorted({name for name, *_ in chain(RULES, RULES_OF_CATEGORIES)}))
def test_a_default_that_is_named_is_never_refused(name):
    for base in LEARNERS.values():
        if name not in base:
            check_needs_of_categories(Settings(**base, **{name: getattr(Settings(), name)}))
            check_needs_of_categories(Settings(**base, **({name: IDLE[name]} if name in IDLE else {})))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_keys": 5}, "max_keys = 5 needs key: without it all rows are of one stream"),
        ({"horizon": 0, "features": "b", "horizon_unit": "values"},
         "horizon_unit = values needs a horizon of 1 or more: a label is of its own row"),
        ({"count_contexts": 8},
         "count_contexts = 8 needs count_order: without counts there is nothing to have room for"),
        ({"experts": False, "season": 24}, "season = 24 needs experts or season_lags: nobody else looks a season back"),
        ({"nonlinearity": "relu"}, "nonlinearity = relu needs a cell of elman: other cells have theirs"),
        ({"categorical": "a", "loss": "huber"},
         "loss = huber needs a target of numbers: categories have the cross-entropy"),
        ({"categorical": "a", "skip": True},
         "skip = yes needs a target of numbers: categories do not change by so much"),
        ({"huber_delta": 2.0}, "huber_delta = 2 needs a loss of huber: no other one has that corner"),
        ({"momentum": 0.5}, "momentum = 0.5 needs an optimizer of sgd: adam has beta1"),
        ({"optimizer": "sgd", "eps": 1e-3},
         "eps = 0.001 needs an optimizer of rmsprop, adam, adamw: sgd divides by nothing"),
        ({"weight_decay": 0.5}, "weight_decay = 0.5 needs an optimizer of adamw: no other one decays weights"),
    ],
)  # fmt: skip
def test_what_is_needed_is_told(settings, message):
    with pytest.raises(SettingsError) as error:
        Settings(**{"targets": "a", "features": "a", **settings})
    assert str(error.value) == message


# --- categories, which the first row decides --------------------------------------------------------------------------

ABOUT_CATEGORIES = {
    "max_categories": 9, "evict_categories": True, "embedding": 3, "temperature": "auto", "count_order": 2, "top": 2,
    "class_weights": "a=3", "focal": 2.0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), ABOUT_CATEGORIES.items())
def test_a_first_row_of_numbers_tells_that_a_setting_is_about_no_category(name, value):
    learner = Learner("load", **{**SMALL, name: value})
    for take in (
        lambda: learner.step({"load": 1.0}),
        lambda: learner.step([1.0]),
        lambda: learner.run(pa.table({"load": [1.0, 2.0]})),
        lambda: learner.run(np.ones((2, 1))),
    ):
        with pytest.raises(SettingsError, match=f"^{name} = .* needs a (column|feature|target) of categories: "):
            take()
        assert learner.rows == 0


@pytest.mark.parametrize(("name", "value"), ABOUT_CATEGORIES.items())
def test_a_first_row_of_text_will_do(name, value):
    for take in (lambda learner: learner.step({"word": "a"}), lambda learner: learner.run(pa.table({"word": ["a"]}))):
        learner = Learner("word", **{**SMALL, name: value})
        learner.run(pa.table({"word": pa.array([], pa.float64())}))
        take(learner)
        assert learner.rows == 1


def test_every_shard_is_told_by_the_first_row():
    learner = ShardedLearner("load", shards=2, key="pump", top=2, **SMALL)
    for take in (
        lambda: learner.step({"pump": "a", "load": 1.0}),
        lambda: learner.run(pa.table({"pump": ["a", "b"], "load": [1.0, 2.0]})),
    ):
        with pytest.raises(SettingsError, match=r"^top = 2 needs a target of categories: "):
            take()
    assert learner.rows == 0
    words = ShardedLearner("word", shards=2, key="pump", top=2, **SMALL)
    assert words.step({"pump": "a", "word": "x"}).row == 0


def test_a_model_of_numbers_cannot_be_loaded_with_more_names_of_categories():
    learner = Learner("load", **SMALL)
    learner.step({"load": 1.0})
    with pytest.raises(SettingsError, match=r"^top = 2 needs a target of categories: "):
        Learner.from_bytes(learner.to_bytes(), top=2)
