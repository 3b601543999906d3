"""Arrays that end where memory ends: whoever reads or writes one byte too far is killed by the system.

python guarded.py    reads and writes random text by all kernels, on such arrays
"""

from __future__ import annotations

import ctypes
import mmap
import random

import numpy as np
from kernels.text import reading
from kernels.text.test_write import lines_of

from streamrnn.kernels.text.csv import read_csv
from streamrnn.kernels.text.lines import Kind
from streamrnn.kernels.text.ndjson import Keys, read_ndjson
from streamrnn.kernels.text.powers import powers_of_five
from streamrnn.kernels.text.rows import Rows
from streamrnn.kernels.text.write import write_lines

PAGES = 16


class Guarded:
    """Memory before a page that nobody may touch."""

    def __init__(self) -> None:
        size = PAGES * mmap.PAGESIZE
        self._memory = mmap.mmap(-1, size + mmap.PAGESIZE)
        self._bytes = np.frombuffer(self._memory, np.uint8)
        libc = ctypes.CDLL(None, use_errno=True)
        protect = libc.mprotect
        protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        assert protect(self._bytes.ctypes.data + size, mmap.PAGESIZE, 0) == 0
        self._end = size

    def place(self, array: np.ndarray) -> np.ndarray:
        """Return a copy that ends before the page."""
        if not array.size:
            return array
        placed = self._bytes[self._end - array.nbytes : self._end].view(array.dtype).reshape(array.shape)
        placed[...] = array
        placed.flags.writeable = array.flags.writeable
        return placed


MEMORY: dict[str, Guarded] = {}


def placed(kind: str, *arrays: np.ndarray) -> list[np.ndarray]:
    """Place each array in memory of its own."""
    return [MEMORY.setdefault(f"{kind} {i}", Guarded()).place(array) for i, array in enumerate(arrays)]


def read_random_text(generator: random.Random) -> None:
    """Read a block by both kernels."""
    pieces = [b"1", b"-2.5", b"0.30000000000000004", b"12345678", b"1234567.", b"nan", b"infinity", b"abc", b'"', b"'"]
    pieces += [b",", b",", b":", b"{", b"}", b'{"a":', b',"b":', b'"b', b"nul", b"tru", b"fals", b"Na", b"null", b"\r"]
    pieces += [
        b"\n",
        b"\n",
        b" ",
        "é".encode(),
        b"\xff",
        b".",
        b"-",
        b"+",
        b"e",
        b"e5",
        b"\\",
        b"\\u",
        b"\\n",
        b"00e9",
        b'"a long text"',
    ]
    data = b"".join(generator.choices(pieces, k=generator.randint(0, 30))) + b"\n"
    kinds = "".join(generator.choices("nt-", k=2))
    (block,) = placed("data", np.frombuffer(data, np.uint8))
    room = Rows.room_for(data.count(b"\n"), kinds.count("n"), kinds.count("t"), len(data))
    rows = Rows(*placed("rows", *room))
    marks, places, header = placed("csv", reading.CSV_MARKS, reading.places_of(kinds), np.frombuffer(b"a,b", np.uint8))
    read_csv(block, marks, places, header, -1, powers_of_five(), rows)
    rows = Rows(*placed("rows", *Rows.room_for(data.count(b"\n"), kinds.count("n"), kinds.count("t"), len(data))))
    keys = Keys(*placed("keys", *reading.keys_of(["a", "b"], kinds)))
    (marks,) = placed("json", reading.JSON_MARKS)
    read_ndjson(block, marks, keys, powers_of_five(), rows)


def write_random_rows(generator: random.Random) -> None:
    """Write some rows."""
    count = generator.randint(1, 5)
    numbers = [
        np.array([generator.getrandbits(64) for _ in range(count)], np.uint64).view(np.float64),
        np.array([generator.getrandbits(63) for _ in range(count)]),
    ]
    texts = [["".join(generator.choices('ab"\\,\n\0é', k=generator.randint(0, 9))) for _ in range(count)] for _ in "ab"]
    kinds = [Kind.FLOAT, Kind.CSV_TEXT, Kind.INTEGER, Kind.NOTHING, Kind.JSON_TEXT]
    pieces = [b"<" * generator.randint(0, 20) for _ in range(len(kinds) + 2)]
    lines, rows = lines_of(kinds, numbers, texts, pieces)
    lines = type(lines)(*placed("lines", *lines))
    out, written = placed("out", np.empty(lines.most_bytes(rows), np.uint8), np.zeros(1, np.int64))
    write_lines(lines, powers_of_five(), rows, out, written)


if __name__ == "__main__":
    cases = random.Random(1)
    for _ in range(2000):
        read_random_text(cases)
        write_random_rows(cases)
    print("untouched")
