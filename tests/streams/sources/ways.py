"""The two ways in which text is read, made to be taken."""

import pytest

from streamrnn.kernels.text.start import KernelStart
from streamrnn.streams.sources import fast_text

WAYS = ("fast", "exact")


def read_in(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every block go through the kernel, or none."""
    monkeypatch.setattr(fast_text, "FAST_FROM_BYTES", 1 if way == "fast" else 1 << 60)
    monkeypatch.setattr(KernelStart, "is_due", lambda *_: True)
