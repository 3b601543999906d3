"""Arrays and their description <-> one safetensors file.

The one metadata key ``streamrnn`` holds canonical JSON with the version, the description and a SHA-256 of
everything. Equal arrays give equal bytes, and a file is accepted only if writing what was read gives the file
again, so no flipped bit goes unseen. Nothing that is loaded can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

VERSION = 1
KEY = "streamrnn"


class CheckpointError(Exception):
    """A file that is not a checkpoint, is damaged, or was written by an unknown version."""


def encode(description: dict[str, Any], tensors: dict[str, np.ndarray]) -> bytes:
    """Put arrays and a JSON-able description into the bytes of a safetensors file."""
    from safetensors.numpy import save

    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}
    content = {"version": VERSION, **description}
    content["sha256"] = _digest(content, tensors)
    return save(tensors, metadata={KEY: _canonical(content)})


def decode(data: bytes, name: str = "checkpoint") -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Take apart what `encode` made.

    Raises
    ------
    CheckpointError
        If the bytes are not those of an undamaged checkpoint of a known version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = json.loads(_metadata(data)[KEY])
        version = content["version"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        raise CheckpointError(f"{name} is not a streamrnn model") from None
    if version != VERSION:
        raise CheckpointError(f"{name} has format version {version!r}; this streamrnn reads version {VERSION}")
    try:
        tensors = load(data)
        description = {key: value for key, value in content.items() if key not in ("version", "sha256")}
        intact = encode(description, tensors) == data
    except (SafetensorError, ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise CheckpointError(f"{name} is damaged: its content does not match its checksum")
    return description, tensors


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


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace a file as a whole: written beside it, flushed to the disk, renamed, and the rename flushed too."""
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, target.stat().st_mode & 0o777)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _flush_directory(target.parent)


def _flush_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
