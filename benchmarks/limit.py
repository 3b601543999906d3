"""How near is the learner to what the processor can do? Its time beside the sum of the parts that it cannot do without.

    python -m benchmarks.limit                       a few minutes
    python -m benchmarks.limit --hidden 32 --window 32 --stride 1

The parts (`limits/parts.py`): the chain of matrix-vector products back through the window, the steps forward, the
gradient of the weights as one matrix product over the window, and the optimizer's pass with the gradient's norm. Each
is timed as BLAS on one thread, as a plain loop and as our own kernel do it; the fastest counts. Their sum is the limit:
it holds no gate, no statistics, no forecast and no record. A ratio of 1 would be a learner that does nothing else.
"""

from __future__ import annotations

import os

os.environ.update({f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "MKL", "OMP", "VECLIB")})

import statistics  # BLAS counts its threads when NumPy is loaded
import time
from collections.abc import Callable
from itertools import product

import click
import numpy as np

from streamrnn import Learner
from streamrnn.kernels.arrays.state import padded

from .limits.parts import Shape, Ways, chain_back, optimizer_pass, step_forward, weight_gradient
from .options import numbers, words

FEATURES = 8
GATES = {"elman": 1, "gru": 3, "lstm": 4}
SECONDS = 0.02  # of work in one timing, about
MOST = {16: 1.6}  # times the limit, by hidden; 1.3 for the others


def microseconds(work: Callable[[], object], calls: int) -> float:
    """CPU time of one call, over some."""
    started = time.process_time()
    for _ in range(calls):
        work()
    return 1e6 * (time.process_time() - started) / calls


def calls_for(work: Callable[[], object]) -> int:
    """How many calls take `SECONDS`; the first one may compile."""
    work()
    return max(1, int(SECONDS / (1e-6 * microseconds(work, 3))))


def shape_of(learner: Learner, cell: str, hidden: int, window: int, stride: int) -> Shape:
    """What there is to do for an update."""
    count = sum(view.size for view in learner.parameters.values())
    return Shape(GATES[cell] * hidden, hidden, padded(2 * FEATURES), window + stride - 1, count)


Fastest = dict[str, tuple[str, float]]  # by part: the way, and microseconds a row


def measure(cell: str, hidden: int, window: int, stride: int, rounds: int) -> tuple[float, Fastest]:
    """Microseconds a row of the learner; and of each part, in its fastest way."""
    names = [f"c{i}" for i in range(FEATURES)]
    learner = Learner("c0", names, cell=cell, hidden=hidden, window=window, stride=stride, experts=False)
    rows = np.sin(np.arange(512)[:, None] / (3.0 + np.arange(FEATURES)))
    shape = shape_of(learner, cell, hidden, window, stride)
    parts: dict[str, tuple[Ways, float]] = {  # with how often each is done for a row
        "chain back": (chain_back(shape), 1.0 / stride),
        "step forward": (step_forward(shape), 1.0),
        "weight gradient": (weight_gradient(shape), 1.0 / stride),
        "optimizer": (optimizer_pass(shape), 1.0 / stride),
    }
    works = {"learner": {"run": lambda: learner.run(rows)}, **{name: ways for name, (ways, _) in parts.items()}}
    calls = {(name, way): calls_for(work) for name, ways in works.items() for way, work in ways.items()}
    took: dict[tuple[str, str], list[float]] = {key: [] for key in calls}
    for _ in range(rounds):
        for (name, way), found in took.items():
            found.append(microseconds(works[name][way], calls[name, way]))
    median = {key: statistics.median(found) for key, found in took.items()}
    fastest: Fastest = {}
    for name, (ways, often) in parts.items():
        way = min(ways, key=lambda way, name=name: median[name, way])
        fastest[name] = way, often * median[name, way]
    return median["learner", "run"] / len(rows), fastest


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--cell", default="lstm,gru", show_default=True, callback=words(tuple(GATES)))
@click.option("--hidden", default="16,32,64,128,256", show_default=True, callback=numbers)
@click.option("--window", default="16,32,64", show_default=True, callback=numbers)
@click.option("--stride", default="1,8", show_default=True, callback=numbers)
@click.option("--rounds", default=7, show_default=True)
def main(cell: list[str], hidden: list[int], window: list[int], stride: list[int], rounds: int) -> None:
    click.echo("microseconds a row; each part with its fastest way")
    missed = 0
    for one_cell, size, rows, every in product(cell, hidden, window, stride):
        learner, parts = measure(one_cell, size, rows, every, rounds)
        limit = sum(spent for _, spent in parts.values())
        most = MOST.get(size, 1.3)
        missed += learner > most * limit
        shown = ", ".join(f"{name} {spent:.2f} ({way})" for name, (way, spent) in parts.items())
        verdict = "reached" if learner <= most * limit else "MISSED"
        click.echo(
            f"{one_cell:5} hidden {size:3} window {rows:2} stride {every}: {learner:8.2f} / {limit:8.2f} = "
            f"{learner / limit:.2f}, to be {most}: {verdict}; {shown}"
        )
    click.echo(f"{missed} missed")


if __name__ == "__main__":
    main()
