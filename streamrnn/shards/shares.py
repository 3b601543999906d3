"""Whose a key is among several learners, what each has room for, and their shares of a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..checkpoints.file import CheckpointError, decode
from ..checkpoints.saved import Saved, checked, settings_and_session
from ..hashing import text_hash
from ..rows.tables import cells_of
from ..settings import Settings

if TYPE_CHECKING:
    import pyarrow


def shard_of_key(key: Any, shards: int) -> int:
    """Tell whose a key is: by a hash of its text, so in every process and on every machine.

    Keys that are equal in Python, as 1 and 1.0 and True are, have one shard.
    """
    if isinstance(key, bool) or (isinstance(key, float) and key.is_integer()):
        key = int(key)
    return text_hash("" if key is None else str(key)) % shards


def shards_of_keys(keys: pyarrow.Array, shards: int) -> np.ndarray:
    """Tell it of a column of keys: (rows,) int64."""
    cells = cells_of(keys)
    _, firsts, places = np.unique(np.asarray(cells.codes), return_index=True, return_inverse=True)
    return np.array([shard_of_key(key, shards) for key in cells.values(firsts)], np.int64)[np.asarray(places)]


def share_of(settings: Settings, shards: int) -> Settings:
    """A shard's settings: it has room for its share of the keys, rounded up."""
    return replace(settings, max_keys=-(-settings.max_keys // shards))


class SavedShards(NamedTuple):
    """What a checkpoint of shards holds, checked."""

    settings: Settings  # of all
    session: dict[str, Any]
    shards: list[Saved]


def shared_checkpoint(
    contents: list[tuple[dict[str, Any], dict[str, np.ndarray]]], settings: Settings, session: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Join what is kept of each shard: ``shard0.`` stands before the names of the first one's arrays."""
    tensors = {
        f"shard{number}.{name}": tensor for number, (_, its) in enumerate(contents) for name, tensor in its.items()
    }
    shards = [description for description, _ in contents]
    return {"settings": settings.to_dict(), "session": session, "shards": shards}, tensors


def read_shares(data: bytes, name: str, dtype: Any) -> SavedShards:
    """Read a checkpoint of shards; parameters and errors are those of `read_saved`."""
    description, tensors = decode(data, name)
    shards = description.get("shards")
    if not isinstance(shards, list) or not shards or not all(isinstance(shard, dict) for shard in shards):
        raise CheckpointError(f"{name} holds no shards: load it with Learner.load")
    parts: dict[str, dict[str, np.ndarray]] = {f"shard{number}": {} for number in range(len(shards))}
    for whole_name, tensor in tensors.items():
        owner, _, its_name = whole_name.partition(".")
        if owner not in parts:
            raise CheckpointError(f"{name} holds {whole_name}, which belongs to none of its {len(shards)} shards")
        parts[owner][its_name] = tensor
    settings, session = settings_and_session(description, name)
    saved = [checked(shard, part, name, dtype) for shard, part in zip(shards, parts.values(), strict=True)]
    if settings.key is None or any(shard.settings != share_of(settings, len(saved)) for shard in saved):
        raise CheckpointError(f"{name} has shards that do not share out {settings.max_keys} keys")
    for number, shard in enumerate(saved):
        if any(shard_of_key(key[0], len(saved)) != number for key in shard.keys):
            raise CheckpointError(f"{name} has a key in shard {number} which is another's")
    return SavedShards(settings, session, saved)
