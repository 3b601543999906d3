"""Compressed streams: live ones are prompt, damaged ones give what came before, none takes much memory."""

import gzip
import io
import random
import shutil
import subprocess
import tracemalloc
import zlib

import pyarrow as pa
import pytest

from streamrnn.streams import StreamError, open_source
from streamrnn.streams.inputs.compressed import UNPACKED_BLOCK, UNPACKERS
from streamrnn.streams.inputs.input import Input

CODECS = ["gzip", "zstd"]
LINES = b"".join(b"%d,%d\n" % (number, number * number) for number in range(30_000))


def pack(data, codec):
    return pa.compress(data, codec, asbytes=True)


def unpacker_of(pieces, codec):
    """An unpacker of bytes that come in pieces, as reads of a pipe bring them."""
    rest = iter(pieces)
    return UNPACKERS[codec]("log", next(rest, b""), lambda most: next(rest, b""))


def unpack(pieces, codec, size=1 << 16):
    unpacker = unpacker_of(pieces, codec)
    return b"".join(iter(lambda: unpacker.read(size), b""))


def flushed(parts, codec):
    """Compress parts into one stream that is flushed after each: what a live writer sends for each of them."""
    sink = io.BytesIO()
    compressed = pa.CompressedOutputStream(sink, codec)
    sent = []
    for part in parts:
        compressed.write(part)
        compressed.flush()
        sent.append(sink.getvalue()[sum(map(len, sent)) :])
    return sent


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", [1, 1000, 10_000_000])
def test_what_comes_out_is_what_was_packed_however_it_is_read(codec, size):
    data = LINES[:5000] if size == 1 else LINES
    assert unpack([pack(data, codec)], codec, size) == data


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_what_comes_out_is_what_was_packed_however_it_is_cut(codec, size):
    packed = pack(LINES[:10_000], codec) + pack(b"", codec) + pack(LINES[10_000:20_000], codec)
    assert unpack([packed[place : place + size] for place in range(0, len(packed), size)], codec) == LINES[:20_000]


@pytest.mark.parametrize("codec", CODECS)
def test_bytes_that_look_like_what_stands_in_an_empty_block_are_not_lost(codec):
    parts = [b"\0", b"\xff", b"\0\0\xff", b"\xff" * UNPACKED_BLOCK, b"\0" * UNPACKED_BLOCK, b"\xff\0"]
    unpacker = unpacker_of(flushed(parts, codec), codec)
    assert [unpacker.read(UNPACKED_BLOCK) for _ in parts] == parts


@pytest.mark.parametrize("codec", CODECS)
def test_all_is_out_before_more_is_asked_for_in_blocks_of_any_size(codec):
    def unpacked_at_each_request(size):
        packed, unpacked, seen = iter(b"".join(flushed([bytes(2000), LINES[:100]], codec))), 0, []

        def next_byte(most):
            seen.append(unpacked)
            return bytes([byte]) if (byte := next(packed, None)) is not None else b""

        unpacker = UNPACKERS[codec]("log", b"", next_byte)
        with pytest.raises(StreamError, match="cut short"):
            while True:
                unpacked += len(unpacker.read(size))
        return seen

    assert unpacked_at_each_request(1) == unpacked_at_each_request(10_000)


@pytest.mark.parametrize("codec", CODECS)
def test_a_read_of_more_than_there_is_memory_takes_what_there_is(codec):
    assert unpack([pack(LINES, codec)], codec, size=1 << 50) == LINES


@pytest.mark.parametrize("codec", CODECS)
def test_a_row_that_was_flushed_is_out_before_more_is_waited_for(pipe, promptly, codec):
    header, first, second = flushed([b"x\n", b"1\n", b"2\n"], codec)
    pipe.write(header)
    pipe.write(first)
    source = promptly(lambda: open_source(pipe.path))
    batches = source.batches(["x"], [])
    assert promptly(lambda: next(batches)).table.to_pydict() == {"x": [1.0]}
    pipe.write(second)
    assert promptly(lambda: next(batches)).table.to_pydict() == {"x": [2.0]}


@pytest.mark.parametrize("codec", CODECS)
def test_a_row_that_is_a_stream_of_its_own_is_out_before_more_is_waited_for(pipe, promptly, codec):
    stream = Input(pipe.path)
    for line in (b"1\n", b"2\n", b"3\n"):
        pipe.write(pack(line, codec))
        if line == b"1\n":
            promptly(lambda: stream.peek(8))
            stream.decompress(codec)
        assert promptly(stream.read) == line


