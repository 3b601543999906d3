"""A reader of flatbuffers that trusts nothing: whatever is read is first checked to lie within the buffer.

The layout, after FlatBuffers' own description of its internals. All integers are little-endian.

==========  ============================================================================================================
buffer      starts with uint32: where its root table stands
table       starts with int32: how far *before* it its vtable stands; then its scalars and structs, and offsets to the
            rest
vtable      uint16: its own size in bytes; uint16: the table's; then for each field a uint16: where in the table it
            stands, or 0 if it is absent. A field is known by its place in this list, its slot
offset      uint32: how far behind itself the table, vector or string stands
vector      uint32: how many items; then the items. A string is a vector of bytes
==========  ============================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from struct import error as struct_error
from typing import NamedTuple

INT8, INT16, INT32, INT64 = Struct("<b"), Struct("<h"), Struct("<i"), Struct("<q")
UINT16, UINT32 = Struct("<H"), Struct("<I")


class MetadataError(ValueError):
    """Metadata are damaged, or ask for what cannot be; the text goes on after "the stream is damaged: "."""


class Vector(NamedTuple):
    """Items that stand one behind the other."""

    place: int  # of the first item in the buffer
    items: int


class Table:
    """A table of a flatbuffer; its fields are found by their slots."""

    __slots__ = ("_data", "_offsets", "_place")

    def __init__(self, data: bytes, place: int) -> None:
        self._data = data
        self._place = place
        vtable = place - _read(data, place, INT32)
        size = _read(data, vtable, UINT16)
        if vtable + size > len(data):
            raise MetadataError("its metadata point beyond their end")
        self._offsets = data[vtable + 4 : vtable + size]  # two bytes for each slot

    @classmethod
    def root(cls, data: bytes) -> Table:
        """Return the table that a buffer starts from."""
        return cls(data, _read(data, 0, UINT32))

    def integer(self, slot: int, kind: Struct) -> int:
        """Return a scalar field, 0 if it is absent."""
        place = self._field(slot)
        return _read(self._data, place, kind) if place else 0

    def scalar(self, slot: int) -> Vector:
        """Return where a scalar field stands, as a vector of one item; an absent one has none."""
        place = self._field(slot)
        return Vector(place, 1 if place else 0)

    def table(self, slot: int) -> Table | None:
        """Return the table that a field points to, None if it is absent."""
        place = self._target(slot)
        return Table(self._data, place) if place else None

    def vector(self, slot: int, item_size: int) -> Vector:
        """Return where a vector of such items stands; all of it lies within the buffer. An absent one is empty."""
        place = self._target(slot)
        if not place:
            return Vector(0, 0)
        count = _read(self._data, place, UINT32)
        if place + 4 + count * item_size > len(self._data):
            raise MetadataError(f"a vector names {count:,} items where there is room for fewer")
        return Vector(place + 4, count)

    def tables(self, slot: int) -> Iterator[Table]:
        """Yield the tables that a vector of offsets points to."""
        first, count = self.vector(slot, UINT32.size)
        for place in range(first, first + count * UINT32.size, UINT32.size):
            yield Table(self._data, place + _read(self._data, place, UINT32))

    def _field(self, slot: int) -> int:
        """Return where in the buffer a field stands, 0 if it is absent."""
        offset = int.from_bytes(self._offsets[2 * slot : 2 * slot + 2], "little")
        return self._place + offset if offset else 0

    def _target(self, slot: int) -> int:
        """Return where in the buffer the thing stands that a field points to, 0 if it is absent."""
        place = self._field(slot)
        return place + _read(self._data, place, UINT32) if place else 0


def _read(data: bytes, place: int, kind: Struct) -> int:
    if place < 0:  # which Python would count from the end
        raise MetadataError("its metadata point before their start")
    try:
        (value,) = kind.unpack_from(data, place)
    except struct_error:
        raise MetadataError("its metadata point beyond their end") from None
    return int(value)
