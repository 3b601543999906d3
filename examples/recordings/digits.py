"""The Free Spoken Digit Dataset as one table: 13 numbers for each 10 ms of sound, the digit on a recording's last row.

git clone --depth 1 https://github.com/Jakobovski/free-spoken-digit-dataset
python examples/recordings/digits.py free-spoken-digit-dataset/recordings digits.arrow

The numbers are mel-frequency cepstral coefficients (Davis & Mermelstein 1980), the first replaced by the log energy.
"""

import random
import sys
import wave
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather

SPEAKERS = ("george", "jackson", "lucas", "nicolas")
RATE, FRAME, STEP, POINTS, BANDS, NUMBERS, LIFTER = 8000, 200, 80, 256, 26, 13, 22


def mel(hertz: float) -> float:
    return 2595.0 * np.log10(1.0 + hertz / 700.0)


def filters() -> np.ndarray:
    """Triangles that are equally wide in mel, over a spectrum: (bands, points)."""
    edges = 700.0 * (10.0 ** (np.linspace(0.0, mel(RATE / 2), BANDS + 2) / 2595.0) - 1.0)
    bins, place = np.floor((POINTS + 1) * edges / RATE), np.arange(POINTS // 2 + 1)
    low, middle, high = bins[:-2, None], bins[1:-1, None], bins[2:, None]
    return np.maximum(0.0, np.minimum((place - low) / (middle - low), (high - place) / (high - middle)))


def cosines() -> np.ndarray:
    """The cosine transform that is orthonormal, its higher numbers lifted: (numbers, bands)."""
    number = np.arange(NUMBERS)[:, None]
    waves = np.sqrt(2.0 / BANDS) * np.cos(np.pi * number * (np.arange(BANDS) + 0.5) / BANDS)
    waves[0] /= np.sqrt(2.0)
    return waves * (1.0 + LIFTER / 2.0 * np.sin(np.pi * number / LIFTER))


def coefficients(path: Path) -> np.ndarray:
    """Of a recording: (frames, 13)."""
    with wave.open(str(path)) as sound:
        signal = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(float)
    signal = np.append(signal[0], signal[1:] - 0.97 * signal[:-1])
    frames = 1 + max(0, -(-(len(signal) - FRAME) // STEP))
    padded = np.pad(signal, (0, max(0, (frames - 1) * STEP + FRAME - len(signal))))
    cut = padded[np.arange(frames)[:, None] * STEP + np.arange(FRAME)]
    power = np.abs(np.fft.rfft(cut, POINTS)) ** 2 / POINTS
    tiny = np.finfo(float).eps
    numbers = np.log(np.maximum(power @ filters().T, tiny)) @ cosines().T
    numbers[:, 0] = np.log(np.maximum(power.sum(axis=1), tiny))
    return numbers.astype(np.float32)


def table_of(path: Path) -> pa.Table:
    digit, speaker, _ = path.stem.split("_")
    numbers = coefficients(path)
    names = {"utterance": [path.stem] * len(numbers), "speaker": [speaker] * len(numbers)}
    labels = {"digit": [None] * (len(numbers) - 1) + [digit]}
    return pa.table({**names, **labels, **{f"mfcc_{i}": numbers[:, i] for i in range(NUMBERS)}})


if __name__ == "__main__":
    folder, output = sys.argv[1:]
    paths = [path for path in sorted(Path(folder).glob("*.wav")) if path.stem.split("_")[1] in SPEAKERS]
    random.Random(0).shuffle(paths)
    feather.write_feather(pa.concat_tables(map(table_of, paths)), output, compression="uncompressed")
