"""Changes to a stream that are likely to hurt: each knows a little of what a format's parser looks for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Mutator = Callable[[bytearray, random.Random], None]

INTERESTING = [
    0,
    1,
    -1,
    2,
    7,
    8,
    127,
    128,
    255,
    256,
    2**15,
    2**16,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**62,
    2**63 - 1,
]
LONGEST = 60_000  # bytes: what is longer does not fit into a pipe
DEEP = 3000


def mutate(
    data: bytes, body: slice, others: Sequence[bytes], mutators: Sequence[Mutator], chance: random.Random
) -> bytes:
    """Change a stream in one place or in several; now and then a piece of another stream gets into it.

    What stands outside of its `body` mostly stays as it is: a stream whose first bytes are damaged is soon refused.
    """
    part = body if chance.random() < 0.7 else slice(0, len(data))
    mutant = bytearray(data[part])
    for _ in range(chance.choice((1, 1, 1, 1, 1, 2, 2, 3, 4, 8))):
        if chance.random() < 0.05:
            splice(mutant, chance.choice(others), chance)
        else:
            chance.choice(mutators)(mutant, chance)
        del mutant[LONGEST:]
    return (data[: part.start] + bytes(mutant) + data[part.stop :])[:LONGEST]


def splice(data: bytearray, other: bytes, chance: random.Random) -> None:
    """Go on with another stream from some place."""
    data[chance.randint(0, len(data)) :] = other[chance.randint(0, len(other)) :]


# --- any bytes --------------------------------------------------------------------------------------------------------


def flip_bit(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def set_byte(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def set_integer(data: bytearray, chance: random.Random) -> None:
    """Put a number that is a limit somewhere where a length may stand."""
    size = chance.choice((2, 4, 4, 8, 8))
    place = _aligned_place(data, size, chance)
    number = chance.choice((*INTERESTING, len(data), len(data) - place)) * chance.choice((1, 1, 1, -1))
    data[place : place + size] = (number % 2 ** (8 * size)).to_bytes(size, "little")


def change_integer(data: bytearray, chance: random.Random) -> None:
    """Add a little to a number, or double, halve or negate it."""
    size = chance.choice((4, 8))
    for _ in range(20):
        place = _aligned_place(data, size, chance)
        if any(data[place : place + size]):
            break
    number = int.from_bytes(data[place : place + size], "little", signed=True)
    change = chance.choice((number + 1, number - 1, number + 8, number - 8, 2 * number, number // 2, -number))
    data[place : place + size] = (change % 2 ** (8 * size)).to_bytes(size, "little")


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


def remove_piece(data: bytearray, chance: random.Random) -> None:
    start, end = _piece(data, chance)
    del data[start:end]


def repeat_piece(data: bytearray, chance: random.Random) -> None:
    start, end = _piece(data, chance)
    data[end:end] = data[start:end] * chance.choice((1, 1, 2, 10))


def move_piece(data: bytearray, chance: random.Random) -> None:
    start, end = _piece(data, chance)
    piece = data[start:end]
    del data[start:end]
    place = chance.randint(0, len(data))
    data[place:place] = piece


def insert_noise(data: bytearray, chance: random.Random) -> None:
    place = chance.randint(0, len(data))
    data[place:place] = chance.randbytes(chance.choice((1, 4, 8, 64)))


def _aligned_place(data: bytearray, size: int, chance: random.Random) -> int:
    alignment = chance.choice((1, 4, 8))
    return chance.randrange(max(1, len(data) - size + 1)) // alignment * alignment


def _piece(data: bytearray, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.choice((1, 4, 8, 16, 100, 1000)))


# --- text -------------------------------------------------------------------------------------------------------------

MARKS = [b" ", *b'" \' , ; \t # \n \r \r\n \n\n "" "\n ", \0 \x1c'.split(b" ")]
BROKEN_UTF8 = b"\xff \x80 \xc3 \xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf \xef\xbb\xbf \xfe\xff".split()
ODD_NUMBERS = (
    b"1e999 -1e999 1e-999 2e308 4.9e-324 -0 123456789012345678901234567890 18446744073709551616 nan -inf NaN -Infinity "
    b"NA True 1_000 0x10 1e e5 . - + +-1 --1 1..2 1e+ 1d5 1f 1,5 \xd9\xa1"
).split()
NUMBERS = [*ODD_NUMBERS, b"1 2", b"9" * 400, b"0." + b"0" * 400 + b"1", b"1" + b"0" * 5000]
PIECES_OF_JSON = (
    rb'{ } [ ] : {} [] null true // \ "\ud800" "\u0000" "\x" {"a":1,"a":2} {"load":1} "load": ,"extra":1'.split()
)
JSON = [*PIECES_OF_JSON, b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP]


def inserter_of(pieces: Sequence[bytes]) -> Mutator:
    """Make a mutator that inserts one of these, or puts it in the place of something."""

    def insert(data: bytearray, chance: random.Random) -> None:
        start, end = _piece(data, chance)
        data[start : chance.choice((start, start + 1, end))] = chance.choice(pieces) * chance.choice((1, 1, 1, 2, 50))

    return insert


def repeat_line(data: bytearray, chance: random.Random) -> None:
    lines = data.split(b"\n")
    lines.insert(chance.randint(0, len(lines)), chance.choice(lines) * chance.choice((1, 1, 2, 20)))
    data[:] = b"\n".join(lines)


def remove_line(data: bytearray, chance: random.Random) -> None:
    lines = data.split(b"\n")
    del lines[chance.randrange(len(lines))]
    data[:] = b"\n".join(lines)


def lengthen_line(data: bytearray, chance: random.Random) -> None:
    place = chance.randint(0, len(data))
    data[place:place] = chance.choice((b"x", b"1", b" ", b",", b'"', b"\xc3\xa9")) * chance.choice((100, 5000, 20_000))


ANY = [flip_bit, flip_bit, set_byte, set_byte, truncate, remove_piece, repeat_piece, move_piece, insert_noise]
BINARY = [*ANY, set_integer, set_integer, set_integer, change_integer, change_integer]
MARKED = [inserter_of(MARKS), inserter_of(MARKS), inserter_of(BROKEN_UTF8), inserter_of(NUMBERS), inserter_of(NUMBERS)]
TEXT = [*ANY, repeat_line, remove_line, lengthen_line, *MARKED]
OBJECTS = [*TEXT, inserter_of(JSON), inserter_of(JSON)]
