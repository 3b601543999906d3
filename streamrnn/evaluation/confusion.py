"""What was forecast where what came: counts by pairs of categories, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..schema import categorical_targets
from ..settings import Settings

if TYPE_CHECKING:
    import pyarrow

    from .watching import Late

TOLD_APART = 256  # categories: the first that came; what comes later is counted with the rest
SHOWN = 12


class ConfusionTable(NamedTuple):
    """The categories that came most often, and all others together.

    Attributes
    ----------
    target : str
    horizon : int
    categories : tuple of str
        The most frequent first.
    counts : numpy.ndarray
        (categories + 1, categories + 1) int64: how often the first index came where the second one was forecast. The
        last of both are all other categories; a forecast of one of them for another one is no hit.
    """

    target: str
    horizon: int
    categories: tuple[str, ...]
    counts: np.ndarray


class Confusion:
    """Counts the nearest horizon's forecasts of every categorical target, as the learner's records tell them.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._horizon = settings.horizons[0]
        targets = categorical_targets(settings) if self._horizon <= 1 else ()  # records grade no other one
        self._places: dict[str, dict[str, int]] = {target: {} for target in targets}
        self._counts = {target: np.zeros((TOLD_APART + 1, TOLD_APART + 1), np.int64) for target in targets}

    def add(self, records: pyarrow.Table) -> None:
        """Count the next records."""
        for target in self._counts:
            forecasts = records[f"{target}_expected" if self._horizon else f"{target}_h0"].to_pylist()
            self._add_pairs(target, zip(records[target].to_pylist(), forecasts, strict=True))

    def add_late(self, late: Late) -> None:
        """Count labels that came after their rows."""
        for target in self._counts:
            self._add_pairs(target, (pairs[target] for pairs in late.pairs))

    def _add_pairs(self, target: str, pairs: Iterable[tuple[str | None, str | None]]) -> None:
        known = [
            self._places_of(target, (came, forecast))
            for came, forecast in pairs
            if came is not None and forecast is not None
        ]
        if known:
            np.add.at(self._counts[target], tuple(np.array(known).T), 1)

    def _places_of(self, target: str, pair: tuple[str, str]) -> tuple[int, ...]:
        places = self._places[target]
        for category in pair:
            if category not in places and len(places) < TOLD_APART:
                places[category] = len(places)
        return tuple(places.get(category, TOLD_APART) for category in pair)

    def tables(self) -> tuple[ConfusionTable, ...]:
        """Return a table for each target of which something has been graded."""
        return tuple(self._table(target) for target, counts in self._counts.items() if counts.any())

    def _table(self, target: str) -> ConfusionTable:
        names, counts = list(self._places[target]), self._counts[target]
        came = counts[: len(names)].sum(axis=1)
        first = np.argsort(-came, kind="stable")[:SHOWN]
        first = first[came[first] > 0]
        rest = np.setdiff1d(np.arange(TOLD_APART + 1), first)
        rows = np.concatenate([counts[first], counts[rest].sum(axis=0, keepdims=True)])
        whole = np.concatenate([rows[:, first], rows[:, rest].sum(axis=1, keepdims=True)], axis=1)
        return ConfusionTable(target, self._horizon, tuple(names[place] for place in first), whole)
