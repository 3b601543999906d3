"""What tests of the command share: a small network, a stream, and what a command answered."""

import json
from dataclasses import dataclass
from typing import Any

# Small enough to be quick, and named explicitly wherever a model is made.
SMALL = ("--hidden", "4", "--window", "4")
PATIENCE = 60.0  # seconds that only a failing test waits


@dataclass
class Result:
    code: int
    out: bytes
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


def csv_of(rows: int, start: int = 0) -> bytes:
    """A stream with a time, two columns of numbers and a text."""
    lines = [f"t{i},{i % 7 + i / 64},{(i * i) % 11 / 8},{'ab'[i % 2]}" for i in range(start, start + rows)]
    return "\n".join(["time,load,wind,site", *lines, ""]).encode()
