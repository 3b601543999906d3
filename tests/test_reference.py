"""The reference is right: its gradients are the derivatives of its loss, its rules are PyTorch's, its gate holds."""

import itertools
import math

import numpy as np
import pytest
from reference import Column, Optimizer, ReferenceLearner, Scale, robust

HIDDEN = 2
GATES = {"elman": 1, "gru": 3, "lstm": 4}
CELLS = [("elman", "tanh"), ("elman", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
LOSSES = ["squared", "absolute", "huber", "quantile"]


def make_parameters(cell, layers, inputs, outputs, hidden=HIDDEN, seed=5):
    rng = np.random.default_rng(seed)
    parameters = {}
    for layer in range(layers):
        rows = GATES[cell] * hidden
        parameters[f"weight_ih_l{layer}"] = rng.normal(size=(rows, inputs if layer == 0 else hidden))
        parameters[f"weight_hh_l{layer}"] = rng.normal(size=(rows, hidden)) * 0.7
        parameters[f"bias_ih_l{layer}"] = rng.normal(size=rows) * 0.5 + 0.3
        parameters[f"bias_hh_l{layer}"] = rng.normal(size=rows) * 0.5 + 0.3
    parameters["head.weight"] = rng.normal(size=(outputs, hidden))
    parameters["head.bias"] = rng.normal(size=outputs)
    return parameters


def make_learner(cell, nonlinearity, layers, horizons=(1,), loss="squared", **settings):
    outputs = len(horizons) * 2 * (3 if loss == "quantile" else 1)
    return ReferenceLearner(
        parameters=make_parameters(cell, layers, inputs=4, outputs=outputs),
        features=[0, 1],
        targets=[1, 2],
        columns=3,
        cell=cell,
        nonlinearity=nonlinearity,
        layers=layers,
        horizons=horizons,
        loss=loss,
        **{"lr": 0.0, "record_sweeps": True, **settings},
    )


def make_rows(count, null_share, seed=3):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 3)).cumsum(axis=0)
    return np.where(rng.random(rows.shape) < null_share, np.nan, rows)


def finite_differences(learner, nudge=1e-5):
    slopes = {name: np.zeros_like(value) for name, value in learner.parameters.items()}
    for name, value in learner.parameters.items():
        for index in np.ndindex(value.shape):
            losses = []
            for sign in (+1, -1):
                nudged = value.copy()
                nudged[index] += sign * nudge
                losses.append(learner.frozen_sweep_loss({**learner.parameters, name: nudged}))
            slopes[name][index] = (losses[0] - losses[1]) / (2 * nudge)
    return slopes


def assert_same(gradient, other, tolerance):
    flat = np.concatenate([gradient[name].ravel() for name in gradient])
    other_flat = np.concatenate([other[name].ravel() for name in gradient])
    assert np.linalg.norm(flat) > 1e-3
    assert np.linalg.norm(flat - other_flat) < tolerance * np.linalg.norm(flat)


@pytest.mark.parametrize(("stride", "horizons"), list(itertools.product([1, 3], [(1,), (1, 5)])))
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_gradient_is_the_derivative_of_the_loss(cell, nonlinearity, layers, loss, stride, horizons):
    learner = make_learner(cell, nonlinearity, layers, horizons, loss, stride=stride, window=4, huber_delta=0.5)
    for number, row in enumerate(make_rows(18, null_share=0.15)):
        learner.step(row, boundary=number == 11)
    assert any(inputs[2:].any() for inputs in learner.last_sweep.inputs), "a null should be in the window"
    assert learner.last_sweep.numbers[0] >= 11
    assert_same(finite_differences(learner), learner.gradient, 1e-6)


def test_boundary_learns_what_is_revealed_and_unlearned():
    learner = make_learner("gru", "tanh", 1, stride=100, window=4)
    rows = make_rows(12, null_share=0.0)
    for row in rows[:10]:
        learner.step(row)
    assert learner.gradient is None
    learner.step(rows[10], boundary=True)
    assert learner.last_sweep.numbers == range(0, 9)
    assert_same(finite_differences(learner), learner.gradient, 1e-6)
    assert not any(step.pending for step in learner.steps[:10])


def test_sweep_covers_the_steps_of_the_worked_example():
    """Horizon 2, window 3, stride 1: row 5 grades steps 4 and 3, the sweep runs over 4, 3, 2, 1."""
    learner = make_learner("elman", "tanh", 1, horizons=(1, 2), window=3)
    for row in make_rows(6, null_share=0.0):
        learner.step(row)
    assert learner.last_sweep.numbers == range(1, 5)
    assert [sorted(labels) for labels in learner.last_sweep.labels] == [[], [], [2, 3], [0, 1]]


