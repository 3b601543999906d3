"""The arrays of a learner <-> the named tensors of a checkpoint, which may come from anybody.

What a checkpoint says is checked before memory is taken for it, and before a kernel follows its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .checkpoint import CheckpointError, decode
from .kernels.arrays.field import Field
from .kernels.arrays.state import (
    FIELDS,
    OWN_AT,
    RENEWED,
    SEQUENCE_START,
    STEPS,
    Sizes,
    State,
    lanes_view,
    named_view,
    shape_of,
)
from .parts import Arrays, Part, parameters_of, parts_of
from .schema import categorical_columns
from .settings import Settings, SettingsError, check_option_names, options
from .times import UNITS

MOST = 2**53  # of any count, so that sums of them do not overflow: a thousand rows a second for 285,000 years


_NO_CODES = np.empty(0, np.int64)


class Saved(NamedTuple):
    """What a checkpoint holds, checked."""

    settings: Settings
    rows: int
    refused_rows: int
    keys: list[list[Any]]
    time: dict[str, Any] | None
    session: dict[str, Any]
    categories: dict[str, list[str]]
    tensors: dict[str, np.ndarray]


def saved_tensors(arrays: Arrays, lanes: Sequence[int]) -> dict[str, np.ndarray]:
    """All that decides how a learner goes on: the weights under PyTorch's names, and every saved field.

    A field of a lane has these lanes as its first axis.
    """
    tensors = parameters_of(arrays)
    for part, state in zip(arrays.parts, arrays.states, strict=True):
        tensors |= {part.prefix + field.name: _read(state, field, lanes) for field in _fields(state)}
    return tensors


def read_saved(data: bytes, name: str, dtype: Any) -> Saved:
    """Read a checkpoint.

    Parameters
    ----------
    data : bytes
    name : str
        Of the file, for messages.
    dtype : type
        Of its network.

    Raises
    ------
    CheckpointError
        If it is damaged, of an unknown version, or does not hold what the learner of its settings needs.
    """
    description, tensors = decode(data, name)
    if holds_shards(description):
        raise CheckpointError(f"{name} holds the shards of a ShardedLearner: load it with ShardedLearner.load")
    return checked(description, tensors, name, dtype)


def holds_shards(description: dict[str, Any]) -> bool:
    """Whether a file does not hold one learner, but the shards of one."""
    return "shards" in description


def settings_and_session(description: dict[str, Any], name: str) -> tuple[Settings, dict[str, Any]]:
    """Read what one learner and shards alike say of themselves; parameters and errors as for `read_saved`."""
    _check_kinds(description, ("settings", "session"), name)
    return _settings(description["settings"], name), description["session"]


def checked(description: dict[str, Any], tensors: dict[str, np.ndarray], name: str, dtype: Any) -> Saved:
    """Check what a checkpoint was decoded to; parameters and errors as for `read_saved`."""
    _check_kinds(description, _KINDS, name)
    for key in ("rows", "refused_rows"):
        if not 0 <= description[key] <= MOST:
            raise CheckpointError(f"{name} cannot have {description[key]} {key.replace('_', ' ')}")
    settings = _settings(description["settings"], name)
    _check_keys(description["keys"], settings, name)
    _check_tensors(tensors, settings, len(description["keys"]), dtype, name)
    if settings.sees_time and not _is_time(description["time"]):
        raise CheckpointError(f"{name} does not say when its last row was")
    for part in parts_of(settings, len(description["keys"])):
        if part.blocks:
            known = tensors.get(f"{part.prefix}known", _NO_CODES)
            _check_categories(description["categories"], known, settings, name)
    said = {key: description[key] for key in _KINDS}
    return Saved(**{**said, "settings": settings}, tensors=tensors)


_KINDS: dict[str, Any] = {
    "settings": dict,
    "rows": int,
    "refused_rows": int,
    "keys": list,
    "time": dict | None,
    "session": dict,
    "categories": dict,
}


def _check_kinds(description: dict[str, Any], keys: Iterable[str], name: str) -> None:
    for key in keys:
        value = description.get(key)
        if key not in description or not isinstance(value, _KINDS[key]):
            raise CheckpointError(f"{name} does not say its {key.replace('_', ' ')} as a learner does: {value!r}")


def _check_categories(saved: dict[str, Any], known: np.ndarray, settings: Settings, name: str) -> None:
    """Check that each categorical column has as many categories as the kernels know of, each once."""
    columns = categorical_columns(settings)
    if set(saved) != set(columns):
        raise CheckpointError(f"{name} does not name the categories of its columns")
    for column, codes in zip(columns, known.tolist(), strict=True):
        categories = saved[column]
        texts = isinstance(categories, list) and all(isinstance(category, str) for category in categories)
        if not texts or len(set(categories)) < len(categories) or len(categories) + 1 != codes:
            raise CheckpointError(f"{name} does not name {codes - 1} categories of column {column!r}")


def _check_keys(saved: list[Any], settings: Settings, name: str) -> None:
    """Check that these are keys as `Keys.to_list` gives them, each once."""
    kinds: tuple[Any, ...] = (str | int | float | None, str | int | float | None, bool, int | None, bool)
    for key in saved:
        if not isinstance(key, list) or len(key) != len(kinds) or not all(map(isinstance, key, kinds)):
            raise CheckpointError(f"{name} does not say where its keys stand as a learner does: {key!r}")
        if key[3] is not None and abs(key[3]) >= 2**63:
            raise CheckpointError(f"{name} has a key whose last row was at {key[3]}")
    keys = [key[0] for key in saved]
    if len(set(keys)) < len(keys) or (len(keys) > settings.max_keys if settings.key else keys != [None]):
        raise CheckpointError(f"{name} has {len(keys)} keys, which its settings do not allow")


def _is_time(time: dict[str, Any] | None) -> bool:
    """Whether this is what time features go on from."""
    return (
        time is not None
        and set(time) == {"unit", "has_begun"}
        and time["unit"] in (None, *UNITS)
        and isinstance(time["has_begun"], bool)
    )


def _settings(saved: dict[str, Any], name: str) -> Settings:
    unknown = sorted(set(saved) - set(options()))
    if unknown:
        raise CheckpointError(f"{name} has settings that this streamrnn does not know: {', '.join(unknown)}")
    try:
        return Settings(**saved)
    except SettingsError as error:
        raise CheckpointError(f"{name}: {error}") from None


def _check_tensors(tensors: dict[str, np.ndarray], settings: Settings, lanes: int, dtype: Any, name: str) -> None:
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
    own = int(state.integer[OWN_AT])
    return [field for field in FIELDS if field.is_saved(own) and named_view(state, field.name).size]


def _read(state: State, field: Field, lanes: Sequence[int]) -> np.ndarray:
    if not field.is_of_lane(state.integer[OWN_AT]):
        return named_view(state, field.name)
    values: np.ndarray = lanes_view(state, field.name, max(lanes, default=-1) + 1)[list(lanes)]
    return values


def _copy_ring(tensor: np.ndarray, view: np.ndarray, axis: int, steps: int) -> None:
    before, now = np.moveaxis(tensor, axis, 0), np.moveaxis(view, axis, 0)
    for step in range(max(0, steps - min(len(before), len(now))), steps):
        now[step % len(now)] = before[step % len(before)]
