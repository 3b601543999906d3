"""Each time beside the one before it: does the stream run forward?"""

from __future__ import annotations

import numpy as np

from . import MISSING


def times_before(times: np.ndarray, starts: np.ndarray, last: int) -> tuple[np.ndarray, int]:
    """Return the last time in the same sequence before each row, and after all of them; MISSING where there is none.

    times: (n,); starts: (n,) nonzero where a row begins a sequence; last: the time before them all
    """
    times = np.concatenate([[last], times])
    places = np.arange(len(times))
    latest = np.maximum.accumulate(np.where(times != MISSING, places, 0))
    beginning = np.maximum.accumulate(np.where(np.concatenate([[0], starts]), places, 0))
    before = np.where(latest[:-1] >= beginning[1:], times[latest[:-1]], MISSING)
    return before, int(times[latest[-1]]) if latest[-1] >= beginning[-1] else MISSING
