"""What a replay did, in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class ReplayOutcome:
    """What a replay did.

    Attributes
    ----------
    rows : int
        Rows that were taken, those that were left out included.
    left_out : int
        Rows among them that could not be read, and so not be written in another format.
    backwards, untimed : int
        Rows whose time went back, and rows without a time: both went out with the row before them.
    seconds : float
        From the first row to the end.
    paced : int
        Rows that had to be written at a certain moment.
    total_error, largest_error : float
        Seconds from that moment until the system had them.
    signal : int, optional
        Number of the signal that ended it early.
    complete : bool
        Whether the source was whole as far as it was read.
    """

    rows: int = 0
    left_out: int = 0
    backwards: int = 0
    untimed: int = 0
    seconds: float = 0.0
    paced: int = 0
    total_error: float = 0.0
    largest_error: float = 0.0
    signal: int | None = None
    complete: bool = True

    @property
    def mean_error(self) -> float:
        """Mean pacing error, in seconds; NaN if no row had to wait."""
        return self.total_error / self.paced if self.paced else math.nan
