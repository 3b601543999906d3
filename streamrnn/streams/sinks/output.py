"""Bytes out, to a file, a pipe or stdout; nothing is held back."""

import errno
import os
import select
import stat

from ..errors import StreamError


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
            self._descriptor = 1
        else:
            self._descriptor = _open(path, overwrite) if position is None else _open_behind(path, position)

    def write(self, data: bytes) -> None:
        """Hand all of `data` to the system."""
        rest = memoryview(data)
        while rest:
            try:
                written = os.write(self._descriptor, rest)
                rest = rest[written:]
                self.position += written
            except BlockingIOError:  # whoever shares this descriptor made it non-blocking
                writable = select.poll()
                writable.register(self._descriptor, select.POLLOUT)
                writable.poll()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise _cannot_write(self.name, error) from error

    def sync(self) -> None:
        """Have what was written on the disk, if it is a file."""
        try:
            if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                os.fsync(self._descriptor)
        except OSError as error:
            raise _cannot_write(self.name, error) from error

    def close(self) -> None:
        if not self._owns_descriptor:
            return
        self._owns_descriptor = False
        try:
            os.close(self._descriptor)
        except OSError as error:
            raise _cannot_write(self.name, error) from error


def check_writable(path: str) -> None:
    """Raise if a file cannot be written; one that is not there is left empty."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
    except OSError as error:
        raise _cannot_write(path, error) from error


def refuse_existing(path: str, overwrite: bool) -> None:
    """Raise if `path` may not be replaced; pipes and devices may always be written to, and an empty file as well."""
    if not overwrite and os.path.lexists(path) and not is_pipe_or_device(path) and not _is_empty(path):
        raise StreamError(f"{path} exists already: choose another name, or replace it with --overwrite")


def is_pipe_or_device(path: str) -> bool:
    """Whether `path` exists and is neither a file nor a directory."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _is_empty(path: str) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) == 0


def _open(path: str, overwrite: bool) -> int:
    refuse_existing(path, overwrite)
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _open_behind(path: str, position: int) -> int:
    """Open a file to go on behind its first `position` bytes; what stands there is cut off."""
    try:
        descriptor = os.open(path, os.O_WRONLY)
        if os.fstat(descriptor).st_size < position:
            os.close(descriptor)
            raise StreamError(
                f"{path} is shorter than it was left: replace it with --overwrite, or choose another name"
            )
        os.ftruncate(descriptor, position)
        os.lseek(descriptor, position, os.SEEK_SET)
        return descriptor
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(name: str, error: OSError) -> StreamError:
    if error.errno == errno.EBADF:
        return StreamError(f"{name} is closed")
    return StreamError(f"cannot write {name}: {error.strerror}")
