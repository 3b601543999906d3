"""Which horizons to look at, where there are too many to look at all."""

from __future__ import annotations

from collections.abc import Sequence


def chosen(horizons: Sequence[int], most: int) -> list[int]:
    """At most so many of the horizons (two or more): the first, the last, and more of the near ones."""
    count = len(horizons)
    if count <= most:
        return list(horizons)
    places = {round(count ** (step / (most - 1))) - 1 for step in range(most)}
    return [horizons[place] for place in sorted(places)]
