"""Whoever watches a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..shards.sharded import AnyLearner


class Listener(Protocol):
    """Is told what goes on in a run."""

    def say(self, text: str) -> None:
        """Hear what is going on."""

    def warn(self, text: str) -> None:
        """Hear what somebody should know."""

    def advance(self, rows: int, learner: AnyLearner) -> None:
        """See that so many rows more are done."""


class _Nobody:
    def say(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def advance(self, rows: int, learner: AnyLearner) -> None: ...


NOBODY: Listener = _Nobody()
