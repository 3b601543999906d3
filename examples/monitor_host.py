"""Watch this machine: forecast its metrics, learn as they come, and say when they surprise.

    pip install -e . psutil
    python examples/monitor_host.py --minutes 5

Every second the network says what it expects ten seconds on, sees what came, and learns. What it learned is kept in
``host.safetensors``; the next start goes on from there. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from record_host import SCHEMA, rows

from streamrnn import Learner, Record

METRICS = [name for name in SCHEMA.names if name != "time"]
WATCHED = ["cpu_user", "memory_used", "load"]
AHEAD = 10  # seconds
SURPRISE = 6.0  # times the usual loss


def open_learner(path: Path) -> Learner:
    """The learner of the last time, or a new one."""
    if path.exists():
        return Learner.load(path)
    return Learner(targets=WATCHED, features=METRICS, horizon=AHEAD, loss="huber")


class Surprise:
    """Compares each loss with its running mean, once enough have been seen to call anything usual."""

    def __init__(self) -> None:
        self.usual = 0.0
        self.seen = 0

    def of(self, loss: float) -> float:
        """How many times the usual loss this one is; NaN while nothing is usual yet."""
        if math.isnan(loss):
            return math.nan
        times = loss / self.usual if self.seen >= 60 and self.usual > 0 else math.nan
        self.seen += 1
        self.usual += (loss - self.usual) / min(self.seen, 60)
        return times


def describe(record: Record, times: float) -> str:
    """One line: what came, what is expected, and whether it was a surprise."""
    parts = [f"{name} {record.values[name]:.4g} -> {record.forecast[name][-1]:.4g}" for name in WATCHED]
    return "   ".join(parts) + (f"   surprise: {times:.0f} x the usual loss" if times > SURPRISE else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--model", type=Path, default=Path("host.safetensors"))
    arguments = parser.parse_args()

    learner, surprise = open_learner(arguments.model), Surprise()
    print(f"now -> in {AHEAD} seconds")
    try:
        for row in rows(interval=1.0, minutes=arguments.minutes):
            record = learner.step(row)
            print(describe(record, surprise.of(record.loss)), flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        learner.save(arguments.model)
        print(f"kept in {arguments.model}: {learner.rows} rows, skill {learner.metrics.skill:+.1%} over the last value")


if __name__ == "__main__":
    main()
