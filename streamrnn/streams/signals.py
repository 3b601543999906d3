"""SIGINT and SIGTERM as a wish to stop: what is in hand is finished first, and a second signal ends the process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal came in a wait: there is nothing to finish."""


class Signals:
    """While it is entered, a signal to stop is noted instead of obeyed.

    Attributes
    ----------
    received : int, optional
        Number of the signal that came.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._waiting = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there handlers can be set
            self._before = {number: signal.signal(number, self._note) for number in STOPPING}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal break off what is done in this block."""
        self._waiting = True
        try:
            if self.received is not None:
                raise Interrupted
            yield
        finally:
            self._waiting = False

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received = number
        for other in STOPPING:
            signal.signal(other, signal.SIG_DFL)
        if self._waiting:
            raise Interrupted
