"""Descriptors: opening them, and waiting for them. Inputs and sinks both go through this."""

import errno
import fcntl
import os
import re
import select

from .. import files

LAST_STANDARD = 2  # stdin, stdout and stderr are 0, 1 and 2
_STANDARD_NAMES = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def open_descriptor(path: str, flags: int) -> int:
    """Open what `path` names, as `os.open` does, and never as number 0, 1 or 2.

    Where one of these is closed, the system gives its number to the next file: what is meant for stderr would go there.
    A socket, or what another user opened, cannot be opened once more as ``/dev/stdin`` or ``/dev/fd/3``, but it can be
    shared.

    Raises
    ------
    OSError
        If it cannot be opened.
    """
    try:
        descriptor = files.open_file(path, flags)
    except OSError as error:
        number = _number_in(path)
        if number is None or error.errno not in (errno.ENXIO, errno.EACCES):
            raise
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, LAST_STANDARD + 1)
    if descriptor > LAST_STANDARD:
        return descriptor
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, LAST_STANDARD + 1)
    finally:
        os.close(descriptor)


def wait_until_readable(descriptor: int) -> None:
    """Wait for data, for the end of the data, or for an error, on a descriptor that does not wait by itself."""
    _wait_for(descriptor, select.POLLIN)


def wait_until_writable(descriptor: int) -> None:
    """Wait until something can be written, or its reader has gone."""
    _wait_for(descriptor, select.POLLOUT)


def _wait_for(descriptor: int, event: int) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    poll.poll()


def _number_in(path: str) -> int | None:
    """The number that a path such as ``/dev/fd/3`` gives to a descriptor of this process."""
    match = re.fullmatch(r"/(?:dev|proc/self)/fd/(\d+)", path)
    return int(match[1]) if match else _STANDARD_NAMES.get(path)
