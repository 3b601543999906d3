"""A file that is read as it grows, the way `tail -F` reads it: through rotation, truncation and replacement.

The name is looked up again and again. When another file stands there, the file in hand is read on until the new one
holds something: whoever writes a log goes on in the old file for a moment after it was renamed. Then the old file is
read to its end, and the new one from its start. Files that take the name in the meantime wait for their turn; only one
that has it for less than the time between two looks is missed, and what is cut off before it was read is gone.

The end of a file is looked at after pauses that grow from half a millisecond to 30 milliseconds while nothing comes.
This costs less than 1% of a core, and unlike the notices of a system (inotify, kqueue) it is the same on every system
and every file system.
"""

import os
import stat
import time
from collections import deque
from itertools import islice

from ..descriptors import open_descriptor
from ..formats import BYTE_ORDER_MARK

SHORTEST_PAUSE = 0.0005  # seconds
LONGEST_PAUSE = 0.03
OVERLAP = 1024  # so many bytes are read again with those that follow them: they tell whether the file was rewritten
MOST_FILES = 64  # opened and not yet read; later ones are looked for when their turn has come


class RewrittenError(Exception):
    """A file no longer holds what was read from it."""


class GrowingFile:
    """One file, and how far it has been read."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.status = os.fstat(descriptor)
        self._position = os.lseek(descriptor, 0, os.SEEK_CUR)  # others may have read the start of stdin
        overlap = min(self._position, OVERLAP)
        self._overlap = os.pread(descriptor, overlap, self._position - overlap)

    def read(self, size: int) -> bytes:
        """Return what follows on what was read before, at most `size` bytes; nothing at the end."""
        known = self._overlap
        data = os.pread(self.descriptor, len(known) + size, self._position - len(known))
        if not data.startswith(known):
            raise RewrittenError
        data = data[len(known) :]
        self._position += len(data)
        self._overlap = (known + data[-OVERLAP:])[-OVERLAP:]
        return data

    def start_again(self) -> None:
        """Read from the first byte next, whatever stands there now."""
        self._position, self._overlap = 0, b""

    def is_empty(self) -> bool:
        """Whether it holds nothing at the moment."""
        return os.fstat(self.descriptor).st_size == 0


class Following:
    """The files that stand under a name, one after the other, as one stream without an end.

    Parameters
    ----------
    name : str
        For messages.
    path : str, optional
        The name that is looked up; None for a file of which only the descriptor is known.
    descriptor : int
        The first file. It is closed when another one follows, or by `close`.
    warnings : list of str
        Is told of each new file and of each truncation.

    Attributes
    ----------
    ends_with_file : bool
        Whether the stream ends where another file begins, because their bytes cannot be joined. Otherwise it is text:
        a last line that lacks its newline gets one, and a byte order mark is dropped.
    restarts : int
        How often a file was begun after the first. One `read` never returns bytes of two files; the newline that a last
        line gets is still of the old one.
    """

    def __init__(self, name: str, path: str | None, descriptor: int, warnings: list[str]) -> None:
        self.ends_with_file = False
        self.restarts = 0
        self._name = name
        self._path = path
        self._files = deque([GrowingFile(descriptor)])  # the one in hand, then those that come after it
        self._warnings = warnings
        self._trouble: str | None = None  # with the name, when it was last looked up
        self._next_look = 0.0
        self._last_byte = b"\n"
        self._at_start = False  # of a file that is not the first
        self._has_ended = False

    def read(self, size: int) -> bytes:
        """Return what has come, at most `size` bytes; wait if there is nothing."""
        pause = SHORTEST_PAUSE
        while not self._has_ended:
            if self._at_start and self._last_byte != b"\n":
                self._last_byte = b"\n"
                return b"\n"
            found = self._read_what_is_there(size)
            if data := self._without_preamble(found):
                self._last_byte = data[-1:]
                return data
            if not found:
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        return b""

    def close(self) -> None:
        """Close all files, those that were not read yet as well."""
        while self._files:
            os.close(self._files.popleft().descriptor)

    def _read_what_is_there(self, size: int) -> bytes:
        self._look_up_name()
        file = self._files[0]
        try:
            data = file.read(size)
            if not data and self._has_successor():
                data = file.read(size)  # written between the last read and the first byte of the successor
                if not data:
                    self._go_to_successor()
        except RewrittenError:
            file.start_again()
            self._begin_file("was truncated")
            return b""
        return data

    def _begin_file(self, what_happened: str) -> None:
        if self.ends_with_file:
            self._has_ended = True
            self._warnings.append(
                f"{self._name} {what_happened}: the rows end here; start again to read it as it is now"
            )
        else:
            self._at_start = True
            self._warnings.append(f"{self._name} {what_happened}: reading it from its start")

    def _without_preamble(self, data: bytes) -> bytes:
        """Drop what stands before the text of a file.

        A writer that does not append goes on at its old place in a truncated file, which then starts with zero bytes.
        """
        if not self._at_start:
            return data
        data = data.lstrip(b"\0")
        if data:
            self._at_start = False
            self.restarts += 1
        return data.removeprefix(BYTE_ORDER_MARK)

    def _has_successor(self) -> bool:
        return not all(file.is_empty() for file in islice(self._files, 1, None))

    def _go_to_successor(self) -> None:
        os.close(self._files.popleft().descriptor)
        self._begin_file("is another file now")

    def _look_up_name(self) -> None:
        """Open the file that stands under the name if it is a new one, unless the last look was just now."""
        now = time.monotonic()
        if self._path is None or now < self._next_look or len(self._files) > MOST_FILES:
            return
        self._next_look = now + LONGEST_PAUSE
        try:
            trouble = self._open_if_new(self._path)
        except OSError as error:
            trouble = f"cannot be opened: {error.strerror}"
        if trouble is not None and trouble != self._trouble:
            self._warnings.append(f"{self._name} {trouble}: waiting for a file of that name")
        self._trouble = trouble

    def _open_if_new(self, path: str) -> str | None:
        """Open the file at `path` if it is not the last one; return what stands in the way."""
        try:
            status = os.stat(path)
        except FileNotFoundError:
            return "is gone"
        if not stat.S_ISREG(status.st_mode):
            return "is no longer a file"
        if len(self._files) > 1 and not self._is_last(status) and self._files[-1].is_empty():
            os.close(self._files.pop().descriptor)  # replaced before anything was written to it
        if self._is_last(status):
            return None
        # It may just have been replaced again; the opening of a named pipe must not wait for a writer.
        descriptor = open_descriptor(path, os.O_RDONLY | os.O_NONBLOCK)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._files.append(GrowingFile(descriptor))
        else:
            os.close(descriptor)
        return None

    def _is_last(self, status: os.stat_result) -> bool:
        return os.path.samestat(status, self._files[-1].status)
