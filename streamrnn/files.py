"""Every change that this house makes to files, in one place: so a test can let any of them fail, or take it back.

What a change leaves behind if the power fails is up to the file system, until it was flushed: a file's content by
`sync`, its name by `sync_directory`.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

AnyPath = str | os.PathLike[str]


def open_file(path: AnyPath, flags: int) -> int:
    """Open a file as `os.open` does; return its descriptor."""
    return os.open(path, flags | os.O_CLOEXEC, 0o666)


def truncate(descriptor: int, length: int) -> None:
    """Cut a file off, and go on writing there."""
    os.ftruncate(descriptor, length)
    os.lseek(descriptor, length, os.SEEK_SET)


def write(descriptor: int, data: memoryview | bytes) -> int:
    """Write a part of `data`; return how many bytes."""
    return os.write(descriptor, data)


def sync(descriptor: int) -> None:
    """Have a file's content on the disk when this returns."""
    os.fsync(descriptor)


def sync_directory(path: AnyPath) -> None:
    """Have on the disk which names the directory of `path` holds when this returns."""
    descriptor = os.open(Path(path).absolute().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def close(descriptor: int) -> None:
    """Close a file; that is where some file systems report what they could not write."""
    os.close(descriptor)


def link(path: AnyPath, other: AnyPath) -> None:
    """Give a file a second name."""
    os.link(path, other)


def replace(path: AnyPath, target: AnyPath) -> None:
    """Give a file another name, which no other file has from then on."""
    os.replace(path, target)


def remove(path: AnyPath) -> None:
    """Remove a name, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def write_new(path: AnyPath, data: bytes) -> None:
    """Write a file that nobody else knows of, and have its content on the disk."""
    descriptor = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[write(descriptor, rest) :]
        sync(descriptor)
    finally:
        close(descriptor)


def replace_content(path: AnyPath, data: bytes, previous: AnyPath | None = None) -> None:
    """Replace a file as a whole or not at all, whatever fails and whenever the process or the machine dies.

    Parameters
    ----------
    path : str or path
    data : bytes
        Written beside the file, flushed, and renamed.
    previous : str or path, optional
        A name under which the old content is kept.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        write_new(temporary, data)
        if target.exists():
            os.chmod(temporary, target.stat().st_mode & 0o777)
        if previous is not None and target.exists():
            _keep(target, Path(previous))
        replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(temporary)
        raise
    sync_directory(target)


def _keep(path: Path, previous: Path) -> None:
    """Give a file's content the other name too, without a moment in which either name is missing."""
    temporary = previous.with_name(f".{previous.name}.{os.getpid()}.tmp")
    remove(temporary)
    try:
        try:
            link(path, temporary)
        except OSError:  # a file system without links
            write_new(temporary, path.read_bytes())
        replace(temporary, previous)
    finally:  # also after success: to rename one name of a file to another one of its names does nothing
        with contextlib.suppress(OSError):
            remove(temporary)
