"""Clipping, schedules and update rules against the textbook's formulas; denormals, and the host's treatment of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from learners import DoubleLearner, assert_unchanged, compiled, copies, randomised, stream

from streamrnn import Learner
from streamrnn.kernels.arrays.kind import Kind
from streamrnn.kernels.arrays.places import LEARNED, MADE, SKIPPED, SKIPPED_IN_A_ROW
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.arrays.views import open_model
from streamrnn.kernels.machine.memory import flush_denormals, restore_denormals
from streamrnn.kernels.network.optimizers import update
from streamrnn.settings import OPTIMIZERS

RATES: dict[str, Any] = {
    "lr": 0.05, "momentum": 0.7, "alpha": 0.8, "beta1": 0.6, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.3,
}  # fmt: skip


OF_RULES = {
    "sgd": ("momentum",), "rmsprop": ("alpha", "eps"), "adam": ("beta1", "beta2", "eps"),
    "adamw": ("beta1", "beta2", "eps", "weight_decay"),
}  # fmt: skip

PLAIN = Kind()


@compiled
def update_once(real, double, integer, answer):
    answer[0] = update(open_model(real, double, integer, PLAIN, 0), 1, 1.0)


def apply(learner: Learner, gradient: np.ndarray) -> bool:
    """One update with this flat gradient."""
    named_view(learner._state, "gradient")[:] = gradient
    answer = np.zeros(1, np.bool_)
    update_once(*learner._state, answer)
    return bool(answer[0])


def gradients(size: int, count: int = 25) -> np.ndarray:
    random = np.random.default_rng(7)
    return random.standard_normal((count, size)) * 10.0 ** random.uniform(-2, 1, (count, 1))


def textbook(rule: str, weights: np.ndarray, gradients: np.ndarray, rates: Any, clip: float) -> np.ndarray:
    """The weights after one update with each gradient: clipping, then the rule, each as in its paper."""
    w, m, v = weights.astype(float), np.zeros(weights.shape), np.zeros(weights.shape)
    for t, g in enumerate(gradients, start=1):
        g = g * min(1.0, clip / (np.linalg.norm(g) + 1e-6)) if clip else g
        if rule == "sgd":
            m = rates["momentum"] * m + g
            w = w - rates["lr"] * m
        elif rule == "rmsprop":
            v = rates["alpha"] * v + (1 - rates["alpha"]) * g**2
            w = w - rates["lr"] * g / (np.sqrt(v) + rates["eps"])
        else:
            m = rates["beta1"] * m + (1 - rates["beta1"]) * g
            v = rates["beta2"] * v + (1 - rates["beta2"]) * g**2
            decay = rates["weight_decay"] if rule == "adamw" else 0.0
            step = m / (1 - rates["beta1"] ** t) / (np.sqrt(v / (1 - rates["beta2"] ** t)) + rates["eps"])
            w = w - rates["lr"] * decay * w - rates["lr"] * step
    return w


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clip", [0.0, 0.5])
@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize(("kind", "tolerance"), [(Learner, 2e-5), (DoubleLearner, 1e-12)])
def test_every_rule_is_its_formula(kind, tolerance, rule, clip):
    rates = {name: RATES[name] for name in ("lr", *OF_RULES[rule])}
    learner = randomised(kind("a", cell="elman", hidden=5, optimizer=rule, clip=clip, **rates))
    weights = copies(learner, ["weights"])["weights"]
    steps = gradients(weights.size).astype(kind.dtype)
    for gradient in steps:
        assert apply(learner, gradient)
    expected = textbook(rule, weights, steps.astype(float), RATES, clip)
    np.testing.assert_allclose(named_view(learner._state, "weights"), expected, rtol=tolerance, atol=tolerance)
    assert named_view(learner._state, "updates")[[MADE, SKIPPED, LEARNED]].tolist() == [25, 0, 25]


@pytest.mark.parametrize("norm", [0.3, 1.0, 3.0, 1e15])
def test_clipping_bounds_the_global_norm_and_leaves_the_direction(norm):
    learner = randomised(DoubleLearner("a", cell="elman", hidden=5, optimizer="sgd", clip=1.0, momentum=0.0, lr=1.0))
    before = copies(learner, ["weights"])["weights"]
    gradient = np.random.default_rng(0).standard_normal(before.size)
    gradient *= norm / np.linalg.norm(gradient)
    apply(learner, gradient)
    moved = before - named_view(learner._state, "weights")
    assert np.linalg.norm(moved) == pytest.approx(min(norm, 1.0), rel=2e-6)
    assert moved @ gradient == pytest.approx(np.linalg.norm(moved) * norm)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_gradient_whose_norm_is_not_finite_touches_nothing_but_the_count(rule, value):
    learner = randomised(Learner("a", optimizer=rule, hidden=5))
    size = named_view(learner._state, "weights").size
    apply(learner, np.ones(size))
    before = copies(learner, ("weights", "moment1", "moment2"))
    for place in (0, size - 1):
        gradient = np.zeros(size, np.float32)
        gradient[place] = value  # 1e30 is finite, its square is not
        assert not apply(learner, gradient)
    assert_unchanged(before, learner)
    assert named_view(learner._state, "updates")[[MADE, SKIPPED, SKIPPED_IN_A_ROW]].tolist() == [1, 2, 2]


def test_a_decay_beyond_1_takes_weights_to_zero_and_not_to_infinity():
    learner = randomised(Learner("a", optimizer="adamw", hidden=5, lr=1000.0, weight_decay=1.0))
    size = named_view(learner._state, "weights").size
    for _ in range(50):
        apply(learner, np.zeros(size))
    assert not named_view(learner._state, "weights").any()


# --- schedules --------------------------------------------------------------------------------------------------------


def rates_by_update(count: int, **settings: Any) -> np.ndarray:
    """How far each update moves a weight down a gradient of 1."""
    learner = DoubleLearner("a", cell="elman", hidden=2, optimizer="sgd", momentum=0.0, clip=0.0, lr=0.5, **settings)
    weights = named_view(learner._state, "weights")
    rates = []
    for _ in range(count):
        weights[:] = 0.0
        apply(learner, np.ones(weights.size))
        rates.append(-weights[0])
    return np.array(rates)


def test_a_constant_rate_is_constant():
    assert set(rates_by_update(20)) == {0.5}


def test_warm_up_rises_by_equal_steps_from_the_first_update():
    np.testing.assert_allclose(rates_by_update(8, warmup=5), 0.5 * np.array([0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]))


def test_inverse_sqrt_falls_with_the_root_of_the_updates():
    np.testing.assert_allclose(rates_by_update(9, schedule="inverse-sqrt"), 0.5 / np.sqrt(np.arange(1, 10)))


def test_inverse_sqrt_begins_to_fall_where_warm_up_ends():
    rates = rates_by_update(16, schedule="inverse-sqrt", warmup=4)
    np.testing.assert_allclose(rates[:4], 0.5 * np.array([0.25, 0.5, 0.75, 1.0]))
    np.testing.assert_allclose(rates[3:], 0.5 * np.sqrt(4 / np.arange(4, 17)))


# --- denormals --------------------------------------------------------------------------------------------------------


@compiled
def times_while_flushing(numbers, factor, inside):
    before = flush_denormals()
    for i in range(numbers.shape[0]):
        inside[i] = numbers[i] * factor
    restore_denormals(before)


DENORMAL = {np.float32: 1e-40, np.float64: 1e-310}


def denormals_survive() -> bool:
    """Whether this thread still has them, as IEEE 754 asks."""
    return all((np.full(16, tiny, dtype) * dtype(1.0) > 0).all() for dtype, tiny in DENORMAL.items())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_denormals_are_flushed_inside_and_the_hosts_flags_restored(dtype):
    assert denormals_survive()
    numbers, inside = np.full(16, DENORMAL[dtype], dtype), np.ones(16, dtype)
    times_while_flushing(numbers, dtype(1.0), inside)
    assert not inside.any()
    assert denormals_survive()


def test_every_call_of_a_learner_leaves_the_hosts_flags_as_they_were():
    learner = Learner("a", hidden=4)
    assert denormals_survive()
    learner.step([1.0])
    assert denormals_survive()
    learner.predict([1.0])
    learner.run(stream(30, columns=1))
    assert denormals_survive()


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_moments_decay_to_zero_and_never_linger_among_the_denormals(rule):
    """The indicator of a feature that is never missing has no gradient."""
    learner = Learner("a", hidden=4, optimizer=rule)
    values = stream(60, columns=1)
    learner.run(values)
    moments = [named_view(learner._state, name) for name in ("moment1", "moment2")]
    for moment in moments:
        moment[moment == 0.0] = 1e-37
    learner.run(np.tile(values, (200, 1)))
    smallest = np.finfo(np.float32).tiny
    for moment in moments:
        assert np.all((moment == 0.0) | (np.abs(moment) >= smallest))
    if rule != "rmsprop":
        assert np.count_nonzero(moments[0] == 0.0) > 0


def test_adams_bias_correction_holds_for_ever():
    """After 1e15 updates the corrections are 1: the step is lr, not NaN."""
    learner = DoubleLearner("a", hidden=2, optimizer="adam", lr=0.25, clip=0.0, eps=1e-12)
    named_view(learner._state, "updates")[[MADE, LEARNED]] = 10**15
    for name in ("moment1", "moment2"):
        named_view(learner._state, name)[:] = 1.0
    before = copies(learner, ["weights"])["weights"]
    apply(learner, np.ones(before.size))
    np.testing.assert_allclose(before - named_view(learner._state, "weights"), 0.25)
    assert math.isfinite(named_view(learner._state, "weights").sum())
