"""When to start a kernel. Here is nothing to compile, so this can be imported without the compiler."""

from __future__ import annotations

import sys

LOADED_FROM = 4096  # rows: loading a compiled kernel takes some hundredths of a second
COMPILED_FROM = 200_000  # rows: compiling it takes a second or two, loading the compiler itself half a second
MANY = 8  # rows at once; where they come one by one, somebody may wait for each, and should not wait for a kernel


class KernelStart:
    """Tells when a stream has become so long that a kernel is worth its start.

    Parameters
    ----------
    name : str
        The kernel.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows = 0  # of those that came in numbers
        self._is_at_hand: bool | None = None  # None before it was looked for
        self._is_due = False

    def is_due(self, rows: int) -> bool:
        """Whether to use the kernel from now on, when so many more rows have come at once."""
        if not self._is_due:
            self._rows += rows if rows >= MANY else 0
            self._is_due = self._rows >= COMPILED_FROM or (self._rows >= LOADED_FROM and self._look_for_it())
        return self._is_due

    def _look_for_it(self) -> bool:
        """Whether there is no need to compile it, nor to load the compiler; that it was so once is enough."""
        if self._is_at_hand is None:
            self._is_at_hand = False
            if "numba" in sys.modules:
                from ..machine.cache import is_kept

                self._is_at_hand = is_kept(self._name)
        return self._is_at_hand
