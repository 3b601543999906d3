"""Batches -> pieces that are taken at once: small enough for signals, checkpoints and whoever waits for a record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..streams.signals import Signals

if TYPE_CHECKING:
    from ..streams import Batch

ROWS = 1024  # never more at once: a signal waits no longer than these need
ROWS_OF_SHARDS = 4096  # among all of them: with fewer, threads spend their time on beginning
FIRST_ROWS = 32  # of a live stream, until it is known how long a row takes
SECONDS = 0.003  # that the records of a live stream may be gathered, with room for the time that writing them takes


class Piece(NamedTuple):
    """Some rows of a batch."""

    batch: Batch
    ends_batch: bool  # whether they are its last


def pieces(
    batches: Iterator[Batch], signals: Signals, is_live: bool, wanted: Callable[[], int], most_rows: int = ROWS
) -> Iterator[Piece]:
    """Cut batches into pieces.

    Parameters
    ----------
    batches : iterator of Batch
    signals : Signals
        Once one has come, there are no more pieces.
    is_live : bool
        Whether somebody may be waiting for the records: then a piece takes a few milliseconds at most.
    wanted : callable
        Tells before each piece how many rows may be taken, 0 to stop.
    most_rows : int
        Of a piece.
    """
    rows = FIRST_ROWS if is_live else most_rows
    coming = signals.until_one(batches)
    while (most := wanted()) > 0 and (batch := next(coming, None)) is not None:
        done = 0
        while done < batch.arrivals and most > 0 and signals.received is None:
            end = min(done + min(rows, most), batch.arrivals)
            started = time.perf_counter()
            yield Piece(batch.slice(done, end), end == batch.arrivals)
            if is_live:
                rows = _rows_next(end - done, time.perf_counter() - started, most_rows)
            done, most = end, wanted()


def _rows_next(rows: int, seconds: float, most: int) -> int:
    """How many rows fit into the time, if they need as long as these did."""
    fitting = int(SECONDS * rows / seconds) if seconds > 0 else most
    return max(1, min(fitting, 2 * rows, most))
