"""The metadata of Arrow IPC messages: what a message claims about its body, checked before the body is read.

Arrow's own reader takes the memory that a message asks for. This one looks first. A message of the "Arrow columnar
format" is::

    FF FF FF FF | int32: length of the metadata | metadata, padded to 8 bytes | body

(streams older than Arrow 0.15 lack the first four bytes). A length of 0 is the end marker. The metadata is a
flatbuffer, after Message.fbs and Schema.fbs of that format; by slot, those fields that are read here:

==================  ====================================================================================================
Message             0 version int16 (3 is V4, 4 is V5), 1 kind of header int8, 2 header, 3 length of the body int64,
                    4 custom metadata [KeyValue]
Schema              1 fields [Field], 2 custom metadata [KeyValue]
Field               0 name string, 2 kind of type int8, 3 type, 4 dictionary DictionaryEncoding, 5 children [Field],
                    6 custom metadata [KeyValue]
DictionaryEncoding  0 id int64
KeyValue            0 key string, 1 value string
RecordBatch         0 rows int64, 1 nodes [struct of int64 length, int64 nulls], 2 buffers [struct of int64 offset,
                    int64 length], 3 compression table, 4 buffers of each string view [int64]
DictionaryBatch     0 id int64, 1 data RecordBatch, 2 is delta int8
==================  ====================================================================================================

Every buffer of a compressed body starts with an int64: its length when unpacked, or -1 if it is stored as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from .flatbuffer import INT8, INT16, INT64, UINT32, MetadataError, Table, Vector

V4, V5 = 3, 4
SCHEMA, DICTIONARY, BATCH = 1, 2, 3  # kinds of header
TIMESTAMP, UNION = 10, 14  # kinds of type that bring a string or a vector

LARGEST_SCHEMA = 64 * 1024 * 1024  # bytes of memory
FIELD = 1024  # bytes that a field, or an entry of its metadata, counts for once it is read
# Arrow 0.17 noted a batch's compression there, before the format had a place for it.
EXPERIMENTAL_COMPRESSION = b"ARROW:experimental_compression"

_PAIR = Struct("<qq")


class Message(NamedTuple):
    """What the metadata of a batch of rows, or of a dictionary, says."""

    dictionary: int | None  # whose values it brings; None for rows
    is_delta: bool  # it adds to a dictionary
    rows: int
    body_length: int
    is_compressed: bool
    buffers: list[tuple[int, int]]  # offset and length in the body
    numbers: tuple[Vector, ...]  # where the length of the body, nodes and buffers stand in the metadata, in int64


def dictionary_ids(metadata: bytes) -> list[int | None]:
    """Return the dictionary of each column of a schema, None for a plain column.

    Raises
    ------
    MetadataError
        If this is no schema, or if it would take more memory than any sensible schema does: parts of a flatbuffer may
        be shared, so that a small one holds billions of fields.
    """
    message = Table.root(metadata)
    schema = message.table(2)
    if message.integer(1, INT8) != SCHEMA or schema is None:
        raise MetadataError("it holds no schema")
    _check_version(message)
    _check_schema_size(message, schema)
    encodings = (field.table(4) for field in schema.tables(1))
    return [None if encoding is None else encoding.integer(0, INT64) for encoding in encodings]


def read_message(metadata: bytes) -> Message:
    """Return what a message says of its body; every buffer lies within that body.

    Raises
    ------
    MetadataError
        If it is no batch of rows and no dictionary, or contradicts itself.
    """
    message = Table.root(metadata)
    kind, header = message.integer(1, INT8), message.table(2)
    if kind not in (DICTIONARY, BATCH) or header is None:
        raise MetadataError(f"a message of kind {kind} is out of place")
    _check_version(message)
    if _key_values_size(message, 4) > LARGEST_SCHEMA:
        raise MetadataError("a message brings too much custom metadata")
    if EXPERIMENTAL_COMPRESSION in metadata:
        raise MetadataError("it is compressed in the experimental way of Arrow 0.17")
    batch = header if kind == BATCH else header.table(1)
    if batch is None:
        raise MetadataError("a dictionary has no data")
    nodes, buffers = batch.vector(1, _PAIR.size), batch.vector(2, _PAIR.size)
    read = Message(
        dictionary=header.integer(0, INT64) if kind == DICTIONARY else None,
        is_delta=kind == DICTIONARY and header.integer(2, INT8) != 0,
        rows=batch.integer(0, INT64),
        body_length=message.integer(3, INT64),
        is_compressed=batch.table(3) is not None,
        buffers=list(_PAIR.iter_unpack(metadata[buffers.place : buffers.place + buffers.items * _PAIR.size])),
        numbers=(message.scalar(3), *(Vector(vector.place, 2 * vector.items) for vector in (nodes, buffers))),
    )
    views = batch.vector(4, INT64.size)
    _check_lengths(read, INT64.iter_unpack(metadata[views.place : views.place + views.items * INT64.size]))
    return read


def unpacked_length(message: Message, body: bytes | memoryview) -> int:
    """Return how many bytes the buffers of a compressed body claim to unpack to.

    Raises
    ------
    MetadataError
        If a claim cannot be true.
    """
    total = 0
    for offset, length in message.buffers:
        if not length:
            continue
        claim = int.from_bytes(body[offset : offset + INT64.size], "little", signed=True)
        if length < INT64.size or claim < -1:
            raise MetadataError("a compressed buffer has no length")
        total += length - INT64.size if claim == -1 else claim
    return total


def emptied(metadata: bytes, message: Message) -> bytes:
    """Return the metadata of the same message without any values, and without a body."""
    empty = bytearray(metadata)
    for place, count in message.numbers:
        empty[place : place + count * INT64.size] = bytes(count * INT64.size)
    return bytes(empty)


def _check_version(message: Table) -> None:
    version = message.integer(0, INT16)
    if version not in (V4, V5):
        raise MetadataError(f"its metadata are of version V{version + 1}; only V4 and V5 can be read")


def _check_lengths(message: Message, views: Iterator[tuple[int]]) -> None:
    """Raise if numbers are negative, or reach out of the body; views: how many buffers each string view has."""
    body = message.body_length
    if message.rows < 0 or body < 0:
        raise MetadataError("a length is negative")
    for offset, length in message.buffers:
        if offset < 0 or length < 0 or offset + length > body:
            raise MetadataError(f"a buffer reaches out of the body of {body:,} bytes")
    counts = [count for (count,) in views]
    if min(counts, default=0) < 0 or sum(counts) > len(message.buffers):
        raise MetadataError("string views name more buffers than there are")


def _check_schema_size(message: Table, schema: Table) -> None:
    size = _key_values_size(message, 4) + _key_values_size(schema, 2)
    waiting = [schema.tables(1)]
    while waiting and size <= LARGEST_SCHEMA:
        field = next(waiting[-1], None)
        if field is None:
            waiting.pop()
            continue
        size += FIELD + field.vector(0, 1).items + _type_size(field) + _key_values_size(field, 6)
        waiting.append(field.tables(5))
    if size > LARGEST_SCHEMA:
        raise MetadataError(f"it takes more than {LARGEST_SCHEMA:,} bytes of memory")


def _type_size(field: Table) -> int:
    kind, type_ = field.integer(2, INT8), field.table(3)
    if type_ is None or kind not in (TIMESTAMP, UNION):
        return 0
    return type_.vector(1, 1).items if kind == TIMESTAMP else 4 * type_.vector(1, 4).items


def _key_values_size(table: Table, slot: int) -> int:
    size = FIELD * table.vector(slot, UINT32.size).items
    for pair in table.tables(slot):
        if size > LARGEST_SCHEMA:
            break
        size += pair.vector(0, 1).items + pair.vector(1, 1).items
    return size
