"""Calls in threads of their own: all of them or none, and each to its end, whatever Ctrl-C does meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")


def call_side_by_side(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Make each call in a thread of its own, and wait for all; return what they return, in their order.

    Python hears Ctrl-C in its main thread alone. What comes before all threads stand ready lets none of them begin;
    what comes later is passed on when all have come to their end.

    Raises
    ------
    BaseException
        What the first of the calls, in their order, has raised; the others have come to their end.
    """
    if len(calls) == 1:
        return [calls[0]()]
    gate, may_begin = threading.Event(), False

    def begin(call: Callable[[], Result]) -> Result | None:
        gate.wait()
        return call() if may_begin else None

    with ThreadPoolExecutor(len(calls)) as pool:
        try:
            begun = [pool.submit(begin, call) for call in calls]
            may_begin = True
        finally:
            gate.set()
        interruption = _wait_for(begun)
    if interruption is not None:
        raise interruption
    return [call.result() for call in begun]  # type: ignore[misc]


def _wait_for(begun: Sequence[Future[Result]]) -> KeyboardInterrupt | None:
    """Wait until all are done; return Ctrl-C if it was heard meanwhile."""
    interruption = None
    while True:
        try:
            wait(begun)
            return interruption
        except KeyboardInterrupt as heard:
            interruption = heard
