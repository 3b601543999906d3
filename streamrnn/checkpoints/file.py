"""Arrays and their description <-> one safetensors file.

The one metadata key ``streamrnn`` holds canonical JSON with the version, the description and a SHA-256 of
everything. Equal arrays give equal bytes, and a file is accepted only if writing what was read gives the file
again, so no flipped bit goes unseen. Nothing that is loaded can run code.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

VERSION = 1
KEY = "streamrnn"


class CheckpointError(Exception):
    """A file that is not a checkpoint, is damaged, or was written by an unknown version."""


class UnknownVersionError(CheckpointError):
    """A checkpoint that is whole, and of a version that this streamrnn does not know."""


def encode(description: dict[str, Any], tensors: dict[str, np.ndarray]) -> bytes:
    """Put arrays and a JSON-able description into the bytes of a safetensors file."""
    return _written({"version": VERSION, **description}, tensors)


def decode(data: bytes, name: str = "checkpoint") -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Take apart what `encode` made.

    Raises
    ------
    CheckpointError
        If the bytes are not those of an undamaged checkpoint of a known version.
    """
    try:
        content = json.loads(_metadata(data)[KEY])
        version = content["version"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        raise CheckpointError(f"{name} is not a streamrnn model") from None
    tensors = _intact_tensors(data, content)
    if version != VERSION:
        kind = CheckpointError if tensors is None else UnknownVersionError
        raise kind(f"{name} has format version {version!r}; this streamrnn reads version {VERSION}")
    if tensors is None:
        raise CheckpointError(f"{name} is damaged: its content does not match its checksum")
    return {key: value for key, value in content.items() if key not in ("version", "sha256")}, tensors


def _intact_tensors(data: bytes, content: dict[str, Any]) -> dict[str, np.ndarray] | None:
    """Return the arrays if writing them, and what describes them, gives the same bytes."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        description = {key: value for key, value in content.items() if key != "sha256"}
        return tensors if _written(description, tensors) == data else None
    except (SafetensorError, ValueError, KeyError, TypeError):
        return None


def _written(content: dict[str, Any], tensors: dict[str, np.ndarray]) -> bytes:
    from safetensors.numpy import save

    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}
    return save(tensors, metadata={KEY: _canonical({**content, "sha256": _digest(content, tensors)})})


def _metadata(data: bytes) -> dict[str, str]:
    """The ``__metadata__`` of a safetensors header: eight bytes of length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8:
        raise ValueError("header longer than the file")
    metadata: dict[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return metadata


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(content: dict[str, Any], tensors: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(_canonical(content).encode())
    for name, tensor in tensors.items():
        digest.update(f"{name}:{tensor.dtype.str}:{tensor.shape};".encode())
        digest.update(tensor.data if tensor.size else b"")
    return digest.hexdigest()
