"""Whoever watches a replay."""

from typing import Protocol


class Listener(Protocol):
    """Is told what goes on."""

    def say(self, text: str) -> None:
        """Hear what is going on."""

    def warn(self, text: str) -> None:
        """Hear what somebody should know."""
