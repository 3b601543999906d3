"""The arrays of a learner <-> the named tensors of a checkpoint."""

from __future__ import annotations

import numpy as np

from .checkpoint import CheckpointError
from .kernels.field import Field
from .kernels.state import FIELDS, STEPS, State, named_view
from .settings import Settings, SettingsError, check_option_names, options


def saved_tensors(state: State, lanes: int, parameters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All that decides how a learner goes on: the weights under PyTorch's names, and every saved field.

    A field of a lane has the lanes as its first axis.
    """
    return dict(parameters) | {field.name: _read(state, field, lanes) for field in _fields(state)}


def restore_tensors(
    state: State, lanes: int, parameters: dict[str, np.ndarray], tensors: dict[str, np.ndarray], name: str
) -> None:
    """Write the tensors of a checkpoint into a new learner's arrays.

    The ring may have another length than it had, after a change of the stride: each step then moves to its new slot.

    Raises
    ------
    CheckpointError
        If a tensor is missing, or has another shape than the settings ask for.
    """
    expected = {*parameters, *(field.name for field in _fields(state))}
    if set(tensors) != expected:
        raise CheckpointError(f"{name} does not hold the arrays of its settings: {sorted(set(tensors) ^ expected)}")
    for parameter, view in parameters.items():
        _copy(tensors[parameter], view, parameter, name)
    steps = tensors["lane_counts"][:, STEPS]
    for field in _fields(state):
        tensor = tensors[field.name]
        if not field.lane:
            _copy(tensor, named_view(state, field.name), field.name, name)
            continue
        for lane in range(lanes):
            view = named_view(state, field.name, lane)
            if field.ring is not None and tensor.ndim == view.ndim + 1:
                _copy_ring(tensor[lane], view, field, int(steps[lane]), name)
            else:
                _copy(tensor[lane], view, field.name, name)


def changed_settings(saved: Settings, changes: dict[str, object], name: str) -> Settings:
    """A model's settings with some for training changed.

    Raises
    ------
    SettingsError
        If a change would be one of structure.
    """
    known, values = options(), saved.to_dict()
    check_option_names(changes)
    for key, value in changes.items():
        if known[key].structure and getattr(Settings(**{**values, key: value}), key) != getattr(saved, key):
            raise SettingsError(f"{name} has {key} = {getattr(saved, key)!r}, which cannot become {value!r}")
    return Settings(**{**values, **changes})


def _fields(state: State) -> list[Field]:
    """Those that decide how it goes on; an empty one decides nothing."""
    return [field for field in FIELDS if field.saved and named_view(state, field.name).size]


def _read(state: State, field: Field, lanes: int) -> np.ndarray:
    if not field.lane:
        return named_view(state, field.name)
    return np.stack([named_view(state, field.name, lane) for lane in range(lanes)])


def _copy(tensor: np.ndarray, view: np.ndarray, what: str, name: str) -> None:
    if tensor.shape != view.shape or tensor.dtype != view.dtype:
        raise CheckpointError(f"{name} holds {what} as {tensor.dtype} {tensor.shape}, not {view.dtype} {view.shape}")
    view[...] = tensor


def _copy_ring(tensor: np.ndarray, view: np.ndarray, field: Field, steps: int, name: str) -> None:
    axis = field.ring or 0
    before, now = np.moveaxis(tensor, axis, 0), np.moveaxis(view, axis, 0)
    if len(before) == len(now):
        _copy(tensor, view, field.name, name)
        return
    if before.shape[1:] != now.shape[1:] or tensor.dtype != view.dtype or not len(before):
        raise CheckpointError(
            f"{name} holds {field.name} as {tensor.dtype} {tensor.shape}, which its settings do not ask for"
        )
    for step in range(max(0, steps - min(len(before), len(now))), steps):
        now[step % len(now)] = before[step % len(before)]
