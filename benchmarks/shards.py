"""All cores: rows a second of a learner in shards, beside one learner, and beside learners that are strangers.

    python -m benchmarks.shards
    python -m benchmarks.shards --shards 8 --hidden 64

The streams are sines with noise that take turns, as those of benchmarks/keys.py. All take the same rows, in turn, and
the fastest of some rounds counts, by the clock. Independent learners, each in a thread of its own with its own keys'
rows, cut out for it before, are what the machine can give to learners; sines of numbers that stay in a core's cache are
what it can give at all. The hash that shares keys out does so unevenly, and the shard with the most rows is waited for:
its part of the rows bounds the gain, and is printed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import click
import numpy as np
import pyarrow

from benchmarks.keys import many_streams
from streamrnn import Learner, ShardedLearner
from streamrnn.shards.shares import shards_of_keys

ROUNDS = 5
ROWS_OF_A_KEY = 250  # in a round
SINES, TIMES = np.linspace(0.0, 1.0, 1 << 14), 4096


def in_threads(calls: Iterable[Callable[[], Any]]) -> None:
    """Make each call in a thread of its own."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sines(times: int) -> None:
    """Work out sines for a while, in numpy, which lets other threads run meanwhile."""
    room = np.empty_like(SINES)
    for _ in range(times):
        np.sin(SINES, out=room)


def fastest(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Make all calls in turn, once for nothing; return the least seconds of each."""
    best = dict.fromkeys(calls, np.inf)
    for turn in range(1 + ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if turn:
                best[name] = min(best[name], time.perf_counter() - started)
    return best


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--shards", default=2, show_default=True)
@click.option("--keys", default=256, show_default=True)
@click.option("--hidden", default=32, show_default=True)
def main(shards: int, keys: int, hidden: int) -> None:
    table = many_streams(keys, ROWS_OF_A_KEY)
    settings: dict[str, Any] = {"key": "file", "max_keys": 2 * keys, "hidden": hidden}
    which = shards_of_keys(table["file"].combine_chunks(), shards)
    parts = [table.filter(pyarrow.array(which == shard)) for shard in range(shards)]
    alone = [Learner("value", **settings) for _ in parts]
    one = Learner("value", **settings)
    in_shards = {count: ShardedLearner("value", shards=count, **settings) for count in (1, shards)}
    seconds = fastest(
        {
            "one learner": lambda: one.run(table),
            "1 shard": lambda: in_shards[1].run(table),
            f"{shards} shards": lambda: in_shards[shards].run(table),
            f"{shards} learners in threads": lambda: in_threads(
                partial(learner.run, part) for learner, part in zip(alone, parts, strict=True)
            ),
            "sines": lambda: sines(TIMES),
            f"sines in {shards} threads": lambda: in_threads([partial(sines, TIMES // shards)] * shards),
        }
    )
    for name, took in seconds.items():
        is_learner = "sines" not in name
        gain = seconds["one learner" if is_learner else "sines"] / took
        speed = f"{len(table) / took:9,.0f} rows a second, " if is_learner else " " * 25
        click.echo(f"{name:<22} {speed}{gain:.2f}x")
    click.echo(f"largest shard: {max(map(len, parts)) / len(table):.1%} of the rows")


if __name__ == "__main__":
    main()
