"""What a checkpoint says of a learner, which may come from anybody.

It is checked before memory is taken for it, and before a kernel follows its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..model.parts import parts_of
from ..schema import categorical_columns
from ..settings import Settings, SettingsError, check_option_names, in_force, options, shown
from ..times import UNITS
from .file import CheckpointError, decode
from .tensors import MOST, check_tensors

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
    check_tensors(tensors, settings, len(description["keys"]), dtype, name)
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


def changed_settings(saved: Settings, changes: dict[str, object], name: str) -> Settings:
    """A model's settings with some for training changed.

    Raises
    ------
    SettingsError
        If a change would be one of structure.
    """
    check_option_names(changes)
    known, values, before = options(), saved.to_dict(), in_force(saved)
    for key, value in changes.items():
        if known[key].structure and (asked := in_force(Settings(**{**values, key: value}))[key]) != before[key]:
            has = f"{key} = {shown(before[key])}" if before[key] not in (None, []) else f"no {key}"
            raise SettingsError(f"{name} has {has}, which cannot become {shown(asked) or 'none'}")
    return Settings(**{**values, **{key: value for key, value in changes.items() if not known[key].structure}})
