"""Reads a stream from stdin to its end, our way or the bare way, and prints how many rows in how many seconds.

python -m benchmarks.streaming.readers ours < stream.csv
"""

from __future__ import annotations

import os
import sys
import time

import numba  # noqa: F401  # as in `streamrnn run`, which needs it for the network; imports are no part of the figures
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc

import streamrnn.streams.sources.arrow
import streamrnn.streams.sources.csv
import streamrnn.streams.sources.ndjson  # noqa: F401
from streamrnn.streams import open_source

BLOCK = 256 * 1024


def ours() -> int:
    """Every column as numbers, validated, bad cells and all."""
    source = open_source("-")
    return sum(batch.table.num_rows for batch in source.batches(list(source.columns), []))


def orjson_loop() -> int:
    """One dictionary a line, and nothing done with it."""
    rows = 0
    for line in sys.stdin.buffer:
        orjson.loads(line)
        rows += 1
    return rows


def arrow_csv() -> int:
    """`pyarrow.csv.read_csv` on whole lines of a block."""
    names, rest, rows = None, b"", 0
    while block := os.read(0, BLOCK):
        data, newline, rest = (rest + block).rpartition(b"\n")
        if not newline:
            continue
        if names is None:
            header, _, data = data.partition(b"\n")
            names = header.decode().split(",")
        if data:
            options = pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1)
            rows += pyarrow.csv.read_csv(pa.py_buffer(data), options).num_rows
    return rows


def arrow_stream() -> int:
    """`pyarrow.ipc.open_stream`, each batch fully validated."""
    rows = 0
    with pa.ipc.open_stream(sys.stdin.buffer) as reader:
        for batch in reader:
            batch.validate(full=True)
            rows += batch.num_rows
    return rows


def echo() -> int:
    """Read lines and write them, as the least that a live command can do."""
    lines = 0
    while data := os.read(0, BLOCK):
        os.write(1, data)
        lines += data.count(b"\n")
    return lines


READERS = {reader.__name__: reader for reader in (ours, orjson_loop, arrow_csv, arrow_stream, echo)}

if __name__ == "__main__":
    started = time.perf_counter()
    count = READERS[sys.argv[1]]()
    print(count, time.perf_counter() - started, file=sys.stderr)
