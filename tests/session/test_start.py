"""Which columns are chosen when nobody names them."""

import numpy as np
import pytest

from streamrnn import SettingsError
from streamrnn.engine import Engine, Portion
from streamrnn.session.start import kernels_are_kept, with_columns
from streamrnn.settings import Settings
from streamrnn.streams import open_source


@pytest.fixture
def columns_of(tmp_path):
    """The targets and features that are chosen for a source with text, two numbers, and an id."""
    (tmp_path / "in.csv").write_bytes(b"time,load,wind,id\nnoon,1,2,3\n")
    source = open_source(str(tmp_path / "in.csv"))

    def columns(echo=(), **settings):
        chosen = with_columns(Settings(**settings), source, echo)
        return list(chosen.targets), list(chosen.features)

    yield columns
    source.close()


def test_targets_and_features_default_to_every_number_column(columns_of):
    assert columns_of() == (["load", "wind", "id"], ["load", "wind", "id"])
    assert columns_of(targets="load") == (["load"], ["load", "wind", "id"])
    assert columns_of(features="load") == (["load", "wind", "id"], ["load"])


def test_a_column_with_another_role_is_never_chosen(columns_of):
    assert columns_of(time="wind", sequence="id") == (["load"], ["load"])
    assert columns_of(echo=("id",)) == (["load", "wind"], ["load", "wind", "id"])


def test_at_horizon_0_the_features_are_the_numbers_that_are_no_targets(columns_of):
    assert columns_of(horizon=0, targets="load") == (["load"], ["wind", "id"])
    with pytest.raises(
        SettingsError, match="horizon 0 predicts a label from the other columns: name it with --targets"
    ):
        columns_of(horizon=0)


def test_text_that_is_named_is_categorical_and_learned_from_if_it_is_forecast(columns_of, tmp_path):
    assert columns_of(targets="time") == (["time"], ["load", "wind", "id", "time"])
    assert columns_of(targets="time", horizon=0) == (["time"], ["load", "wind", "id"])
    assert columns_of(features=["time", "load"]) == (["load", "wind", "id"], ["time", "load"])
    source = open_source(str(tmp_path / "in.csv"))
    assert with_columns(Settings(features=["time", "load"]), source, ()).categorical == ("time",)
    assert with_columns(Settings(targets="id", categorical="id"), source, ()).categorical == ("id",)
    source.close()


def test_numbers_that_are_named_categorical_are_chosen_no_more(columns_of):
    assert columns_of(targets="load", categorical="load", horizon=0) == (["load"], ["wind", "id"])


@pytest.mark.parametrize(
    "settings",
    [
        {"experts": False},
        {"experts": False, "cell": "elman", "key": "site", "batch_keys": 2},
        {"intervals": [0.9], "alert": 0.99},
        {"channels": "independent", "season_lags": True},
        {"lr_pool": [1, 3], "intervals": [0.9]},
        {"categorical": ["word"], "features": ["load", "word"]},
    ],
    ids=str,
)
def test_a_run_asks_for_all_the_kernels_that_its_rows_are_taken_through_and_no_other(settings, monkeypatch):
    asked = []
    monkeypatch.setattr("streamrnn.session.start.is_kept", lambda name: asked.append(name) or True)
    settings = Settings(**{"targets": ["load", "wind"], "features": ["load", "wind"], **settings})
    assert kernels_are_kept(settings)
    numbers = np.zeros((1, 2))
    portion = Portion(numbers, numbers.astype(int), numbers.astype(int), True, numbers)
    calls = Engine(settings, np.float32).calls(portion)
    entries = {call.func._cache._name for call in calls if hasattr(call.func, "_cache")}
    assert set(asked) == entries
