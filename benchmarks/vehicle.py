"""How fast will the car be? A task of `benchmarks.sequences`, on a minute's drive of comma2k19.

Speed, steering, wheels, accelerometer and gyroscope tick at rates of their own, from 10 to 100 a second. The command
puts them on a grid of 100 ms and forecasts the speed half a second ahead, all from its command line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .tables import read_table

AHEAD = 5  # rows of the grid


def vehicle(folder: Path, split: str, settings: dict[str, Any]) -> dict[str, float]:
    """Error of the speed in the second half of the drive, beside the last value's; the first is for development."""
    drive = folder / "vehicle" / "comma2k19_segment.arrow"
    with TemporaryDirectory() as scratch:
        output, config = Path(scratch) / "records.arrow", Path(scratch) / "settings.toml"
        config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
        command = [sys.executable, "-m", "streamrnn_cli", "run", str(drive), "--every", "100ms", "--time", "seconds"]
        options = ["--targets", "speed", "--config", str(config), "--output", str(output), "--quiet"]
        subprocess.run([*command, *options], check=True)
        records = read_table(output)
    speed, forecast = records["speed"].to_numpy(), records[f"speed_h{AHEAD}"].to_numpy()
    half = len(speed) // 2
    first, last = (AHEAD, half) if split == "development" else (half, len(speed))
    truth = speed[first:last]
    error = float(np.nanmean(np.abs(truth - forecast[first - AHEAD : last - AHEAD])))
    naive = float(np.nanmean(np.abs(truth - speed[first - AHEAD : last - AHEAD])))
    return {"MAE": error, "last value": naive, "below it": 1.0 - error / naive}
