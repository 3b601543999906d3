"""The two ways in which text is read, made to be taken."""

import pytest

from streamrnn.kernels.text.start import KernelStart

WAYS = ("fast", "exact")


def read_in(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every block go through the kernel, or none."""
    monkeypatch.setattr(KernelStart, "is_due", lambda *_: way == "fast")
