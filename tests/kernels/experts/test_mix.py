"""The experts and their mix do what the reference does, whatever arrives; what they may not do, they do not."""

from itertools import pairwise

import numpy as np
import pytest
from learners import COLUMNS, DoubleLearner, check_close, mappings, stream
from reference import ReferenceExperts

from streamrnn import Learner
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.handover import PER_TARGET
from streamrnn.model.answers import answers_of

SMALL = {"hidden": 4, "window": 4}


def told_to(learner: Learner) -> list[dict]:
    """What the network's kernel told the experts of the last row, by target."""
    settings, places = learner.settings, answers_of(learner.settings)
    handed, targets = learner._row_by_row.answer[0, places.handed :], len(settings.targets)
    inputs, deviations, rest = np.split(handed[PER_TARGET * targets :], [places.inputs, 2 * places.inputs])
    states = rest[: places.states * places.units].reshape(places.states, places.units)
    told = []
    for t in range(targets):
        truth, deviation, shifted, _ = handed[t : PER_TARGET * targets : targets]
        told.append({"truth": truth, "deviation": deviation, "shifted": shifted > 0.0, "inputs": inputs.copy()})
        told[-1] |= {"deviations": deviations.copy(), "state": states[t % places.states].copy()}
    return told


class Networks:
    """The same networks, each a learner of its own without experts: their forecasts, as the experts are given them."""

    def __init__(self, learner: Learner) -> None:
        whole = learner.settings
        joint = {"experts": False, "season": "auto", "mix_network": True, "lr_pool": (), "channels": "joint"}
        settings = {name: value for name, value in (whole.to_dict() | joint).items() if name not in ("targets", "lr")}
        features = settings.pop("features")
        self.voices = []
        for multiple in whole.lr_pool or (1.0,):
            settings["lr"] = multiple * whole.learning_rate
            self.voices.append([DoubleLearner(whole.targets, features, **settings)])
            if whole.channels == "independent":
                seen = {t: [name for name in features if name == t or name not in whole.targets] for t in whole.targets}
                self.voices[-1] = [DoubleLearner(t, seen[t], **settings) for t in whole.targets]

    def step(self, row: dict, learn: bool) -> np.ndarray:
        """Take a row: (targets, voices, horizons)."""
        forecasts = [
            [forecast for network in voice for forecast in network.step(row, learn=learn).forecast.values()]
            for voice in self.voices
        ]
        return np.array(forecasts).swapaxes(0, 1)


def run_beside_reference(learner: Learner, values, sequences=(), learn=(), tolerance=1e-7) -> ReferenceExperts:
    settings, places = learner.settings, answers_of(learner.settings)
    season = None if settings.season == "auto" else settings.season
    by_value, networks = settings.horizon_unit == "values", len(settings.networks_in_mix)
    candidates = 5 + networks if settings.mix_network else 4
    reference = ReferenceExperts(
        len(settings.targets),
        settings.horizons,
        places.inputs,
        places.units,
        season,
        by_value,
        candidates,
        networks,
    )
    alone, unit = Networks(learner), np.nanstd(values, axis=0).max() + 1e-300
    for number, row in enumerate(mappings(learner, values, sequences)):
        learning = not learn or learn[number]
        boundary = bool(sequences) and number > 0 and sequences[number] != sequences[number - 1]
        record = learner.step(row, learn=learning)
        told, forecast = told_to(learner), alone.step(row, learning)
        for t, of_target in enumerate(told):
            of_target["network"] = forecast[t]
        expected, forecasts = reference.step(told, learning, boundary)
        check_close(list(record.expected.values()), expected, tolerance, unit, f"row {number}")
        check_close(np.stack(list(record.forecast.values())), forecasts, tolerance, unit, f"row {number}")
    weights = named_view(learner._state, "mix_weights").reshape(len(settings.horizons), len(settings.targets), -1)
    for t, target in enumerate(reference.targets):
        check_close(weights[:, t], target.weights, 1e-5, 1.0, "weights of the mix")
        assert named_view(learner._state, "season_of")[t] == target.season
    return reference


def season(rows: int, period: int, columns: int = 3, seed: int = 0) -> np.ndarray:
    """A noisy season in every column, but for the last one, which is a walk."""
    random = np.random.default_rng(seed)
    waves = np.sin(2 * np.pi * np.arange(rows)[:, None] / period + np.arange(columns))
    values = waves + 0.2 * random.standard_normal((rows, columns))
    values[:, -1] = 0.1 * np.cumsum(random.standard_normal(rows))
    return values


