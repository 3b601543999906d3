"""Is there anything that a network could add to the linear experts? What one adds that learns offline, from everything.

    python -m benchmarks.left_to_learn --data FOLDER [--only WTH --horizons 1,24]

streamrnn's network learns online: each row once, one pass. The networks here (PyTorch) have no such bounds. Before each
of eight stretches of the test rows, one is made anew and learns from all that was revealed until then, for up to thirty
passes, until the newest 15% of it, which it does not learn from, are forecast no better. What it learns is what the
mix without the network has left, in deviations of each column; what it then adds is shrunk by the slope of what was
left on what it proposed, in those 15%. It sees 96 rows of all columns and the time, and

    windows   the forecasts of that mix, too: 256 rectified units in one layer, with dropout
    gru       a recurrent layer of 64 units, run over those 96 rows

The correction is added in full, and at half its size, which is best in hindsight. DM and p: Diebold and Mariano, beside
the mix without a network. Where these find no more than streamrnn's own network does, what is left is chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch
from torch import nn

from benchmarks.forecasting import (
    FORECASTERS,
    TASKS,
    Task,
    forecast_all,
    open_stream,
    rows_of,
    settings_of,
    squared_errors,
    verdict_on,
)
from benchmarks.options import DATA, numbers

WINDOW = 96
STRETCHES = 8
PASSES, PATIENCE = 30, 5
HELD_BACK = 0.15
BATCH = 128
LARGEST2 = 25.0  # a squared error counts as this at most
RATES = {"windows": 1e-3, "gru": 2e-3}


@dataclass(frozen=True)
class Past:
    """What may be learned from; all in deviations of the columns.

    rows: (rows, columns + 4), values and the time; proposed: (rows, horizon, columns), the changes that the mix without
    the network forecasts; left: (rows, horizon, columns), what it leaves, NaN beyond the end.
    """

    rows: torch.Tensor
    proposed: torch.Tensor
    left: torch.Tensor


class Windows(nn.Module):
    """One layer over the differences of the window from its newest row, and over the mix's forecasts."""

    def __init__(self, columns: int, horizon: int) -> None:
        super().__init__()
        self.columns = columns
        width = WINDOW * columns + 4 + horizon * columns
        self.layers = nn.Sequential(
            nn.Linear(width, 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, horizon * columns)
        )

    def forward(self, window: torch.Tensor, proposed: torch.Tensor) -> torch.Tensor:
        values = window[:, :, : self.columns] - window[:, -1:, : self.columns]
        seen = (values.flatten(1), window[:, -1, self.columns :], proposed.flatten(1))
        return self.layers(torch.cat(seen, dim=1)).view_as(proposed)


class Recurrent(nn.Module):
    """A gated recurrent layer over the window."""

    def __init__(self, columns: int, horizon: int) -> None:
        super().__init__()
        self.layer, self.head = nn.GRU(columns + 4, 64, batch_first=True), nn.Linear(64, horizon * columns)

    def forward(self, window: torch.Tensor, proposed: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(window)[1][0]).view_as(proposed)


NETWORKS = {"windows": Windows, "gru": Recurrent}


def corrections(past: Past, first: int, kind: str) -> np.ndarray:
    """What networks of a kind would add from a row on, each to a stretch: (rows, horizon, columns), zeros before."""
    count, horizon, columns = past.left.shape
    added = np.zeros((count, horizon, columns), np.float32)
    for stretch in np.array_split(np.arange(first, count), STRETCHES):
        end = stretch[0] - horizon  # so many rows are revealed to the last step
        held_back = end - int(HELD_BACK * (end - WINDOW))
        known, unseen = torch.arange(WINDOW, held_back - horizon), torch.arange(held_back, end)
        network = _learned(NETWORKS[kind](columns, horizon), past, known, unseen, RATES[kind])
        proposed, left = _answers(network, past, unseen), past.left[unseen]
        share = float(((proposed * left).sum() / (proposed * proposed).sum()).clamp(0.0, 1.0))
        added[stretch] = share * _answers(network, past, torch.from_numpy(stretch))
    return added