@pytest.mark.skipif(not shutil.which("gzip"), reason="there is no gzip program")
def test_what_the_gzip_program_writes_is_read(pipe, promptly, tmp_path):
    (tmp_path / "log").write_bytes(LINES)
    packed = subprocess.run(["gzip", "-c", tmp_path / "log"], capture_output=True, check=True).stdout
    assert unpack([packed], "gzip") == LINES


def test_padding_behind_gzip_is_no_data():
    assert unpack([pack(b"one\n", "gzip"), b"\0" * 512, b"\0" * 512, pack(b"two\n", "gzip")], "gzip") == b"one\ntwo\n"


def test_another_thing_behind_gzip_is_told():
    unpacker = unpacker_of([pack(b"one\n", "gzip") + b"hello"], "gzip")
    assert unpacker.read(100) == b"one\n"
    with pytest.raises(
        StreamError, match=r"^log cannot be read: its compressed data are damaged, after 4 unpacked bytes"
    ):
        unpacker.read(100)


@pytest.mark.parametrize("codec", CODECS)
def test_of_a_truncated_stream_what_came_is_delivered_before_the_error(codec):
    header, first, second = flushed([b"x\n", b"1\n", b"2\n"], codec)
    unpacker = unpacker_of([header + first + second[:-1]], codec)
    assert unpacker.read(4) == b"x\n1\n"
    message = r"^log cannot be read: its compressed data are cut short, after [456] unpacked bytes$"
    with pytest.raises(StreamError, match=message):
        while unpacker.read(100):
            pass
    with pytest.raises(StreamError, match=message):
        unpacker.read(100)


@pytest.mark.parametrize("codec", CODECS)
def test_a_truncated_stream_is_told_wherever_it_was_cut(codec):
    packed = pack(LINES[:300], codec)
    for length in range(1, len(packed)):
        with pytest.raises(StreamError, match="cut short"):
            unpack([packed[:length]], codec)


@pytest.mark.parametrize("codec", CODECS)
def test_of_a_damaged_stream_what_stands_before_is_delivered_before_the_error(codec):
    packed = flushed([b"1\n" * 1000, b"2\n" * 1000], codec)
    unpacker = unpacker_of([packed[0], b"\xff" * 50], codec)
    delivered = b""
    with pytest.raises(
        StreamError, match=r"^log cannot be read: its compressed data are damaged, after 2,0\d\d unpacked bytes: "
    ):
        while data := unpacker.read(100):
            delivered += data
    assert delivered.startswith(b"1\n" * 1000)


def test_of_gzip_with_a_wrong_checksum_all_is_delivered_before_the_error():
    packed = bytearray(pack(LINES[:3000], "gzip"))
    packed[-5] ^= 1
    unpacker = unpacker_of([bytes(packed)], "gzip")
    assert unpacker.read(10_000) == LINES[:3000]
    with pytest.raises(StreamError, match=r"after 3,000 unpacked bytes: .*incorrect data check"):
        unpacker.read(100)


@pytest.mark.parametrize("codec", CODECS)
def test_damage_anywhere_is_an_error_in_words_or_harmless(codec):
    packed, chance = pack(LINES[:3000], codec), random.Random(5)
    for _ in range(500):
        mutant = bytearray(packed)
        mutant[chance.randrange(len(mutant))] ^= 1 << chance.randrange(8)
        try:
            unpack([bytes(mutant)], codec)
        except StreamError as error:
            assert str(error).startswith("log cannot be read: its compressed data are ")


@pytest.mark.parametrize("codec", CODECS)
def test_what_expands_without_end_takes_no_memory(codec):
    bomb = pack(bytes(50_000_000), codec)
    unpacker, unpacked = unpacker_of([bomb], codec), 0
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    while data := unpacker.read(1 << 18):
        assert len(data) <= 1 << 18
        assert pa.total_allocated_bytes() - before < 5_000_000
        unpacked += len(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert unpacked == 50_000_000
    assert peak < 5_000_000


def test_gzip_of_any_window_is_read():
    for level, bits in ((0, 25), (1, 31), (9, 31)):
        packer = zlib.compressobj(level, wbits=bits)
        assert unpack([packer.compress(LINES) + packer.flush()], "gzip") == LINES
    assert unpack([gzip.compress(LINES)], "gzip") == LINES


@pytest.mark.parametrize("codec", CODECS)
def test_of_a_stream_with_damage_behind_it_nothing_is_delivered_that_was_not_packed(codec):
    unpacker, unpacked = unpacker_of([pack(LINES[:100], codec) + b"neither nor"], codec), b""
    with pytest.raises(StreamError, match=r"damaged, after 100 unpacked bytes: "):
        while data := unpacker.read(1 << 16):
            unpacked += data
    assert unpacked == LINES[:100]
