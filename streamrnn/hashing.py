"""One number for a text, the same in every process and on every machine."""

from __future__ import annotations

import hashlib


def text_hash(text: str) -> int:
    """Return 64 bits of a text's BLAKE2 hash (RFC 7693)."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
