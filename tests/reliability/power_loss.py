"""A disk that forgets: what may be left after a power failure at any moment of a run.

A run's operations on files are recorded. At a moment, the content of each file is durable up to its last `sync`; of
what was written to it since, any beginning may be there, even half of a write. Names are durable up to the last
`sync_directory` of their directory; of what was done to them since, any part may be there. Contents and names do not
wait for each other. (Pillai et al. 2014, "All file systems are not created equal".)
"""

from __future__ import annotations

import os
import random
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any

import pytest
from reliability.crashes import OPERATIONS, files_in

from streamrnn import files

Names = dict[str, "File"]
NameChange = Callable[[Names], Names]


@dataclass
class File:
    """One file, under whatever names: what was done to its content, and how much of it is durable."""

    start: bytes = b""
    changes: list[tuple[str, Any]] = field(default_factory=list)  # ("write", data) or ("truncate", length)
    durable: int = 0  # of the changes

    def contents(self) -> Iterator[bytes]:
        """Yield what its content may be."""
        known = len(self.changes)
        for count in range(self.durable, known + 1):
            yield _applied(self.start, self.changes[:count])
        if known > self.durable and self.changes[-1][0] == "write":
            half = self.changes[-1][1][: len(self.changes[-1][1]) // 2]
            yield _applied(self.start, [*self.changes[:-1], ("write", half)])


def _applied(content: bytes, changes: list[tuple[str, Any]]) -> bytes:
    for what, value in changes:
        content = content[:value] if what == "truncate" else content + value
    return content


class Disk:
    """Records operations, and yields what a power failure may leave.

    Parameters
    ----------
    folder : Path
        Only files in it are recorded.
    forget : str, optional
        Where in the code a `sync` or a `sync_directory` does nothing: a name from `syncs`.

    Attributes
    ----------
    syncs : set of str
        Where in the code something is flushed: file and function, and the name of what is flushed.
    """

    def __init__(self, folder: Path, forget: str | None = None) -> None:
        self._folder = folder
        self._names: Names = {
            self._name_of(path): File(path.read_bytes()) for path in files_in(folder) if self._is_here(path)
        }
        self._durable_names = dict(self._names)
        self._name_changes: list[tuple[Path, NameChange]] = []  # with their directory: those that are not durable
        self._open: dict[int, File] = {}
        self._forget = forget
        self.syncs: set[str] = set()

    def note(self, name: str, arguments: tuple[Any, ...], original: Callable[..., Any]) -> Any:
        """Do an operation, and take note of what it did."""
        result = original(*arguments)
        getattr(self, f"_note_{name}", lambda *_: None)(result, *arguments)
        return result

    def states(self) -> Iterator[dict[str, bytes]]:
        """Yield every folder that a power failure may leave now, as contents by name."""
        changes = self._name_changes
        for some in chain.from_iterable(combinations(changes, count) for count in range(len(changes) + 1)):
            names = self._durable_names
            for _, change in some:
                names = change(names)
            distinct = {id(file): file for file in names.values()}
            for contents in product(*(list(file.contents()) for file in distinct.values())):
                by_file = dict(zip(distinct, contents, strict=True))
                yield {name: by_file[id(file)] for name, file in names.items()}

    def some_state(self, generator: random.Random) -> dict[str, bytes]:
        """Return one of them: where flushes are forgotten there are soon too many to look at."""
        names = self._durable_names
        for _, change in self._name_changes:
            if generator.random() < 0.5:
                names = change(names)
        contents = {id(file): generator.choice(list(file.contents())) for file in names.values()}
        return {name: contents[id(file)] for name, file in names.items()}

    def _is_here(self, path: Any) -> bool:
        path = Path(path).absolute()
        return path.is_relative_to(self._folder) and not path.name.endswith(".lock")

    def _name_of(self, path: Any) -> str:
        return str(Path(path).absolute().relative_to(self._folder))

    def _change_names(self, path: Any, change: NameChange) -> None:
        self._names = change(self._names)
        self._name_changes.append((Path(path).absolute().parent, change))

    def _note_open_file(self, descriptor: int, path: Any, flags: int) -> None:
        if not self._is_here(path) or not flags & (os.O_WRONLY | os.O_RDWR):
            return
        name = self._name_of(path)
        if name not in self._names:
            file = File()
            self._change_names(path, lambda names: {**names, name: file})
        elif flags & os.O_TRUNC:
            self._names[name].changes.append(("truncate", 0))
        self._open[descriptor] = self._names[name]

    def _note_write(self, written: int, descriptor: int, data: Any) -> None:
        if descriptor in self._open:
            self._open[descriptor].changes.append(("write", bytes(data[:written])))

    def _note_truncate(self, _: None, descriptor: int, length: int) -> None:
        if descriptor in self._open:
            self._open[descriptor].changes.append(("truncate", length))

    def _note_close(self, _: None, descriptor: int) -> None:
        self._open.pop(descriptor, None)

    def _note_link(self, _: None, path: Any, other: Any) -> None:
        file = self._names[self._name_of(path)]
        self._change_names(other, lambda names: {**names, self._name_of(other): file})

    def _note_replace(self, _: None, path: Any, target: Any) -> None:
        old, new, file = self._name_of(path), self._name_of(target), self._names[self._name_of(path)]
        self._change_names(target, lambda names: {**{name: names[name] for name in names if name != old}, new: file})

    def _note_remove(self, _: None, path: Any) -> None:
        gone = self._name_of(path) if self._is_here(path) else None
        if gone in self._names:
            self._change_names(path, lambda names: {name: names[name] for name in names if name != gone})

    def _note_sync(self, _: None, descriptor: int) -> None:
        file = self._open.get(descriptor)
        if file is not None and not self._is_forgotten(next(name for name in self._names if self._names[name] is file)):
            file.durable = len(file.changes)

    def _note_sync_directory(self, _: None, path: Any) -> None:
        if not self._is_here(path) or self._is_forgotten("the directory"):
            return
        directory, rest = Path(path).absolute().parent, []
        for place, change in self._name_changes:
            if place == directory:
                self._durable_names = change(self._durable_names)
            else:
                rest.append((place, change))
        self._name_changes = rest

    def _is_forgotten(self, what: str) -> bool:
        frame = next(
            frame for frame in reversed(traceback.extract_stack()) if "tests" not in Path(frame.filename).parts
        )
        what = "the model" if what.startswith("models/.model") else what
        place = f"{Path(frame.filename).name}: {frame.name}: {what}"
        self.syncs.add(place)
        return place == self._forget


def patch(monkeypatch: pytest.MonkeyPatch, disk: Disk, look: Callable[[], None]) -> None:
    """Let a disk take note of every operation, and somebody look at it before each."""
    for name in OPERATIONS:
        monkeypatch.setattr(files, name, _noted(disk, look, name, getattr(files, name)))


def _noted(disk: Disk, look: Callable[[], None], name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*arguments: Any) -> Any:
        look()
        return disk.note(name, arguments, original)

    return operation
