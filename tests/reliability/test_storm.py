"""Nothing that arrives poisons a learner: it is refused, counted and forgotten.

The long versions, on recorded streams: ``python -m benchmarks.robustness``.
"""

from __future__ import annotations

import numpy as np
import pytest
from learners import COLUMNS
from reliability.hostile import SETTLED, error, not_finite, struck, taken, waves

from streamrnn import Learner
from streamrnn.kernels.arrays.places import MADE, RETURNS, SKIPPED
from streamrnn.kernels.arrays.state import named_view

# --- a storm ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experts", [False, True])
@pytest.mark.parametrize("first", [0, 1000])
def test_two_thousand_rows_after_a_storm_errors_are_those_without_it(first, experts):
    """1% of the cells, also among the very first. A network without skill would pass, so skill is asked for."""
    values = waves(7000)
    last = first + 3000
    hostile, nulls, cells = struck(values, first, last)
    truth = np.where(cells, np.nan, values)
    ours, theirs = (error(taken(rows, experts=experts)[1], truth, last + SETTLED) for rows in (hostile, nulls))
    assert ours <= 1.05 * theirs
    assert ours < 0.6


def test_in_a_storm_everything_stays_finite_and_every_refused_value_is_counted():
    values = waves(4000)
    hostile, _, _ = struck(values, 100, 3000, share=0.3)
    learner, _ = taken(hostile)
    metrics = learner.metrics
    assert not_finite(learner) == []
    for place, name in enumerate(COLUMNS):
        column = hostile[:, place]
        assert metrics.nulls[name] == np.isnan(column).sum()
        assert metrics.invalid[name] == (np.abs(column) > 1e30).sum()
        assert metrics.far[name] == (column == 1e20).sum()


@pytest.mark.parametrize("seed", range(12))
def test_no_stream_and_no_rate_makes_a_learner_hold_what_is_not_finite(seed):
    """Monsters of any size, in any share, under settings that nobody should choose."""
    random = np.random.default_rng(seed)
    values = waves(600) * 10.0 ** random.uniform(-30, 29)
    hostile, _, _ = struck(values, 0, 600, share=random.choice([0.01, 0.2, 0.9]), seed=seed)
    wild = random.random(hostile.shape) < 0.1
    with np.errstate(over="ignore"):
        hostile[wild] *= 10.0 ** random.uniform(-40, 40, int(wild.sum()))
    cell = str(random.choice(["elman", "gru", "lstm"]))
    nonlinearity = str(random.choice(["tanh", "relu"]))
    learner, _ = taken(
        hostile,
        cell=cell,
        nonlinearity=nonlinearity if cell == "elman" else "tanh",
        optimizer=str(random.choice(["sgd", "rmsprop", "adam", "adamw"])),
        loss=str(random.choice(["squared", "quantile", "huber"])),
        lr=float(10.0 ** random.uniform(-3, 6)),
        clip=float(random.choice([0.0, 1.0, 1e30])),
        guard=bool(random.random() < 0.7),
        hidden=4,
        window=4,
    )
    spoiled = set(not_finite(learner))
    if learner.settings.guard:
        assert not spoiled
    assert not spoiled & {"mean", "m2", "change_sum2", "errors", "agreement", "hidden", "outputs"}


def test_columns_that_are_silent_for_100_000_rows_do_no_harm():
    """One null, one constant, one that speaks; then all of them speak."""
    values = waves(104_000)
    values[1000:101_000, 0] = np.nan
    values[1000:101_000, 1] = values[1000, 1]
    learner, forecasts = taken(values, hidden=8, window=4)
    assert not_finite(learner) == []
    assert learner.metrics.nulls["a"] == 100_000
    assert error(forecasts, values, 102_000) < 1.0


# --- levels -----------------------------------------------------------------------------------------------------------


