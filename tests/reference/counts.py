"""What followed the last few categories: counts in plain dictionaries, with no bound on what they remember.

H. Ney, U. Essen, R. Kneser (1994), On structuring probabilistic dependences in stochastic language modelling.
J. G. Cleary, I. H. Witten (1984), Data compression using adaptive coding and partial string matching.
"""

from __future__ import annotations

import numpy as np

from .cells import Array

Context = tuple[int, ...]
DISCOUNT = 0.9
LARGEST = 255


class Counts:
    """Of one target at one horizon; a context is the last codes, the newest first."""

    def __init__(self, order: int) -> None:
        self.order = order
        self.followers: dict[Context, dict[int, int]] = {}

    def probabilities(self, context: Context, known: int) -> Array:
        mixture = np.full(known, 1.0 / known)
        for length in range(self.order + 1):
            followers = self.followers.get(context[:length])
            if followers:
                count = sum(followers.values())
                mixture = mixture * (DISCOUNT * len(followers) / count)
                for code, times in followers.items():
                    mixture[code] += (times - DISCOUNT) / count
            elif length:
                break
        return mixture

    def count(self, context: Context, code: int) -> None:
        """The longest context first, and no shorter one if it knew the code."""
        for length in range(self.order, -1, -1):
            followers = self.followers.setdefault(context[:length], {})
            knew = code in followers
            followers[code] = followers.get(code, 0) + 1
            if not length or not knew:
                continue
            if sum(followers.values()) > LARGEST:
                halved = {other: times // 2 for other, times in followers.items()}
                self.followers[context[:length]] = {other: times for other, times in halved.items() if times}
            return