@pytest.mark.parametrize("horizon", [1, 5, (2, 7)])
@pytest.mark.parametrize("nulls", [0.0, 0.3])
def test_experts_and_mix_are_those_of_the_reference(horizon, nulls):
    learner = DoubleLearner(["a", "c"], COLUMNS, experts=True, horizon=horizon, **SMALL)
    run_beside_reference(learner, stream(500, nulls=nulls))


def test_without_the_network_the_mix_is_that_of_the_others():
    learner = DoubleLearner(["a", "c"], COLUMNS, experts=True, horizon=3, mix_network=False, **SMALL)
    run_beside_reference(learner, stream(300))
    assert learner.health.believed["readout"] == learner.health.believed["network"] == 0.0


@pytest.mark.parametrize(
    "several", [{"lr_pool": (0.1, 1, 5)}, {"channels": "independent"}, {"lr_pool": (1, 5), "channels": "independent"}]
)
def test_each_rate_of_a_pool_is_an_expert_and_each_channel_has_a_state_of_its_own(several):
    learner = DoubleLearner(["a", "c"], COLUMNS, experts=True, horizon=(1, 3), lr=0.01, **several, **SMALL)
    run_beside_reference(learner, stream(400, nulls=0.05))
    assert all(learner.health.believed[name] > 0.0 for name in learner.settings.networks_in_mix)


def test_the_season_that_is_found_is_that_of_the_reference_and_everybody_s():
    learner = DoubleLearner(COLUMNS, experts=True, horizon=3, **SMALL)
    reference = run_beside_reference(learner, season(400, 12))
    assert [target.season for target in reference.targets] == [12, 12, 12]


def filled(rows: int, period: int, seed: int) -> np.ndarray:
    """A wave on a level that wanders, with noise: no valley of its variogram is deep."""
    random = np.random.default_rng(seed)
    wave = 0.75 * np.sin(2 * np.pi * np.arange(rows) / period)
    return wave + 0.1 * np.cumsum(random.standard_normal(rows)) + random.standard_normal(rows)


def test_a_shallow_season_that_comes_again_is_found_as_the_reference_finds_it():
    values = np.stack([filled(520, 24, 0), np.random.default_rng(1).standard_normal(520)], axis=1)
    learner = DoubleLearner(["a", "b"], experts=True, horizon=2, **SMALL)
    reference = run_beside_reference(learner, values)
    assert [target.season for target in reference.targets] == [24, 24]
    assert reference.targets[0].finder.depth > 0.6 and reference.targets[1].finder.found == 0


@pytest.mark.parametrize("period", [7, 24, 40])
def test_one_column_shows_a_season_under_noise_and_a_wandering_level(period):
    for seed in range(3):
        learner = Learner("a", **SMALL)
        learner.run(filled(2048, period, seed)[:, None])
        assert named_view(learner._state, "season_of")[0] == period


def test_a_mix_without_the_network_knows_nothing_of_it():
    values = np.cumsum(np.random.default_rng(3).standard_normal((600, 2)), axis=0)
    first, second = (
        Learner("a", ["a", "b"], experts=True, mix_network=False, horizon=3, seed=seed, lr=lr, **SMALL).run(values)
        for seed, lr in ((1, 0.0), (2, 0.01))
    )
    for horizon in (1, 2, 3):
        np.testing.assert_array_equal(first[f"a_h{horizon}"].to_numpy(), second[f"a_h{horizon}"].to_numpy())


def test_walks_noise_and_what_reverts_to_its_mean_have_no_season():
    random = np.random.default_rng(0)
    for _ in range(5):
        steps = random.standard_normal((4, 2048))
        reverting = steps[2].copy()
        for i in range(1, 2048):
            reverting[i] += 0.95 * reverting[i - 1]
        rare = np.cumsum(steps[3] * (random.random(2048) < 0.1))
        for values in (np.cumsum(steps[0]), steps[1], reverting, rare):
            learner = Learner("a", **SMALL)
            for rows in np.split(values, [512, 1024]):
                learner.run(rows[:, None])
                assert named_view(learner._state, "season_of")[0] == 0


def test_a_season_longer_than_the_lags_has_regressors_of_its_own():
    learner = DoubleLearner(COLUMNS, experts=True, horizon=2, season=70, **SMALL)
    run_beside_reference(learner, season(300, 70))


def test_a_season_that_the_lags_hold_has_a_profile_but_no_departures():
    learner = DoubleLearner(COLUMNS, experts=True, horizon=9, season=7, **SMALL)
    run_beside_reference(learner, season(200, 7))


def test_a_profile_begins_anew_with_a_sequence_a_shifted_level_and_another_season():
    learner = DoubleLearner(["a", "c"], COLUMNS, experts=True, horizon=3, sequence="clip", **SMALL)
    values = np.concatenate([season(300, 12), season(500, 20, seed=1)])
    values[420:, 0] += 1e6
    reference = run_beside_reference(learner, values, [i > 150 for i in range(800)], tolerance=1e-6)
    assert learner.metrics.level_shifts == 1
    assert reference.targets[0].season == 60  # in which both repeat


