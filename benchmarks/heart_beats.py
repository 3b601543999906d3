"""Is there a beat at this row? A task of `benchmarks.sequences`, on record 100 of the MIT-BIH Arrhythmia Database.

The learner sees two leads and says, row by row, whether a beat was annotated within the last 25 ms; it is told the
answer a second later, as if by somebody who looks on, so no label reaches a forecast of the beat that it belongs to.
A beat is found where the probability rises above one half, at least 200 ms after the last one. Found and annotated
beats are matched one to one, within 50 ms. A detector by threshold sees the same rows.

A second learner, with default settings, forecasts the time from one found beat to the next. What surprises it are beats
that come too early. An atrial premature beat's rank is 1 where no beat of the record surprised it more: by the loss of
its row alone, or by the anomaly score, which looks at a run of rows.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow

from streamrnn import Learner

from .peers.beat_threshold import beats_by_threshold
from .tables import read_table

RATE = 360  # rows a second
WIDTH = 9  # rows for which a beat is one: 25 ms
TOLERANCE = 18  # rows: 50 ms
REFRACTORY = 72  # rows: 200 ms
LEADS = ("MLII", "V5")
PREMATURE, RHYTHM = "A", "+"  # annotations: an atrial premature beat; a change of rhythm, which is no beat


def heart_beats(folder: Path, split: str, settings: dict[str, Any]) -> dict[str, float]:
    """Sensitivity and precision in the second half of the rows, and how surprising the early beats were."""
    table = read_table(folder / "vitals" / "ecg_mitdb_100.arrow")
    table = table.slice(0, len(table) // 2) if split == "development" else table
    names = table["beat"].to_pylist()
    annotated = np.array([row for row, name in enumerate(names) if name not in (None, RHYTHM)])
    found = rises(probabilities(table, annotated, settings))
    by_threshold = beats_by_threshold(table[LEADS[0]].to_numpy(), RATE)
    half = len(table) // 2
    sensitivity, precision, late = compared(found[found >= half], annotated[annotated >= half])
    figures = {"sensitivity": sensitivity, "precision": precision, "ms after": late / RATE * 1e3}
    other = compared(by_threshold[by_threshold >= half], annotated[annotated >= half])
    figures |= {"threshold sensitivity": other[0], "threshold precision": other[1]}
    return {**figures, **ranks(found, [row for row in annotated if names[row] == PREMATURE])}


def probabilities(table: pyarrow.Table, annotated: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    """Probability of a beat at each row, said before any label of the last second was seen: (rows,)."""
    is_beat = np.zeros(len(table), bool)
    for place in range(WIDTH):
        is_beat[np.minimum(annotated + place, len(table) - 1)] = True
    labels = np.where(is_beat, "beat", "none").tolist()
    learner = Learner("beat", LEADS, categorical="beat", max_categories=2, top=2, **settings)
    waiting: deque[int] = deque()
    answers = np.zeros(len(table))
    for row, leads in enumerate(table.select(LEADS).to_pylist()):
        record = learner.step(leads)
        answers[row] = dict(record.top["beat"][0]).get("beat", 0.0)
        waiting.append(record.row)
        if len(waiting) > learner.settings.delay:
            revealed = waiting.popleft()
            learner.reveal(revealed, {"beat": labels[revealed]})
    return answers


def rises(probability: np.ndarray) -> np.ndarray:
    """Rows at which a probability comes to be more than one half, each a while after the last; probability: (rows,)."""
    above = probability > 0.5
    found: list[int] = []
    for row in np.flatnonzero(above & ~np.append(False, above[:-1])).tolist():
        if not found or row - found[-1] > REFRACTORY:
            found.append(row)
    return np.array(found, int)


def compared(found: np.ndarray, annotated: np.ndarray) -> tuple[float, float, float]:
    """Sensitivity, precision, and the mean of rows from an annotated beat to the one found, each matched once."""
    i, gaps = 0, []
    for row in annotated:
        while i < len(found) and found[i] < row - TOLERANCE:
            i += 1
        if i < len(found) and found[i] <= row + TOLERANCE:
            gaps.append(found[i] - row)
            i += 1
    return len(gaps) / len(annotated), len(gaps) / max(1, len(found)), float(np.mean(gaps)) if gaps else np.nan


def ranks(found: np.ndarray, premature: list[int]) -> dict[str, float]:
    """Of premature beats among all that were found, by how much their interval surprised."""
    table = pyarrow.table({"interval": np.diff(found) / RATE})
    records = Learner("interval", alert=0.999).run(table)
    figures: dict[str, float] = {"beats found": len(found)}
    for row in premature:
        near = np.flatnonzero(np.abs(found[1:] - row) <= TOLERANCE)
        for name in ("loss", "anomaly"):
            surprise = np.nan_to_num(records[name].to_numpy(), nan=-1.0)
            rank = 1 + np.sum(surprise > surprise[near[0]]) if len(near) else np.nan
            figures[f"rank at {row / RATE:.0f} s, {name}"] = float(rank)
    return figures
