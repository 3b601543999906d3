"""Do temperatures, the focal loss, class weights and eviction keep what is said of them? On development rows.

    python -m benchmarks.categories --data FOLDER

FOLDER is that of `benchmarks.sequences`. *Calibration error* is the mean distance between how probable the best
category was said to be and how often it came, over fifteen bins of equal width (Guo et al. 2017).

- rare labels: a beat or none at each of the first 30,000 rows of a heart's record, the label known at once; then 60,000
  characters of Shakespeare, and 1,000 spoken digits.
- categories that go: 14,000 words of Shakespeare with 200 codes, and a made-up shop whose best sellers change.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow
import pyarrow.compute

from benchmarks.options import DATA, ONLY
from streamrnn import Learner

from .heart_beats import LEADS, WIDTH
from .sequences import PRESETS
from .tables import read_table

BINS = 15
ASKED: dict[str, dict[str, Any]] = {
    "plain": {},
    "temperature auto": {"temperature": "auto"},
    "focal 2": {"focal": 2.0},
    "focal 2, temperature auto": {"focal": 2.0, "temperature": "auto"},
    "weights balanced": {"class_weights": "balanced"},
}


def preset(name: str) -> dict[str, Any]:
    """The settings of one file of ``examples/presets``."""
    return tomllib.loads((PRESETS / f"{name}.toml").read_text())


def calibration_error(p: np.ndarray, hit: np.ndarray) -> float:
    """Mean distance between said and seen; p: (rows,), of the best category; hit: (rows,), whether it came."""
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    return float(sum(abs(np.sum(p[place == b]) - np.sum(hit[place == b])) for b in range(BINS)) / len(p))


def heart(folder: Path) -> tuple[pyarrow.Table, dict[str, Any]]:
    """A beat or none at each row."""
    table = read_table(folder / "vitals" / "ecg_mitdb_100.arrow").slice(0, 30_000)
    labels = np.full(len(table), "none", object)
    for row in np.flatnonzero(pyarrow.compute.is_valid(table["beat"]).to_numpy()):
        labels[row : row + WIDTH] = "beat"
    settings = preset("heart-beats") | {"max_delay": 0, "max_categories": 2, "top": 2}
    return table.select(LEADS).append_column("label", pyarrow.array(labels)), settings | {"features": LEADS}


def characters(folder: Path) -> tuple[pyarrow.Table, dict[str, Any]]:
    """The next character; with counts, as the preset has it."""
    text = (folder / "text" / "tinyshakespeare.txt").read_text()[:60_000]
    return pyarrow.table({"label": list(text)}), preset("characters")


def digits(folder: Path) -> tuple[pyarrow.Table, dict[str, Any]]:
    """The digit on an utterance's last frame."""
    table = read_table(folder / "speech" / "spoken_digits.arrow")
    labels = np.flatnonzero(pyarrow.compute.is_valid(table["digit"]).to_numpy())
    table = table.slice(0, labels[999] + 1)
    features = [name for name in table.column_names if name.startswith("mfcc")]
    table = table.select([*features, "utterance", "digit"]).rename_columns([*features, "utterance", "label"])
    return table, preset("clips") | {"features": features, "sequence": "utterance", "max_categories": 10}


def honesty(table: pyarrow.Table, settings: dict[str, Any]) -> dict[str, float]:
    """How forecasts of labels did, and whether their probabilities were right."""
    learner = Learner("label", categorical="label", **settings)
    records = learner.run(table)
    horizon = learner.settings.horizons[0]
    came = records["label"].to_pylist()[horizon:]
    best = records[f"label_h{horizon}"].to_pylist()[: len(came)]
    p = records[f"label_h{horizon}_p"].to_numpy()[: len(came)]
    labelled = np.array([label is not None and name is not None for label, name in zip(came, best, strict=True)])
    hit = np.array([label == name for label, name in zip(came, best, strict=True)])
    (score,) = learner.metrics.class_scores
    return {
        "log loss": score.log_loss, "calibration error": calibration_error(p[labelled], hit[labelled]),
        "hits": score.accuracy, "balanced": score.balanced_accuracy, "macro F1": score.macro_f1,
    }  # fmt: skip


def shakespeare(folder: Path) -> list[str]:
    """Words and marks, most of which come once."""
    text = (folder / "text" / "tinyshakespeare.txt").read_text()
    return re.findall(r"\w+|[^\w\s]", text)[:14_000]


def shop(rows: int = 20_000, sold: int = 40) -> list[str]:
    """What is bought next; each thing is often followed by the same one, and one in 20 rows is replaced."""
    random = np.random.default_rng(0)
    names, newest, place, bought = list(range(sold)), sold, 0, []
    for row in range(rows):
        place = (place + 1) % sold if random.random() < 0.7 else int(random.integers(sold))
        if row % 20 == 0:
            names[random.integers(sold)] = newest
            newest += 1
        bought.append(f"article {names[place]}")
    return bought


def eviction(words: list[str], settings: dict[str, Any]) -> dict[str, float]:
    """Hits in the second half, and what a category costs that gives way."""
    learner = Learner("word", categorical="word", top=3, **settings)
    started = time.process_time()
    records = learner.run(pyarrow.table({"word": words}))
    seconds = time.process_time() - started
    named = [records[name].to_pylist() for name in ("word_h1", "word_h1_top2", "word_h1_top3")]
    places = range(len(words) // 2, len(words))
    return {
        "hits": float(np.mean([words[place] == named[0][place - 1] for place in places])),
        "in 3": float(np.mean([words[place] in [names[place - 1] for names in named] for place in places])),
        "gave way": float(learner.metrics.evicted.get("word", 0)), "us a row": seconds / len(words) * 1e6,
    }  # fmt: skip


def show(name: str, lines: Iterator[tuple[str, dict[str, float]]]) -> None:
    """Print a table whose first column names what was asked for."""
    for number, (asked, figures) in enumerate(lines):
        if not number:
            click.echo(f"\n{name:<28}" + "".join(f"{figure:>19}" for figure in figures))
        click.echo(f"  {asked:<26}" + "".join(f"{value:19.4f}" for value in figures.values()))


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@ONLY
def main(data: Path, only: str) -> None:
    for name, read in {"heart": heart, "characters": characters, "digits": digits}.items():
        if only in name:
            table, settings = read(data)
            show(name, ((asked, honesty(table, {**settings, **more})) for asked, more in ASKED.items()))
    for name, words in {"words": shakespeare(data), "shop": shop()}.items():
        if only in name:
            settings = {"hidden": 32, "max_categories": 200, "lr": 3e-3}
            both = {"those that came first": {}, "evicted": {"evict_categories": True}}
            show(name, ((asked, eviction(words, settings | more)) for asked, more in both.items()))


if __name__ == "__main__":
    main()
