"""Which learning rate does each kind of category want, and which clip? On development rows, else the defaults.

    python -m benchmarks.rates --data FOLDER
    python -m benchmarks.rates --data FOLDER --only characters --cell gru --set clip=1.0

FOLDER is that of `benchmarks.sequences`. Labels are predicted at horizon 0, symbols one row ahead. Figures are means
over seeds: the share of clips that are right on their last row, for labels of each row the hits as a mean over the
categories, and bits of symbols.

- a label for each clip: 1,000 spoken digits; motions, 5 passes, each fourth clip held back in turn; made up, which of
  four waves each of 1,000 clips is, under noise. The label stands on a clip's last row, or on each of its rows.
- a label for each row: a beat or none, in 30,000 rows of a heart's record; made up, a fault in one row of fifty, which
  two sensors tell together; and one of three states that last 200 rows each, told every 25th row.
- symbols: 60,000 and 300,000 characters of Shakespeare; 14,000 words and marks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow

from benchmarks.options import DATA, ONLY, SETTINGS
from streamrnn import Learner

from .categories import digits, heart, shakespeare
from .sequences import PASSES, bits_of_text
from .tables import read_table

RATES: tuple[float | None, ...] = (None, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2)  # None: the default
CELLS = ("gru", "lstm")

Given = dict[str, Any]


def learner_of(table: pyarrow.Table, given: Given) -> Learner:
    """A learner of the column ``label`` from the others, clip by clip if there is a column that tells them."""
    features = [name for name in table.column_names if name not in ("label", "clip")]
    clips = {"sequence": "clip"} if "clip" in table.column_names else {}
    return Learner("label", features, categorical="label", horizon=0, **clips, **given)


def last_rows(table: pyarrow.Table) -> np.ndarray:
    """Where each clip ends: (clips,)."""
    clips = np.array(table["clip"].to_pylist())
    return np.flatnonzero(np.append(clips[1:] != clips[:-1], True))


def on_every_row(table: pyarrow.Table) -> pyarrow.Table:
    """With a clip's label on all of its rows."""
    ends = last_rows(table)
    labels = table["label"].take(ends).take(np.searchsorted(ends, np.arange(len(table))))
    return table.set_column(table.column_names.index("label"), "label", labels)


def right(learner: Learner, table: pyarrow.Table) -> float:
    """Share of clips whose label is forecast on their last row."""
    ends = last_rows(table)
    forecasts = learner.run(table)["label_h0"].take(ends).to_pylist()
    labels = table["label"].take(ends).to_pylist()
    return float(np.mean([label == said for label, said in zip(labels, forecasts, strict=True)]))


def spoken(folder: Path) -> pyarrow.Table:
    """Frames of spoken digits."""
    table, _ = digits(folder)
    return table.rename_columns(["clip" if name == "utterance" else name for name in table.column_names])


def motions(folder: Path) -> pyarrow.Table:
    """Clips of motions that may be learned from."""
    table = read_table(folder / "action" / "basic_motions.arrow")
    table = table.filter(pyarrow.compute.equal(table["split"], "train")).drop_columns("split")
    return table.rename_columns({"sequence": "clip", "activity": "label"})


def held_back(table: pyarrow.Table, given: Given) -> float:
    """Share of clips right that were not learned from, each fourth one in turn."""
    names = np.array(table["clip"].to_pylist())
    fold = np.cumsum(np.append(False, names[1:] != names[:-1])) % 4
    shares = []
    for held in range(4):
        learner = learner_of(table, given)
        for _ in range(PASSES):
            learner.run(table.filter(pyarrow.array(fold != held)))
            learner.begin_sequence()
        shares.append(right(learner, table.filter(pyarrow.array(fold == held))))
    return float(np.mean(shares))


def waves(clips: int = 1_000) -> pyarrow.Table:
    """Clips of 20 to 60 rows, each of one of four waves at any phase, under noise."""
    random = np.random.default_rng(0)
    parts: list[np.ndarray] = []
    labels: list[str | None] = []
    names: list[str] = []
    for clip in range(clips):
        rows, kind = int(random.integers(20, 61)), int(random.integers(4))
        turns = random.random() + np.arange(rows) * (0.05, 0.1, 0.2, 0.4)[kind]
        parts.append(np.sin(2.0 * np.pi * turns) + 0.7 * random.normal(size=rows))
        labels += [None] * (rows - 1) + [f"wave {kind}"]
        names += [f"clip {clip}"] * rows
    return pyarrow.table({"x": np.concatenate(parts), "label": labels, "clip": names})


