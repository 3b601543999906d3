"""Readings of a pump, which the recipes forecast."""

import json
from itertools import count, islice

LOADS = [float(40 + i % 7) for i in range(30)]


def payloads(loads: list[float]) -> list[str]:
    """One JSON object for each load."""
    return [json.dumps({"load": load, "temperature": 20.5}) for load in loads]


def csv(loads: list[float], first: int = 0) -> str:
    """A header, and a line for each load; an hour lies between two of them."""
    hours = islice(count(first), len(loads))
    times = [f"2025-03-{1 + hour // 24:02}T{hour % 24:02}:00:00" for hour in hours]
    lines = [f"{time},{load},20.5" for time, load in zip(times, loads, strict=True)]
    return "\n".join(["time,load,temperature", *lines, ""])
