"""What the network sees of a season ago, beside the reference, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import (
    COLUMNS,
    DoubleLearner,
    check_record,
    mappings,
    randomised,
    reference_of,
    run_beside_reference,
    stream,
    units_of,
)
from reference import KeyedReference

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view

SMALL: dict[str, Any] = {"hidden": 4, "window": 5, "lr": 1e-2, "season_lags": True}


def seasonal(rows: int, nulls: float = 0.0) -> np.ndarray:
    """Waves that repeat themselves after 12 rows, in two of three columns."""
    values = stream(rows, nulls=nulls)
    values[:, :2] += 3.0 * np.sin(2 * np.pi * np.arange(rows) / 12)[:, None]
    return values


def season_inputs(learner: Learner) -> list[float]:
    """What the network saw of a season ago at the last row."""
    step, inputs = named_view(learner._state, "lane_counts")[0], named_view(learner._state, "inputs")
    first = 2 * len(learner.settings.features)
    return inputs[(step - 1) % len(inputs), first : first + len(learner.settings.targets)].tolist()


# --- beside the reference ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("season", ["auto", 1, 7, 12])
@pytest.mark.parametrize("horizon", [1, (2, 5), 20])
def test_the_network_learns_as_the_reference_does(horizon, season):
    """With nulls, boundaries, a stretch without learning and a level shift."""
    learner = DoubleLearner(["b", "a"], COLUMNS, **SMALL, sequence="s", season=season, horizon=horizon, stride=2)
    sequences = [sum(number >= start for start in (130, 131)) for number in range(330)]
    learn = [not 200 <= number < 220 for number in range(330)]
    values = seasonal(330, nulls=0.05)
    values[280:, 0] += 1e5
    reference = run_beside_reference(randomised(learner), values, sequences, learn, tolerance=1e-6)
    assert learner.metrics.level_shifts == 1
    assert season != "auto" or reference.lags.seasons == [12, 12]


def test_a_clock_of_values_ticks_with_values():
    learner = DoubleLearner(["a", "b"], COLUMNS, **SMALL, season=4, horizon=(1, 3), horizon_unit="values")
    run_beside_reference(randomised(learner), seasonal(250, nulls=0.4), tolerance=1e-6)


def test_every_key_has_a_past_of_its_own():
    learner = randomised(DoubleLearner(["a"], COLUMNS, **SMALL, key="k", max_keys=3, season=4))
    reference = KeyedReference(lambda: reference_of(learner), learner.settings.max_keys)
    keys = np.random.default_rng(0).choice(5, 300, p=[0.4, 0.3, 0.2, 0.06, 0.04]).tolist()
    values = seasonal(300, nulls=0.05)
    for number, row in enumerate(mappings(learner, values)):
        record, expected = learner.step(row | {"k": keys[number]}), reference.step(keys[number], values[number])
        unit = np.maximum(1.0, units_of(reference.learners[keys[number]]))
        check_record(record, expected, 1e-9, unit, f"row {number}")
    assert len(reference.gone) > 3


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_it_sees_how_far_the_value_a_season_before_the_forecast_one_is_from_the_newest():
    learner = Learner("a", **SMALL, season=5, horizon=2, experts=False)
    values = np.random.default_rng(0).standard_normal(40)
    for row, value in enumerate(values):
        learner.step([value])
        unit = np.sqrt(named_view(learner._state, "m2")[0] / (row + 1))
        expected = (values[row + 2 - 5] - value) / unit if row >= 3 else 0.0
        assert season_inputs(learner) == pytest.approx([expected], rel=1e-5)


def test_a_horizon_beyond_the_season_looks_at_the_same_phase_of_the_last_one():
    far, near = (Learner("a", **SMALL, season=5, horizon=(horizon,), experts=False) for horizon in (12, 2))
    for value in np.random.default_rng(0).standard_normal(40):
        far.step([value])
        near.step([value])
        assert season_inputs(far) == season_inputs(near)


def test_a_missing_value_is_as_the_last_one_and_what_is_far_off_is_missing():
    learner = Learner("a", **SMALL, season=3, experts=False)
    for value in [*range(30), 1e9, np.nan, np.inf]:
        learner.step([value])
    assert season_inputs(learner) == [0.0]  # the last of three that count as 29; two rows ago there was none


@pytest.mark.parametrize("season", ["auto", 40])
def test_before_a_season_has_passed_the_input_is_neutral(season):
    learner = Learner(["a", "b"], **SMALL, season=season, experts=False)
    for row in stream(39, columns=2):
        learner.step(row)
        assert season_inputs(learner) == [0.0, 0.0]
