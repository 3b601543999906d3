"""What one named array of a learner is; the arrays themselves are listed in ``fields.py``."""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    """One named array: where it lies, its shape by the names of `Sizes`, and what it holds."""

    name: str
    flat: str  # real, double or integer
    shape: tuple[str | int, ...]
    meaning: str
    lane: bool = True
    own: bool = False  # shared, or one for each lane where keys have weights of their own
    tally: bool = False  # one for all lanes but the spare one
    grouped: bool = False  # one for each lane of a group that is swept at once
    saved: bool = True
    ring: int | None = None  # the axis that runs over slots
    most: str | int | None = None  # of an integer: what it indexes has a bound
    least: int = 0  # of an integer

    def is_of_lane(self, has_own: int) -> bool:
        """Whether each lane has one; has_own: whether keys have weights of their own."""
        return self.lane or (self.own and bool(has_own))

    def is_saved(self, has_own: int) -> bool:
        """Whether a checkpoint holds it: weights have names, but not those of keys."""
        return self.saved or (self.own and bool(has_own))


SHARED: dict[str, Any] = {"lane": False}
OWN: dict[str, Any] = {"lane": False, "own": True}
TALLY: dict[str, Any] = {"lane": False, "tally": True}
DERIVED: dict[str, Any] = {"lane": False, "saved": False}  # follows from the settings
SCRATCH: dict[str, Any] = {"lane": False, "saved": False}  # written before it is read
GROUPED: dict[str, Any] = {**SCRATCH, "grouped": True}
