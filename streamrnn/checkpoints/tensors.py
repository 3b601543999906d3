"""The arrays of a learner <-> the named tensors of a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..kernels.arrays.field import Field
from ..kernels.arrays.fields import FIELDS
from ..kernels.arrays.places import RENEWED, SEQUENCE_START, STEPS
from ..kernels.arrays.sizes import Sizes
from ..kernels.arrays.state import OWN_AT, State, lanes_view, named_view, of_lanes, shape_of
from ..model.parts import Arrays, Part, parameters_of, parts_of
from ..settings import Settings
from .file import CheckpointError

MOST = 2**53  # of any count, so that sums of them do not overflow: a thousand rows a second for 285,000 years


def saved_tensors(arrays: Arrays, lanes: Sequence[int]) -> dict[str, np.ndarray]:
    """All that decides how a learner goes on: the weights under PyTorch's names, and every saved field.

    A field of a lane has these lanes as its first axis.
    """
    tensors = parameters_of(arrays)
    for part, state in zip(arrays.parts, arrays.states, strict=True):
        tensors |= {part.prefix + field.name: _read(state, field, lanes) for field in _fields(state)}
    return tensors


def check_tensors(tensors: dict[str, np.ndarray], settings: Settings, lanes: int, dtype: Any, name: str) -> None:
    """Check that there are all tensors of these settings, of their shapes, with integers that a kernel may follow."""
    if not settings.targets or not settings.features:
        raise CheckpointError(f"{name} has no targets or no features")
    parts = parts_of(settings, lanes)
    shapes = {place: shape for part in parts for place, shape in _shapes(part, lanes, dtype).items()}
    if set(tensors) != set(shapes):
        raise CheckpointError(f"{name} does not hold the arrays of its settings: {sorted(set(tensors) ^ set(shapes))}")
    for what, (kind, shape) in shapes.items():
        tensor = tensors[what]
        if tensor.shape != shape or tensor.dtype != kind:
            found, asked = f"{tensor.dtype} {tensor.shape}", f"{np.dtype(kind)} {shape}"
            raise CheckpointError(f"{name} holds {what} as {found}, not {asked}")
    for part in parts:
        for field in _saved_fields(part.sizes):
            if field.flat == "integer":
                _check_range(tensors[part.prefix + field.name], field, part.sizes, name)
        counts = tensors[f"{part.prefix}lane_counts"]
        if (counts[:, [SEQUENCE_START, RENEWED]] > counts[:, [STEPS]]).any():
            raise CheckpointError(f"{name} counts steps from one that is still to come")


def _shapes(part: Part, lanes: int, dtype: Any) -> dict[str, tuple[Any, tuple[int, ...]]]:
    """Dtype and shape of each tensor of a part."""
    kinds = {"real": dtype, "double": np.float64, "integer": np.int64}
    shapes = {block.name: (dtype, block.shape) for block in part.blocks if block.rows}
    for field in _saved_fields(part.sizes):
        of_lanes = (lanes,) if field.is_of_lane(part.sizes.own) else ()
        shapes[field.name] = kinds[field.flat], of_lanes + shape_of(field, part.sizes)
    return {part.prefix + name: shape for name, shape in shapes.items()}


def _saved_fields(sizes: Sizes) -> list[Field]:
    """Those that decide how a learner goes on; an empty one decides nothing."""
    return [field for field in FIELDS if field.is_saved(sizes.own) and 0 not in shape_of(field, sizes)]


def _check_range(tensor: np.ndarray, field: Field, sizes: Sizes, name: str) -> None:
    most = getattr(sizes, field.most) if isinstance(field.most, str) else MOST if field.most is None else field.most
    if tensor.size and (tensor.min() < field.least or tensor.max() > most):
        found, allowed = f"{tensor.min()} to {tensor.max()}", f"{field.least} to {most}"
        raise CheckpointError(f"{name} holds {field.name} from {found}, beyond {allowed}")


def restore_tensors(arrays: Arrays, tensors: dict[str, np.ndarray]) -> None:
    """Write the tensors of a checkpoint into a new learner's arrays; its lanes become the first ones."""
    for parameter, view in parameters_of(arrays).items():
        view[...] = tensors[parameter]
    for part, state in zip(arrays.parts, arrays.states, strict=True):
        _restore_part(state, part.prefix, tensors)


def _restore_part(state: State, prefix: str, tensors: dict[str, np.ndarray]) -> None:
    """Write one part's fields.

    The ring may have another length than it had, after a change of the stride: each step then moves to its new slot.
    """
    steps = tensors[f"{prefix}lane_counts"][:, STEPS]
    for field in _fields(state):
        tensor = tensors[prefix + field.name]
        if not field.is_of_lane(state.integer[OWN_AT]):
            named_view(state, field.name)[...] = tensor
            continue
        views = lanes_view(state, field.name, len(steps))
        if field.ring is None or views.shape == tensor.shape:
            views[...] = tensor
            continue
        for lane, count in enumerate(steps.tolist()):
            _copy_ring(tensor[lane], views[lane], field.ring, count)
    if named_view(state, "batch_lanes").size:
        _restore_batch(state, lanes_view(state, "batch_place", len(steps))[:, 0])


def _restore_batch(state: State, places: np.ndarray) -> None:
    """Let lanes wait to be learned in the order of their places, from 1."""
    waiting = named_view(state, "batch_lanes")
    waiting[:] = -1
    lanes = np.flatnonzero(places)
    waiting[places[lanes] - 1] = lanes


def _fields(state: State) -> list[Field]:
    """Those that decide how it goes on; an empty one decides nothing."""
    own = int(state.integer[OWN_AT])
    return [field for field in FIELDS if field.is_saved(own) and named_view(state, field.name).size]


def _read(state: State, field: Field, lanes: Sequence[int]) -> np.ndarray:
    if not field.is_of_lane(state.integer[OWN_AT]):
        return named_view(state, field.name)
    return of_lanes(state, field.name, lanes)


def _copy_ring(tensor: np.ndarray, view: np.ndarray, axis: int, steps: int) -> None:
    before, now = np.moveaxis(tensor, axis, 0), np.moveaxis(view, axis, 0)
    for step in range(max(0, steps - min(len(before), len(now))), steps):
        now[step % len(now)] = before[step % len(before)]
