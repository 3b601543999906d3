"""The programs that make tables of what is published, on small files of the same form."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pyarrow.feather

PROGRAMS = Path(__file__).parents[2] / "examples" / "recordings"


def table_of(program, *sources):
    output = sources[0].parent / "output.arrow"
    subprocess.run([sys.executable, PROGRAMS / f"{program}.py", *sources, output], check=True)
    return pyarrow.feather.read_table(output)


def test_an_electrocardiogram_has_its_samples_and_a_label_at_each_beat(tmp_path):
    data, labels = tmp_path / "100.dat", tmp_path / "100.atr"
    data.write_bytes(bytes([0x00, 0x34, 0xE8, 0xFF, 0x0F, 0x00]))  # 1024 and 1000; -1 and 0
    words = [(28 << 10) + 0, (63 << 10) + 3, 0x4E28, 0x0000, (1 << 10) + 1, 0]  # a rhythm, its text, a beat a row on
    labels.write_bytes(np.array(words, np.uint16).tobytes())
    assert table_of("ecg", data, labels).to_pylist() == [
        {"seconds": 0.0, "MLII": 0.0, "V5": -0.12, "beat": "+"},
        {"seconds": 1 / 360, "MLII": -5.125, "V5": -5.12, "beat": "N"},
    ]


def test_a_drive_has_a_row_for_each_message(tmp_path):
    sizes = {"CAN/speed": 1, "CAN/steering_angle": 1, "CAN/wheel_speed": 4, "IMU/accelerometer": 3, "IMU/gyro": 3}
    for place, (sensor, numbers) in enumerate(sizes.items()):
        folder = tmp_path / sensor
        folder.mkdir(parents=True)
        for name, values in (("t", [10.0 + place]), ("value", np.full((1, numbers), float(place)))):
            with open(folder / name, "wb") as file:
                np.save(file, values)
    rows = table_of("drive", tmp_path).to_pylist()
    assert [row["seconds"] for row in rows] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert rows[2]["wheel_rr"] == 2.0
    assert rows[2]["speed"] is None


def test_a_market_has_quotes_and_trades_and_nothing_else(tmp_path):
    quote = {"stream": "x@bookTicker", "data": {"b": "1.5", "B": "2", "a": "1.6", "A": "3"}}
    trade = {"stream": "x@trade", "data": {"p": "1.6", "q": "0.5", "m": False}}
    messages = [{"lastUpdateId": 1}, quote, {"stream": "x@depth", "data": {}}, trade]
    source = tmp_path / "ticks.gz"
    with gzip.open(source, "wt") as file:
        file.writelines(f"{17 * 10**17 + place} {json.dumps(message)}\n" for place, message in enumerate(messages))
    rows = table_of("ticks", source).to_pylist()
    assert [(row["bid_price"], row["trade_price"], row["trade_side"]) for row in rows] == [
        (1.5, None, None),
        (None, 1.6, "buy"),
    ]
    assert rows[1]["received"].value == 17 * 10**17 + 3


def test_clips_of_motion_have_their_label_on_the_last_row(tmp_path):
    paths = [tmp_path / name for name in ("train.ts", "test.ts")]
    for path in paths:
        path.write_text("@head\n@data\n1,2,3:4,5,6:Running\n")
    rows = table_of("motions", *paths).to_pylist()
    assert [row["activity"] for row in rows] == [None, None, "Running"] * 2
    assert [row["sequence"] for row in rows] == ["train-000"] * 3 + ["test-000"] * 3
    assert rows[1]["imu_1"] == 5.0


def test_a_recording_of_speech_has_a_row_every_10_ms(tmp_path):
    for name, hertz in (("0_george_0", 200), ("1_lucas_0", 2000), ("2_theo_0", 1000)):
        tone = 8000 * np.sin(2 * np.pi * hertz * np.arange(1000) / 8000)
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(tone.astype(np.int16).tobytes())
    table = table_of("digits", tmp_path)
    assert sorted(set(table["speaker"].to_pylist())) == ["george", "lucas"]
    assert len(table) == 2 * 11
    assert [label for label in table["digit"].to_pylist() if label] == [
        name[0] for name in dict.fromkeys(table["utterance"].to_pylist())
    ]
