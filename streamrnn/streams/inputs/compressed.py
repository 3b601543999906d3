"""Unpacks gzip and Zstandard as they come: all that can be unpacked is delivered before more is waited for.

So on a live pipe nothing is held back but what its writer has not flushed. Memory is bounded, whatever a stream expands
to: it is unpacked in blocks.
"""

import zlib
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pyarrow

from ..errors import StreamError
from .input import PythonFile

PACKED_BLOCK = 64 * 1024
UNPACKED_BLOCK = 64 * 1024
_GZIP_WINDOW = 31  # zlib's `wbits` for gzip with the largest window


class Unpacker(Protocol):
    """Made of a name for messages, the first packed bytes, and a function that reads at most so many of the others."""

    def __init__(self, name: str, start: bytes, read: Callable[[int], bytes]) -> None: ...

    def read(self, size: int) -> bytes:
        """Return what has come, at most `size` bytes; nothing at the end."""
        ...


class GzipUnpacker:
    """Gzip; members that stand one behind the other are one stream."""

    def __init__(self, name: str, start: bytes, read: Callable[[int], bytes]) -> None:
        self._name = name
        self._packed = start
        self._read = read
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._is_between_members = False
        self._was_full = False  # the last block: the member may hold more of it
        self._unpacked = 0
        self._damage: str | None = None

    def read(self, size: int) -> bytes:
        while self._damage is None:
            if not self._packed and not self._was_full:
                self._packed = self._read(PACKED_BLOCK)
                if not self._packed:
                    if not self._is_between_members:
                        raise _cut_short(self._name, self._unpacked)
                    return b""
            if data := self._unpack(size):
                self._unpacked += len(data)
                return data
        raise _damaged(self._name, self._unpacked, self._damage)

    def _unpack(self, size: int) -> bytes:
        if self._is_between_members:
            self._packed = self._packed.lstrip(b"\0")  # padding
            if not self._packed:
                return b""
            self._is_between_members = False
            self._member = zlib.decompressobj(_GZIP_WINDOW)
        before = self._member.copy()
        try:
            data = self._member.decompress(self._packed, size)
        except zlib.error as error:
            self._damage = str(error)
            return _undamaged(before, self._packed)
        self._is_between_members = self._member.eof
        self._was_full = len(data) == size and not self._member.eof
        self._packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return data


class ZstdUnpacker:
    """Zstandard; frames that stand one behind the other are one stream.

    Arrow's decoder asks for more until it has filled a whole block, and does not say how much it has got when it is
    told that there is no more for now. So there are two, which write into blocks that were nowhere the same: as far as
    the blocks are the same afterwards, they were written.
    """

    def __init__(self, name: str, start: bytes, read: Callable[[int], bytes]) -> None:
        self._name = name
        self._read = read
        self._feeds = _Feed(start), _Feed(start)
        self._decoders = [
            pyarrow.CompressedInputStream(pyarrow.PythonFile(PythonFile(feed.read), mode="r"), "zstd")
            for feed in self._feeds
        ]
        self._is_within_frame = True
        self._unpacked = 0
        self._damage: str | None = None

    def read(self, size: int) -> bytes:
        while self._damage is None:  # behind it a decoder delivers whatever its memory holds
            if data := self._unpack(min(size, UNPACKED_BLOCK)):
                self._unpacked += len(data)
                return data
            if self._damage is None and not self._feed_more():
                return b""
        raise _damaged(self._name, self._unpacked, self._damage)

    def _feed_more(self) -> bool:
        packed = self._read(PACKED_BLOCK)
        if not packed and self._is_within_frame:
            raise _cut_short(self._name, self._unpacked)
        for feed in self._feeds:
            feed.packed = packed
        return bool(packed)

    def _unpack(self, size: int) -> bytes:
        """Return what comes of the packed bytes that were fed."""
        blocks = np.zeros(size, np.uint8), np.full(size, 255, np.uint8)
        for decoder, feed, block in zip(self._decoders, self._feeds, blocks, strict=True):
            feed.was_empty = self._is_within_frame = False
            try:
                decoder.readinto(block)
            except OSError as error:
                self._is_within_frame = feed.was_empty
                self._damage = None if feed.was_empty else str(error)
        differs = blocks[0] != blocks[1]
        return blocks[0][: differs.argmax() if differs.any() else size].tobytes()


class _Feed:
    """Packed bytes for a decoder; when they are used up it is told that the stream has ended, and asks again later."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self.was_empty = False

    def read(self, size: int) -> bytes:
        self.was_empty = not self.packed
        data, self.packed = self.packed[:size], self.packed[size:]
        return data


UNPACKERS: dict[str, type[Unpacker]] = {"gzip": GzipUnpacker, "zstd": ZstdUnpacker}


def _undamaged(member: "zlib._Decompress", packed: bytes) -> bytes:
    """Return what comes before the damage, which zlib withholds if it meets both in one go."""
    unpacked = bytearray()
    try:
        for place in range(len(packed)):
            unpacked += member.decompress(packed[place : place + 1])
    except zlib.error:
        pass
    return bytes(unpacked)


def _cut_short(name: str, unpacked: int) -> StreamError:
    return StreamError(f"{name} cannot be read: its compressed data are cut short, after {unpacked:,} unpacked bytes")


def _damaged(name: str, unpacked: int, reason: str) -> StreamError:
    return StreamError(
        f"{name} cannot be read: its compressed data are damaged, after {unpacked:,} unpacked bytes: {reason}"
    )
