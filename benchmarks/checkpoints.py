"""How long does a checkpoint hold a stream up? Saving the model beside a bare flush of the same bytes.

    python -m benchmarks.checkpoints                  in the folder for temporary files
    python -m benchmarks.checkpoints --folder .       on the disk of this one

What holds a stream up is all of it: the learner's arrays into bytes, the file beside the old one, both flushes, both
names. The bare way writes the same bytes to a new file and flushes that.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from streamrnn import Learner
from streamrnn.session.model_file import ModelFile

MIB = 2**20
MOST_MILLISECONDS = 50.0


def milliseconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - started)


def write_and_flush(path: Path, content: bytes) -> None:
    """The least that a disk can be asked for."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, content)
    os.fsync(descriptor)
    os.close(descriptor)


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--hidden", default=128, show_default=True, help="of the LSTM: 128 is a mebibyte of state")
@click.option("--rounds", default=200, show_default=True)
@click.option("--folder", type=click.Path(exists=True, file_okay=False), help="where to write")
def main(hidden: int, rounds: int, folder: str | None) -> None:
    learner = Learner([f"c{i}" for i in range(4)], cell="lstm", hidden=hidden)
    rows = np.random.default_rng(0).standard_normal((rounds, 4))
    ours, bare, encoding = [], [], []
    with tempfile.TemporaryDirectory(dir=folder) as place:
        model = ModelFile(str(Path(place) / "model"), is_written=True)
        for row in rows:
            learner.step(row)
            content = learner.to_bytes()
            encoding.append(milliseconds(learner.to_bytes))
            ours.append(milliseconds(lambda: model.save(learner.to_bytes())))
            bare.append(milliseconds(lambda content=content: write_and_flush(Path(place) / "bare", content)))
        model.release()
    size, reached = len(content) / MIB, max(ours) < MOST_MILLISECONDS
    click.echo(f"a model of {size:.2f} MiB, {rounds} times, milliseconds:")
    for name, found in (("into bytes", encoding), ("saved", ours), ("bare write and fsync", bare)):
        click.echo(f"{name:<21} median {statistics.median(found):6.2f}, longest {max(found):6.2f}")
    click.echo(f"to stay under {MOST_MILLISECONDS:.0f}: {'reached' if reached else 'MISSED'}")


if __name__ == "__main__":
    main()
