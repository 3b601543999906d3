"""Record 100 of the MIT-BIH Arrhythmia Database as one table: a row for each of 360 samples a second, labels at beats.

curl -O https://physionet.org/files/mitdb/1.0.0/100.dat -O https://physionet.org/files/mitdb/1.0.0/100.atr
python examples/recordings/ecg.py 100.dat 100.atr ecg.arrow
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather

RATE, GAIN, ZERO, ROWS = 360, 200.0, 1024, 200_000
BEATS = {1: "N", 5: "V", 8: "A", 28: "+"}  # normal, premature (ventricle, atrium), a change of rhythm
SKIP, LAST_BEAT, TEXT = 59, 49, 63


def samples(path: str) -> np.ndarray:
    """Two leads in mV, of 12 bits each in three bytes (format 212): (rows, 2)."""
    low, shared, high = np.fromfile(path, np.uint8).reshape(-1, 3).astype(int).T
    both = np.column_stack([low + ((shared & 15) << 8), high + ((shared >> 4) << 8)])
    return np.where(both > 2047, both - 4096, both)[:ROWS] - ZERO


def annotations(path: str) -> dict[int, str]:
    """By row, what happened there: two bytes with a code and the rows since the one before."""
    words, place, row, found = np.fromfile(path, np.uint16).tolist(), 0, 0, {}
    while words[place]:
        code, count = words[place] >> 10, words[place] & 1023
        place += 1
        if code == SKIP:
            row += (words[place] << 16) + words[place + 1]
            place += 2
        elif code == TEXT:
            place += (count + 1) // 2
        elif code <= LAST_BEAT:
            row += count
            found[row] = BEATS.get(code)
    return found


if __name__ == "__main__":
    data, labels, output = sys.argv[1:]
    leads, beats = samples(data) / GAIN, annotations(labels)
    columns = {"seconds": np.arange(len(leads)) / RATE, "MLII": leads[:, 0], "V5": leads[:, 1]}
    table = pa.table({**columns, "beat": [beats.get(row) for row in range(len(leads))]})
    feather.write_feather(table, Path(output), compression="uncompressed")