def faults(rows: int = 30_000) -> pyarrow.Table:
    """A fault is where one sensor rose a row ago and the other one now."""
    random = np.random.default_rng(0)
    rose, rises = random.random(rows) < 0.14, random.random(rows) < 0.14
    is_fault = rises & np.roll(rose, 1)
    sensors = {name: up + 0.2 * random.normal(size=rows) for name, up in (("first", rose), ("second", rises))}
    return pyarrow.table({**sensors, "label": np.where(is_fault, "fault", "none")})


def states(rows: int = 30_000) -> pyarrow.Table:
    """A state that two noisy autoregressions tell, and that is named every 25th row."""
    random = np.random.default_rng(0)
    state = np.repeat(random.integers(3, size=rows // 200), 200)
    noise, x = random.normal(size=(rows, 2)), np.zeros((rows, 2))
    memory = np.array([[0.9, 0.0], [0.0, 0.9], [0.5, 0.5]])[state]
    for row in range(1, rows):
        x[row] = memory[row] * x[row - 1] + noise[row]
    labels = [f"state {s}" if row % 25 == 24 else None for row, s in enumerate(state)]
    return pyarrow.table({"x": x[:, 0], "y": x[:, 1], "label": labels})


def balanced(table: pyarrow.Table, given: Given) -> float:
    """Share of labels right, mean over the categories."""
    learner = learner_of(table, given)
    learner.run(table)
    return float(learner.metrics.class_scores[0].balanced_accuracy)


def beats(folder: Path) -> pyarrow.Table:
    """A beat or none at each row."""
    table, _ = heart(folder)
    return table


def clips_right(table: pyarrow.Table, given: Given) -> float:
    """Share of clips right in one pass."""
    return right(learner_of(table, given), table)


def bits(symbols: list[str], given: Given) -> float:
    """Bits per symbol."""
    return float(bits_of_text(symbols, given)["bits"])


def text(folder: Path, characters: int) -> list[str]:
    """So many characters of Shakespeare."""
    return list((folder / "text" / "tinyshakespeare.txt").read_text()[:characters])


TASKS: dict[str, tuple[Callable[[Path], Any], Callable[[Any, Given], float]]] = {
    "spoken digits": (spoken, clips_right),
    "spoken digits, each row": (lambda folder: on_every_row(spoken(folder)), clips_right),
    "motions": (motions, held_back),
    "motions, each row": (lambda folder: on_every_row(motions(folder)), held_back),
    "waves": (lambda _: waves(), clips_right),
    "waves, each row": (lambda _: on_every_row(waves()), clips_right),
    "heart beats": (beats, balanced),
    "faults": (lambda _: faults(), balanced),
    "states": (lambda _: states(), balanced),
    "characters": (lambda folder: text(folder, 60_000), bits),
    "300,000 characters": (lambda folder: text(folder, 300_000), bits),
    "words": (shakespeare, bits),
}


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@ONLY
@click.option("--cell", "cells", default=CELLS, multiple=True, show_default=True)
@click.option("--seeds", default=2, show_default=True)
@SETTINGS
def main(data: Path, only: str, cells: tuple[str, ...], seeds: int, settings: dict[str, Any]) -> None:
    click.echo(f"{'':<32}" + "".join(f"{'default' if rate is None else f'{rate:g}':>9}" for rate in RATES))
    for name, (read, task) in TASKS.items():
        if only not in name:
            continue
        rows = read(data)
        for cell in cells:
            click.echo(f"{name + ', ' + cell:<32}", nl=False)
            for rate in RATES:
                runs = [task(rows, {"cell": cell, "lr": rate, "seed": seed} | settings) for seed in range(seeds)]
                click.echo(f"{np.mean(runs):9.3f}", nl=False)
            click.echo()


if __name__ == "__main__":
    main()
