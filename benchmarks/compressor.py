"""Next to a compressor whose model is an LSTM in C++: bits per byte of a text, and bytes per second of CPU.

    python -m benchmarks.compressor --data FOLDER --peer PATH/TO/lstm-compress
    python -m benchmarks.compressor --data FOLDER --peer PATH/TO/lstm-compress --first 200000     to choose settings on

FOLDER holds ``text/tinyshakespeare.txt``; the peer is https://github.com/byronknoll/lstm-compress, built by its
makefile. Its network is fixed: LSTM with 3 layers of 90 cells, one update every 10 bytes through these 10, stochastic
gradient descent at a rate of 0.05. Its bits are those of the file that it writes, ours the loss of each byte before it
is learned, and the escape and 8 bits of one that comes for the first time. Seconds are those of the processor, of its
process, and of our rows without the start, which compiles the kernels or loads them.
"""

from __future__ import annotations

import resource
import subprocess
import time
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click

from benchmarks.options import DATA

from .sequences import PRESETS, bits_of_text

SAME = {"cell": "lstm", "hidden": 90, "layers": 3, "window": 10, "stride": 10}
SGD = {"optimizer": "sgd", "lr": 0.05, "momentum": 0.0, "clip": 20.0}


class Run(NamedTuple):
    bits: float  # a byte
    rate: float  # bytes a second


def peer(program: Path, text: bytes) -> Run:
    """What the compressor makes of a text."""
    with TemporaryDirectory() as scratch:
        source, packed = Path(scratch) / "text", Path(scratch) / "packed"
        source.write_bytes(text)
        before = _seconds_of_children()
        subprocess.run([program, "-c", source, packed], check=True, capture_output=True)
        seconds = _seconds_of_children() - before
        return Run(8.0 * packed.stat().st_size / len(text), len(text) / seconds)


def _seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ours(settings: dict[str, Any], text: bytes) -> Run:
    """What a learner makes of it."""
    symbols = list(text.decode("latin-1"))  # a character for each byte
    bits_of_text(symbols[:1000], settings)  # its kernels are there
    started = time.process_time()
    bits = bits_of_text(symbols, settings)["bits"]
    return Run(bits, len(text) / (time.process_time() - started))


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@click.option("--peer", "program", type=click.Path(exists=True, path_type=Path), envvar="LSTM_COMPRESS", required=True)
@click.option("--first", type=int, help="bytes of the text to take [all]")
def main(data: Path, program: Path, first: int | None) -> None:
    text = (data / "text" / "tinyshakespeare.txt").read_bytes()[:first]
    small = tomllib.loads((PRESETS / "characters-fast.toml").read_text())
    yardstick = peer(program.resolve(), text)
    runs = {
        "lstm-compress": yardstick,
        "same network": ours({**SAME, **SGD}, text),
        "preset characters-fast": ours(small, text),
    }
    for name, run in runs.items():
        click.echo(f"{name:<24} {run.bits:.3f} bits {run.rate / 1e3:6.1f} kB/s {run.rate / yardstick.rate:5.2f}")


if __name__ == "__main__":
    main()
