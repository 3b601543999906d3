"""A checkpoint's arrays find their places in another learner: with another stride, but never with another structure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import COLUMNS, check_finite, randomised, stream

from streamrnn import CheckpointError, Learner, SettingsError
from streamrnn.checkpoints.file import decode, encode
from streamrnn.kernels.arrays.fields import FIELDS

SMALL: dict[str, Any] = {"hidden": 5, "window": 6, "lr": 1e-2}
CELLS = ["elman", "gru", "lstm"]


def learner_after(rows: int, **settings: Any) -> Learner:
    learner = randomised(Learner(["a", "b"], COLUMNS, **SMALL | settings), size=0.2)
    learner.run(stream(rows, nulls=0.05))
    return learner


def test_a_file_brings_back_everything(tmp_path):
    learner = learner_after(57, horizon=3, stride=2)
    learner.session["offset"] = 12
    learner.refuse(2)
    path = tmp_path / "pump.safetensors"
    learner.save(path)
    for other in (Learner.load(path), Learner.load(str(path)), Learner.from_bytes(path.read_bytes())):
        assert other.settings == learner.settings and other.metrics == learner.metrics
        assert (other.rows, other.refused_rows, other.session) == (59, 2, {"offset": 12})
        assert other.to_bytes() == path.read_bytes()
    assert other.run(stream(40, seed=4)).equals(learner.run(stream(40, seed=4)))


@pytest.mark.parametrize("rows", [0, 1, 4, 57])
@pytest.mark.parametrize("cell", CELLS)
def test_a_learner_can_be_saved_at_any_row(cell, rows):
    learner = learner_after(rows, cell=cell, horizon=2, stride=3)
    other = Learner.from_bytes(learner.to_bytes())
    assert other.run(stream(30)).equals(learner.run(stream(30)))


@pytest.mark.parametrize(
    "settings", [{"horizon": 2, "stride": 3, "alert": 0.99}, {"horizon": 2, "horizon_unit": "values"}]
)
def test_saved_at_every_single_row_it_goes_on_as_if_never_saved(settings):
    """Also among its first values, in a run of far ones, and where a constant column has moved once."""
    values = stream(120, nulls=0.05)
    values[50:, 0] += 1e4  # a level shift
    values[:60, 1], values[60, 1] = 3.0, 4.0
    values[61:, 1] = 3.0
    values[90:, 1] += np.arange(30)
    whole, saved = (Learner(["a", "b"], COLUMNS, **SMALL, **settings) for _ in range(2))
    for row in values:
        record = whole.step(row)
        assert saved.step(row).to_dict() == record.to_dict()
        saved = Learner.from_bytes(saved.to_bytes())
    assert saved.to_bytes() == whole.to_bytes()
    assert whole.metrics.level_shifts == 1


@pytest.mark.parametrize("rows", [3, 11, 58, 60])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("stride", "other_stride"), [(1, 7), (7, 1), (3, 4), (20, 2)])
def test_the_ring_is_laid_out_again_for_another_stride(stride, other_stride, cell, rows):
    """While nothing is learned a stride changes nothing, so every forecast and every loss must be the same."""
    learner = learner_after(rows, cell=cell, stride=stride, horizon=4, lr=0.0)
    data = learner.to_bytes()
    same, other = Learner.from_bytes(data), Learner.from_bytes(data, stride=other_stride)
    assert other.settings.stride == other_stride
    values = stream(80, seed=2, nulls=0.05)
    assert other.run(values).equals(same.run(values))


@pytest.mark.parametrize(("stride", "other_stride", "more"), [(4, 8, 6), (8, 4, 2)])
@pytest.mark.parametrize("cell", CELLS)
def test_after_a_change_of_stride_the_gradient_is_that_of_a_learner_that_had_it_all_along(
    cell, stride, other_stride, more
):
    """At rate 0 both keep the same activations; both last learned at row 55, and row 58 + more is the next time."""
    changed, always = (
        learner_after(58, cell=cell, stride=length, horizon=2, lr=0.0) for length in (stride, other_stride)
    )
    changed = Learner.from_bytes(changed.to_bytes(), stride=other_stride)
    updates = [learner.metrics.updates for learner in (changed, always)]
    for learner in (changed, always):
        learner.run(stream(more, seed=2))
    assert [changed.metrics.updates, always.metrics.updates] == [updates[0] + 1, updates[1] + 1]
    for name, gradient in always.gradient.items():
        np.testing.assert_array_equal(changed.gradient[name], gradient, err_msg=name)
    assert np.abs(always.gradient["weight_hh_l0"]).max() > 1e-4


@pytest.mark.parametrize("other_stride", [1, 5, 30])
def test_a_learner_goes_on_learning_with_another_stride(other_stride):
    learner = Learner.from_bytes(learner_after(60, stride=4, horizon=3).to_bytes(), stride=other_stride)
    updates = learner.metrics.updates
    learner.run(stream(60, seed=2))
    assert abs(learner.metrics.updates - updates - 60 / other_stride) <= 1
    check_finite(learner)


def test_training_settings_named_on_loading_apply_from_then_on(tmp_path):
    path = tmp_path / "model"
    learner_after(60).save(path)
    values = stream(40, seed=2)
    usual, frozen = Learner.load(path), Learner.load(path, lr=0.0)
    before = {name: view.copy() for name, view in frozen.parameters.items()}
    frozen.run(values)
    for name, view in frozen.parameters.items():
        np.testing.assert_array_equal(view, before[name])
    changed = Learner.load(path, clip=1e-3, schedule="inverse-sqrt", warmup=100, beta1=0.5)
    assert changed.settings.schedule == "inverse-sqrt"
    usual.run(values)
    changed.run(values)
    assert not np.array_equal(usual.parameters["weight_hh_l0"], changed.parameters["weight_hh_l0"])
    assert Learner.from_bytes(changed.to_bytes()).settings == changed.settings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": 7}, "pump has hidden = 5, which cannot become 7"),
        ({"cell": "elman"}, "pump has cell = gru, which cannot become elman"),
        ({"targets": "a"}, "pump has targets = a,b, which cannot become a"),
        ({"horizon": 2}, "pump has horizon = 3, which cannot become 2"),
        ({"window": 7}, "pump has window = 6, which cannot become 7"),
        ({"loss": "huber"}, "pump has loss = squared, which cannot become huber"),
        ({"optimizer": "sgd"}, "pump has optimizer = adam, which cannot become sgd"),
        ({"experts": False}, "pump has experts = yes, which cannot become no"),
        ({"expected_lag": 9}, "pump has no expected_lag, which cannot become 9"),
        ({"intervals": (0.5, 0.9)}, "pump has no intervals, which cannot become 0.5,0.9"),
        ({"weight_decay": 0.5}, "weight_decay = 0.5 needs an optimizer of adamw: no other one decays weights"),
        ({"layer": 2}, "there is no setting 'layer'; did you mean 'layers'?"),
        ({"lr": -1.0}, "lr must be from 0 to 1e+06, not -1"),
    ],
)
def test_a_change_of_structure_is_refused(change, message):
    data = learner_after(5, horizon=3, cell="gru").to_bytes()
    with pytest.raises(SettingsError) as error:
        Learner.from_bytes(data, "pump", **change)
    assert str(error.value) == message


def test_naming_the_structure_that_a_model_has_is_no_change():
    learner = learner_after(5, horizon=3)
    other = Learner.from_bytes(learner.to_bytes(), hidden=5, horizon=3, targets=["a", "b"], experts=True, lr=0.5)
    assert other.settings.lr == 0.5


# --- files that are whole but do not fit ------------------------------------------------------------------------------


def rewritten(change: Any) -> bytes:
    """A checkpoint with a right checksum and a wrong content."""
    description, tensors = decode(learner_after(20).to_bytes())
    tensors = dict(tensors)
    change(description, tensors)
    return encode(description, tensors)


def test_a_checkpoint_without_one_of_its_arrays_is_refused():
    data = rewritten(lambda description, tensors: tensors.pop("mean"))
    with pytest.raises(CheckpointError, match=r"^checkpoint does not hold the arrays of its settings: \['mean'\]$"):
        Learner.from_bytes(data)


def test_a_checkpoint_with_an_array_too_many_is_refused():
    data = rewritten(lambda description, tensors: tensors.update(more=np.zeros(3)))
    with pytest.raises(CheckpointError, match=r"\['more'\]$"):
        Learner.from_bytes(data)


@pytest.mark.parametrize("name", ["weight_hh_l0", "mean", "hidden", "graded", "moment1", "lane_counts"])
def test_an_array_of_another_shape_or_kind_is_refused(name):
    def narrower(description: Any, tensors: Any) -> None:
        tensors[name] = tensors[name][..., :-1]

    def of_another_kind(description: Any, tensors: Any) -> None:
        tensors[name] = tensors[name].astype(np.float16)

    for change in (narrower, of_another_kind):
        with pytest.raises(CheckpointError, match=rf"^checkpoint holds {name} as "):
            Learner.from_bytes(rewritten(change))


def test_every_field_is_saved_unless_it_follows_from_the_settings_or_is_written_before_it_is_read():
    """A field forgotten here would be lost on loading; this list changes only with a reason."""
    not_saved = {field.name for field in FIELDS if not field.saved}
    derived = {"weights", "rates", "levels", "offsets", "feature_columns", "target_columns", "horizon_index"}
    derived |= {"class_columns", "target_weights", "bound_wanted", "told_copies", "told_leads"}
    derived |= {"batch_lanes", "importance"}  # from what waits; from the names of the categories too
    scratch = {"gradient", "gates", "d_hidden", "d_gates_input", "d_gates_hidden", "d_state", "arrived", "away"}
    scratch |= {"d_inputs", "d_read", "no_bias", "arrived_codes", "shifted", "direction", "mixture", "told"}
    scratch |= {name for name in not_saved if name.startswith("group_")}  # of a batch, written as it is learned
    assert not_saved <= derived | scratch | {"outputs"}
