"""The kernels that read, on a block of bytes, without the sources around them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streamrnn.kernels.text.csv import DELIMITER, NEWLINE, QUOTE, RETURN, STRANGE, read_csv
from streamrnn.kernels.text.ndjson import CLOSING, ESCAPING, Keys, read_ndjson
from streamrnn.kernels.text.ndjson import STRANGE as STRANGE_IN_TEXT
from streamrnn.kernels.text.powers import powers_of_five
from streamrnn.kernels.text.rows import FIRST_TEXT, UNWANTED, Rows

CSV_MARKS = np.zeros(256, np.uint8)
for character, mark in {"\0": STRANGE, "\r": RETURN, "\n": NEWLINE, ",": DELIMITER, '"': QUOTE}.items():
    CSV_MARKS[ord(character)] = mark
JSON_MARKS = np.zeros(256, np.uint8)
JSON_MARKS[:32] = STRANGE_IN_TEXT
JSON_MARKS[ord("\\")], JSON_MARKS[ord('"')] = ESCAPING, CLOSING


class Outcome(NamedTuple):
    """What a kernel made of a block."""

    rows: list[tuple[object, ...]]  # the plain ones: floats, None where missing, and texts
    odd: list[tuple[int, bytes]]  # for each odd one the number of plain rows before it, and itself


def places_of(kinds: str) -> np.ndarray:
    """Return a place for each letter: n for a number, t for text, others are not wanted."""
    numbers, texts, places = 0, 0, []
    for kind in kinds:
        places.append(numbers if kind == "n" else FIRST_TEXT - texts if kind == "t" else UNWANTED)
        numbers, texts = numbers + (kind == "n"), texts + (kind == "t")
    return np.array(places, np.int64)


def csv_rows(data: bytes, kinds: str, header: bytes = b"\n", comment: int = -1) -> Outcome:
    """Read records with one column for each letter of `kinds`."""
    rows = _room(data, kinds)
    block = np.frombuffer(data, np.uint8)
    read_csv(block, CSV_MARKS, places_of(kinds), np.frombuffer(header, np.uint8), comment, powers_of_five(), rows)
    return _outcome(rows, data, kinds)


def keys_of(names: list[str], kinds: str) -> Keys:
    """Return the keys of columns, one for each letter of `kinds`."""
    texts = [name.encode() for name in names]
    ends = np.cumsum([0, *map(len, texts)])
    table = np.zeros((1 + len(texts), 4), np.int64)
    table[1:] = np.stack([ends[:-1], ends[1:], np.arange(len(texts)), np.ones(len(texts))], axis=1)
    table[0] = 0, 0, 0, 1
    columns = np.stack([places_of(kinds), np.zeros(len(texts))], axis=1).astype(np.int64)
    return Keys(np.frombuffer(b"".join(texts) + bytes(8), np.uint8), table, columns)


def ndjson_rows(data: bytes | np.ndarray, names: list[str], kinds: str, keys: Keys | None = None) -> Outcome:
    """Read lines."""
    block, data = np.frombuffer(data, np.uint8), bytes(data)
    rows = _room(data, kinds)
    read_ndjson(block, JSON_MARKS, keys or keys_of(names, kinds), powers_of_five(), rows)
    return _outcome(rows, data, kinds)


def float_bits(texts: list[str]) -> list[int | None]:
    """Read numbers from a column of CSV: the bits of each, None where it is left to Python."""
    data = "".join(f"{text}\n" for text in texts).encode()
    rows = _room(data, "n")
    block, header = np.frombuffer(data, np.uint8), np.frombuffer(b"\n", np.uint8)
    read_csv(block, CSV_MARKS, places_of("n"), header, -1, powers_of_five(), rows)
    bits: list[int | None] = rows.numbers[0, : rows.read[0]].tolist()
    for before, _, _ in reversed(rows.odd[: rows.read[1]].tolist()):
        bits.insert(before, None)
    return bits


def _room(data: bytes, kinds: str) -> Rows:
    return Rows.room_for(data.count(b"\n"), kinds.count("n"), kinds.count("t"), len(data))


def _outcome(rows: Rows, data: bytes, kinds: str) -> Outcome:
    count, odd_count = rows.read.tolist()
    columns: list[list[object]] = []
    for kind, place in zip(kinds, places_of(kinds).tolist(), strict=True):
        if kind == "n":
            numbers = rows.numbers[place, :count].view(np.float64).tolist()
            columns.append([None if number != number else number for number in numbers])
        elif kind == "t":
            columns.append(_texts(rows, FIRST_TEXT - place, count))
    odd = [(before, data[start:end]) for before, start, end in rows.odd[:odd_count].tolist()]
    return Outcome(list(zip(*columns, strict=True)), odd)


def _texts(rows: Rows, column: int, count: int) -> list[object]:
    texts: list[object] = []
    start = 0
    for length in rows.lengths[column, :count].tolist():
        texts.append(None if length < 0 else rows.characters[column, start : start + length].tobytes().decode())
        start += max(0, length)
    return texts
