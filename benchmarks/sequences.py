"""Does it learn labels, words and sounds? Hits and bits on public streams, beside what is simpler.

    python -m benchmarks.sequences --data FOLDER               the figures, mean and spread over 3 seeds
    python -m benchmarks.sequences --data FOLDER --split development --only char --set lr=3e-3

FOLDER holds ``text/tinyshakespeare.txt`` (as in char-rnn), ``speech/spoken_digits.arrow`` (MFCC frames of the Free
Spoken Digit Dataset, the digit on an utterance's last frame), ``action/basic_motions.arrow`` (UEA archive, the
activity on a clip's last row), ``vitals/ecg_mitdb_100.arrow`` (MIT-BIH record 100, a label at each beat),
``vehicle/comma2k19_segment.arrow`` (a minute's drive, a row for each message) and ``nab/`` (Numenta Anomaly
Benchmark). Settings are those of ``examples/presets``, and were chosen on the development part.

- characters: one pass; bits per character, where a symbol's first time costs its escape and 8 bits; beside them those
  of the network and of the counts that it is mixed with.
- words: one pass over ``\\w+`` or single marks; hits over the second half; a word without a code is never a hit. A
  back-off trigram that learns in the same way stands beside it.
- digits: one pass over 2,000 utterances; hits on the last frame of the last 500.
- motions: 5 passes over the clips of the split ``train``, then one over ``test``.
- heart beats, vehicle: see those modules; fleet: see `benchmarks.keys`.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow
import pyarrow.compute

from benchmarks.options import DATA, ONLY, SETTINGS, SPLIT
from streamrnn import Learner

from .heart_beats import heart_beats
from .keys import ROWS, figures, interleaved
from .peers.trigram import trigram_hits
from .tables import read_table
from .vehicle import vehicle

PRESETS = Path(__file__).parents[1] / "examples" / "presets"
DEVELOPMENT_CHARACTERS = 300_000
CHUNK = 10_000  # rows at once
PASSES = 5

Figures = dict[str, float]


def run_symbols(symbols: list[str], settings: dict[str, Any]) -> tuple[pyarrow.Table, Figures]:
    """Run a learner once over a text's symbols; the records, and how long it took."""
    learner = Learner("symbol", categorical="symbol", **settings)
    started = time.process_time()
    parts = [
        learner.run(pyarrow.table({"symbol": symbols[start : start + CHUNK]}))
        for start in range(0, len(symbols), CHUNK)
    ]
    seconds = time.process_time() - started
    figures = {"us per row": seconds / len(symbols) * 1e6}
    (score,) = learner.metrics.class_scores
    if settings.get("count_order"):
        alone = {"network alone": score.network_log_loss, "counts alone": score.counts_log_loss}
        figures |= {name: nats / np.log(2.0) for name, nats in alone.items()}
    return pyarrow.concat_tables(parts), figures


def bits_of_text(symbols: list[str], settings: dict[str, Any]) -> Figures:
    """Bits per symbol; one that comes for the first time costs 8 beyond its escape."""
    records, figures = run_symbols(symbols, settings)
    nats = np.nan_to_num(records["loss"].to_numpy())
    new = 8.0 * len(set(symbols)) / len(symbols)
    figures |= {name: bits + new for name, bits in figures.items() if name.endswith("alone")}
    return {"bits": float(nats.mean() / np.log(2.0) + new), **figures}


def characters(folder: Path, split: str, settings: dict[str, Any]) -> Figures:
    """Bits per character."""
    text = (folder / "text" / "tinyshakespeare.txt").read_text()
    return bits_of_text(list(text[:DEVELOPMENT_CHARACTERS] if split == "development" else text), settings)


