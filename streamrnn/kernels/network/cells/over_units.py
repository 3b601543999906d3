"""What a cell does to one unit, done to all of them: sixteen at once, and the rest one by one."""

from __future__ import annotations

from ...machine.jit import kernel
from ...machine.vector import LANES, splat


def over_units(step):
    """Make a kernel of what is done to the units from ``j`` on: to a vector of them, or to one if `like` is a number.

    It is written as ``step(like, j, hidden, array, ...)``, and called without the first two. The dtype is that of the
    first array.
    """
    step = kernel(step)

    @kernel
    def over_all(hidden, first, *others):
        whole = hidden - hidden % LANES
        for j in range(0, whole, LANES):
            step(splat(first[0, 0]), j, hidden, first, *others)
        for j in range(whole, hidden):
            step(first[0, 0], j, hidden, first, *others)

    return over_all
