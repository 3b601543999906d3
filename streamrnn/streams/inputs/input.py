"""Bytes in, from a file, a pipe or stdin, never waiting for more than has come."""

import os
import select
import stat
from collections.abc import Callable

from ..errors import StreamError

BLOCK = 256 * 1024  # larger blocks fall out of the cache: parsing slows down


class Input:
    """A descriptor to read from.

    Attributes
    ----------
    name : str
        For messages: the path, or ``stdin``.
    seekable : bool
        A regular file that is not compressed.
    """

    def __init__(self, path: str) -> None:
        self.name = "stdin" if path == "-" else path
        self.descriptor = 0 if path == "-" else _open(path)
        self._owns_descriptor = path != "-"
        self._ahead = b""  # was looked at, but not yet read
        self._read: Callable[[int], bytes] = self._read_descriptor
        try:
            mode = os.fstat(self.descriptor).st_mode
        except OSError as error:
            raise StreamError(f"{self.name} is closed") from error
        if stat.S_ISDIR(mode):
            self.close()
            raise StreamError(f"{self.name} is a directory: name a file in it")
        self.seekable = stat.S_ISREG(mode)

    def read(self, size: int = BLOCK) -> bytes:
        """Return what has come, at most `size` bytes; wait only if there is nothing; empty at the end."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        try:
            return self._read(size)
        except OSError as error:
            raise StreamError(f"{self.name} cannot be read: {error.strerror or error}") from error

    def read_fully(self, size: int) -> bytes:
        """Return `size` bytes, or fewer if the stream ends before."""
        first = self.read(min(size, BLOCK))
        if len(first) == size:
            return first
        chunks, missing = [first], size - len(first)
        # In blocks, because a damaged stream may ask for more than there is memory.
        while missing and chunks[-1]:
            chunks.append(self.read(min(missing, 64 * BLOCK)))
            missing -= len(chunks[-1])
        return b"".join(chunks)

    def peek(self, size: int) -> bytes:
        """Look at the first `size` bytes, or at fewer if a line or the stream ends before; they stay to be read."""
        while len(self._ahead) < size and b"\n" not in self._ahead:
            ahead, self._ahead = self._ahead, b""
            chunk = self.read()
            self._ahead = ahead + chunk
            if not chunk:
                break
        return self._ahead[:size]

    def decompress(self, codec: str) -> None:
        """From here on, deliver what the compressed stream holds (in blocks: it is not meant for live pipes)."""
        import pyarrow

        compressed = PythonFile(_Rest(self._ahead, self._read).read)
        inflated = pyarrow.CompressedInputStream(pyarrow.PythonFile(compressed, mode="r"), codec)
        self._ahead, self._read, self.seekable = b"", inflated.read, False

    def close(self) -> None:
        if self._owns_descriptor:
            os.close(self.descriptor)
            self._owns_descriptor = False

    def _read_descriptor(self, size: int) -> bytes:
        while True:
            try:
                return os.read(self.descriptor, size)
            except BlockingIOError:  # whoever shares this descriptor made it non-blocking
                readable = select.poll()
                readable.register(self.descriptor, select.POLLIN)
                readable.poll()


class PythonFile:
    """What Arrow asks of a file written in Python, around one function that reads."""

    closed = False

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.read = read

    def close(self) -> None: ...


class _Rest:
    """A stream of which the first bytes have been read already."""

    def __init__(self, first: bytes, read: Callable[[int], bytes]) -> None:
        self._first = first
        self._read = read

    def read(self, size: int) -> bytes:
        if self._first:
            data, self._first = self._first[:size], self._first[size:]
            return data
        return self._read(size)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise StreamError(f"{path} does not exist") from error
    except OSError as error:
        raise StreamError(f"{path} cannot be opened: {error.strerror}") from error
