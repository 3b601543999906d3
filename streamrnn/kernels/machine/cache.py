"""Compiled kernels on disk: private, checked before they are loaded, and never in the way.

The files are pickles of machine code, so a damaged or planted one could crash the process or run anything. They are
therefore kept in a directory that only this user can write, each behind its SHA-256. Whatever is wrong (no writable
directory, a foreign owner, a bad checksum), the answer is the same: compile again.

The directory's name holds a digest of every kernel's source and of the versions that compiled it, so an upgrade never
runs yesterday's code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

CHECKSUM_BYTES = hashlib.sha256().digest_size

KERNELS = Path(__file__).parents[1]  # whose code decides what machine code is


class KernelCache(_Cache):
    """Numba's cache interface over one checked file per kernel, signature and processor.

    Parameters
    ----------
    name : str
        Name of the kernel.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._enabled = True

    @property
    def cache_path(self) -> str:
        """The directory, for Numba's own statistics."""
        return str(directory() or "")

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel, or None if it must be compiled.

        Numba's own cache first loads all that a compiler needs (``refresh``), which takes most of the time.
        """
        path = self._path(sig, target_context.codegen())
        payload = _read_checked(path) if path else None
        if payload is None:
            return None
        return CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel; a directory that cannot be written to is no reason to fail."""
        path = self._path(sig, data.codegen)
        if path:
            with contextlib.suppress(OSError):
                _write_checked(path, dumps(data._reduce()))

    def enable(self) -> None:
        """Use the cache."""
        self._enabled = True

    def disable(self) -> None:
        """Compile always."""
        self._enabled = False

    def flush(self) -> None:
        """Forget every kept signature of this kernel."""
        home = directory()
        for path in home.glob(f"{self._name}-*.kernel") if home else ():
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        home = directory() if self._enabled else None
        if home is None:
            return None
        identity = hashlib.sha256(repr((sig, codegen.magic_tuple())).encode()).hexdigest()[:16]
        return home / f"{self._name}-{identity}.kernel"


@cache
def directory() -> Path | None:
    """The cache directory of these kernels, made if need be; None if there is no place that is ours alone.

    ``STREAMRNN_CACHE_DIR`` names another parent; else ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    named = os.environ.get("STREAMRNN_CACHE_DIR")
    try:
        parent = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        home = parent / "streamrnn" / _digest()
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home if _is_private(home) and os.access(home, os.W_OK | os.X_OK) else None
    except (OSError, RuntimeError):  # RuntimeError: no home directory
        return None


def is_kept(name: str) -> bool:
    """Whether a compiled form of this kernel is at hand, so that its first call will not take seconds."""
    home = directory()
    return home is not None and any(home.glob(f"{name}-*.kernel"))


def _digest() -> str:
    """Name the code and its compilers; the processor is part of each file's name."""
    digest = hashlib.sha256(repr((numba.__version__, llvmlite.__version__, sys.version)).encode())
    for path in sorted(KERNELS.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _is_private(path: Path) -> bool:
    status = path.lstat()
    ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return stat.S_ISDIR(status.st_mode) and ours and not status.st_mode & 0o022


def _read_checked(path: Path) -> bytes | None:
    """The payload behind a right checksum; a file with a wrong one is removed."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, payload = content[:CHECKSUM_BYTES], content[CHECKSUM_BYTES:]
    if hashlib.sha256(payload).digest() == checksum:
        return payload
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def _write_checked(path: Path, payload: bytes) -> None:
    """Write beside and rename, so that another process never sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
