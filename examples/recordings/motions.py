"""BasicMotions of the UEA archive as one table: a clip of 100 rows after the other, the activity on a clip's last row.

for part in TRAIN TEST; do
    curl -LO https://github.com/sktime/sktime/raw/main/sktime/datasets/data/BasicMotions/BasicMotions_$part.ts
done
python examples/recordings/motions.py BasicMotions_TRAIN.ts BasicMotions_TEST.ts motions.arrow
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather


def clips(path: str, split: str) -> list[pa.Table]:
    """Each line after the head is a clip: a list of numbers for each sensor, then the activity, with colons between."""
    lines = Path(path).read_text().split("@data\n", 1)[1].splitlines()
    tables = []
    for place, line in enumerate(lines):
        *sensors, activity = line.split(":")
        values = np.array([sensor.split(",") for sensor in sensors], np.float32)
        rows = values.shape[1]
        names = {"sequence": [f"{split}-{place:03d}"] * rows, "split": [split] * rows}
        labels = {"activity": [None] * (rows - 1) + [activity]}
        tables.append(pa.table({**names, **labels, **{f"imu_{i}": sensor for i, sensor in enumerate(values)}}))
    return tables


if __name__ == "__main__":
    train, test, output = sys.argv[1:]
    table = pa.concat_tables([*clips(train, "train"), *clips(test, "test")])
    feather.write_feather(table, output, compression="uncompressed")
