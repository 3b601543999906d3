"""What is in a model file, without building the learner: no kernel is compiled to look at a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .kernels.arrays.state import allocate, nbytes
from .metrics import Health, Metrics, health_of, metrics_of
from .network import lanes_of, parameter_views, sizes_of, write_roles
from .restore import read_saved, restore_tensors
from .schema import columns_read
from .settings import Settings


@dataclass(frozen=True)
class Description:
    """What a model file holds.

    Attributes
    ----------
    settings : Settings
    columns : tuple of str
        The columns that the learner reads, in its order.
    parameters : dict of str to numpy.ndarray
        Weights under PyTorch's names.
    metrics : Metrics
    health : Health
    session : dict
        What whoever fed the learner noted.
    file_bytes, memory_bytes : int
        Size of the file, and of the learner that is made of it.
    """

    settings: Settings
    columns: tuple[str, ...]
    parameters: dict[str, np.ndarray]
    metrics: Metrics
    health: Health
    session: dict[str, Any]
    file_bytes: int
    memory_bytes: int


def describe_model(path: str | os.PathLike[str]) -> Description:
    """Read a model file.

    Raises
    ------
    CheckpointError
        If the file is not a model, is damaged, or is of an unknown version.
    """
    content, name = Path(path).read_bytes(), os.fspath(path)
    saved = read_saved(content, name, np.float32)
    lanes = len(saved.keys)
    state = allocate(sizes_of(saved.settings, lanes), np.float32)
    write_roles(state, saved.settings)
    parameters = parameter_views(state, saved.settings)
    restore_tensors(state, parameters, saved.tensors)
    return Description(
        settings=saved.settings,
        columns=columns_read(saved.settings),
        parameters=parameters,
        metrics=metrics_of(state, saved.settings, range(lanes), saved.rows, saved.refused_rows),
        health=health_of(state, saved.settings, range(lanes)),
        session=saved.session,
        file_bytes=len(content),
        memory_bytes=nbytes(sizes_of(saved.settings, lanes_of(saved.settings)), np.float32),
    )
