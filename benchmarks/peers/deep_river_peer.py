"""River with deep-river on the job of `protocol.py`: `python -m benchmarks.peers.deep_river_peer --cell lstm`.

`RollingRegressor` as its documentation shows it: a module that reads a window of rows and answers with the last
output, `predict_one` and then `learn_one` for each row, Adam, and clipping by `gradient_clip_value`. The window is run
forward for each forecast and again for each update, each time from a state of zeros. It has no stride.

It needs an older pandas and pins an older PyTorch, which it runs without just as well:
`pip install --no-deps deep-river` beside `pip install river torch torchviz 'pandas<3'`.
"""

from __future__ import annotations

import deep_river
import torch
from deep_river.regression import RollingRegressor
from torch import nn

from benchmarks.peers import protocol
from benchmarks.peers.protocol import FEATURES, Job, Stream
from benchmarks.peers.torch_peer import MODULES

COLUMNS = [f"c{column}" for column in range(FEATURES)]


class Network(nn.Module):
    """A recurrent layer and a linear head on its last output."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.recurrent = MODULES[job.cell](FEATURES, job.hidden)
        self.head = nn.Linear(job.hidden, 1)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """rows: (window, 1, features)."""
        hidden, _ = self.recurrent(rows)
        output: torch.Tensor = self.head(hidden[-1])
        return output


class DeepRiver:
    """A regressor whose target is the first column, a row later."""

    group = "deep-river"
    variant = "RollingRegressor"

    def __init__(self, job: Job) -> None:
        torch.manual_seed(job.seed)
        self.stream = Stream(job)
        self.rows = [dict(zip(COLUMNS, row, strict=True)) for row in self.stream.values.tolist()]
        self.model = RollingRegressor(
            Network(job), optimizer_fn="adam", lr=job.lr, window_size=job.window, gradient_clip_value=job.clip
        )
        self.forecast = 0.0

    def learn(self, rows: int) -> list[float]:
        """Reveal, learn, predict, for each of the next `rows` rows."""
        newest = self.stream.advance(rows)
        losses = []
        for row in range(newest, newest + rows):
            value = self.rows[row]["c0"]
            losses.append((self.forecast - value) ** 2)
            self.model.learn_one(self.rows[row - 1], value)
            self.forecast = self.model.predict_one(self.rows[row])
        return losses


def build(job: Job) -> list[DeepRiver]:
    """The one learner; with a stride, none."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    return [DeepRiver(job)] if job.stride == 1 else []


def main() -> None:
    """Time deep-river and print JSON."""
    version = getattr(deep_river, "__version__", "")
    protocol.main(__doc__, version, build)


if __name__ == "__main__":
    main()
