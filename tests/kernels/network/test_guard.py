"""The guard: what diverges is taken back, beside the reference, and what is merely hard is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import COLUMNS, DoubleLearner, check_finite, copies, randomised, run_beside_reference, stream

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.network.guard import GOOD, SAFE_RATE, UPDATES_PER_CHECK
from streamrnn.settings import OPTIMIZERS

SMALL: dict[str, Any] = {"hidden": 4, "window": 4}
WILD: dict[str, Any] = {**SMALL, "lr": 30.0, "clip": 0.0}


def rows_told(learner: Learner, values: np.ndarray) -> list[int]:
    """The rows at which it says that it has diverged."""
    events = learner.run(values)["event"].to_pylist()
    return [row for row, event in enumerate(events) if event and "diverged" in event.split(",")]


# --- beside the reference ---------------------------------------------------------------------------------------------


def spoiled(learner: Learner) -> Learner:
    """Its first weights are taken for good; they are gone back to once, in vain, and then tamed."""
    randomised(learner).parameters["head.bias"][...] = 30.0
    return learner


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_has_diverged_goes_back_as_the_reference_does(cell, optimizer):
    learner = spoiled(DoubleLearner("a", COLUMNS, **SMALL, cell=cell, optimizer=optimizer, lr=1e-2))
    run_beside_reference(learner, stream(150, nulls=0.02))
    assert learner.metrics.diverged == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"horizon": 3}, {"horizon": 2, "horizon_unit": "values"}, {"loss": "quantile"}, {"stride": 3}, {"skip": False},
        {"layers": 2}, {"schedule": "inverse-sqrt"}, {"warmup": 100}, {"clip": 0.0},
    ],
)  # fmt: skip
def test_what_has_diverged_goes_back_as_the_reference_does_with_other_settings(settings):
    learner = spoiled(DoubleLearner(["a", "b"], COLUMNS, **SMALL, lr=1e-2, **settings))
    run_beside_reference(learner, stream(250))
    assert learner.metrics.diverged == 2


def test_what_was_learned_at_a_wild_rate_is_tamed_at_once_as_in_the_reference():
    learner = spoiled(DoubleLearner("a", COLUMNS, **SMALL, lr=0.05))
    run_beside_reference(learner, stream(150))
    assert learner.metrics.diverged == 1


def test_a_sequence_that_begins_after_a_divergence_begins_as_the_references():
    learner = spoiled(DoubleLearner("a", COLUMNS, **SMALL, lr=1e-2, sequence="s"))
    run_beside_reference(learner, stream(150), sequences=[row // 7 for row in range(150)])
    assert learner.metrics.diverged == 2


def test_a_state_that_overflows_goes_back_at_once_as_in_the_reference():
    learner = randomised(DoubleLearner("a", COLUMNS, **SMALL, cell="elman", nonlinearity="relu"))
    learner.parameters["weight_hh_l0"][...] = 1e75
    learner.parameters["bias_ih_l0"][...] = 1.0
    run_beside_reference(learner, stream(40))
    assert 0 < learner.metrics.diverged < 4


@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_normalised_gates_go_back_as_in_the_reference(norm):
    learner = randomised(DoubleLearner("a", COLUMNS, **SMALL, lr=1e-2, norm=norm, layers=2, head="all"))
    learner.parameters["gain_ih_l0"][...] = 3.0
    learner.parameters["head.bias"][...] = 40.0
    run_beside_reference(learner, stream(150))
    assert learner.metrics.diverged > 0
    assert np.abs(learner.parameters["gain_ih_l0"]).max() < 1.5


def test_good_weights_are_kept_and_gone_back_to_as_in_the_reference():
    """Three stretches go well; then the weights are spoiled."""
    learner = DoubleLearner("a", ["a"], hidden=2, window=2)
    first = copies(learner, ["weights"])["weights"]
    reference = run_beside_reference(learner, stream(3 * UPDATES_PER_CHECK + 20, columns=1))
    good = named_view(learner._state, "good")[GOOD].copy()
    assert not np.array_equal(good, first)
    learner.parameters["head.bias"][...] = 40.0
    (told,) = rows_told(learner, stream(30, columns=1, seed=3))
    np.testing.assert_array_equal(named_view(learner._state, "good")[GOOD], good)
    assert told > 5 and reference.guard.good is not None
    assert learner.parameters["head.bias"][0] == pytest.approx(reference.guard.good["head.bias"][0], abs=0.02)


def test_weights_that_lose_to_the_last_value_are_not_kept_for_good():
    """Off by more than one unit they have not diverged, but nothing is proven."""
    learner = randomised(Learner("a", COLUMNS, **SMALL, lr=1e-6))
    learner.parameters["head.bias"][...] = 1.3
    values = stream(2 * UPDATES_PER_CHECK + 50)
    learner.run(values[:40])
    first = named_view(learner._state, "good")[GOOD].copy()
    assert rows_told(learner, values[40:]) == []
    np.testing.assert_array_equal(named_view(learner._state, "good")[GOOD], first)


# --- what it decides --------------------------------------------------------------------------------------------------


def test_it_goes_back_as_if_it_had_seen_nothing_at_half_the_rate():
    learner = randomised(Learner("a", COLUMNS, **SMALL, lr=1e-3))
    learner.run(stream(200))
    before = learner.health
    learner.parameters["head.bias"][...] = np.nan
    assert rows_told(learner, stream(1, seed=1)) == [0]
    assert np.isfinite(copies(learner, ["weights"])["weights"]).all()
    for name in ("moment1", "moment2", "d_outputs"):
        assert not named_view(learner._state, name).any(), name
    assert (before.rate_cap, learner.health.rate_cap) == (None, 0.5e-3)


def test_it_forgets_the_state():
    """The next state is that of a network that sees its first row."""
    learner, other = (randomised(Learner("a", COLUMNS, **SMALL)) for _ in range(2))
    values = stream(51)
    for one in (learner, other):
        one.run(values[:50])
        one.parameters["head.bias"][...] = np.inf
    other.begin_sequence()
    slot = 50 % named_view(learner._state, "hidden").shape[1]
    states = [named_view(one._state, "hidden")[0, slot] for one in (learner, other) if one.step(values[50])]
    assert states[0].any()
    np.testing.assert_array_equal(*states)


def test_ten_skipped_updates_in_a_row_are_a_divergence():
    learner = Learner("a", COLUMNS, **SMALL)
    learner.run(stream(100))
    learner.parameters["head.weight"][...] = 1e30  # the gradient is finite, its norm is not
    events = [record.event or "" for record in map(learner.step, stream(12, seed=1))]
    assert "diverged" in ",".join(events)
    check_finite(learner)


def test_nothing_that_is_merely_hard_counts_as_divergence():
    """Noise fifty times as large, a level that moves, and a stretch where nothing can be learned."""
    values = stream(6000, seed=5)
    values[2000:2500] += 50.0 * np.random.default_rng(0).standard_normal((500, 3))
    values[3000:] += 30.0
    values[4000:4800] = np.random.default_rng(1).standard_normal((800, 3)).cumsum(axis=0)
    learner = Learner("a", COLUMNS, **SMALL)
    assert rows_told(learner, values) == []


def test_a_rate_that_was_lowered_rises_again_while_all_goes_well():
    learner = spoiled(Learner("a", COLUMNS, **SMALL))
    learner.run(stream(200))
    lowered = learner.health.rate_cap
    assert lowered is not None and lowered <= 0.5 * SAFE_RATE
    learner.run(stream(5 * UPDATES_PER_CHECK, seed=1))
    assert lowered < (learner.health.rate_cap or 0.0) <= SAFE_RATE


def test_another_rate_lifts_what_was_made_of_the_old_one():
    learner = Learner("a", COLUMNS, **WILD)
    learner.run(stream(200))
    data = learner.to_bytes()
    assert learner.health.rate_cap is not None
    assert Learner.from_bytes(data).health == learner.health
    assert Learner.from_bytes(data, lr=1e-4).health.rate_cap is None


def test_saved_at_every_row_it_goes_on_as_if_never_saved():
    values = stream(150)
    whole, saved = Learner("a", COLUMNS, **WILD), Learner("a", COLUMNS, **WILD)
    for row in values:
        assert saved.step(row).to_dict() == whole.step(row).to_dict()
        saved = Learner.from_bytes(saved.to_bytes())
    assert whole.metrics.diverged > 0 and saved.to_bytes() == whole.to_bytes()


# --- where it holds back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"guard": False}, {"lr": 0.0}])
def test_without_the_guard_and_without_a_rate_weights_are_left_alone(settings):
    learner = randomised(Learner("a", COLUMNS, **SMALL | {"lr": 1e-9} | settings))
    learner.parameters["head.bias"][...] = 1e3
    before = copies(learner, ["weights"])["weights"]
    assert rows_told(learner, stream(300)) == []
    np.testing.assert_allclose(named_view(learner._state, "weights"), before, atol=1e-6)


def test_rows_that_are_not_learned_from_take_nothing_back():
    learner = randomised(Learner("a", COLUMNS, **SMALL))
    learner.run(stream(50))
    learner.parameters["head.bias"][...] = 1e3
    before = copies(learner)
    learner.run(stream(300, seed=1), learn=False)
    for name, array in before.items():
        np.testing.assert_array_equal(named_view(learner._state, name), array, err_msg=name)
