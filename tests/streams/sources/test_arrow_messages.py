"""Metadata of Arrow messages: read as Arrow means them, and refused when they cannot be true."""

import random
import struct

import pyarrow as pa
import pyarrow.ipc
import pytest

from streamrnn.streams.sources.arrow_messages import dictionary_ids, emptied, read_message, unpacked_length
from streamrnn.streams.sources.flatbuffer import MetadataError

from .arrow_by_hand import (
    BATCH,
    DICTIONARY,
    FLOAT,
    SCHEMA,
    STRUCT,
    TEXT,
    field,
    flatbuffer,
    message,
    rows,
    schema,
    values,
)

TABLE = pa.table(
    {
        "x": [1.0, None, 3.0],
        "name": pa.array(["a", "b", "a"]).dictionary_encode(),
        "view": pa.array(["a" * 30, "b", None], pa.string_view()),
        "count": [1, 2, 3],
        "kind": pa.array(["p", None, "q"]).dictionary_encode(),
    }
)


def metadata_of(data: bytes) -> bytes:
    return data[8 : 8 + int.from_bytes(data[4:8], "little")]


def messages_of(table: pa.Table, **options) -> list[tuple[bytes, bytes]]:
    """Metadata and body of each message but the schema, as Arrow itself reads them."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    _, *messages = pa.ipc.MessageReader.open_stream(sink.getvalue())
    return [(message.metadata.to_pybytes(), message.body.to_pybytes()) for message in messages]


@pytest.mark.parametrize("compression", [None, "zstd"])
def test_a_message_says_what_arrow_put_into_it(compression):
    *dictionaries, (metadata, body) = messages_of(TABLE, compression=compression)
    batch = read_message(metadata)
    assert (batch.dictionary, batch.is_delta, batch.rows) == (None, False, 3)
    assert batch.body_length == len(body)
    assert batch.is_compressed is (compression is not None)
    assert len(batch.buffers) == 2 + 2 + 3 + 2 + 2
    if not compression:
        offset, length = batch.buffers[1]
        assert struct.unpack("<3d", body[offset : offset + length])[::2] == (1.0, 3.0)
    assert [read_message(metadata).dictionary for metadata, _ in dictionaries] == [0, 1]


def test_the_unpacked_length_is_that_of_the_buffers():
    table = pa.table({"x": [0.0] * 1000, "n": pa.array(range(1000), pa.int32())})
    ((metadata, body),) = messages_of(table, compression="lz4")
    assert unpacked_length(read_message(metadata), body) == 8000 + 4000


def test_the_schema_tells_which_dictionary_a_column_has():
    assert dictionary_ids(metadata_of(TABLE.schema.serialize().to_pybytes())) == [None, 0, None, None, 1]


def test_an_emptied_dictionary_is_one_without_values_to_arrow_too():
    table = pa.table({"name": TABLE["name"]})
    (dictionary, _), (batch, body) = messages_of(table, compression="zstd")
    data = table.schema.serialize().to_pybytes()
    for metadata, rest in ((emptied(dictionary, read_message(dictionary)), b""), (batch, body)):
        data += b"\xff\xff\xff\xff" + struct.pack("<i", len(metadata)) + metadata + rest
    column = pa.ipc.open_stream(data).read_next_batch().column("name")
    assert len(column.dictionary) == 0
    assert column.indices.to_pylist() == [0, 1, 0]


BODY = bytes(16)
LIES = {
    "more bytes than the body has": rows(2, [2, 0], [0, 0, 0, 24]),
    "a start behind the body": rows(2, [2, 0], [0, 0, 8, 16]),
    "an offset that overflows": rows(2, [2, 0], [0, 0, 2**63 - 1, 16]),
    "a length that overflows": rows(2, [2, 0], [0, 0, 16, 2**63 - 1]),
    "a negative offset": rows(2, [2, 0], [0, 0, -8, 16]),
    "a negative length": rows(2, [2, 0], [0, 0, 0, -16]),
    "a negative number of rows": rows(-2, [2, 0], [0, 0, 0, 16]),
    "more views than buffers": rows(2, [2, 0], [0, 0, 0, 16], views=[2**31 - 1]),
    "more views than buffers together": rows(2, [2, 0], [0, 0, 0, 16], views=[2, 1]),
    "fewer views than none": rows(2, [2, 0], [0, 0, 0, 16], views=[-1]),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_batch_that_contradicts_itself_is_refused(lie):
    read_message(metadata_of(message(BATCH, rows(2, [2, 0], [0, 0, 0, 16]), BODY)))
    with pytest.raises(MetadataError):
        read_message(metadata_of(message(BATCH, LIES[lie], BODY)))
    with pytest.raises(MetadataError):
        read_message(metadata_of(message(DICTIONARY, values(0, LIES[lie]), BODY)))


def test_a_body_of_negative_length_is_refused():
    with pytest.raises(MetadataError, match="is negative"):
        read_message(metadata_of(message(BATCH, rows(0, [], []), body_length=-8)))


@pytest.mark.parametrize("claim", [-2, -(2**63)])
def test_a_compressed_buffer_of_negative_length_is_refused(claim):
    body = struct.pack("<q", claim) + bytes(8)
    batch = read_message(metadata_of(message(BATCH, rows(1, [1, 0], [0, 0, 0, 16], is_compressed=True), body)))
    with pytest.raises(MetadataError, match="a compressed buffer has no length"):
        unpacked_length(batch, body)


def test_a_compressed_buffer_may_be_stored_as_it_is():
    body = struct.pack("<qd", -1, 1.5)
    batch = read_message(metadata_of(message(BATCH, rows(1, [1, 0], [0, 0, 0, 16], is_compressed=True), body)))
    assert unpacked_length(batch, body) == 8


@pytest.mark.parametrize(("version", "name"), [(2, "V3"), (5, "V6"), (-1, "V0")])
def test_metadata_of_other_versions_are_refused(version, name):
    text = f"its metadata are of version {name}; only V4 and V5 can be read"
    for read, data in (
        (dictionary_ids, schema(field("x", FLOAT), version=version)),
        (read_message, message(BATCH, rows(0, [], []), version=version)),
    ):
        with pytest.raises(MetadataError, match=text):
            read(metadata_of(data))


def test_compression_as_arrow_0_17_noted_it_is_refused():
    metadata = metadata_of(message(BATCH, rows(0, [], []), version=3)) + b"ARROW:experimental_compression\0\0"
    with pytest.raises(MetadataError, match=r"experimental way of Arrow 0\.17"):
        read_message(metadata)


def test_a_message_of_another_kind_is_refused():
    with pytest.raises(MetadataError, match="a message of kind 4 is out of place"):
        read_message(metadata_of(message(4, {})))
    with pytest.raises(MetadataError, match="it holds no schema"):
        dictionary_ids(metadata_of(message(BATCH, rows(0, [], []))))


def doubled(depth: int) -> dict:
    """A column of structs in structs, 2 ** depth of them; each pair of twins is one field that is pointed to twice."""
    column = field("x", FLOAT)
    for _ in range(depth):
        column = field("s", STRUCT, [column, column])
    return column


@pytest.mark.parametrize(
    "metadata",
    [
        metadata_of(schema(doubled(60))),
        metadata_of(schema(*[field("x" * 1_000_000, TEXT)] * 99)),
        metadata_of(message(SCHEMA, {1: [], 2: [{0: b"k" * 1_000_000, 1: b""}] * 99})),
    ],
    ids=["fields", "names", "metadata"],
)
def test_a_small_schema_that_spreads_over_much_memory_is_refused(metadata):
    assert len(metadata) < 2_000_000
    with pytest.raises(MetadataError, match=r"^it takes more than 67,108,864 bytes of memory$"):
        dictionary_ids(metadata)


def test_metadata_of_a_batch_that_spread_over_much_memory_are_refused():
    spread = {0: ("h", 4), 1: ("B", BATCH), 2: rows(0, [], []), 4: [{0: b"k" * 1_000_000}] * 99}
    with pytest.raises(MetadataError, match="too much custom metadata"):
        read_message(flatbuffer(spread))


def test_a_schema_with_thousands_of_columns_is_read():
    names = [f"column {number}" for number in range(5000)]
    metadata = metadata_of(pa.schema([(name, pa.float64()) for name in names]).serialize().to_pybytes())
    assert dictionary_ids(metadata) == [None] * 5000


def test_damaged_metadata_are_refused_and_nothing_else_happens():
    generator = random.Random(5)
    seeds = [metadata for metadata, _ in messages_of(TABLE, compression="zstd")]
    outcomes = set()
    for _ in range(3000):
        mutant = bytearray(generator.choice(seeds))
        for _ in range(generator.randint(1, 3)):
            mutant[generator.randrange(len(mutant))] = generator.choice([0, 1, 127, 128, 255, generator.randrange(256)])
        try:
            batch = read_message(bytes(mutant[: generator.randint(1, len(mutant))]))
            assert all(0 <= offset <= offset + length <= batch.body_length for offset, length in batch.buffers)
            outcomes.add("read")
        except MetadataError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
