"""What will be needed soon comes from memory while something else is done."""

from __future__ import annotations

from ..machine.jit import inlined, kernel
from ..machine.memory import prefetch
from ..machine.vector import LANES

WORDS_OF_LINE = 8  # of float64 or int64 in a cache line
MOST_FETCHED = 512  # words: the statistics and a short ring; of long horizons, and of intervals, a row reads little


@kernel
def fetch_part(ahead, part, parts):
    """Let one part of so many begin to come from memory: all at once would be waited for."""
    if ahead is None:
        return
    real, double, integer = ahead
    _fetch(real, real.shape[0], LANES, part, parts)
    _fetch(double, min(double.shape[0], MOST_FETCHED), WORDS_OF_LINE, part, parts)
    _fetch(integer, min(integer.shape[0], MOST_FETCHED), WORDS_OF_LINE, part, parts)


@inlined
def _fetch(numbers, count, of_line, part, parts):
    lines = count // (of_line * parts) + 1
    for line in range(part * lines, min((part + 1) * lines, count // of_line + 1)):
        prefetch(numbers, line * of_line)
