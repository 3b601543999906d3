"""A network's sizes, PyTorch's names and shapes for its weights, and the first values of these."""

from __future__ import annotations

import math

import numpy as np
import pytest
from learners import COLUMNS

from streamrnn import Learner
from streamrnn.kernels.arrays.kind import ANY
from streamrnn.kernels.arrays.places import Rates
from streamrnn.kernels.arrays.state import named_view
from streamrnn.model.kind import SPECIALISED, kind_of
from streamrnn.settings import CELLS, Settings, default

GATES = {"elman": 1, "gru": 3, "lstm": 4, "coupled-lstm": 3}
PYTORCHS = ("elman", "gru", "lstm")


@pytest.mark.parametrize("cell", GATES)
def test_parameters_have_pytorchs_names_and_shapes(cell):
    learner = Learner(["a", "b"], COLUMNS, cell=cell, hidden=5, layers=2, horizon=3)
    rows = GATES[cell] * 5
    assert {name: view.shape for name, view in learner.parameters.items()} == {
        "weight_ih_l0": (rows, 6),  # three values, three missing indicators
        "weight_hh_l0": (rows, 5),
        "bias_ih_l0": (rows,),
        "bias_hh_l0": (rows,),
        "weight_ih_l1": (rows, 5),
        "weight_hh_l1": (rows, 5),
        "bias_ih_l1": (rows,),
        "bias_hh_l1": (rows,),
        "head.weight": (6, 5),  # horizons x targets
        "head.bias": (6,),
    }
    assert all(view.dtype == np.float32 for view in learner.parameters.values())


@pytest.mark.parametrize("cell", PYTORCHS)
def test_pytorch_takes_the_parameters_as_they_are(cell):
    torch = pytest.importorskip("torch")
    learner = Learner("a", COLUMNS, cell=cell, hidden=5, layers=2)
    network = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](6, 5, 2)
    values = {name: torch.tensor(view) for name, view in learner.parameters.items()}
    network.load_state_dict({name: value for name, value in values.items() if not name.startswith("head.")})
    head = torch.nn.Linear(5, 1)
    head.load_state_dict({"weight": values["head.weight"], "bias": values["head.bias"]})


def test_a_norm_adds_gains_and_a_head_of_all_layers_is_wider():
    learner = Learner("a", COLUMNS, cell="coupled-lstm", hidden=5, layers=2, norm="rms", head="all")
    shapes = {name: view.shape for name, view in learner.parameters.items()}
    assert shapes["head.weight"] == (1, 10)
    gains = ("gain_ih_l0", "gain_hh_l0", "gain_ih_l1", "gain_hh_l1")
    assert list(shapes)[-4:] == list(gains) and all(shapes[name] == (15,) for name in gains)
    assert all((learner.parameters[name] == 1.0).all() for name in gains)


def test_parameters_are_views_of_one_flat_array():
    learner = Learner("a", COLUMNS, hidden=5)
    flat = named_view(learner._state, "weights")
    for view in learner.parameters.values():
        assert np.shares_memory(view, flat)


# --- first weights ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", GATES)
def test_recurrent_matrices_are_orthogonal_gate_by_gate(cell):
    learner = Learner("a", cell=cell, hidden=24, layers=2)
    for name in ("weight_hh_l0", "weight_hh_l1"):
        for gate in np.split(learner.parameters[name], GATES[cell]):
            np.testing.assert_allclose(gate @ gate.T, np.eye(24), atol=1e-5)


def test_input_matrices_are_uniform_with_the_variance_of_one_over_fan_in():
    learner = Learner("a", [f"f{number}" for number in range(50)], cell="lstm", hidden=64, layers=2)
    for name, fan_in in (("weight_ih_l0", 50), ("weight_ih_l1", 64)):
        weights = learner.parameters[name]
        assert weights.var() == pytest.approx(1 / fan_in, rel=0.05)
        assert np.abs(weights).max() <= np.sqrt(3 / fan_in) * (1 + 1e-6)


def test_an_untrained_network_with_the_skip_is_the_last_value_forecast():
    learner = Learner(["a", "b"], COLUMNS, horizon=3, lr=0.0)
    random = np.random.default_rng(0)
    for row in random.standard_normal((60, 3)):
        forecast = learner.step(row).forecast
        assert forecast["a"].tolist() == [row[0]] * 3 and forecast["b"].tolist() == [row[1]] * 3
    assert all(score.mae == score.last_value_mae for score in learner.metrics.scores)