def test_sweep_reaches_window_steps_from_the_oldest_graded_one_and_no_further():
    learner = make_learner("elman", "tanh", 1, window=3, stride=3)
    rows = make_rows(9, null_share=0.0)
    rows[5:8] = np.nan
    for row in rows:
        learner.step(row)
    assert learner.last_sweep.numbers == range(5, 8)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_full_window_gradient_is_that_of_torch(cell, nonlinearity, layers):
    torch = pytest.importorskip("torch")
    learner = make_learner(cell, nonlinearity, layers, horizons=(1, 2), window=100, stride=12)
    for row in make_rows(14, null_share=0.1):
        learner.step(row)
    if cell == "elman":
        network = torch.nn.RNN(4, HIDDEN, layers, nonlinearity=nonlinearity, dtype=torch.float64)
    else:
        network = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](4, HIDDEN, layers, dtype=torch.float64)
    head = torch.nn.Linear(HIDDEN, 4, dtype=torch.float64)
    values = {name: torch.from_numpy(value) for name, value in learner.parameters.items()}
    network.load_state_dict({name: value for name, value in values.items() if not name.startswith("head.")})
    head.load_state_dict({"weight": values["head.weight"], "bias": values["head.bias"]})
    snapshot = learner.last_sweep
    assert snapshot.numbers[0] == 0
    outputs = head(network(torch.tensor(np.array(snapshot.inputs)))[0])
    losses = [(outputs[s, o] - z) ** 2 for s, labels in enumerate(snapshot.labels) for o, z in labels.items()]
    (sum(losses) / learner.outputs).backward()
    gradient = {name: value.grad.numpy() for name, value in network.named_parameters()}
    gradient |= {f"head.{name}": value.grad.numpy() for name, value in head.named_parameters()}
    assert_same(gradient, learner.gradient, 1e-12)


@pytest.mark.parametrize("kind", ["sgd", "rmsprop", "adam", "adamw"])
def test_optimizer_is_that_of_torch(kind):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    parameters = {"w": rng.normal(size=5)}
    theirs = torch.nn.Parameter(torch.tensor(parameters["w"]))
    ours = Optimizer(kind, lr=0.01, clip=1.5)
    settings = {"sgd": {"momentum": 0.9}, "adamw": {"weight_decay": 0.01}}.get(kind, {})
    name = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}[kind]
    optimizer = getattr(torch.optim, name)([theirs], lr=0.01, **settings)
    for gradient in rng.normal(size=(30, 5)):
        assert ours.update(parameters, {"w": gradient})
        theirs.grad = torch.tensor(gradient)
        torch.nn.utils.clip_grad_norm_([theirs], 1.5)
        optimizer.step()
    np.testing.assert_allclose(parameters["w"], theirs.detach().numpy(), rtol=1e-12)
    assert not ours.update(parameters, {"w": np.full(5, np.nan)})
    assert ours.updates == 30


def make_column():
    return Column({"nulls": 0, "invalid": 0, "far": 0})


def test_constant_column_accepts_its_first_other_value_without_a_scale_from_it():
    assert robust([5.0] * 10 + [1000.0]) == (5.0, 0.0)
    column = make_column()
    for _ in range(30):
        column.observe(5.0, learn=True)
    assert column.observe(1000.0, learn=True) == (1000.0, False)
    assert (column.settled, column.mean, column.deviation) == (False, 5.0, 0.0)
    column.observe(5.0, learn=True)
    assert (column.settled, column.deviation) == (True, 0.0)
    column.observe(6.0, learn=True)
    column.observe(7.0, learn=True)
    assert column.settled
    assert (column.n, column.mean, column.deviation) == (2, *robust([6.0, 7.0]))  # as a new column's
    assert column.counts["far"] == 0


def test_a_scale_begins_anew_with_the_first_change_after_zeros_alone():
    scale = Scale()
    for change in [0.0] * 40 + [3.0, -3.0]:
        scale.add(change)
    assert (scale.n, scale.value) == (2, robust([3.0, 3.0], center=0.0)[1])


def test_far_values_are_null_until_twenty_of_them_agree():
    rng = np.random.default_rng(2)
    column = make_column()
    for value in rng.normal(size=50):
        column.observe(value, learn=True)
    before = (column.n, column.mean, column.m2, column.held)
    for value in (math.nan, math.inf, 1e300, 1e4):
        accepted, shifted = column.observe(value, learn=True)
        assert math.isnan(accepted) and not shifted
    assert (column.n, column.mean, column.m2, column.held) == before
    assert column.counts == {"nulls": 1, "invalid": 2, "far": 1}
    column.observe(0.0, learn=True)  # ends the far run
    level = 1e4 + rng.normal(size=20)
    answers = [column.observe(value, learn=True) for value in level]
    assert all(math.isnan(accepted) for accepted, _ in answers[:-1])
    assert answers[-1] == (level[-1], True)
    assert (column.n, column.mean) == (20, np.median(level))
