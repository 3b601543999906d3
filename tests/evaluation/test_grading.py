"""What is graded: the same forecasts as the learner grades itself, and the same ones of everybody."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from learners import stream

from streamrnn import Learner
from streamrnn.evaluation.forecasters import LAST_VALUE, MIX, MIX_WITHOUT_NETWORK, NETWORK, Forecasters
from streamrnn.evaluation.grading import Grader
from streamrnn.evaluation.prequential import Prequential
from streamrnn.evaluation.scores import Scores
from streamrnn.session import Plan
from streamrnn.settings import Settings

SMALL = {"targets": ("a", "b"), "features": ("a", "b"), "hidden": 4, "window": 4}


def rough_stream(rows=400):
    """With nulls, wild values, a level shift, and sequences."""
    values = stream(rows, columns=2, nulls=0.15)
    values[90, 0], values[95, 1] = 1e9, np.inf
    values[200:, 1] += 1e6
    return pa.record_batch(
        {
            "a": values[:, 0],
            "b": values[:, 1],
            "trip": [f"trip {row // 130}" for row in range(rows)],
            "pump": [f"pump {row % 7 % 3}" for row in range(rows)],
        }
    )


def take(settings, table, piece=64):
    """Everything that is graded of a table, and the learner that was watched."""
    forecasters, graders = Forecasters(settings), {}
    graded = []
    for start in range(0, table.num_rows, piece):
        observed = forecasters.take(table.slice(start, piece))
        for lane in set(observed.lanes.tolist()):
            places, part = observed.of_lane(lane)
            graded += graders.setdefault(lane, Grader(settings)).take(part, start + places)
    return graded, forecasters


MODES = {
    "rows": {"horizon": 5},
    "single horizons": {"horizon": (2, 7)},
    "values": {"horizon": 3, "horizon_unit": "values"},
    "sequences": {"horizon": 4, "sequence": "trip"},
    "sequences of values": {"horizon": 4, "horizon_unit": "values", "sequence": "trip"},
    "rows, network": {"horizon": 5, "experts": False},
    "values, network": {"horizon": 3, "horizon_unit": "values", "experts": False},
    "little patience": {"horizon": 3, "horizon_unit": "values", "max_delay": 1, "experts": False},
    "sequences, network": {"horizon": 4, "sequence": "trip", "experts": False},
    "keys": {"horizon": 3, "key": "pump"},
    "keys that give way": {"horizon": 1, "key": "pump", "max_keys": 2},
    "keys with sequences of values": {"horizon": 2, "horizon_unit": "values", "key": "pump", "sequence": "trip"},
    "experts of keys": {"horizon": 3, "key": "pump", "experts": True},
    "experts of keys that give way": {"horizon": 1, "key": "pump", "max_keys": 2, "experts": True},
    "experts of keys with values": {"horizon": 2, "horizon_unit": "values", "key": "pump", "experts": True},
    "quantiles": {"horizon": 2, "loss": "quantile"},
    "channels": {"horizon": 3, "channels": "independent", "sequence": "trip"},
    "channels, networks": {"horizon": 3, "channels": "independent", "experts": False},
    "pool": {"horizon": 3, "lr_pool": (0.3, 1, 3), "channels": "independent"},
    "this row": {"horizon": 0, "targets": ("b",), "features": ("a",)},
}


@pytest.mark.parametrize("piece", [3, 400])
@pytest.mark.parametrize("mode", MODES)
def test_scores_are_those_that_the_learner_counts_itself(mode, piece):
    settings = Settings(**{**SMALL, **MODES[mode]})
    graded, forecasters = take(settings, rough_stream(), piece)
    scores = Scores(settings.targets, settings.horizons, forecasters.names, forecasters.intervals)
    for part in graded:
        scores.add(part)
    table = iter(scores.table(np.ones(len(settings.targets))))
    learner = Learner(**settings.to_dict())
    learner.run(rough_stream())
    assert learner.metrics.level_shifts >= (settings.key is None)
    for expected in learner.metrics.scores:
        last, *_, ours = (next(table) for _ in forecasters.names)
        assert (last.forecaster, ours.forecaster) == (LAST_VALUE, MIX if settings.mixes else NETWORK)
        assert (ours.target, ours.horizon, ours.count) == (expected.target, expected.horizon, expected.count)
        np.testing.assert_allclose([ours.mae, ours.rmse], [expected.mae, expected.rmse], rtol=1e-9)
        np.testing.assert_allclose(
            [last.mae, last.rmse], [expected.last_value_mae, expected.last_value_rmse], rtol=1e-9
        )
        assert last.count == ours.count > 10


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"key": "pump", "max_keys": 2},
        {"key": "pump", "max_keys": 2, "experts": True},
        {"sequence": "trip"},
        {"lr_pool": (1, 3), "channels": "independent"},
    ],
)
def test_a_watched_learner_is_the_learner(more):
    settings = Settings(**SMALL, horizon=3, intervals=(0.9,), alert=0.99, **more)
    learner, forecasters = Learner(**settings.to_dict()), Forecasters(settings)
    table = rough_stream()
    records = [forecasters.take(table.slice(start, 100)).records for start in range(0, 400, 100)]
    assert pa.concat_tables(records).equals(learner.run(table))
    assert forecasters.learner.to_bytes() == learner.to_bytes()


@pytest.mark.parametrize("more", [{}, {"lr_pool": (0.3, 1)}, {"key": "pump", "experts": True}])
def test_experts_are_what_the_mix_is_mixed_of(more):
    settings = Settings(**SMALL, horizon=(1, 3), emit_weights=True, **more)
    table = rough_stream()
    observed = Forecasters(settings).take(table)
    records = Learner(**settings.to_dict()).run(table)
    for t, target in enumerate(settings.targets):
        for k, horizon in enumerate(settings.horizons):
            weights = [records[f"{target}_h{horizon}_w_{expert}"].to_numpy() for expert in settings.expert_names]
            mixed = (np.array(weights) * observed.forecasts[: len(weights), :, t, k]).sum(axis=0)
            known = np.isfinite(mixed)
            assert known.sum() > 390
            np.testing.assert_allclose(mixed[known], observed.forecasts[-1, known, t, k], rtol=1e-9)


def test_each_forecaster_is_what_a_learner_of_its_own_would_be():
    settings = Settings(**SMALL, horizon=2)
    table = rough_stream()
    forecasters = Forecasters(settings)
    observed = forecasters.take(table)
    assert forecasters.names == (
        LAST_VALUE, "seasonal", "linear", "joint", "readout", NETWORK, MIX_WITHOUT_NETWORK, MIX,
    )  # fmt: skip
    for name, changes in ((NETWORK, {"experts": False}), (MIX_WITHOUT_NETWORK, {"mix_network": False}), (MIX, {})):
        records = Learner(**{**settings.to_dict(), **changes}).run(table)
        forecasts = observed.forecasts[forecasters.names.index(name), :, 1, 1]
        known = np.isfinite(forecasts)
        np.testing.assert_array_equal(forecasts[known], records["b_h2"].to_numpy()[known])


def test_each_rate_of_a_pool_is_a_forecaster():
    settings = Settings(**SMALL, horizon=2, lr=0.01, lr_pool=(0.1, 1))
    forecasters = Forecasters(settings)
    observed = forecasters.take(rough_stream())
    assert forecasters.names[5:] == ("network_0_1", "network_1", MIX_WITHOUT_NETWORK, MIX)
    for name, changes in (
        ("network_0_1", {"experts": False, "lr": 0.001, "lr_pool": ()}),
        ("network_1", {"experts": False, "lr_pool": ()}),
        (MIX_WITHOUT_NETWORK, {"mix_network": False, "lr_pool": ()}),
        (MIX, {}),
    ):
        records = Learner(**{**settings.to_dict(), **changes}).run(rough_stream())
        forecasts = observed.forecasts[forecasters.names.index(name), :, 1, 1]
        known = np.isfinite(forecasts)
        np.testing.assert_array_equal(forecasts[known], records["b_h2"].to_numpy()[known])


def test_without_the_network_in_its_mix_a_learner_is_not_doubled():
    assert MIX_WITHOUT_NETWORK not in Forecasters(Settings(**SMALL, mix_network=False)).names


def test_errors_stand_at_the_row_that_brought_the_truth():
    settings = Settings(**SMALL, horizon=3)
    table = rough_stream().slice(0, 80)
    graded, _ = take(settings, table, 11)
    records = Learner(**settings.to_dict()).run(table)
    for part in graded:
        target, horizon = settings.targets[part.target], settings.horizons[part.place]
        truths, forecasts = records[target].to_numpy(), records[f"{target}_h{horizon}"].to_numpy()
        np.testing.assert_array_equal(part.values, truths[part.rows])
        np.testing.assert_array_equal(part.errors[-1], part.values - forecasts[part.rows - horizon])


def test_intervals_are_pairs_of_quantiles_that_leave_out_equally_much():
    quantiles = (0.05, 0.1, 0.25, 0.5, 0.75, 0.95)
    settings = Settings(**SMALL, horizon=2, loss="quantile", quantiles=quantiles)
    table = rough_stream().slice(0, 80)
    graded, forecasters = take(settings, table)
    assert forecasters.intervals == (0.5, 0.9)
    records = Learner(**settings.to_dict()).run(table)
    part = next(part for part in graded if (part.target, part.place) == (1, 1))
    for place, (low, high) in enumerate((("q25", "q75"), ("q05", "q95"))):
        for side, name in enumerate((low, high)):
            bounds = records[f"b_h2_{name}"].to_numpy()[part.rows - 2]
            np.testing.assert_array_equal(part.bounds[:, place, side], bounds)


def test_intervals_hold_what_the_learner_counts_that_they_hold():
    settings = Settings(**SMALL, horizon=(1, 4), intervals=(0.5, 0.9))
    graded, forecasters = take(settings, rough_stream())
    scores = Scores(settings.targets, settings.horizons, forecasters.names, forecasters.intervals)
    for part in graded:
        scores.add(part)
    held = forecasters.learner.health.coverage
    for nominal, name in ((0.5, "50"), (0.9, "90")):
        found = [score for score in scores.intervals() if score.nominal == nominal]
        count = sum(score.count for score in found)
        assert count > 1000
        assert sum(score.count * score.coverage for score in found) / count == pytest.approx(held[name])


def test_what_waits_does_not_grow_with_the_stream():
    settings = Settings(**SMALL, horizon=(2, 7))
    forecasters, grader = Forecasters(settings), Grader(settings)
    sizes = set()
    for _ in range(5):
        list(grader.take(forecasters.take(rough_stream()), np.arange(400)))
        sizes.add(sum(part.nbytes for part in grader._kept))
    assert len(sizes) == 1


def test_nothing_is_graded_before_a_truth_has_come():
    settings = Settings(**SMALL, horizon=1)
    graded, forecasters = take(settings, rough_stream().slice(0, 1))
    assert sum(len(part.rows) for part in graded) == 0
    scores = Scores(settings.targets, settings.horizons, forecasters.names, forecasters.intervals)
    assert all(math.isnan(score.mae) and score.count == 0 for score in scores.table(np.full(2, np.nan)))


# --- labels that come late --------------------------------------------------------------------------------------------


def late_stream(rows=300, keys=3):
    """Two labels for each row, from none to six rows of its key later, in rows of their own."""
    random, waiting, mixed = np.random.default_rng(0), {}, []
    for row in range(rows):
        x, key = random.standard_normal(), f"pump {row % keys}"
        mixed.append({"a": x, "b": None, "c": None, "id": row, "pump": key})
        label = {"a": None, "b": x + random.standard_normal(), "c": "up" if x > 0 else "down", "id": row, "pump": key}
        waiting.setdefault(row + keys * int(random.integers(7)), []).append(label)
        mixed += waiting.pop(row, [])
    mixed += [label for labels in waiting.values() for label in labels]  # the last rows are labels alone
    return pa.Table.from_pylist(mixed).combine_chunks().to_batches()[0]


@pytest.mark.parametrize("key", [None, "pump"])
@pytest.mark.parametrize("piece", [3, 64, 1000])
def test_late_labels_are_graded_as_the_learner_grades_them(tmp_path, key, piece, monkeypatch):
    table, path = late_stream(), tmp_path / "late.csv"
    pa.csv.write_csv(pa.Table.from_batches([table]), path)
    monkeypatch.setattr("streamrnn.evaluation.prequential.ROWS", piece)
    monkeypatch.setattr("streamrnn.session.pieces.ROWS", piece)
    settings = {
        "targets": ("b", "c"), "features": ("a",), "categorical": ("c",), "horizon": 0, "label_id": "id",
        "max_delay": 24, "key": key, "hidden": 4, "window": 4,
    }  # fmt: skip
    evaluation = Prequential(Plan(str(path), settings=settings)).run()
    (score,) = evaluation.metrics.scores
    ours = next(other for other in evaluation.scores if other.forecaster == NETWORK)
    last = next(other for other in evaluation.scores if other.forecaster == LAST_VALUE)
    assert (ours.count, evaluation.metrics.lost_labels) == (score.count, 0)
    assert score.count > 280
    assert ours.mae == pytest.approx(score.mae, rel=1e-6)
    assert last.mae == pytest.approx(score.last_value_mae, rel=1e-6)
    assert math.isfinite(ours.mase)
    (table_of_hits,) = evaluation.confusion
    (of_classes,) = evaluation.metrics.class_scores
    hits = np.trace(table_of_hits.counts[:-1, :-1])
    assert hits == round(of_classes.accuracy * of_classes.count)