def test_a_wild_value_stays_in_its_place_of_the_profile_for_one_season():
    learner = DoubleLearner(["a", "c"], COLUMNS, experts=True, horizon=3, season=12, **SMALL)
    values = season(300, 12)
    values[3] = 1e15
    run_beside_reference(learner, values, tolerance=1e-6)
    profile = named_view(learner._state, "profile")
    assert np.abs(profile).max() < 10.0 * np.abs(values[20:]).max()


def test_horizons_in_values_tick_with_each_target():
    learner = DoubleLearner(["a", "c"], COLUMNS, experts=True, horizon=3, horizon_unit="values", **SMALL)
    run_beside_reference(learner, stream(500, nulls=0.4))


def test_horizons_in_values_tick_with_each_target_of_several_networks():
    several = {"lr_pool": (1, 5), "channels": "independent", "horizon_unit": "values"}
    learner = DoubleLearner(["a", "c"], COLUMNS, experts=True, horizon=3, lr=0.01, **several, **SMALL)
    run_beside_reference(learner, stream(400, nulls=0.4))


def test_sequences_and_frozen_rows_are_as_in_the_reference():
    learner = DoubleLearner(["a"], COLUMNS, experts=True, horizon=2, sequence="clip", **SMALL)
    values = stream(400)
    run_beside_reference(learner, values, [i // 90 for i in range(400)], [not 200 <= i < 260 for i in range(400)])


def test_a_unit_that_changes_and_a_level_that_shifts_are_as_in_the_reference():
    learner = DoubleLearner(["a", "b"], COLUMNS, experts=True, horizon=2, **SMALL)
    values = stream(700)
    values[300:, 0] *= 8.0
    values[350:, 2] *= 8.0
    values[500:, 1] += 1e6
    run_beside_reference(learner, values, tolerance=1e-6)
    assert learner.metrics.level_shifts == 1


def test_the_seasonal_expert_forecasts_the_mean_of_seven_seasons():
    learner = Learner("a", horizon=5, season=11, **SMALL)
    values = np.random.default_rng(0).standard_normal((7, 11))
    learner.run(values.reshape(77, 1))
    slot = named_view(learner._state, "ticks")[0] % 6
    forecasts = named_view(learner._state, "expert_forecasts").reshape(6, 6, 5)[1, slot]
    np.testing.assert_allclose(forecasts, values.mean(axis=0)[:5])


def test_a_season_that_changes_is_forgotten_season_by_season():
    learner = Learner("a", horizon=1, season=11, **SMALL)
    learner.run(np.repeat([[1.0], [2.0]], [11 * 30, 11 * 20], axis=0))
    slot = named_view(learner._state, "ticks")[0] % 2
    forecast = named_view(learner._state, "expert_forecasts").reshape(6, 2)[1, slot]
    assert forecast == pytest.approx(2.0 - (6.0 / 7.0) ** 20)


HOSTILE = {
    "infinities and 1e300": [np.inf, -np.inf, 1e300, np.nan],
    "far values of either sign": [1e9, -1e9, 1e8],
    "a storm of them": [1e29, -1e29] * 60,
    "a constant": [3.0] * 200,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_that_arrives_poisons_the_experts(kind):
    learner = Learner(["a", "b"], COLUMNS, horizon=3, **SMALL)
    values = stream(600)
    values[200 : 200 + len(HOSTILE[kind]), 0] = HOSTILE[kind]
    table = learner.run(values)
    for name in ("linear_weights", "joint_weights", "readout_weights", "linear_covariance", "joint_covariance",
                 "readout_covariance", "regret", "regret2", "mix_weights", "mix_errors"):  # fmt: skip
        assert np.isfinite(named_view(learner._state, name)).all(), name
    assert np.isfinite(table["a_h3"].to_numpy()).all()


def test_a_constant_column_is_forecast_to_stay():
    learner = Learner("a", horizon=2, **SMALL)
    table = learner.run(np.full((300, 1), 5.0))
    assert (table["a_h2"].to_numpy() == 5.0).all()


def test_the_future_changes_no_bit_of_a_forecast():
    values = stream(400)
    other = values.copy()
    other[300:] = np.random.default_rng(1).permutation(other[300:])
    tables = [Learner(["a", "b"], COLUMNS, horizon=4, **SMALL).run(data) for data in (values, other)]
    for name in tables[0].schema.names:
        if "_h" in name:
            np.testing.assert_array_equal(tables[0][name].to_numpy()[:300], tables[1][name].to_numpy()[:300])


@pytest.mark.parametrize("unit", ["rows", "values"])
def test_rows_in_one_call_or_many_with_saving_between_give_the_same_bits(unit):
    values = stream(300, nulls=0.2)
    settings = {"horizon": 3, "horizon_unit": unit, "emit_weights": True, **SMALL}
    whole = Learner(["a", "b"], COLUMNS, **settings)
    table = whole.run(values)
    parts, cut = Learner(["a", "b"], COLUMNS, **settings), [0, 1, 2, 90, 91, 207, 300]
    for start, stop in pairwise(cut):
        assert parts.run(values[start:stop]).equals(table.slice(start, stop - start))
        parts = Learner.from_bytes(parts.to_bytes())
    assert parts.to_bytes() == whole.to_bytes()


def test_a_prediction_leaves_no_trace_and_is_what_a_frozen_step_gives():
    learner = Learner(["a", "b"], COLUMNS, horizon=3, **SMALL)
    values = stream(200)
    learner.run(values[:199])
    before = learner.to_bytes()
    predicted = learner.predict(values[199])
    assert learner.to_bytes() == before
    record = learner.step(values[199], learn=False)
    np.testing.assert_array_equal(predicted["a"], record.forecast["a"])


def test_frozen_rows_change_nothing_that_was_learned():
    learner = Learner(["a", "b"], COLUMNS, horizon=3, **SMALL)
    values = stream(200)
    learner.run(values[:150])
    names = ("linear_weights", "joint_covariance", "readout_weights", "regret", "moves", "level", "level_unit")
    before = [named_view(learner._state, name).copy() for name in names]
    learner.run(values[150:], learn=False)
    for name, array in zip(names, before, strict=True):
        np.testing.assert_array_equal(named_view(learner._state, name), array, err_msg=name)


def test_memory_is_known_from_the_settings_and_no_row_adds_to_it():
    learner = Learner(["a", "b"], COLUMNS, horizon=3, **SMALL)
    before = learner.nbytes, [array.ctypes.data for array in learner._state]
    learner.run(stream(300))
    assert (learner.nbytes, [array.ctypes.data for array in learner._state]) == before
    assert learner.nbytes > Learner(["a", "b"], COLUMNS, horizon=3, experts=False, **SMALL).nbytes


# --- what it is good for ----------------------------------------------------------------------------------------------


def test_what_is_linear_is_learned_at_once_and_believed():
    """An autoregression of the second order, forecast as well as its own noise lets anybody."""
    random = np.random.default_rng(0)
    values = [0.0, 0.0]
    for _ in range(2000):
        values.append(1.6 * values[-1] - 0.8 * values[-2] + random.standard_normal())
    learner = Learner("a", emit_weights=True, **SMALL)
    stream_ = np.array(values)[:, None]
    learner.run(stream_[:1000])
    table = learner.run(stream_[1000:])
    errors = stream_[1000:, 0] - table["a_expected"].to_numpy()
    assert np.mean(errors**2) < 1.15
    assert sum(table[f"a_h1_w_{name}"].to_numpy()[-1] for name in ("linear", "joint", "readout")) > 0.8


def test_a_walk_is_left_to_the_last_value():
    values = np.cumsum(np.random.default_rng(0).standard_normal(3000))[:, None]
    learner = Learner("a", horizon=12, **SMALL)
    learner.run(values)
    for score in learner.metrics.scores:
        assert score.rmse < 1.002 * score.last_value_rmse


def test_walks_of_many_columns_cost_nothing_far_ahead():
    """Long regressions of some hundred rows extrapolate wildly; not one of these columns may pay for it."""
    values = np.cumsum(np.random.default_rng(1).standard_normal((1200, 5)), axis=0)
    learner = Learner(list("abcde"), horizon=(24, 48), **SMALL)
    learner.run(values)
    for score in learner.metrics.scores:
        assert score.rmse < 1.01 * score.last_value_rmse


def test_a_season_that_is_named_or_found_beats_the_last_value_by_far():
    values = season(1500, 24, columns=2)[:, :1]
    for named in ("auto", 24):
        learner = Learner("a", horizon=12, season=named, **SMALL)
        learner.run(values)
        assert all(score.rmse < 0.5 * score.last_value_rmse for score in learner.metrics.scores[5:])


def test_metrics_are_those_of_the_mix():
    learner = Learner("a", **SMALL)
    values = stream(300, columns=1)
    table = learner.run(values)
    errors = values[1:, 0] - table["a_expected"].to_numpy()[1:]
    (score,) = learner.metrics.scores
    assert score.count == 299
    assert score.mae == pytest.approx(np.abs(errors).mean(), rel=1e-9)
    assert score.last_value_mae == pytest.approx(np.abs(np.diff(values[:, 0])).mean(), rel=1e-9)
