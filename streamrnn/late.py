"""Which step of which lane a row was, for labels that come late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .kernels.state import STEPS, State, lanes_view, named_view


def number_rows(state: State, lanes: np.ndarray, behind: np.ndarray, first: int) -> None:
    """Note the numbers of rows that were just taken.

    lanes: (n,) of each row; behind: (n,) rows of the same key that follow it, -1: it is forgotten; first: their first's
    """
    highest = int(lanes.max(initial=0)) + 1
    numbers, steps = lanes_view(state, "row_numbers", highest), lanes_view(state, "lane_counts", highest)[:, STEPS]
    slots = numbers.shape[1]
    kept = np.flatnonzero((behind >= 0) & (behind < slots))
    lane = lanes[kept]
    numbers[lane, (steps[lane] - 1 - behind[kept]) % slots] = 1 + first + kept


def place_of_row(state: State, lanes: Sequence[int], row: int, delay: int) -> tuple[int, int]:
    """Return a row's lane, and how many steps of it have been taken from that row on.

    Raises
    ------
    LookupError
        If the row is not among the last ones.
    """
    numbers = lanes_view(state, "row_numbers", max(lanes, default=-1) + 1)[list(lanes)]
    for place, slot in np.argwhere(numbers == row + 1).tolist():
        steps = int(named_view(state, "lane_counts", lanes[place])[STEPS])
        age = (steps - 1 - slot) % numbers.shape[1] + 1
        if age <= delay + 1:
            return lanes[place], age
    raise LookupError(f"row {row} is not among the {delay + 1:,} rows that a label can be for")
