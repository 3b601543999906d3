"""What tests of sessions share."""

from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from streamrnn import Learner, ShardedLearner
from streamrnn.description import describe_model

SMALL = {"hidden": 4, "window": 4}
WRITTEN = ["out.csv", "out.ndjson", "out.arrow", "out.arrows"]


class Heard:
    """A listener that keeps what it hears, and may do something after so many rows."""

    def __init__(self, at=None, action=None):
        self.said, self.warned, self.rows = [], [], 0
        self._at, self._action = at, action

    def say(self, text):
        self.said.append(text)

    def warn(self, text):
        self.warned.append(text)

    def advance(self, rows, learner):
        before, self.rows = self.rows, self.rows + rows
        if self._at is not None and before < self._at <= self.rows:
            self._action()


def content(path: Path):
    """What must be equal: the bytes of text, the rows of Arrow."""
    if path.suffix == ".arrow":
        return pa.ipc.open_file(path).read_all()
    return pa.ipc.open_stream(path).read_all() if path.suffix == ".arrows" else path.read_bytes()


def model_of(path: Path):
    """A model's bytes without the note of its runs."""
    learner = (Learner if describe_model(path).shards is None else ShardedLearner).load(path)
    learner.session = {}
    return learner.to_bytes()


def check_runs_that_go_on(run, files: Path, name: str, ends, first=None, **options):
    """Runs that stop behind so many rows and go on write what one run writes, and leave its model.

    first: what only a run is told that makes a model
    """
    first, whole = first or {}, name.replace("out", "whole")
    run(output=whole, model="whole", **options, **first)
    done = 0
    for end in ends:
        if end > done:
            run(output=name, model="model", limit=end - done, **options, **({} if done else first))
            done = end
    assert content(files / name) == content(files / whole)
    assert model_of(files / "model") == model_of(files / "whole")