def test_without_the_skip_the_head_is_drawn_too():
    assert np.count_nonzero(Learner("a", skip=False).parameters["head.weight"]) == 32
    assert np.count_nonzero(Learner("a", ["b"], horizon=0).parameters["head.weight"]) == 32
    assert not Learner("a", skip=True).parameters["head.weight"].any()


@pytest.mark.parametrize(("cell", "gate"), [("gru", 1), ("lstm", 1), ("coupled-lstm", 0)])
def test_the_gate_that_keeps_the_state_starts_open(cell, gate):
    learner = Learner("a", cell=cell, hidden=6, layers=2)
    for name in ("bias_ih_l0", "bias_ih_l1"):
        assert learner.parameters[name].reshape(-1, 6)[gate].tolist() == [1.0] * 6
        assert np.count_nonzero(learner.parameters[name]) == 6
    assert not learner.parameters["bias_hh_l0"].any()


@pytest.mark.parametrize(("cell", "gate"), [("gru", 1), ("lstm", 1), ("coupled-lstm", 0)])
def test_expected_lag_gives_the_chrono_initialisation(cell, gate):
    """The keeping gate's bias is log U(1, lag - 1), the LSTM's input gate's its negative (Tallec & Ollivier 2018)."""
    bias = Learner("a", cell=cell, hidden=500, expected_lag=100).parameters["bias_ih_l0"].reshape(-1, 500)
    assert 0.0 <= bias[gate].min() < 1.0 and np.log(90.0) < bias[gate].max() <= np.log(99.0) + 1e-6
    np.testing.assert_allclose(np.exp(bias[gate]).mean(), 50.0, rtol=0.1)
    if cell == "lstm":
        np.testing.assert_array_equal(bias[0], -bias[1])


# --- what the kernels are told ----------------------------------------------------------------------------------------


def test_every_rate_reaches_the_kernels_under_its_own_name():
    common = {"lr": 0.5, "warmup": 7, "clip": 2.0, "stride": 4, "guard": 1.0, "focal": 1.5}
    fixed = {"paced": 0.0, "alert": 0.0, "tolerance": math.inf, "inverse_sqrt": 1.0, "balances": 1.0, "drift": 1.0}
    usual = {name: default(name) for name in ("momentum", "alpha", "beta1", "beta2", "eps", "weight_decay")}
    for optimizer, own in (
        ("sgd", {"momentum": 0.3}), ("rmsprop", {"alpha": 0.4, "eps": 1e-5}),
        ("adamw", {"beta1": 0.6, "beta2": 0.7, "eps": 1e-5, "weight_decay": 0.2}),
    ):  # fmt: skip
        learner = Learner(
            ["a", "s"], "a", categorical="s", optimizer=optimizer, loss="huber", huber_delta=3.0, **common, **own,
            schedule="inverse-sqrt", class_weights="balanced", drift="rate",
        )  # fmt: skip
        rates = Rates(*named_view(learner._state, "rates")[: len(Rates._fields)].tolist())
        assert rates._asdict() == {"huber_delta": 3.0} | usual | common | own | fixed


def test_a_first_weight_is_the_same_on_every_machine():
    """Saved figures can be repeated: the draw is NumPy's default generator, seeded with the seed alone."""
    weights = Learner("a", ["a", "b"], cell="elman", hidden=3, seed=1).parameters["weight_ih_l0"]
    bound = np.sqrt(3 / 2)
    expected = np.random.default_rng(1).uniform(-bound, bound, (3, 4))
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


# --- what is compiled -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", SPECIALISED)
def test_what_kernels_take_for_granted_is_what_the_learner_has(cell):
    learner = Learner("a", cell=cell, hidden=2)
    rates = named_view(learner._state, "rates")[: len(Rates._fields)]
    known = {**learner._engine.sizes._asdict(), **dict(zip(Rates._fields, rates, strict=True))}
    fixed = kind_of(learner.settings).fixed
    assert fixed.pop("cell") == CELLS.index(cell)
    assert fixed.keys() == {"norm", "read_width", "rule", "drift"}
    assert all(known[name] == number for name, number in fixed.items())


@pytest.mark.parametrize(
    "unusual", [{"norm": "rms"}, {"head": "all"}, {"optimizer": "sgd"}, {"drift": "rate"}, {"cell": "elman"}]
)
def test_kernels_of_an_unusual_network_take_nothing_for_granted(unusual):
    kind = kind_of(Settings("a", **unusual))
    assert kind.cell == ANY and kind.fixed == {}
