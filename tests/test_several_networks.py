"""Several networks in one learner: each does what it would do alone, and all of them keep a learner's promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow
import pytest
from learners import COLUMNS, mappings, stream

from streamrnn import CheckpointError, Learner
from streamrnn.checkpoints.file import decode, encode
from streamrnn.kernels.arrays.state import named_view
from streamrnn.model.parts import ROWS_AT_ONCE

SMALL: dict[str, Any] = {"hidden": 4, "window": 4, "horizon": (1, 3)}
SEVERAL: dict[str, dict[str, Any]] = {
    "pool": {"lr_pool": (0.3, 1, 3), "intervals": (0.9,), "alert": 0.99},
    "channels": {"channels": "independent", "emit_weights": True},
    "channels, no mix": {"channels": "independent", "experts": False, "intervals": (0.5, 0.9)},
    "both": {"lr_pool": (1, 10), "channels": "independent", "alert": 0.99},
}
each_kind = pytest.mark.parametrize("kind", SEVERAL)


def of_kind(kind: str, **settings: Any) -> Learner:
    return Learner(["a", "c"], COLUMNS, **SMALL, **SEVERAL[kind], **settings)


def bits(table: pyarrow.Table) -> list[Any]:
    return [str(row) for row in table.to_pylist()]


# --- each does what it would do alone ---------------------------------------------------------------------------------


def table_with_everything(rows: int = 200) -> pyarrow.Table:
    values = stream(rows, nulls=0.1)
    values[120:, 0] += 1e6
    moments = [datetime(2024, 8, 8) + timedelta(hours=row) for row in range(rows)]
    kinds = [None if row % 11 == 0 else "xyz"[row % 3] for row in range(rows)]
    columns = {name: values[:, place] for place, name in enumerate(COLUMNS)}
    return pyarrow.table(columns | {"when": moments, "kind": kinds, "clip": [row // 70 for row in range(rows)]})


@pytest.mark.parametrize(
    "settings",
    [
        {"horizon": 3, "stride": 2},
        {"horizon": 2, "time": "when", "time_features": True, "target_weights": (0.5, 2.0)},
        {"horizon": (2, 4), "sequence": "clip", "cell": "lstm", "features": ("a", "b", "c", "kind")},
        {"horizon": 2, "horizon_unit": "values", "alert": 0.99},
    ],
)
def test_a_channel_is_the_learner_of_that_target_alone(settings):
    """It sees its target and what is no target; in each setting the bits are the same."""
    settings = {"features": COLUMNS, "experts": False, "hidden": 4, "window": 4, **settings}
    weights = settings.pop("target_weights", (1.0, 1.0))
    learner = Learner(["a", "c"], **settings, target_weights=weights, channels="independent")
    together, alone = learner.run(table_with_everything()), {}
    for target, weight in zip(("a", "c"), weights, strict=True):
        features = [name for name in settings["features"] if name == target or name not in ("a", "c")]
        alone[target] = Learner(target, **{**settings, "features": features}, target_weights=(weight,))
        records = alone[target].run(table_with_everything())
        for name in (name for name in records.column_names if name.startswith(f"{target}_")):
            if name != f"{target}_anomaly":
                assert together[name].equals(records[name]), name
    counted = [network.metrics for network in alone.values()]
    assert learner.metrics.scores == tuple(score for metrics in counted for score in metrics.scores)
    assert learner.metrics.updates == sum(metrics.updates for metrics in counted)
    assert learner.metrics.nulls == counted[0].nulls | counted[1].nulls
    assert learner.metrics.level_shifts == sum(metrics.level_shifts for metrics in counted) == 1
    assert learner.metrics.unknown == counted[0].unknown


def test_networks_of_a_pool_are_those_of_its_rates_alone():
    values = stream(300, nulls=0.05)
    pool = Learner(["a", "c"], COLUMNS, **SMALL, lr=0.004, lr_pool=(0.5, 1, 4))
    pool.run(values)
    for multiple in (0.5, 1, 4):
        alone = Learner(["a", "c"], COLUMNS, **SMALL, experts=False, lr=0.004 * multiple)
        alone.run(values)
        for name, view in alone.parameters.items():
            np.testing.assert_array_equal(pool.parameters[f"{multiple:g}.{name}"], view, err_msg=name)


def test_the_record_s_loss_and_the_surprise_are_those_of_the_middle_rate():
    values = stream(300)
    pool = Learner("a", COLUMNS, **SMALL, lr_pool=(0.1, 1, 10), alert=0.99).run(values)
    middle = Learner("a", COLUMNS, **SMALL, alert=0.99).run(values)
    assert pool["loss"].equals(middle["loss"]) and pool["anomaly"].equals(middle["anomaly"])


def test_the_loss_of_channels_is_the_mean_over_what_was_revealed():
    values = stream(60)
    values[40, 0] = np.nan  # of two targets one is revealed, or both are
    together = Learner(["a", "c"], **SMALL, channels="independent").run(values[:, [0, 2]])
    losses = [Learner(name, **SMALL).run(values[:, [place]].copy())["loss"] for name, place in (("a", 0), ("c", 2))]
    expected = np.nanmean([loss.to_numpy()[30:] for loss in losses], axis=0)
    np.testing.assert_allclose(together["loss"].to_numpy()[30:], expected, rtol=1e-12)


def test_a_pool_tells_which_rate_is_believed_in_each_record():
    learner = Learner("a", COLUMNS, **SMALL, lr_pool=(0.3, 1), emit_weights=True)
    table = learner.run(stream(400))
    experts = ("last", "seasonal", "linear", "joint", "readout", "network_0_3", "network_1")
    weights = np.array([table[f"a_h3_w_{name}"].to_numpy() for name in experts])
    assert learner.settings.expert_names == experts == tuple(learner.health.believed)
    np.testing.assert_allclose(weights[:, 100:].sum(axis=0), 1.0, rtol=1e-9)


def test_one_rate_that_is_far_too_high_is_taken_back_alone():
    learner = Learner("a", COLUMNS, **SMALL, lr_pool=(1, 5000), clip=0.0)
    table = learner.run(stream(3000))
    healthy, wild = learner.health.networks["1"], learner.health.networks["5000"]
    assert wild.rate_cap is not None and healthy.rate_cap is None
    assert learner.metrics.diverged > 0 and any("diverged" in (event or "") for event in table["event"].to_pylist())
    assert np.isfinite(table["a_h3"].to_numpy()[1:]).all()


# --- the promises of a learner ----------------------------------------------------------------------------------------


@each_kind
def test_rows_in_one_call_and_in_many_give_the_same_bits(kind):
    values = stream(3 * ROWS_AT_ONCE + 5, nulls=0.1)
    whole, pieces, single = (of_kind(kind) for _ in range(3))
    records = whole.run(values)
    cut = [pieces.run(part) for part in np.split(values, [1, 7, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 9])]
    assert bits(pyarrow.concat_tables(cut)) == bits(records)
    for row in mappings(single, values):
        single.step(row)
    assert whole.to_bytes() == pieces.to_bytes() == single.to_bytes()


@each_kind
def test_saved_at_any_row_it_goes_on_as_if_never_saved(kind):
    values = stream(140, nulls=0.1)
    whole, saved = of_kind(kind), of_kind(kind)
    for row in values:
        record = whole.step(row)
        saved = Learner.from_bytes(saved.to_bytes())
        assert str(saved.step(row).to_dict()) == str(record.to_dict())
    assert saved.to_bytes() == whole.to_bytes() and saved.metrics == whole.metrics


@each_kind
def test_shuffling_the_future_changes_no_bit_of_the_past(kind):
    values, past = stream(200, nulls=0.1), 130
    shuffled = values.copy()
    np.random.default_rng(0).shuffle(shuffled[past:])
    intact, other = (of_kind(kind).run(rows) for rows in (values, shuffled))
    assert bits(intact.slice(0, past)) == bits(other.slice(0, past))
    assert bits(intact.slice(past)) != bits(other.slice(past))


@each_kind
def test_predict_forecasts_what_a_frozen_step_would_and_leaves_no_trace(kind):
    learner, values = of_kind(kind), stream(120)
    learner.run(values[:100])
    for row in values[100:]:
        before = learner.to_bytes()
        predicted = learner.predict(row)
        assert learner.to_bytes() == before
        forecast = learner.step(row, learn=False).forecast
        for target in ("a", "c"):
            np.testing.assert_array_equal(predicted[target], forecast[target])


@each_kind
def test_frozen_rows_change_no_weight(kind):
    learner = of_kind(kind)
    learner.run(stream(80))
    before = {name: view.copy() for name, view in learner.parameters.items()}
    learner.run(stream(80, seed=1), learn=False)
    for name, view in learner.parameters.items():
        np.testing.assert_array_equal(view, before[name])


@each_kind
def test_its_memory_is_known_from_the_settings_alone(kind):
    learner = of_kind(kind)
    arrays = [array for state in learner._engine.arrays.states for array in state]
    assert learner.nbytes == sum(array.nbytes for array in arrays)
    learner.run(stream(300))
    assert learner.nbytes == sum(array.nbytes for array in arrays)


@each_kind
def test_nothing_that_arrives_poisons_it(kind):
    values = stream(400)
    values[100:140, 0] = [1e300, -np.inf, np.nan, 1e29] * 10
    values[200:300, 2] = 0.0
    learner = of_kind(kind)
    table = learner.run(values)
    for state in learner._engine.arrays.states:
        for name in ("weights", "moment1", "moment2", "m2", "regret", "mix_weights", "mixed_forecasts"):
            assert np.isfinite(named_view(state, name)).all(), name
    assert np.isfinite(table["a_h3"].to_numpy()[1:]).all()


@each_kind
def test_what_one_network_has_taken_when_it_is_interrupted_all_take(kind):
    """Ctrl-C is heard when a kernel returns; before all networks begin, nothing is taken."""
    values = stream(40)
    whole = of_kind(kind)
    whole.run(values)
    for place in range(len(whole._engine.calls(whole._row_by_row.portion(learn=True)))):
        interrupted = of_kind(kind)
        intercept(interrupted, place, lambda call: (call(), _stop()))
        for row in values:
            with pytest.raises(KeyboardInterrupt):
                interrupted.step(row)
        assert interrupted.to_bytes() == whole.to_bytes(), place
    intercept(interrupted, 0, lambda call: _stop())
    with pytest.raises(KeyboardInterrupt):
        interrupted.run(values[:1])
    assert interrupted.to_bytes() == whole.to_bytes()


def intercept(learner: Learner, place: int, around: Callable[[Callable[[], None]], Any]) -> None:
    """Let a function be called in the place of one call of a kernel, with that call."""
    calls = learner._engine.calls

    def changed(portion):
        every = calls(portion)
        every[place] = partial(around, every[place])
        return every

    learner._engine.calls = changed


def _stop() -> None:
    raise KeyboardInterrupt


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_a_rate_that_is_changed_is_that_of_every_network():
    learner = of_kind("both", lr=0.001)
    learner.run(stream(50))
    faster = Learner.from_bytes(learner.to_bytes(), lr=0.01)
    faster.run(stream(50, seed=1))
    assert [network.rate for network in faster.health.networks.values()] == pytest.approx([0.01, 0.01, 0.1, 0.1])


@pytest.mark.parametrize("name", ["told", "3.weights", "1.a.moment1"])
def test_a_checkpoint_with_arrays_of_other_networks_is_refused(name):
    description, tensors = decode(of_kind("pool").to_bytes(), "checkpoint")
    with pytest.raises(CheckpointError, match="does not hold the arrays of its settings"):
        Learner.from_bytes(encode(description, tensors | {name: np.zeros(3, np.float32)}))


def test_a_network_without_its_counts_is_refused():
    description, tensors = decode(of_kind("channels").to_bytes(), "checkpoint")
    with pytest.raises(CheckpointError, match=r"does not hold the arrays of its settings: .*a\.lane_counts"):
        Learner.from_bytes(encode(description, {name: t for name, t in tensors.items() if name != "a.lane_counts"}))
    tensors["a.lane_counts"][0, 1] = 7  # the sequence's first step
    with pytest.raises(CheckpointError, match="counts steps from one that is still to come"):
        Learner.from_bytes(encode(description, tensors))
