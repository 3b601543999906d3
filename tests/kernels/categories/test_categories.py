"""Categories, in float64, against the slow reference and finite differences: forecasts, losses, gradients, counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import DoubleLearner, check_gradient, randomised, reference_of
from reference.categories import softmax

from streamrnn.kernels.arrays.state import named_view

SMALL: dict[str, Any] = {
    "hidden": 5, "window": 4, "embedding": 3, "max_categories": 6, "optimizer": "sgd", "clip": 0.0, "top": 2,
}  # fmt: skip
OF_NUMBERS = {name: value for name, value in SMALL.items() if name != "embedding"}  # where no feature is a category


def stream(rows, nulls=0.1, kinds=9, seed=0):
    """Two numbers and two categories, one of which can be told from what came before; more kinds than codes."""
    random = np.random.default_rng(seed)
    letters = [chr(ord("a") + kind) for kind in range(kinds)]
    state, made = 0, []
    for _ in range(rows):
        state = (state + random.choice([1, 1, 1, 3])) % kinds
        row = {"x": np.sin(state) + 0.2 * random.standard_normal(), "y": random.standard_normal()}
        row |= {"u": letters[state], "v": letters[random.integers(3)]}
        made.append({name: None if random.random() < nulls else value for name, value in row.items()})
    return made


def run_beside_reference(learner, rows, boundaries=(), learn=lambda number: True, gradients=False):
    """Step both through the rows; every record must agree. Returns how many gradients were compared."""
    reference = reference_of(learner, record_sweeps=True)
    compared = 0
    for number, row in enumerate(rows):
        if number in boundaries:
            learner.begin_sequence()
        before = reference.last_sweep
        record = learner.step(row, learn=learn(number))
        codes = learner._row_by_row.code[0].tolist()
        expected = reference.step_coded(learner._row_by_row.row[0], codes, learn(number), number in boundaries)
        np.testing.assert_allclose(record.loss, expected.loss, rtol=1e-9, err_msg=f"row {number}")
        check_forecasts(learner, record, reference)
        if gradients and reference.last_sweep is not before and number > 3 * learner._engine.sizes.slots:
            check_gradient(learner, reference)
            compared += 1
    for name, view in learner.parameters.items():
        np.testing.assert_allclose(view, reference.parameters[name], rtol=1e-8, atol=1e-12, err_msg=name)
    check_counts(learner, reference)
    return compared


def check_forecasts(learner, record, reference):
    targets = list(record.top)
    for (k, t), logits in reference.forecast_logits.items():
        named = sorted(range(1, len(logits)), key=lambda c: (-logits[c], c))[: learner.settings.top]
        probabilities = softmax(logits)
        vocabulary = learner._intake.vocabularies[targets[t]]
        ours = record.top[targets[t]][k]
        assert [name for name, _ in ours] == [vocabulary.category(code) for code in named]
        np.testing.assert_allclose([p for _, p in ours], probabilities[named], rtol=1e-9)
    for t, target in enumerate(targets):
        assert record.expected[target] == learner._intake.vocabularies[target].category(reference.expected_codes[t])
    numbers = [target for target in record.forecast if target not in targets]
    for j, target in enumerate(numbers):
        np.testing.assert_allclose(record.forecast[target], reference.record.forecast[:, j, 0], rtol=1e-9, atol=1e-10)


def check_counts(learner, *references):
    """What the learner has counted is what the references have, each of one key."""
    targets = len(references[0].coded_targets)
    for k, t in {pair for reference in references for pair in reference.graded}:
        pair = k * targets + t
        graded = [one for reference in references for one in reference.graded.get((k, t), ())]
        losses, ranks, majority, last = map(np.array, zip(*graded, strict=True))
        np.testing.assert_allclose(named_view(learner._state, "class_losses")[pair], losses.sum(), rtol=1e-9)
        np.testing.assert_array_equal(named_view(learner._state, "class_ranks")[pair], np.bincount(ranks, minlength=11))
        np.testing.assert_array_equal(named_view(learner._state, "class_naive")[pair], [majority.sum(), last.sum()])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_gradients_of_tables_and_heads_beside_those_of_numbers(cell, layers):
    learner = DoubleLearner(
        ["u", "y"], ["x", "u", "v"], categorical=["u", "v"], cell=cell, layers=layers, lr=0.0, horizon=2, **SMALL
    )
    assert run_beside_reference(randomised(learner), stream(90), boundaries=(60,), gradients=True) > 20


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_gradients_where_every_head_reads_every_layer(norm):
    learner = DoubleLearner(["u", "y"], ["x", "u"], categorical="u", layers=2, head="all", norm=norm, lr=0.0, **SMALL)
    assert run_beside_reference(randomised(learner), stream(70), boundaries=(40,), gradients=True) > 20


@pytest.mark.parametrize("horizon", [0, 1, (2, 5)])
@pytest.mark.parametrize("stride", [1, 3])
def test_gradients_at_every_horizon_and_stride(horizon, stride):
    features = ["x", "v"] if horizon == 0 else ["x", "v", "u"]
    learner = DoubleLearner(["u"], features, categorical=["u", "v"], lr=0.0, horizon=horizon, stride=stride, **SMALL)
    assert run_beside_reference(randomised(learner), stream(110), (70, 73), gradients=True) > 5


def test_each_target_has_its_weight():
    learner = DoubleLearner(
        ["y", "u", "v"], ["x"], categorical=["u", "v"], lr=0.0, target_weights=(3.0, 0.5, 0.1), **OF_NUMBERS
    )
    assert run_beside_reference(randomised(learner), stream(80), gradients=True) > 20


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_learning_from_more_categories_than_there_are_codes(optimizer):
    settings = SMALL | {"optimizer": optimizer, "clip": 1.0}
    learner = randomised(DoubleLearner(["u", "y"], ["x", "u"], categorical=["u"], lr=0.05, **settings))
    run_beside_reference(learner, stream(150, kinds=12), boundaries=(50,), learn=lambda number: number % 40 < 30)
    assert len(learner._intake.vocabularies["u"]) == 6


def test_horizons_that_count_values():
    learner = DoubleLearner(
        ["u"], ["x", "u"], categorical=["u"], lr=0.05, horizon=2, horizon_unit="values", max_delay=7, **SMALL
    )
    run_beside_reference(randomised(learner), stream(150, nulls=0.5), boundaries=(90,))


def test_the_guard_takes_a_network_back_that_finds_no_category_probable():
    settings = SMALL | {"clip": 0.0, "max_categories": 3}
    learner = randomised(DoubleLearner(["u"], ["x", "u"], categorical=["u"], lr=1000.0, **settings))
    run_beside_reference(learner, stream(300, kinds=3))
    assert learner.metrics.diverged


@pytest.mark.parametrize(("horizon", "order"), [(0, 3), (1, 1), ((1, 3), 3)])
def test_counts_and_how_they_are_mixed_with_the_network(horizon, order):
    features = ["x"] if horizon == 0 else ["x", "u"]
    learner = DoubleLearner(
        ["u", "y"],
        features,
        categorical=["u"],
        horizon=horizon,
        lr=0.02,
        count_order=order,
        count_contexts=4096,
        **(OF_NUMBERS if horizon == 0 else SMALL),
    )
    rows = stream(900, nulls=0.02, kinds=3 if order == 1 else 7)  # three come so often that counts are halved
    run_beside_reference(randomised(learner), rows, boundaries=(60,), learn=lambda number: number % 50 < 45)
    weights = named_view(learner._state, "class_weights")[0]
    assert weights[1] != 0.5
    (score, *_) = learner.metrics.class_scores
    assert score.log_loss < score.network_log_loss


def test_counts_have_a_gradient_of_their_own_and_leave_that_of_the_network_alone():
    learner = DoubleLearner(["u"], ["x", "u"], categorical=["u"], lr=0.0, count_order=2, **SMALL)
    assert run_beside_reference(randomised(learner), stream(110), (70,), gradients=True) > 20


def test_counts_that_find_no_room_forget_and_stay_a_distribution():
    settings = SMALL | {"max_categories": 40, "top": 40}
    learner = DoubleLearner(["u"], ["u"], categorical=["u"], lr=0.0, count_order=4, count_contexts=16, **settings)
    random = np.random.default_rng(0)
    for number in range(2000):
        record = learner.step({"u": f"kind {random.integers(60)}"})
        assert 0.0 < sum(p for _, p in record.top["u"][0]) < 1.0 or number == 0
    contexts = named_view(learner._state, "contexts")
    assert contexts.shape == (4 * 16, 16) and (contexts[:, 0] > 0).all()
    assert (contexts[:, 1] == (contexts[:, 2:] % 512).sum(axis=1)).all()
    assert np.isfinite(learner.metrics.class_scores[0].counts_log_loss)
