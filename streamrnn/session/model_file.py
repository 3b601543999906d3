"""The model file of a run: one writer at a time, and one that is damaged does not end a stream."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import socket
from pathlib import Path

from .. import files
from ..checkpoints.file import CheckpointError, UnknownVersionError, decode
from .plan import SessionError


class ModelFile:
    """A model file, locked against every other run that writes it.

    Parameters
    ----------
    path : str
    is_written : bool
        Whether the run will save the model; if not, nothing on the disk changes.

    Attributes
    ----------
    content : bytes or None
        Of the file, or of the one before if that is damaged; None if there is no file.
    warnings : list of str

    Raises
    ------
    SessionError
        If another run writes it, or it could not be saved.
    CheckpointError
        If it is no model, or damaged beyond help.
    """

    def __init__(self, path: str, is_written: bool) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._previous = Path(f"{os.path.realpath(path)}.previous")
        self._lock: _Lock | None = None
        if is_written:
            _check_can_be_saved(path)
            self._lock = _Lock(path)
            _remove_leftovers(Path(os.path.realpath(path)))
        try:
            self.content = self._read(is_written)
        except BaseException:
            self.release()
            raise

    def save(self, content: bytes) -> None:
        """Replace the file, and keep what it was before."""
        files.replace_content(self.path, content, self._previous)

    def release(self) -> None:
        """Let others write it."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _read(self, may_set_aside: bool) -> bytes | None:
        content = _content(Path(self.path))
        error = _trouble(content, self.path)
        if error is None:
            return content
        previous = _content(self._previous)
        if previous is None or _trouble(previous, str(self._previous)) is not None:
            raise error
        what = f"{error}; going on with {self._previous.name}, which was saved before it"
        if may_set_aside:
            aside = _free_name(f"{self.path}.damaged")
            files.replace(self.path, aside)
            what += f"; the damaged file is now {aside.name}"
        self.warnings.append(what)
        return previous


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _trouble(content: bytes | None, name: str) -> CheckpointError | None:
    """Why a content cannot be used; None if it can, or if there is none."""
    try:
        if content is not None:
            decode(content, name)
    except UnknownVersionError:
        raise
    except CheckpointError as error:
        return error
    return None


def _remove_leftovers(path: Path) -> None:
    """Remove what runs that were killed while they saved the model left behind."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}*.tmp"):
        files.remove(leftover)


def _free_name(name: str) -> Path:
    number, path = 1, Path(name)
    while path.exists():
        number += 1
        path = Path(f"{name}{number}")
    return path


def _check_can_be_saved(path: str) -> None:
    """Find out now, not after hours of learning."""
    directory = Path(path).parent
    if not directory.is_dir():
        raise SessionError(f"the model cannot be saved: there is no directory {directory}")
    if Path(path).is_dir():
        raise SessionError(f"{path} is a directory: name a file for the model")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise SessionError(f"the model cannot be saved: the directory {directory} cannot be written to")


class _Lock:
    """A file beside the model, locked by the system for as long as the process lives, however it dies."""

    def __init__(self, path: str) -> None:
        real = Path(os.path.realpath(path))
        self._path = real.with_name(f".{real.name}.lock")
        while True:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.pread(self._descriptor, 200, 0).decode(errors="replace").strip()
                os.close(self._descriptor)
                raise SessionError(f"{path} is being written by {holder or 'another process'}: wait for it") from None
            if self._is_still_there():
                break
            os.close(self._descriptor)  # it was released, and so removed, since it was opened
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self._descriptor)

    def _is_still_there(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._descriptor), os.stat(self._path))
        return False
