"""Bytes out, to a file, a pipe or stdout; nothing is held back."""

import errno
import os
import select

from ..errors import StreamError


class Output:
    """A descriptor to write to.

    Attributes
    ----------
    name : str
        For messages: the path, or ``stdout``.
    """

    def __init__(self, path: str, overwrite: bool) -> None:
        self.name = "stdout" if path == "-" else path
        self._descriptor = 1 if path == "-" else _open(path, overwrite)
        self._owns_descriptor = path != "-"

    def write(self, data: bytes) -> None:
        """Hand all of `data` to the system."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # whoever shares this descriptor made it non-blocking
                writable = select.poll()
                writable.register(self._descriptor, select.POLLOUT)
                writable.poll()
            except BrokenPipeError:
                raise
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


def refuse_existing(path: str, overwrite: bool) -> None:
    """Raise if `path` is a file that may not be replaced; pipes and devices may always be written to."""
    if not overwrite and os.path.lexists(path) and not is_pipe_or_device(path):
        raise StreamError(f"{path} exists already: choose another name, or replace it with --overwrite")


def is_pipe_or_device(path: str) -> bool:
    """Whether `path` exists and is neither a file nor a directory."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _open(path: str, overwrite: bool) -> int:
    refuse_existing(path, overwrite)
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(name: str, error: OSError) -> StreamError:
    if error.errno == errno.EBADF:
        return StreamError(f"{name} is closed")
    return StreamError(f"cannot write {name}: {error.strerror}")
