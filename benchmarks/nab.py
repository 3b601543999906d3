"""The Numenta Anomaly Benchmark's rules of scoring, its standard profile (Lavin & Ahmad 2015).

Every anomaly has a window of rows. The first alert in a window earns up to 1, the more the earlier; a window without
one costs 1. An alert elsewhere costs up to 0.11, less while the window before it has just ended. The first 15% of a
file, at most 750 rows, do not count. Over all files, a detector that never tells has the score 0, a perfect one 100.

A. Lavin, S. Ahmad (2015), Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark. ICMLA.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow
import pyarrow.csv

FALSE_ALERT, MISSED_WINDOW = 0.11, 1.0
PROBATION, MOST_PROBATION = 0.15, 750

Window = tuple[int, int]  # first and last row


class LabelledFile(NamedTuple):
    """One file of the benchmark."""

    name: str
    values: np.ndarray  # (rows,)
    windows: list[Window]

    @property
    def folder(self) -> str:
        """What kind of stream it is."""
        return self.name.partition("/")[0]


def read_files(folder: Path) -> list[LabelledFile]:
    """Read every file that ``anomaly_windows.json`` names."""
    labels = json.loads((folder / "anomaly_windows.json").read_text(encoding="utf-8"))
    return [_read_file(folder / name, name, windows) for name, windows in sorted(labels.items())]


def _read_file(path: Path, name: str, windows: list[list[str]]) -> LabelledFile:
    as_text = pyarrow.csv.ConvertOptions(column_types={"timestamp": pyarrow.string()})
    table = pyarrow.csv.read_csv(path, convert_options=as_text)
    rows = {time: row for row, time in enumerate(table["timestamp"].to_pylist())}
    spans = [(rows[first[:19]], rows[last[:19]]) for first, last in windows]  # the labels have microseconds
    return LabelledFile(name, table["value"].to_numpy().astype(float), spans)


def file_score(alerts: Iterable[int], windows: Sequence[Window], rows: int) -> float:
    """What the alerts at these rows of a file earn, before normalisation."""
    earned = dict.fromkeys(windows, -MISSED_WINDOW)
    score = 0.0
    for row in alerts:
        if row < min(math.floor(PROBATION * rows), MOST_PROBATION):
            continue
        around = next((window for window in windows if window[0] <= row <= window[1]), None)
        if around is not None:
            earned[around] = max(earned[around], _in_window(row, around))
        else:
            before = max((window for window in windows if window[1] < row), default=None)
            score += FALSE_ALERT * (-1.0 if before is None else _after_window(row, before))
    return score + sum(earned.values())


def normalised(score: float, windows: int) -> float:
    """A sum of file scores on the scale from 0, no alert at all, to 100, an alert at once in every window."""
    return 100.0 * (score + MISSED_WINDOW * windows) / ((1.0 + MISSED_WINDOW) * windows)


def _in_window(row: int, window: Window) -> float:
    first, last = window
    return _sigmoid(-(last - row + 1) / (last - first + 1)) / _sigmoid(-1.0)


def _after_window(row: int, window: Window) -> float:
    first, last = window
    return _sigmoid((row - last) / max(1, last - first))


def _sigmoid(place: float) -> float:
    """From about 1 at the window's beginning over 0 at its end to -1 three windows later."""
    return -1.0 if place > 3.0 else 2.0 / (1.0 + math.exp(5.0 * place)) - 1.0
