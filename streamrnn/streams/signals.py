"""SIGINT and SIGTERM as a wish to stop: what is in hand is finished first, and a second signal ends the process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Self, TypeVar

Item = TypeVar("Item")

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal came in a wait: there is nothing to finish."""


class Signals:
    """While it is entered, a signal to stop is noted instead of obeyed; one that is ignored stays ignored.

    Attributes
    ----------
    received : int, optional
        Number of the signal that came.
    is_waiting : bool
        Whether a signal breaks off what is done now.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.is_waiting = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there handlers can be set
            heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._note) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def waiting(self) -> _Waiting:
        """Let a signal break off what is done in a block with this."""
        return _Waiting(self)

    def until_one(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield what comes, until a signal does; it breaks off the wait for the next."""
        try:
            while True:
                with self.waiting():
                    item = next(items, None)
                if item is None:
                    return
                yield item
        except Interrupted:
            return
        except Exception:
            if self.received is None:  # else it is what Arrow made of the interruption
                raise

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received = number
        for heard in self._before:
            signal.signal(heard, signal.SIG_DFL)
        if self.is_waiting:
            raise Interrupted


class _Waiting:
    """A block that a signal breaks off; a class, because rows wait for it to end."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def __enter__(self) -> None:
        self._signals.is_waiting = True
        if self._signals.received is not None:
            self._signals.is_waiting = False
            raise Interrupted

    def __exit__(self, *_: object) -> None:
        self._signals.is_waiting = False
