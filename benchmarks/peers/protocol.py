"""What every peer shares: the job, the stream, the check that it learns, the clock, and the words it speaks.

**The job.** A stream of rows with 8 numeric columns. When a row arrives, its first column grades the forecast that was
made one row ago (squared error); every `stride` rows one gradient step follows, on the mean of their errors, each
through the `window` rows before it, clipped to a global norm, by Adam; then the next row's first column is forecast. So
every row is predicted first and learned from afterwards.

**The stream** is periodic, sine waves and a little noise, so that it can go round for ever without a jump.

**The words.** `python -m benchmarks.peers.<peer> --cell lstm --hidden 32 --rounds 3` prints one JSON object with the
median and the minimum of the rounds, in microseconds a row. With `--serve` the peer prints a JSON line once it is warm,
then does one round for each line that it reads and answers it with a JSON line: so several peers, each in its own
process, can take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np

FEATURES = 8
PERIOD = 4096  # rows after which the stream repeats
LONGEST_CALL = 4096  # a multiple of every stride; rows that a contender may ask for at once
WARM_UP_UPDATES = 1536
LEARNED = 0.5  # when warm, the error must be below this share of the last value's
SECONDS_PER_ROUND = 0.25  # a round lasts at least this long


@dataclass(frozen=True)
class Job:
    """What is learned, and how; each field is a flag of every peer."""

    cell: str = "lstm"
    hidden: int = 32
    window: int = 32
    stride: int = 1  # rows between two updates
    rows: int = 512  # rows in a round, at least
    lr: float = 1e-3
    clip: float = 1.0
    seed: int = 0


class Contender(Protocol):
    """One way of doing the job: it keeps its place in the stream from one call to the next."""

    group: str  # the column of the table, for example "JAX per call"
    variant: str  # what sets it apart within the group, for example "unroll 8"
    stream: Stream

    def learn(self, rows: int) -> list[float] | np.ndarray:
        """Go on by at least `rows` rows; return one loss for each row that was learned."""
        ...


class Stream:
    """The rows of the job, and a place in them.

    `values` (rows, features) float64 starts with the `reach` rows that come before the first place, which the first
    update goes back through, and is long enough for a call of `LONGEST_CALL` rows at any place.
    """

    def __init__(self, job: Job) -> None:
        self.reach = job.window + job.stride - 1
        self.place = 0
        places = np.arange(-self.reach, PERIOD + LONGEST_CALL)
        self.values = np.take(one_period(job.seed), places, axis=0, mode="wrap")

    def advance(self, rows: int) -> int:
        """Return where in `values` the next row stands, and move the place on by `rows`."""
        newest = self.reach + self.place
        self.place = (self.place + rows) % PERIOD
        return newest


def one_period(seed: int) -> np.ndarray:
    """The stream from its start until it repeats: (period, features) float64 of unit size."""
    random = np.random.default_rng(seed)
    waves = np.linspace(400, 150, FEATURES).astype(int)  # (features,) whole waves in a period
    angle = 2 * np.pi * waves * np.arange(PERIOD)[:, None] / PERIOD  # (period, features)
    wave = np.sqrt(2) * np.sin(angle + random.uniform(0, 2 * np.pi, FEATURES))
    noisy: np.ndarray = wave + 0.05 * random.standard_normal(wave.shape)
    return noisy


def warm_up(contender: Contender, rows: int) -> dict[str, float]:
    """Run a contender until it is warm, and see that it learns: a fast loop that does not learn is worth nothing.

    Its median squared error must come well below that of the last value. (The median, because one update a row at a
    fixed rate makes the mean jump.)
    """
    losses = np.zeros(0)
    while len(losses) < rows:
        losses = np.append(losses, contender.learn(min(rows - len(losses), LONGEST_CALL)))
    losses = losses[:rows]
    learned = float(np.nanmedian(losses[-rows // 4 :]))
    last_value = float(np.median(np.square(np.diff(contender.stream.values[:, 0]))))
    if not learned < LEARNED * last_value:
        name = f"{contender.group} ({contender.variant})"
        raise SystemExit(f"{name} does not learn: its error is {learned:.4f}, that of the last value {last_value:.4f}")
    return {"learned_error": learned, "last_value_error": last_value}


def microseconds_per_row(contender: Contender, rows: int) -> float:
    """Time one round, by the clock on the wall."""
    learned, elapsed = 0, 0.0
    began = time.perf_counter()
    while learned < rows or elapsed < SECONDS_PER_ROUND:
        learned += len(contender.learn(rows))
        elapsed = time.perf_counter() - began
    return 1e6 * elapsed / learned


def pin_to_one_core() -> None:
    """Keep the process, and the threads that it starts from now on, on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def parse_arguments(description: str | None) -> tuple[Job, int, bool]:
    """Read the job, the number of rounds, and whether to serve, from the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in fields(Job):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help="do one round for each line read from stdin")
    arguments = vars(parser.parse_args())
    rounds, serve = arguments.pop("rounds"), arguments.pop("serve")
    if not 0 < arguments["rows"] <= LONGEST_CALL:
        parser.error(f"--rows must be from 1 to {LONGEST_CALL}")
    if LONGEST_CALL % arguments["stride"] or arguments["rows"] % arguments["stride"]:
        parser.error(f"--stride must divide {LONGEST_CALL} and --rows")
    return Job(**arguments), rounds, serve


def main(description: str | None, version: str, build: Callable[[Job], Sequence[Contender]]) -> None:
    """Be a peer: build its contenders, warm them up, time them, and print JSON."""
    job, rounds, serve = parse_arguments(description)
    pin_to_one_core()
    contenders = build(job)
    errors = [warm_up(contender, WARM_UP_UPDATES * job.stride) for contender in contenders]
    ready = [{"group": c.group, "variant": c.variant, **error} for c, error in zip(contenders, errors, strict=True)]

    def one_round() -> list[float]:
        return [microseconds_per_row(contender, job.rows) for contender in contenders]

    if serve:
        say({"version": version, "contenders": ready})
        for _ in sys.stdin:
            say({"microseconds": one_round()})
        return
    timed = zip(*(one_round() for _ in range(rounds)), strict=True)
    results = [{**c, "median": statistics.median(t), "min": min(t)} for c, t in zip(ready, timed, strict=True)]
    say({"version": version, "job": vars(job), "microseconds_per_row": results})


def say(message: dict[str, Any]) -> None:
    """Print one JSON line at once."""
    print(json.dumps(message), flush=True)
