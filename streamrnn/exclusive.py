"""One caller at a time: what two threads would spoil for each other raises instead."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class HasTurn(Protocol):
    """Something that one thread uses at a time."""

    _turn: threading.Lock


Self = TypeVar("Self", bound=HasTurn)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def exclusive(
    method: Callable[Concatenate[Self, Arguments], Result],
) -> Callable[Concatenate[Self, Arguments], Result]:
    """Let a method refuse to begin while another thread is in one of its kind.

    Kernels run without the GIL, so a second caller would change arrays that the first one is reading. Waiting would
    hide the mistake: whose row came first would be luck.

    Raises
    ------
    RuntimeError
        If another call is under way.
    """

    @functools.wraps(method)
    def guarded(self: Self, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if not self._turn.acquire(False):
            raise in_use(self, method.__name__)
        try:
            return method(self, *args, **kwargs)
        finally:
            self._turn.release()

    return guarded


def in_use(something: HasTurn, method: str) -> RuntimeError:
    """The error of a second caller."""
    return RuntimeError(
        f"{method}: this {type(something).__name__} is in use by another thread; "
        "give each thread its own, or hold a lock around every call"
    )
