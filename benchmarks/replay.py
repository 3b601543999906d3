"""Would it help to learn from rows of the past once more? Errors with replayed rows, beside those of other extra work.

    python -m benchmarks.replay --data FOLDER

The streams, development rows and scales of `benchmarks.forecasting`. Keys share weights, so replay needs nothing new:
the stream is the rows of a key, and after every few of them comes a run of past rows, drawn at random from the latest
`--buffer` ones, as a sequence of another key. Only the stream's own forecasts are graded, by a network alone or in the
mix. Beside them stand learners without replay: as it is, and with the same extra work in a larger network or spent by
a higher rate. Means over seeds, in units of the learner as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pyarrow

from benchmarks.forecasting import (
    FORECASTERS,
    TASKS,
    Stream,
    Task,
    forecast_all,
    open_stream,
    rows_of,
    settings_of,
    squared_errors,
)
from benchmarks.options import DATA, ONLY, numbers
from streamrnn import Learner
from streamrnn.kernels.arrays.places import EXPECTED
from streamrnn.settings import Settings

KEY, RUN, LIVE, PAST = "replay key", "replay run", "live", "past"
WARM_UP = 300  # rows
LENGTH = 32  # rows of a run that are graded at every horizon: as many as a gradient flows back


class Variant(NamedTuple):
    """A learner that works more than the default one."""

    ratio: float = 0.0  # replayed rows for each row of the stream
    rate: float = 1.0  # times the default one
    changes: dict[str, Any] = {}  # noqa: RUF012


NETWORK = FORECASTERS["network"]
VARIANTS = {
    "as it is": Variant(),
    "replay, 1 row a row": Variant(ratio=1.0),
    "replay, 3 rows a row": Variant(ratio=3.0),
    "twice the rate": Variant(rate=2.0),
    "48 units": Variant(changes={"hidden": 48}),
    "64 units": Variant(changes={"hidden": 64}),
}


def with_replay(rows: int, length: int, ratio: float, buffer: int, seed: int) -> Iterator[tuple[int, int]]:
    """Row numbers in the order in which they are learned from, each with its run: 0 for the stream itself."""
    random, run = np.random.default_rng(seed), 0
    owed = 0.0
    for row in range(rows):
        yield row, 0
        owed += ratio if row >= length else 0.0
        while owed >= length:
            owed -= length
            run += 1
            first = int(random.integers(max(0, row + 1 - buffer), row + 2 - length))
            yield from ((past, run) for past in range(first, first + length))


def forecasts_of_network(stream: Stream, settings: dict[str, Any], ratio: float, buffer: int) -> np.ndarray:
    """Forecasts by a network alone, which learns from past rows beside the stream's: (rows, horizons, columns)."""
    if not ratio:
        return forecast_all(stream, settings | NETWORK)
    length = LENGTH + settings["horizon"]
    order = np.array(list(with_replay(len(stream.table), length, ratio, buffer, settings["seed"])))
    is_live = order[:, 1] == 0
    table = stream.table.take(order[:, 0])
    table = table.append_column(KEY, pyarrow.array(np.where(is_live, LIVE, PAST)))
    table = table.append_column(RUN, pyarrow.array(order[:, 1]))
    learner = Learner(stream.targets, stream.features, key=KEY, sequence=RUN, max_keys=2, **settings, **NETWORK)
    records = learner.run(table).filter(pyarrow.array(is_live))
    columns = [[records[f"{name}_h{h}"].to_numpy() for name in stream.targets] for h in learner.settings.horizons]
    return np.moveaxis(np.array(columns), 2, 0)


def mixed(stream: Stream, settings: dict[str, Any], forecasts: np.ndarray) -> np.ndarray:
    """The mix of the experts with a network that has forecast this: (rows, horizons, columns)."""
    learner = Learner(stream.targets, stream.features, **settings)
    engine = learner._engine
    network = engine._learn_rows
    first = EXPECTED + len(stream.targets)
    made, taken = forecasts.reshape(len(forecasts), -1), 0

    def instead(*arguments: Any) -> None:
        nonlocal taken
        network(*arguments)
        answers = arguments[-1]
        answers[:, first : first + made.shape[1]] = made[taken : taken + len(answers)]
        taken += len(answers)

    engine._learn_rows = instead
    records = learner.run(stream.table)
    columns = [[records[f"{name}_h{h}"].to_numpy() for name in stream.targets] for h in learner.settings.horizons]
    return np.moveaxis(np.array(columns), 2, 0)


def errors_of(task: Task, whole: Stream, horizon: int, variant: Variant, buffer: int, seed: int) -> tuple[float, ...]:
    """Mean squared error of the network alone and of the mix, and the network's seconds of the processor."""
    count = len(whole.values)
    span, deviations = rows_of(task.development, count), whole.values[rows_of(task.training, count)].std(axis=0)
    stream = whole.before(span.stop)
    settings = {**settings_of(task, horizon), "seed": seed, **variant.changes}
    settings["lr"] = variant.rate * Settings(horizon=horizon).learning_rate
    started = time.process_time()
    alone = forecasts_of_network(stream, settings, variant.ratio, buffer)
    seconds = time.process_time() - started
    horizons = range(1, horizon + 1)
    errors = [
        squared_errors(stream.values, forecasts, deviations, span, horizons).mean()
        for forecasts in (alone, mixed(stream, settings, alone))
    ]
    return errors[0], errors[1], seconds


@click.command(help=__doc__.split("\n\n")[0])
@DATA
@click.option("--horizons", default="1,24,48", show_default=True, callback=numbers)
@click.option("--buffer", default=2000, show_default=True, help="rows of the past that are drawn from")
@click.option("--seeds", default=3, show_default=True)
@ONLY
def main(data: Path, horizons: list[int], buffer: int, seeds: int, only: str) -> None:
    click.echo(
        f"{'stream':<18} {'H':>3} {'learner':<22} {'network':>9} {'ratio':>6} {'mix':>9} {'ratio':>6} {'time':>5}"
    )
    for task in (task for task in TASKS if only in task.file):
        stream = open_stream(task, data)
        for ratio in (0.0, 1.0):  # compile what the two kinds of learner need
            forecasts_of_network(stream.before(WARM_UP), {**settings_of(task, 1), "seed": 0}, ratio, buffer)
        for horizon in horizons:
            usual = np.ones(3)
            for name, variant in VARIANTS.items():
                found = [errors_of(task, stream, horizon, variant, buffer, seed) for seed in range(seeds)]
                means = np.mean(found, axis=0)
                usual = means if name == "as it is" else usual
                network, mix, cost = means / usual
                click.echo(
                    f"{task.file:<18} {horizon:>3} {name:<22} {means[0]:9.5f} {network:6.3f} {means[1]:9.5f} "
                    f"{mix:6.3f} {cost:4.1f}x"
                )


if __name__ == "__main__":
    main()
