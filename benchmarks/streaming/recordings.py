"""A recording of nine columns, as real ones have them: counts, two or three decimals, and full precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc

COLUMNS = ["count", "price", "level", "temperature", "load", "wind", "x", "y", "z"]
DECIMALS = [0, 2, 2, 3, 3, 1, 17, 17, 17]
ROWS_AT_ONCE = 50_000


def table_of(rows: int, seed: int = 0) -> pa.Table:
    """Random walks, rounded as their columns are."""
    random = np.random.default_rng(seed)
    walks = random.standard_normal((rows, len(COLUMNS))).cumsum(axis=0) + 100.0
    return pa.table({name: walks[:, i].round(DECIMALS[i]) for i, name in enumerate(COLUMNS)})


def write_recording(path: Path, rows: int) -> None:
    """Write it in the format that the extension names."""
    table = table_of(rows)
    match path.suffix:
        case ".csv":
            pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(quoting_style="none"))
        case ".ndjson":
            with path.open("wb") as file:
                for batch in table.to_batches(ROWS_AT_ONCE):
                    file.write(b"".join(orjson.dumps(row) + b"\n" for row in batch.to_pylist()))
        case ".arrows":
            with pa.ipc.new_stream(path, table.schema) as writer:
                writer.write_table(table, max_chunksize=ROWS_AT_ONCE // 10)
