"""When to start a kernel. Here is nothing to compile, so this can be imported without the compiler."""

from __future__ import annotations

import sys

LOADED_FROM = 4096  # rows: loading a compiled kernel takes some hundredths of a second
COMPILED_FROM = 200_000  # rows: compiling it takes a second or two, loading the compiler itself half a second


class KernelStart:
    """Tells when a stream has become so long that a kernel is worth its start.

    Parameters
    ----------
    name : str
        The kernel.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._due_from = LOADED_FROM
        self._was_looked_for = False

    def is_due(self, rows: int) -> bool:
        """Whether to use the kernel for a stream that has brought so many rows."""
        if rows < self._due_from:
            return False
        if not self._was_looked_for:
            self._was_looked_for = True
            self._due_from = LOADED_FROM if self._is_at_hand() else COMPILED_FROM
        return rows >= self._due_from

    def _is_at_hand(self) -> bool:
        """Whether there is no need to compile it, nor to load the compiler."""
        if "numba" not in sys.modules:
            return False
        from ..cache import is_kept

        return is_kept(self._name)
