"""Arrow IPC messages put together by hand, to say in them what no library would write; slots as in arrow_messages."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

END = b"\xff\xff\xff\xff\0\0\0\0"
SCHEMA, DICTIONARY, BATCH = 1, 2, 3
INT, FLOAT, TEXT, STRUCT = (2, {0: ("i", 64), 1: ("?", True)}), (3, {0: ("h", 2)}), (5, {}), (13, {})  # kinds of type
BIG_ENDIAN = 1

Fields = dict[int, Any]  # by slot: (code of `struct`, number), Fields, a list of Fields, bytes, or Structs


class Structs(list[int]):
    """A vector of pairs of int64, or of single ones."""

    def __init__(self, numbers: Sequence[int], width: int = 2) -> None:
        super().__init__(numbers)
        self.width = width


def flatbuffer(root: Fields) -> bytes:
    """A buffer that starts from this table; what occurs twice in a list is written once, and pointed to twice."""
    data = bytearray(8)
    struct.pack_into("<I", data, 0, _write_table(data, root))
    _align(data)
    return bytes(data)


def message(kind: int, header: Fields, body: bytes = b"", body_length: int | None = None, version: int = 4) -> bytes:
    """A whole message of an IPC stream."""
    length = len(body) if body_length is None else body_length
    metadata = flatbuffer({0: ("h", version), 1: ("B", kind), 2: header, 3: ("q", length)})
    return b"\xff\xff\xff\xff" + struct.pack("<i", len(metadata)) + metadata + body


def field(
    name: str, kind: tuple[int, Fields], children: Sequence[Fields] = (), dictionary: int | None = None
) -> Fields:
    fields = {0: name.encode(), 1: ("?", True), 2: ("B", kind[0]), 3: kind[1], 5: list(children)}
    return fields if dictionary is None else {**fields, 4: {0: ("q", dictionary)}}


def schema(*fields: Fields, endianness: int = 0, version: int = 4) -> bytes:
    return message(SCHEMA, {0: ("h", endianness), 1: list(fields)}, version=version)


def rows(
    count: int, nodes: Sequence[int], buffers: Sequence[int], views: Sequence[int] = (), is_compressed: bool = False
) -> Fields:
    """The header of a batch; nodes are lengths and nulls, buffers are offsets and lengths."""
    header = {0: ("q", count), 1: Structs(nodes), 2: Structs(buffers), 4: Structs(views, 1)}
    return {**header, 3: {0: ("b", 1)}} if is_compressed else header


def values(dictionary: int, header: Fields, is_delta: bool = False) -> Fields:
    """The header of a dictionary."""
    return {0: ("q", dictionary), 1: header, 2: ("?", is_delta)}


def _align(data: bytearray, size: int = 8) -> int:
    data.extend(bytes(-len(data) % size))
    return len(data)


def _write_table(data: bytearray, fields: Fields) -> int:
    codes = {slot: value[0] if isinstance(value, tuple) else "I" for slot, value in fields.items()}
    places, size = {}, 4
    for slot, code in codes.items():
        width = struct.calcsize(f"<{code}")
        size += -size % width
        places[slot] = size
        size += width
    slots = [places.get(slot, 0) for slot in range(max(fields, default=-1) + 1)]
    vtable = _align(data)
    data.extend(struct.pack(f"<{2 + len(slots)}H", 4 + 2 * len(slots), size, *slots))
    table = _align(data)
    data.extend(struct.pack("<i", table - vtable) + bytes(size - 4))
    for slot, value in fields.items():
        place = table + places[slot]
        number = value[1] if isinstance(value, tuple) else _write_target(data, value) - place
        struct.pack_into(f"<{codes[slot]}", data, place, number)
    return table


def _write_target(data: bytearray, value: Any) -> int:
    if isinstance(value, dict):
        return _write_table(data, value)
    if isinstance(value, Structs):
        data.extend(bytes((4 - len(data)) % 8))  # the numbers behind the count are aligned
        data.extend(struct.pack(f"<I{len(value)}q", len(value) // value.width, *value))
        return len(data) - 4 - 8 * len(value)
    place = _align(data)
    data.extend(struct.pack("<I", len(value)))
    if isinstance(value, bytes):
        data.extend(value + b"\0")
        return place
    data.extend(bytes(4 * len(value)))
    written: dict[int, int] = {}
    for item, entry in enumerate(value):
        if id(entry) not in written:
            written[id(entry)] = _write_table(data, entry)
        here = place + 4 + 4 * item
        struct.pack_into("<I", data, here, written[id(entry)] - here)
    return place
