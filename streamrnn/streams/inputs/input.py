"""Bytes in, from a file, a pipe or stdin, never waiting for more than has come."""

import errno
import io
import os
import stat
from collections.abc import Callable
from typing import TypeVar

from ..descriptors import open_descriptor, wait_until_readable
from ..errors import StreamError
from .following import Following

Read = TypeVar("Read", bytes, int)  # what was read, or how much
Amount = TypeVar("Amount")

SMALL = 16 * 1024  # bytes that are worth reading ahead
BLOCK = 256 * 1024  # larger blocks fall out of the cache: parsing slows down


class Input:
    """Something to read from.

    Parameters
    ----------
    path : str
        A path, or ``-`` for stdin.
    follow : bool
        Whether a file is read on as it grows. Pipes, sockets and terminals are live anyway: there it changes nothing.
        Of a file that is stdin the name is not known: it is read on through truncation, but not through rotation.

    Attributes
    ----------
    name : str
        For messages: the path, or ``stdin``.
    warnings : list of str
        What the user should hear about; it may grow with every read.
    descriptor : int
        What it was opened as; a file that is followed may be another one by now.
    seekable : bool
        A regular file that is neither compressed nor followed.
    following : Following, optional
        The file as it grows, if it is followed.
    """

    def __init__(self, path: str, follow: bool = False) -> None:
        self.name = "stdin" if path == "-" else path
        self.warnings: list[str] = []
        self.following: Following | None = None
        self.descriptor = 0 if path == "-" else _open(path, follow)
        self._owns_descriptor = path != "-"
        self._ahead = memoryview(b"")  # was looked at, but not yet read
        self._read: Callable[[int], bytes] = self._read_descriptor
        try:
            status = os.fstat(self.descriptor)
        except OSError as error:
            raise StreamError(f"{self.name} is closed") from error
        if stat.S_ISDIR(status.st_mode):
            self.close()
            raise StreamError(f"{self.name} is a directory: name a file in it")
        self.seekable = stat.S_ISREG(status.st_mode)
        self._size = status.st_size if self.seekable else 0
        if follow and self.seekable:
            name_to_follow = path if self._owns_descriptor else None
            self.following = Following(self.name, name_to_follow, self.descriptor, self.warnings)
            self._read, self.seekable = self.following.read, False

    @property
    def restarts(self) -> int:
        """How often the rows began anew, in another file or in one that was truncated, because it is followed."""
        return self.following.restarts if self.following else 0

    def read(self, size: int = BLOCK) -> bytes:
        """Return what has come, at most `size` bytes; wait only if there is nothing; empty at the end."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return bytes(data)
        try:
            return self._read(size)
        except OSError as error:
            raise self._cannot_be_read(error) from error

    def read_fully(self, size: int) -> bytes:
        """Return `size` bytes, or fewer if the stream ends before."""
        if size <= SMALL:
            return self._read_little(size)
        whole, missing = io.BytesIO(), size
        data = self.read(min(size, BLOCK))
        # In blocks, because a damaged stream may ask for more than there is memory.
        while data:
            whole.write(data)
            missing -= len(data)
            data = self.read(min(missing, 64 * BLOCK)) if missing else b""
        return whole.getvalue()

    def _read_little(self, size: int) -> bytes:
        """Return `size` bytes; what else has come may be read with them, because each call of the system takes time."""
        while len(self._ahead) < size:
            ahead, self._ahead = self._ahead, memoryview(b"")
            chunk = self.read(SMALL)
            self._ahead = memoryview(bytes(ahead) + chunk if ahead else chunk)
            if not chunk:
                break
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return bytes(data)

    def read_into(self, target: memoryview) -> int:
        """Fill `target`, as far as the stream goes; return how many bytes that are."""
        place = min(len(target), len(self._ahead))
        target[:place], self._ahead = self._ahead[:place], self._ahead[place:]
        is_direct = self._read == self._read_descriptor
        while place < len(target):
            rest = target[place:]
            count = self._read_part(rest) if is_direct else self._copy_part(rest)
            if not count:
                break
            place += count
        return place

    def _read_part(self, target: memoryview) -> int:
        try:
            return self._patiently(os.readv, [target])
        except OSError as error:
            raise self._cannot_be_read(error) from error

    def _copy_part(self, target: memoryview) -> int:
        data = self.read(min(len(target), BLOCK))
        target[: len(data)] = data
        return len(data)

    def peek(self, size: int) -> bytes:
        """Look at the first `size` bytes, or at fewer if a line or the stream ends before; they stay to be read."""
        ahead, self._ahead = bytearray(self._ahead), memoryview(b"")
        line_ends = b"\n" in ahead
        while len(ahead) < size and not (line_ends and ahead.strip()):
            chunk = self.read()
            if not chunk:
                break
            ahead += chunk
            line_ends = line_ends or b"\n" in chunk
        self._ahead = memoryview(bytes(ahead))
        return bytes(ahead[:size])

    def decompress(self, codec: str) -> None:
        """From here on, deliver what the stream holds that is compressed with ``gzip`` or ``zstd``."""
        if self.following:
            raise StreamError(f"{self.name} is compressed: it cannot be followed; follow the file that it was made of")
        from .compressed import UNPACKERS

        unpacker = UNPACKERS[codec](self.name, bytes(self._ahead), self._read)
        self._ahead, self._read, self.seekable = memoryview(b""), unpacker.read, False

    def close(self) -> None:
        if not self._owns_descriptor:
            return
        self._owns_descriptor = False
        if self.following:
            self.following.close()
        else:
            os.close(self.descriptor)

    def _read_descriptor(self, size: int) -> bytes:
        return self._patiently(os.read, size)

    def _patiently(self, read: Callable[[int, Amount], Read], amount: Amount) -> Read:
        while True:
            try:
                data = read(self.descriptor, amount)
            except BlockingIOError:  # whoever shares this descriptor made it non-blocking
                wait_until_readable(self.descriptor)
                continue
            if not data and os.fstat(self.descriptor).st_size < self._size:
                self._size = 0  # once is enough
                self.warnings.append(f"{self.name} was truncated while it was read: some of its rows may be missing")
            return data

    def _cannot_be_read(self, error: OSError) -> StreamError:
        return StreamError(f"{self.name} cannot be read: {error.strerror or error}")


class PythonFile:
    """What Arrow asks of a file written in Python, around one function that reads."""

    closed = False

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.read = read

    def close(self) -> None: ...


def _open(path: str, follow: bool) -> int:
    try:
        return open_descriptor(path, os.O_RDONLY)
    except FileNotFoundError as error:
        hint = "; only a file that is there at the start can be followed" if follow else ""
        raise StreamError(f"{path} does not exist{hint}") from error
    except OSError as error:
        if error.errno == errno.ENXIO and stat.S_ISSOCK(os.stat(path).st_mode):
            raise StreamError(
                f"{path} is a socket: connect to it with a program such as socat, and pipe it in"
            ) from error
        raise StreamError(f"{path} cannot be opened: {error.strerror}") from error
