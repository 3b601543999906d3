"""A back-off trigram: the words that most often followed the last two, then the last one, then all (Katz 1987)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

ORDER = 3


def trigram_hits(tokens: Sequence[str], start: int) -> tuple[float, float]:
    """Share of tokens from ``start`` on that stood first, and among the first three; it learns from each in turn."""
    followers: list[defaultdict[tuple[str, ...], Counter[str]]] = [defaultdict(Counter) for _ in range(ORDER)]
    first = three = 0
    for place, token in enumerate(tokens):
        contexts = [tuple(tokens[max(0, place - length) : place]) for length in range(ORDER)]
        if place >= start:
            named = _named(followers, contexts)
            first += named[:1] == [token]
            three += token in named
        for length, context in enumerate(contexts):
            followers[length][context][token] += 1
    count = len(tokens) - start
    return first / count, three / count


def _named(
    followers: Sequence[defaultdict[tuple[str, ...], Counter[str]]], contexts: Sequence[tuple[str, ...]]
) -> list[str]:
    """The three most frequent, those of a longer context before those of a shorter one."""
    named: list[str] = []
    for counts, context in zip(reversed(followers), reversed(contexts), strict=True):
        if context in counts:
            named += [token for token, _ in counts[context].most_common(ORDER) if token not in named]
        if len(named) >= ORDER:
            break
    return named[:ORDER]
