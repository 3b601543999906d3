"""Rare categories, temperatures and forecasts of whole sequences, in float64, beside the slow reference."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pyarrow
import pytest
from kernels.categories.test_categories import OF_NUMBERS, SMALL, run_beside_reference, stream
from learners import DoubleLearner, randomised, reference_of
from reference.categories import CategoryReference, cross_entropy

from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.categories.temperature import SHARPNESS


@pytest.mark.parametrize("focal", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("class_weights", ["none", "balanced", {"a": 3.0, "c": 0.25}])
def test_gradients_of_the_focal_loss_with_weights(focal, class_weights):
    learner = DoubleLearner(
        ["u", "y", "v"], ["x"], categorical=["u", "v"], lr=0.0, horizon=2, focal=focal, class_weights=class_weights,
        **OF_NUMBERS,
    )  # fmt: skip
    assert run_beside_reference(randomised(learner), stream(90), boundaries=(60,), gradients=True) > 20


def test_the_slope_of_the_focal_loss_is_its_derivative():
    reference: CategoryReference = reference_of(DoubleLearner("u", categorical="u", focal=2.0, hidden=2))
    logits, step = np.array([0.3, -1.0, 2.0, 0.1]), 1e-6
    for truth in range(4):
        moved = [reference.class_loss(logits + step * side, truth) for side in [*np.eye(4), *-np.eye(4)]]
        slopes = np.subtract(moved[:4], moved[4:]) / (2.0 * step)
        np.testing.assert_allclose(reference.class_slope(logits, truth), slopes, atol=1e-8)


def test_balanced_weights_give_a_rare_category_its_share():
    """Of 20 labels one is rare: without weights it is never forecast, with weights as often as it comes."""
    random = np.random.default_rng(0)
    came = np.where(random.random(4000) < 0.05, "rare", "usual")
    found = {}
    for weights in ("none", "balanced"):
        learner = DoubleLearner("c", "x", categorical="c", horizon=0, hidden=4, window=2, lr=1e-2,
                                class_weights=weights)  # fmt: skip
        signal = np.where(came == "rare", 1.0, 0.0) + random.standard_normal(4000)
        learner.run(pyarrow.table({"x": signal, "c": came}))
        found[weights] = learner.metrics.class_scores[0].balanced_accuracy
    assert found["balanced"] > found["none"] + 0.1


def test_labels_of_no_weight_are_not_learned():
    """Of two categories that cannot be told apart, the one that counts is forecast."""
    random = np.random.default_rng(0)
    came = np.where(random.random(400) < 0.8, "noise", "signal")
    learner = DoubleLearner("c", "x", categorical="c", horizon=0, hidden=4, lr=1e-2, class_weights={"noise": 0.0})
    learner.run(pyarrow.table({"x": random.standard_normal(400), "c": came}))
    cells = learner.step({"x": 0.0}).to_dict()
    assert cells["c_h0"] == "signal" and cells["c_h0_p"] > 0.9


def test_weights_of_categories_go_with_a_saved_learner_and_may_be_changed():
    learner = DoubleLearner("c", "x", categorical="c", horizon=0, hidden=4, class_weights={"b": 3.0})
    for text in ("a", "b"):
        learner.step({"x": 0.0, "c": text})
    importance = named_view(learner._state, "importance")[0, :3]
    np.testing.assert_allclose(importance, [1 / 3, 1 / 3, 1.0])
    again = DoubleLearner.from_bytes(learner.to_bytes())
    np.testing.assert_allclose(named_view(again._state, "importance")[0, :3], importance)
    other = DoubleLearner.from_bytes(learner.to_bytes(), class_weights={"a": 2.0})
    np.testing.assert_allclose(named_view(other._state, "importance")[0, :3], [0.5, 1.0, 0.5])


def test_a_category_that_gets_the_code_of_another_one_has_its_own_weight():
    learner = DoubleLearner(
        "c", "x", categorical="c", horizon=0, max_categories=2, evict_categories=True, class_weights={"a": 4.0}
    )
    for text in ("a", "b", "c"):
        learner.step({"x": 0.0, "c": text})
    np.testing.assert_allclose(named_view(learner._state, "importance")[0], [0.25, 0.25, 0.25])
    learner.step({"x": 0.0, "c": "a"})
    np.testing.assert_allclose(named_view(learner._state, "importance")[0], [0.25, 0.25, 1.0])


@pytest.mark.parametrize(
    "settings", [{"temperature": 0.5}, {"temperature": "auto"}, {"temperature": "auto", "count_order": 2}]
)
def test_learning_with_a_temperature(settings):
    learner = DoubleLearner(["u", "v", "y"], ["x", "u"], categorical=["u", "v"], lr=0.1, horizon=2, **settings, **SMALL)
    reference = reference_of(learner)
    rows = stream(200)
    for number, row in enumerate(rows):
        record = learner.step(row, learn=number % 50 < 40)
        expected = reference.step_coded(
            learner._row_by_row.row[0], learner._row_by_row.code[0].tolist(), number % 50 < 40
        )
        np.testing.assert_allclose(record.loss, expected.loss, rtol=1e-9)
    sharpness = named_view(learner._state, "sharpness")[:, SHARPNESS]
    np.testing.assert_allclose(sharpness, [*reference.sharpness.values()], rtol=1e-9)
    np.testing.assert_allclose(
        named_view(learner._state, "class_unsharpened"), [*reference.untempered.values()], rtol=1e-9
    )
    assert (settings["temperature"] == 0.5) == (set(sharpness.tolist()) == {2.0})


def test_a_temperature_that_is_learned_makes_forecasts_that_are_too_sure_honest():
    """A network that cannot learn any more, whose logits are three times what they should be."""
    random = np.random.default_rng(1)
    learner = DoubleLearner("c", "x", categorical="c", horizon=0, hidden=1, window=1, lr=0.0, temperature="auto")
    for text in ("a", "b"):
        learner.step({"x": 0.0, "c": text})
    learner.parameters["classifier.c_h0.bias"][:3] = [-90.0, 3.0 * math.log(0.8), 3.0 * math.log(0.2)]
    for _ in range(5000):
        learner.step({"x": 0.0, "c": "a" if random.random() < 0.8 else "b"})
    (score,) = learner.metrics.class_scores
    assert score.temperature == pytest.approx(3.0, rel=0.15)
    entropy = cross_entropy(np.log([0.8, 0.2]), 0) * 0.8 + cross_entropy(np.log([0.8, 0.2]), 1) * 0.2
    assert score.log_loss == pytest.approx(entropy, abs=0.03)
    assert score.untempered_log_loss > score.log_loss + 0.05


def test_a_sequence_is_forecast_by_the_mean_of_its_rows():
    learner = DoubleLearner(
        "u", "x", categorical="u", horizon=0, sequence="q", sequence_forecast="mean", lr=0.05, **OF_NUMBERS
    )
    reference, rows = reference_of(learner), stream(200, nulls=0.0, kinds=4)
    ends = [number for number in range(1, 201) if number % 7 == 0 or number == 200]
    hits, hit = 0, None
    for number, row in enumerate(rows):
        begins = number in ends[:-1]
        hits += hit is True and begins
        label = row["u"] if number + 1 in ends or number < 5 else None
        record = learner.step({**row, "u": label, "q": number // 7})
        reference.step_coded(learner._row_by_row.row[0], learner._row_by_row.code[0].tolist(), True, begins)
        means = reference.means[0]
        if len(means) > 1:
            best = 1 + int(np.argmax(means[1:]))
            category, p = record.of_sequence["u"]
            assert category == learner._intake.vocabularies["u"].category(best)
            assert p == pytest.approx(means[best] / (number % 7 + 1), rel=1e-9)
            hit = category == label if label else hit
        assert list(record.to_dict())[-4:-2] == ["u_sequence", "u_sequence_p"]
    (score,) = learner.metrics.class_scores
    assert score.sequences == len([*pairwise([0, *ends])]) - 1
    assert score.sequence_accuracy * score.sequences == pytest.approx(hits)
    assert 0 < hits < score.sequences
