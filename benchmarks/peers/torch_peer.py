"""PyTorch on the job of `protocol.py`: `python -m benchmarks.peers.torch_peer --cell lstm --hidden 32`.

Every update changes the weights, so the activations of the window belong to weights that are gone: the window is run
forward again for each row. That one pass serves twice: its last output is the forecast of the next row, and its graph
is what the next row's gradient goes back through, with the weights still the same. So the forecast costs nothing more,
where a step of its own in `inference_mode` would. The state that enters the window is the one that was carried when its
row was the newest, detached.

As PyTorch's documentation advises for one core: `nn.LSTM`, `nn.GRU` and `nn.RNN` over the whole window at once (the
LSTM runs in oneDNN), `set_num_threads(1)`, `set_flush_denormal(True)`, `zero_grad(set_to_none=True)`,
`clip_grad_norm_(foreach=True)`, and Adam with `fused=True` or with `foreach=True`: both are timed. `torch.compile` is
left out, as it breaks its graph on purpose at each recurrent module.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.peers import protocol
from benchmarks.peers.protocol import FEATURES, Job, Stream

MODULES: dict[str, Callable[[int, int], nn.RNNBase]] = {"elman": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
State = Any  # (1, 1, hidden), and for the LSTM two of them


class TorchLearner:
    """A recurrent layer with a linear head, learning over a sliding window."""

    group = "PyTorch"

    def __init__(self, job: Job, variant: str, adam: dict[str, Any]) -> None:
        torch.manual_seed(job.seed)
        self.variant = variant
        self.job = job
        self.stream = Stream(job)
        self.rows = torch.from_numpy(self.stream.values).float()[:, None, :]  # (rows, 1, features)
        self.targets = self.rows[:, 0, 0].contiguous()  # (rows,)
        self.values = self.targets.tolist()
        self.recurrent = MODULES[job.cell](FEATURES, job.hidden)
        self.head = nn.Linear(job.hidden, 1)
        self.parameters = [*self.recurrent.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=job.lr, **adam)
        # The states after the last `window` rows, each as it was when its row was the newest.
        self.carried: deque[State] = deque([self.first_state()] * job.window, maxlen=job.window)
        self.predict(job.window - 1)

    def first_state(self) -> State:
        """The state before the first row: zeros."""
        zeros = torch.zeros(1, 1, self.job.hidden)
        return (zeros, zeros) if self.job.cell == "lstm" else zeros

    def learn(self, rows: int) -> list[float]:
        """Reveal, learn, predict, for each of the next `rows` rows."""
        newest = self.stream.advance(rows)
        losses = []
        for row in range(newest, newest + rows):
            losses.append((self.forecast - self.values[row]) ** 2)
            self.update(self.targets[row])
            self.predict(row)
        return losses

    def update(self, target: torch.Tensor) -> None:
        """One step of Adam on the error of the forecast that `target` grades."""
        self.optimizer.zero_grad(set_to_none=True)
        (self.output - target).square().backward()
        nn.utils.clip_grad_norm_(self.parameters, self.job.clip, foreach=True)
        self.optimizer.step()

    def predict(self, row: int) -> None:
        """Run the window that ends in `row` forward with today's weights."""
        window = self.rows[row + 1 - self.job.window : row + 1]
        hidden, state = self.recurrent(window, self.carried[0])  # (window, 1, hidden)
        self.output = self.head(hidden[-1, 0])[0]
        self.carried.append(tuple(part.detach() for part in state) if self.job.cell == "lstm" else state.detach())
        self.forecast = self.output.item()


def build(job: Job) -> list[TorchLearner]:
    """One learner for each implementation of Adam."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    return [
        TorchLearner(job, "fused Adam", {"fused": True}),
        TorchLearner(job, "foreach Adam", {"foreach": True}),
    ]


def main() -> None:
    """Time PyTorch and print JSON."""
    protocol.main(__doc__, torch.__version__, build)


if __name__ == "__main__":
    main()
