"""Recorded streams: the number columns of every CSV and Arrow file of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.ipc

from benchmarks.forecasting import MARKET, TASKS, rows_of

DEVELOPMENT = 0.5  # of a recording that no figure of forecasting is measured on


class Recording(NamedTuple):
    """A stream."""

    name: str
    columns: list[str]
    values: np.ndarray  # (rows, columns), NaN where null

    def part(self, first: int, last: int | None = None) -> Recording:
        """Some of its rows."""
        return self._replace(values=np.ascontiguousarray(self.values[first:last]))


def read_recording(path: Path) -> Recording:
    """Every column of numbers but clocks, which go on and never back."""
    table = pyarrow.csv.read_csv(path) if path.suffix == ".csv" else pyarrow.ipc.open_file(path).read_all()
    columns, arrays = [], []
    for field in table.schema:
        if pyarrow.types.is_floating(field.type) or pyarrow.types.is_integer(field.type):
            numbers = table[field.name].to_numpy().astype(float)
            steps = np.diff(numbers[~np.isnan(numbers)])
            if (steps < 0.0).any() or not steps.any():
                columns.append(field.name)
                arrays.append(numbers)
    return Recording(path.name, columns, np.column_stack(arrays))


def development_rows(folder: Path) -> Iterator[Recording]:
    """Of every recording, the rows on which settings may be chosen."""
    spans = {task.file: task.development for task in (*TASKS, MARKET)}
    for path in sorted([*folder.rglob("*.csv"), *folder.rglob("*.arrow")]):
        recording = read_recording(path)
        rows = len(recording.values)
        yield recording.part(0, rows_of(spans.get(path.name, (0.0, DEVELOPMENT)), rows).stop)
