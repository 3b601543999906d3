"""A minute's drive of comma2k19 as one table: a row for each message of a sensor, the others null.

git clone --depth 1 https://github.com/commaai/comma2k19
python examples/recordings/drive.py comma2k19/Example_1/*/40/processed_log drive.arrow
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather

SENSORS = {
    "CAN/speed": ["speed"],
    "CAN/steering_angle": ["steering_angle"],
    "CAN/wheel_speed": ["wheel_fl", "wheel_fr", "wheel_rl", "wheel_rr"],
    "IMU/accelerometer": ["accel_x", "accel_y", "accel_z"],
    "IMU/gyro": ["gyro_x", "gyro_y", "gyro_z"],
}

if __name__ == "__main__":
    log, output = sys.argv[1:]
    parts = []
    for sensor, names in SENSORS.items():
        times, values = np.load(Path(log) / sensor / "t"), np.load(Path(log) / sensor / "value")
        values = values.reshape(len(times), -1)
        parts.append(pa.table({"seconds": times, **{name: values[:, place] for place, name in enumerate(names)}}))
    table = pa.concat_tables(parts, promote_options="default").sort_by("seconds")
    seconds = table["seconds"].to_numpy()
    table = table.set_column(0, "seconds", pa.array(seconds - seconds[0]))
    feather.write_feather(table, output, compression="uncompressed")