def words(folder: Path, split: str, settings: dict[str, Any]) -> Figures:
    """Hits among the first and the first three, over the second half."""
    text = (folder / "text" / "tinyshakespeare.txt").read_text()
    tokens = re.findall(r"\w+|[^\w\s]", text[:DEVELOPMENT_CHARACTERS] if split == "development" else text)
    records, figures = run_symbols(tokens, settings)
    named = [records[name].to_pylist() for name in ("symbol_h1", "symbol_h1_top2", "symbol_h1_top3")]
    places = range(len(tokens) // 2, len(tokens))
    first = [named[0][place - 1] == tokens[place] for place in places]
    three = [tokens[place] in [names[place - 1] for names in named] for place in places]
    trigram = trigram_hits(tokens, places.start)
    return {
        "first": float(np.mean(first)), "in 3": float(np.mean(three)),
        "trigram first": trigram[0], "trigram in 3": trigram[1], **figures,
    }  # fmt: skip


def hits(records: pyarrow.Table, target: str) -> np.ndarray:
    """Whether each label was forecast, in their order."""
    labelled = records.filter(pyarrow.compute.is_valid(records[target]))
    pairs = zip(labelled[target].to_pylist(), labelled[f"{target}_h0"].to_pylist(), strict=True)
    return np.array([label == forecast for label, forecast in pairs])


def digits(folder: Path, split: str, settings: dict[str, Any]) -> Figures:
    """Hits among the last quarter of the utterances."""
    table = read_table(folder / "speech" / "spoken_digits.arrow")
    if split == "development":
        labels = np.flatnonzero(pyarrow.compute.is_valid(table["digit"]).to_numpy())
        table = table.slice(0, labels[999] + 1)
    features = [name for name in table.column_names if name.startswith("mfcc")]
    learner = Learner("digit", features, categorical="digit", sequence="utterance", max_categories=10, **settings)
    right = hits(learner.run(table), "digit")
    return {"last quarter": float(right[-len(right) // 4 :].mean()), "all": float(right.mean())}


def motions(folder: Path, split: str, settings: dict[str, Any]) -> Figures:
    """Hits on the clips that were held back: the split ``test``, or each fourth clip of ``train`` in turn."""
    table = read_table(folder / "action" / "basic_motions.arrow")
    is_train = np.array([part == "train" for part in table["split"].to_pylist()])
    if split == "test":
        return {"hits": motions_once(table, is_train, ~is_train, settings)}
    names = np.array(table["sequence"].to_pylist())
    clip = np.cumsum(np.append(False, names[1:] != names[:-1]))
    folds = [is_train & (clip % 4 == fold) for fold in range(4)]
    return {"hits": float(np.mean([motions_once(table, is_train & ~held, held, settings) for held in folds]))}


def motions_once(table: pyarrow.Table, train: np.ndarray, test: np.ndarray, settings: dict[str, Any]) -> float:
    """Learn from some rows in several passes, then take the others once; train, test: (rows,)."""
    features = [name for name in table.column_names if name.startswith("imu")]
    learner = Learner("activity", features, categorical="activity", sequence="sequence", max_categories=4, **settings)
    for _ in range(PASSES):
        learner.begin_sequence()
        learner.run(table.filter(pyarrow.array(train)))
    learner.begin_sequence()
    return float(hits(learner.run(table.filter(pyarrow.array(test))), "activity").mean())


def fleet(folder: Path, split: str, settings: dict[str, Any]) -> Figures:
    """Errors of a learner with a key for each of 17 streams, beside learners of one stream each."""
    return figures(interleaved(folder / "nab", 2 * ROWS if split == "development" else 0, ROWS), settings)


TASKS: dict[str, tuple[Callable[[Path, str, dict[str, Any]], Figures], str, str]] = {
    "characters": (characters, "characters", "bits below 2.10, network alone below 2.30"),
    "words": (words, "words", "above the trigram"),
    "digits": (digits, "clips", "last quarter at least 90%"),
    "motions": (motions, "few-clips", "hits at least 90%"),
    "heart beats": (heart_beats, "heart-beats", "sensitivity and precision at least 95%"),
    "vehicle": (vehicle, "vehicle", "at least 30% below the last value"),
    "fleet": (fleet, "", "shared below the networks"),
}


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@SPLIT
@ONLY
@click.option("--seeds", default=3, show_default=True)
@SETTINGS
def main(data: Path, split: str, only: str, seeds: int, settings: dict[str, Any]) -> None:
    for name, (task, preset, reach) in TASKS.items():
        if only not in name:
            continue
        given = tomllib.loads((PRESETS / f"{preset}.toml").read_text()) if preset else {}
        lines = [task(data, split, {**given, **settings, "seed": seed}) for seed in range(seeds)]
        chosen = [f"preset {preset}" if preset else "defaults", *(f"{key}={value}" for key, value in settings.items())]
        click.echo(f"{name}, {split}, {', '.join(chosen)}; reach: {reach}")
        for figure in lines[0]:
            values = np.array([line[figure] for line in lines])
            click.echo(f"  {figure:<26} {values.mean():8.4f}   {values.min():.4f} to {values.max():.4f}")


if __name__ == "__main__":
    main()
