"""Bytes out, to a file, a pipe or stdout; nothing is held back."""

import errno
import os
import stat

from ... import files
from ..descriptors import open_descriptor, wait_until_writable
from ..errors import StreamError

STDOUT = 1


class Output:
    """A descriptor to write to.

    Attributes
    ----------
    name : str
        For messages: the path, or ``stdout``.
    position : int
        Bytes handed over, those that were there at the start included.
    """

    def __init__(self, path: str, overwrite: bool, position: int | None = None) -> None:
        self.name = "stdout" if path == "-" else path
        self.position = position or 0
        self._owns_descriptor = path != "-"
        if path == "-":
            self._descriptor = _open_stdout()
        else:
            self._descriptor = _open(path, overwrite) if position is None else _open_behind(path, position)

    def write(self, data: bytes) -> None:
        """Hand all of `data` to the system; a reader that has gone is a BrokenPipeError."""
        rest = memoryview(data)
        while rest:
            try:
                written = files.write(self._descriptor, rest)
                rest = rest[written:]
                self.position += written
            except BlockingIOError:  # whoever shares this descriptor made it non-blocking
                wait_until_writable(self._descriptor)
            except BrokenPipeError:
                raise
            except ConnectionResetError as error:  # a socket's way to say it
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
            except OSError as error:
                raise _cannot_write(self.name, error) from error

    def sync(self) -> None:
        """Have what was written on the disk, if it is a file."""
        try:
            if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                files.sync(self._descriptor)
        except OSError as error:
            raise _cannot_write(self.name, error) from error

    def close(self) -> None:
        """Close it; a file is on the disk when this returns."""
        if not self._owns_descriptor:
            return
        self._owns_descriptor = False
        try:
            self.sync()
        finally:
            self._close()

    def _close(self) -> None:
        try:
            files.close(self._descriptor)
        except OSError as error:
            raise _cannot_write(self.name, error) from error


def check_writable(path: str) -> None:
    """Raise if a file cannot be written; one that is not there is left empty."""
    try:
        files.close(open_descriptor(path, os.O_WRONLY | os.O_CREAT))
        files.sync_directory(path)
    except OSError as error:
        raise _cannot_write(path, error) from error


def refuse_directory(path: str) -> None:
    """Raise if `path` is a directory."""
    if os.path.isdir(path):
        raise StreamError(f"{path} is a directory: name a file in it")


def refuse_existing(path: str, overwrite: bool) -> None:
    """Raise if `path` may not be replaced; pipes and devices may always be written to, and an empty file as well."""
    refuse_directory(path)
    if not overwrite and os.path.lexists(path) and not is_pipe_or_device(path) and not _is_empty(path):
        raise StreamError(f"{path} exists already: choose another name, or replace it with --overwrite")


def is_pipe_or_device(path: str) -> bool:
    """Whether `path` exists and is neither a file nor a directory."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _is_empty(path: str) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) == 0


def _open_stdout() -> int:
    try:
        os.fstat(STDOUT)
    except OSError as error:
        raise _cannot_write("stdout", error) from error
    return STDOUT


def _open(path: str, overwrite: bool) -> int:
    refuse_existing(path, overwrite)
    try:
        return open_descriptor(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _open_behind(path: str, position: int) -> int:
    """Open a file to go on behind its first `position` bytes; what stands there is cut off."""
    try:
        descriptor = open_descriptor(path, os.O_WRONLY)
        if os.fstat(descriptor).st_size < position:
            os.close(descriptor)
            raise StreamError(
                f"{path} is shorter than it was left: replace it with --overwrite, or choose another name"
            )
        files.truncate(descriptor, position)
        return descriptor
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(name: str, error: OSError) -> StreamError:
    if error.errno == errno.EBADF:
        return StreamError(f"{name} is closed")
    return StreamError(f"cannot write {name}: {error.strerror}")
