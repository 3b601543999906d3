"""What is in a model file, without building the learner: no kernel is compiled to look at a file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .checkpoints.file import decode
from .checkpoints.saved import Saved, holds_shards, read_saved
from .checkpoints.tensors import restore_tensors
from .model.parts import memory_of, new_arrays, parameters_of
from .records.metrics import Health, Metrics, health_of, metrics_of
from .schema import columns_read
from .settings import Settings
from .shards.merged import merged_health, merged_metrics
from .shards.shares import read_shares


@dataclass(frozen=True)
class Description:
    """What a model file holds.

    Attributes
    ----------
    settings : Settings
    shards : int, optional
        Among how many learners the keys are shared out; None for one learner.
    columns : tuple of str
        The columns that the learner reads, in its order.
    parameters : dict of str to numpy.ndarray
        Weights under PyTorch's names; ``shard0.`` stands before those of the first shard.
    metrics : Metrics
    health : Health
    session : dict
        What whoever fed the learner noted.
    file_bytes, memory_bytes : int
        Size of the file, and of the learner that is made of it.
    """

    settings: Settings
    shards: int | None
    columns: tuple[str, ...]
    parameters: dict[str, np.ndarray]
    metrics: Metrics
    health: Health
    session: dict[str, Any]
    file_bytes: int
    memory_bytes: int


def describe_model(path: str | os.PathLike[str]) -> Description:
    """Read a model file, of one learner or of shards.

    Raises
    ------
    CheckpointError
        If the file is not a model, is damaged, or is of an unknown version.
    """
    content, name = Path(path).read_bytes(), os.fspath(path)
    if not holds_shards(decode(content, name)[0]):
        return _of_learner(read_saved(content, name, np.float32), len(content))
    saved = read_shares(content, name, np.float32)
    parts = [_of_learner(shard, len(content)) for shard in saved.shards]
    rows = max(part.metrics.rows for part in parts)
    refused = rows - sum(part.metrics.rows - part.metrics.refused_rows for part in parts)
    return Description(
        settings=saved.settings,
        shards=len(parts),
        columns=parts[0].columns,
        parameters={f"shard{i}.{name}": view for i, part in enumerate(parts) for name, view in part.parameters.items()},
        metrics=replace(merged_metrics([part.metrics for part in parts]), rows=rows, refused_rows=refused),
        health=merged_health([(part.health, part.metrics) for part in parts]),
        session=saved.session,
        file_bytes=len(content),
        memory_bytes=sum(part.memory_bytes for part in parts),
    )


def _of_learner(saved: Saved, file_bytes: int) -> Description:
    lanes = len(saved.keys)
    arrays = new_arrays(saved.settings, lanes + bool(saved.settings.key), np.float32)
    restore_tensors(arrays, saved.tensors)
    return Description(
        settings=saved.settings,
        shards=None,
        columns=columns_read(saved.settings),
        parameters=parameters_of(arrays),
        metrics=metrics_of(arrays, saved.settings, range(lanes), saved.rows, saved.refused_rows),
        health=health_of(arrays, saved.settings, range(lanes)),
        session=saved.session,
        file_bytes=file_bytes,
        memory_bytes=memory_of(saved.settings, np.float32),
    )