def test_two_thousand_rows_after_a_shift_of_a_million_deviations_it_is_as_if_it_began_there():
    values = waves(6000)
    values[2000:] += 1e6 * values.std(axis=0)
    ours = error(taken(values)[1], values, 2000 + SETTLED)
    theirs = error(taken(np.ascontiguousarray(values[2000:]))[1], values[2000:], SETTLED)
    assert ours <= 1.05 * theirs
    assert ours < 0.6


def test_a_level_shift_is_told():
    values = waves(1100)
    values[1000:, 0] += 1e6
    learner = Learner(COLUMNS, hidden=4, window=4)
    events = learner.run(values)["event"].to_pylist()
    assert events[1019] == "level-shift" and not any(events[:1019] + events[1020:])
    assert learner.metrics.level_shifts == 1


def test_a_first_value_of_1e20_is_forgotten():
    spoiled, null = waves(4000), waves(4000)
    spoiled[0], null[0] = 1e20, np.nan
    ours, theirs = (error(taken(rows)[1], waves(4000), SETTLED) for rows in (spoiled, null))
    assert ours <= 1.05 * theirs


def test_columns_that_are_constant_for_10_000_rows_and_then_move_are_forecast_as_from_the_start():
    values = waves(4000)
    late = np.concatenate([np.repeat(values[:1], 10_000, axis=0), values])
    ours, theirs = error(taken(late)[1], late, 10_000 + SETTLED), error(taken(values)[1], values, SETTLED)
    assert ours <= 1.05 * theirs


# --- long streams -----------------------------------------------------------------------------------------------------


def test_statistics_of_a_million_values_at_a_high_level_are_exact():
    values = 61_234.0 + np.random.default_rng(0).standard_normal((1_000_000, 1))
    learner = Learner("price", cell="elman", hidden=1, window=1, lr=0.0, stride=1000)
    learner.run(values[:20])
    named_view(learner._state, "mean")[:] = values[:20].mean()  # its median, otherwise
    named_view(learner._state, "m2")[:] = 20 * values[:20].var()
    learner.run(values[20:])
    assert abs(named_view(learner._state, "mean")[0] - values.mean()) < 1e-8
    deviation = np.sqrt(named_view(learner._state, "m2")[0] / 1_000_000)
    assert deviation == pytest.approx(values.std(), rel=1e-9)


@pytest.mark.parametrize("unit", ["rows", "values"])
def test_counters_pass_2_to_the_31_and_nothing_changes(unit):
    """A learner that is told that it is old goes on as one that is young."""
    young, old = (
        Learner("a", COLUMNS, hidden=4, window=5, horizon=3, horizon_unit=unit, experts=False) for _ in range(2)
    )
    values = waves(400)
    values[::7, 0] = np.nan
    for learner in (young, old):
        learner.run(values[:100])
    slots = named_view(old._state, "inputs").shape[0]
    age = (2**31 - 50) // slots * slots  # the limit is passed by the rows to come
    named_view(old._state, "lane_counts")[[0, 1, 6]] += age  # STEPS, SEQUENCE_START, RENEWED
    named_view(old._state, "updates")[[MADE, SKIPPED, RETURNS]] += age
    for name in ("clock", "values_seen", "error_count", "refused"):
        named_view(old._state, name)[:] += age
    expected, answer = young.run(values[100:]), old.run(values[100:])
    assert answer.equals(expected)
    assert old.metrics.scores[0].count - young.metrics.scores[0].count == age
    assert old.metrics.steps == 400 + age and old.metrics.nulls["a"] == young.metrics.nulls["a"] + age
    assert old.metrics.steps > 2**31


# --- silence, and the host --------------------------------------------------------------------------------------------


def test_silence_leaves_nothing_among_the_denormals_where_arithmetic_is_slow():
    values = waves(3000)
    values[1000:] = values[1000] * 0.5 ** np.arange(2000)[:, None]
    learner, _ = taken(values, hidden=4, window=4)
    for name in ("weights", "moment1", "moment2", "gradient", "hidden", "kept", "outputs", "d_hidden", "inputs"):
        view = named_view(learner._state, name)
        assert np.all((view == 0.0) | (np.abs(view) >= np.finfo(np.float32).tiny)), name
