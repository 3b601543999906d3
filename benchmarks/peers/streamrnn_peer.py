"""streamrnn on the job of `protocol.py`: `python -m benchmarks.peers.streamrnn_peer --cell lstm --hidden 32`.

The learner is the one that users have, with its defaults: features standardised, missing-value indicators, persistence
skip, the gate against wild values. Nothing is taken out to make it faster. It is timed

- with `learner.run(array)`, 4,096 rows in one call, the records returned as a table,
- with `learner.step(row)`, a mapping at a time, as a live stream does it,
- with `learner.run(array, learn=False)`, once it has learned: what a step forward takes, and all else that is done for
  a row that teaches nothing.

streamrnn keeps the activations of the window from one row to the next, so it does not run the window forward again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow

import streamrnn
from benchmarks.peers import protocol
from benchmarks.peers.protocol import FEATURES, WARM_UP_UPDATES, Job, Stream
from streamrnn import Learner

CALL = 4096  # rows in one call of run
COLUMNS = [f"c{column}" for column in range(FEATURES)]


def make_learner(job: Job) -> Learner:
    """The learner of the job: forecast `c0` one row ahead from all columns."""
    return Learner(
        targets=["c0"],
        features=COLUMNS,
        cell=job.cell,
        hidden=job.hidden,
        window=job.window,
        stride=job.stride,
        optimizer="adam",
        lr=job.lr,
        clip=job.clip,
        seed=job.seed,
        experts=False,  # the network alone, as the others are
    )


class Run:
    """Many rows in one call."""

    group = "streamrnn run"
    variant = f"{CALL} rows a call"

    def __init__(self, job: Job) -> None:
        self.learner = make_learner(job)
        self.stream = Stream(job)
        order = [COLUMNS.index(name) for name in self.learner.columns]
        self.rows = np.ascontiguousarray(self.stream.values[:, order])  # (rows, features) in the learner's order

    def learn(self, rows: int) -> np.ndarray:
        """Reveal, learn, predict, for the next `rows` rows, in whole calls."""
        losses = []
        for _ in range(-(-rows // CALL)):
            newest = self.stream.advance(CALL)
            records = self.take(self.rows[newest : newest + CALL])
            expected = records["c0_expected"].to_numpy()  # (call,), NaN where nothing was expected
            losses.append(np.square(records["c0"].to_numpy() - expected))
        return np.concatenate(losses)

    def take(self, rows: np.ndarray) -> pyarrow.Table:
        """Learn from every row."""
        return self.learner.run(rows)


class Forward(Run):
    """Many rows in one call, of which nothing is learned once it is warm."""

    group = "streamrnn forward"
    variant = f"{CALL} rows a call"

    def take(self, rows: np.ndarray) -> pyarrow.Table:
        """Learn from the first rows alone."""
        return self.learner.run(rows, learn=self.learner.metrics.updates < WARM_UP_UPDATES // 2)


class Step:
    """One row a call."""

    group = "streamrnn step"
    variant = "mapping"

    def __init__(self, job: Job) -> None:
        self.learner = make_learner(job)
        self.stream = Stream(job)
        self.rows = [dict(zip(COLUMNS, row, strict=True)) for row in self.stream.values.tolist()]

    def learn(self, rows: int) -> list[float]:
        """Reveal, learn, predict, for each of the next `rows` rows."""
        newest = self.stream.advance(rows)
        losses = []
        for row in self.rows[newest : newest + rows]:
            record = self.learner.step(row)
            losses.append((record.values["c0"] - record.expected["c0"]) ** 2)
        return losses


def build(job: Job) -> Sequence[Run | Step]:
    """Every way of giving it rows."""
    return [Run(job), Step(job), Forward(job)]


def main() -> None:
    """Time streamrnn and print JSON."""
    protocol.main(__doc__, streamrnn.__version__, build)


if __name__ == "__main__":
    main()
