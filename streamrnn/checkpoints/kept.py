"""What can be rebuilt from its bytes can be kept: in a file, or pickled."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any, Self

from ..files import replace_content


class Kept(ABC):
    """Saves and loads what `to_bytes` tells all of."""

    @abstractmethod
    def to_bytes(self) -> bytes:
        """Return everything that is needed to go on bit for bit; equal ones give equal bytes."""

    @classmethod
    @abstractmethod
    def from_bytes(cls, data: bytes, name: str = "checkpoint", **training: Any) -> Self:
        """Rebuild what `to_bytes` returned; see `load`."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint: a safetensors file, replaced as a whole or not at all."""
        replace_content(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str], **training: Any) -> Self:
        """Read a checkpoint. Loading runs no code.

        Parameters
        ----------
        path : str or path
        **training
            Training settings that apply from now on: ``lr``, ``schedule``, ``clip``, ``stride``, ... Another ``lr``
            than before lifts what the guard has made of that one.

        Raises
        ------
        CheckpointError
            If the file is not a model, is damaged, or is of an unknown version.
        SettingsError
            If a setting is given that decides the model's structure, or one that would change nothing.
        """
        with open(path, "rb") as file:
            return cls.from_bytes(file.read(), os.fspath(path), **training)

    def __getstate__(self) -> dict[str, Any]:
        return {"checkpoint": self.to_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(self.from_bytes(state["checkpoint"]).__dict__)