def _learned(network: nn.Module, past: Past, known: torch.Tensor, unseen: torch.Tensor, rate: float) -> nn.Module:
    """Learn from the known rows, and come back as it was when it forecast the unseen ones best."""
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-2)
    best, since, kept = np.inf, 0, network.state_dict()
    for _ in range(PASSES):
        network.train()
        for batch in known[torch.randperm(len(known))].split(BATCH):
            loss = _squared(network(*_seen(past, batch)), past.left[batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
        error = float(_squared(_answers(network, past, unseen), past.left[unseen]).mean())
        since += 1
        if error < best:
            best, since, kept = error, 0, {name: value.clone() for name, value in network.state_dict().items()}
        if since > PATIENCE:
            break
    network.load_state_dict(kept)
    return network


def _squared(answers: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    return ((answers - left) ** 2).clamp(max=LARGEST2)


def _seen(past: Past, origins: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return past.rows[origins[:, None] + torch.arange(1 - WINDOW, 1)], past.proposed[origins]


def _answers(network: nn.Module, past: Past, origins: torch.Tensor) -> torch.Tensor:
    network.eval()
    with torch.no_grad():
        return torch.cat([network(*_seen(past, batch)) for batch in origins.split(BATCH)])


def evaluate(task: Task, folder: Path, horizon: int) -> Iterator[str]:
    """Lines of the table for one stream and horizon."""
    whole = open_stream(task, folder)
    span, training = (rows_of(edges, len(whole.values)) for edges in (task.test, task.training))
    stream, deviations = whole.before(span.stop), whole.values[training].std(axis=0)
    told, steps = settings_of(task, horizon), range(1, horizon + 1)
    linear, mix = (forecast_all(stream, told | FORECASTERS[who]) for who in ("linear", "mix"))

    def error_of(forecasts: np.ndarray) -> np.ndarray:
        return squared_errors(stream.values, forecasts, deviations, span, steps)

    beside = error_of(linear)
    yield _row(task, horizon, "none", beside, beside)
    yield _row(task, horizon, "streamrnn's", error_of(mix), beside)
    past = _past_of(stream.values, linear, deviations, whole.values[training].mean(axis=0))
    for kind in NETWORKS:
        torch.manual_seed(0)
        added = corrections(past, span.start - 1, kind) * deviations
        for share, label in ((1.0, kind), (0.5, f"{kind}, half")):
            yield _row(task, horizon, label, error_of(linear + share * added), beside)


def _past_of(values: np.ndarray, linear: np.ndarray, deviations: np.ndarray, means: np.ndarray) -> Past:
    count, horizon = linear.shape[:2]
    left = np.full(linear.shape, np.nan)
    for step in range(1, horizon + 1):
        left[: count - step, step - 1] = values[step:] - linear[: count - step, step - 1]
    hour = np.arange(count) * 2.0 * np.pi / 24.0  # the rows are hours
    clock = np.column_stack([np.sin(hour), np.cos(hour), np.sin(hour / 7.0), np.cos(hour / 7.0)])
    arrays = (
        np.hstack([(values - means) / deviations, clock]),
        (linear - values[:, None]) / deviations,
        left / deviations,
    )
    return Past(*(torch.from_numpy(array.astype(np.float32)) for array in arrays))


def _row(task: Task, horizon: int, network: str, errors: np.ndarray, beside: np.ndarray) -> str:
    verdict = verdict_on(errors, beside, horizon)
    sure = "" if errors is beside else f"{verdict.statistic:6.1f} {verdict.p:8.1g}"
    return f"{task.file:<18} {horizon:>3}  {network:<14} {errors.mean():8.4f} {sure}"


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@click.option("--horizons", default="24,48", show_default=True, callback=numbers)
@click.option("--only", default="ETTh1", show_default=True, help="streams whose name contains this")
def main(data: Path, horizons: list[int], only: str) -> None:
    torch.set_num_threads(1)
    click.echo(f"{'stream':<18} {'H':>3}  {'network':<14} {'MSE':>8} {'DM':>6} {'p':>8}")
    for task in (task for task in TASKS if only in task.file):
        for horizon in horizons:
            for line in evaluate(task, data, horizon):
                click.echo(line)


if __name__ == "__main__":
    main()
