"""PyTorch on the job of `protocol.py`: `python -m benchmarks.peers.torch_peer --cell lstm --hidden 32`.

Every update changes the weights, so the activations of the window belong to weights that are gone: the window is run
forward again for each row. That one pass serves twice: its last output is the forecast of the next row, and its graph
is what the next row's gradient goes back through, with the weights still the same. So the forecast costs nothing more,
where a step of its own in `inference_mode` would. With a stride, the rows between two updates take such a step. The
state that enters the window is the one that was carried when its row was the newest, detached.

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
        self.reach = self.stream.reach
        # The states after the last `reach + 1` rows, each as it was when its row was the newest.
        self.carried: deque[State] = deque([self.first_state()] * (self.reach + 1), maxlen=self.reach + 1)
        self.predict(self.reach - 1)

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
            if (row - newest + 1) % self.job.stride:
                self.step(row)
            else:
                self.update(row)
                self.predict(row)
        return losses

    def update(self, row: int) -> None:
        """One step of Adam on the errors of the last `stride` forecasts."""
        self.optimizer.zero_grad(set_to_none=True)
        if self.job.stride > 1:
            self.outputs, _ = self.run_window(row - 1, self.carried[0])
        graded = self.targets[row + 1 - self.job.stride : row + 1]
        (self.outputs - graded).square().mean().backward()
        nn.utils.clip_grad_norm_(self.parameters, self.job.clip, foreach=True)
        self.optimizer.step()

    def predict(self, row: int) -> None:
        """Forecast with the weights of now; without a stride, over the window that the next update needs."""
        if self.job.stride > 1:
            self.step(row)
            return
        self.outputs, state = self.run_window(row, self.carried[1])
        self.carried.append(tuple(part.detach() for part in state) if self.job.cell == "lstm" else state.detach())
        self.forecast = self.outputs.item()

    def run_window(self, row: int, entering: State) -> tuple[torch.Tensor, State]:
        """Run the rows that an update goes back through, the last one `row`; outputs (stride,) and the last state."""
        window = self.rows[row + 1 - self.reach : row + 1]
        hidden, state = self.recurrent(window, entering)  # (reach, 1, hidden)
        return self.head(hidden[-self.job.stride :, 0])[:, 0], state

    @torch.no_grad()  # a state of inference_mode could not enter a window
    def step(self, row: int) -> None:
        """Forecast from the carried state alone."""
        hidden, state = self.recurrent(self.rows[row : row + 1], self.carried[-1])
        self.carried.append(state)
        self.forecast = self.head(hidden[-1, 0]).item()


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
