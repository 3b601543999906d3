"""Record this machine's own metrics as an Arrow stream, one row a second.

    pip install psutil pyarrow
    python examples/record_host.py host.arrows --minutes 90

Ctrl-C stops early; every minute so far is already in the file. The recording holds numbers only: no host, user,
process or interface names. Replay it with ``streamrnn run host.arrows --time time``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import psutil
import pyarrow as pa

ROWS_PER_BATCH = 60

SCHEMA = pa.schema(
    [("time", pa.timestamp("ms", tz="UTC"))]
    + [
        (name, pa.float64())
        for name in (
            "cpu_user",  # % of all cores since the previous row
            "cpu_system",
            "cpu_wait",
            "load",  # run queue, 1-minute average
            "memory_used",  # MiB
            "memory_cached",  # MiB
            "disk_read",  # MiB/s
            "disk_written",  # MiB/s
            "network_received",  # KiB/s, loopback included
            "network_sent",  # KiB/s
            "context_switches",  # thousands a second
            "processes",
        )
    ]
)


class Counters:
    """What the operating system has counted since it started; two of them make a rate."""

    def __init__(self) -> None:
        self.at = time.monotonic()
        disk, network = psutil.disk_io_counters(), psutil.net_io_counters()
        self.disk_read = disk.read_bytes / 2**20 if disk else 0.0
        self.disk_written = disk.write_bytes / 2**20 if disk else 0.0
        self.received = network.bytes_recv / 2**10
        self.sent = network.bytes_sent / 2**10
        self.switches = psutil.cpu_stats().ctx_switches / 1e3


def measure(before: Counters, now: Counters) -> dict[str, float]:
    """One row: levels as they are now, and rates over the time between the two counters."""
    seconds = max(now.at - before.at, 1e-6)
    cpu, memory = psutil.cpu_times_percent(), psutil.virtual_memory()
    return {
        "cpu_user": cpu.user,
        "cpu_system": cpu.system,
        "cpu_wait": getattr(cpu, "iowait", 0.0),
        "load": psutil.getloadavg()[0],
        "memory_used": memory.used / 2**20,
        "memory_cached": getattr(memory, "cached", 0) / 2**20,
        "disk_read": (now.disk_read - before.disk_read) / seconds,
        "disk_written": (now.disk_written - before.disk_written) / seconds,
        "network_received": (now.received - before.received) / seconds,
        "network_sent": (now.sent - before.sent) / seconds,
        "context_switches": (now.switches - before.switches) / seconds,
        "processes": float(len(psutil.pids())),
    }


def rows(interval: float, minutes: float) -> Iterator[dict[str, object]]:
    """Yield one row every ``interval`` seconds, on a grid that does not drift."""
    before = Counters()
    psutil.cpu_times_percent()
    started = time.monotonic()
    for tick in range(1, int(minutes * 60 / interval) + 1):
        time.sleep(max(0.0, started + tick * interval - time.monotonic()))
        now = Counters()
        numbers = {name: round(value, 3) for name, value in measure(before, now).items()}
        yield {"time": int(time.time() * 1e3), **numbers}
        before = now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="Arrow IPC stream to write, for example host.arrows")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two rows [1]")
    parser.add_argument("--minutes", type=float, default=90.0, help="how long to record [90]")
    arguments = parser.parse_args()

    waiting: list[dict[str, object]] = []
    with pa.OSFile(arguments.output, "wb") as file, pa.ipc.new_stream(file, SCHEMA) as stream:
        try:
            for row in rows(arguments.interval, arguments.minutes):
                waiting.append(row)
                if len(waiting) == ROWS_PER_BATCH:
                    stream.write_batch(pa.RecordBatch.from_pylist(waiting, schema=SCHEMA))
                    file.flush()
                    waiting.clear()
        except KeyboardInterrupt:
            pass
        finally:
            if waiting:
                stream.write_batch(pa.RecordBatch.from_pylist(waiting, schema=SCHEMA))


if __name__ == "__main__":
    main()
