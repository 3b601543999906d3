"""Which step of which lane a row was, for labels that come late.

A row is known by its number, and where the rows of a stream have names by that, too. A name is kept as 52 bits of its
BLAKE2 hash (RFC 7693), so memory is fixed however long names are: one of a million rows is mistaken for another one
with a probability of 1e-10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..hashing import text_hash
from ..kernels.arrays.places import IDLE, LATE, LOST, STEPS
from ..kernels.arrays.state import State, lanes_view, named_view, of_lanes

NO_NAME = 0
NO_ROW = 0  # in a slot that no row has had; row 0 stands there as 1


class LostLabel(NamedTuple):
    """A label in a row of its own that names no row which it can still be for.

    Attributes
    ----------
    row : int
        Number of the row that it came in.
    name : str
        Of the row that it was to be for.
    """

    row: int
    name: str


def name_codes(names: Iterable[str | None]) -> list[int]:
    """What names are known by; `NO_NAME` for one that is missing or empty."""
    return [1 + (text_hash(name) >> 12) if name else NO_NAME for name in names]


def number_rows(
    state: State, lanes: np.ndarray, behind: np.ndarray, numbers: np.ndarray, names: np.ndarray | None = None
) -> None:
    """Note the numbers, and the names, of rows that were just taken.

    lanes: (n,) of each row; behind: (n,) rows of the same key that follow it, -1: it is forgotten; numbers: (n,)
    names: (n,) what `name_codes` gave; None: rows have none
    """
    highest = int(lanes.max(initial=0)) + 1
    of_slots, steps = lanes_view(state, "row_numbers", highest), lanes_view(state, "lane_counts", highest)[:, STEPS]
    slots = of_slots.shape[1]
    kept = np.flatnonzero((behind >= 0) & (behind < slots))
    lane = lanes[kept]
    slot = (steps[lane] - 1 - behind[kept]) % slots
    of_slots[lane, slot] = 1 + numbers[kept]
    if names is not None:
        lanes_view(state, "row_names", highest)[lane, slot] = names[kept]


def place_of_row(state: State, lanes: Sequence[int], row: int, delay: int) -> tuple[int, int]:
    """Return a row's lane, and how many steps of it have been taken from that row on.

    Raises
    ------
    LookupError
        If the row is not among the last ones.
    TypeError
        If it is no number of a row.
    """
    if isinstance(row, bool) or not isinstance(row, int | np.integer):
        raise TypeError(f"a label is for the number of a row, as its record has it in row, not for {row!r:.60}")
    numbers = of_lanes(state, "row_numbers", lanes)
    numbered = numbers > NO_ROW
    for place, slot in np.argwhere(numbered & (numbers == row + 1)).tolist():
        age = _age(state, lanes[place], slot, numbers.shape[1])
        if age <= delay + 1:
            return lanes[place], age
    raise LookupError(f"row {row} is not among the {delay + 1:,} rows that a label can be for")


def age_of_name(state: State, lane: int, name: int, delay: int) -> int | None:
    """Return how many steps of a lane have been taken from the last row of this name on; None if it is too old."""
    names = named_view(state, "row_names", lane)
    ages = [_age(state, lane, slot, len(names)) for slot in np.flatnonzero(names == name).tolist()]
    age = min(ages, default=None)
    return age if age is not None and age <= delay + 1 else None


def count_labels(state: State, graded: np.ndarray, lost: int) -> None:
    """Count labels that came late, by what became of them.

    graded: (n,) bool, whether those that were taken graded something; lost: how many were not taken
    """
    counts = named_view(state, "late_counts")
    counts[LATE] += np.count_nonzero(graded)
    counts[IDLE] += np.count_nonzero(~graded)
    counts[LOST] += lost


def _age(state: State, lane: int, slot: int, slots: int) -> int:
    steps = int(named_view(state, "lane_counts", lane)[STEPS])
    return (steps - 1 - slot) % slots + 1
