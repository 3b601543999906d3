"""Where categories stand in the kernel's answers, and what they are called."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..model.answers import answers_of
from ..schema import categorical_targets, category_names, sequence_names
from ..settings import Settings
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow

Named = tuple[tuple[str, float], ...]  # categories with their probabilities, the best first


class NamedRow(NamedTuple):
    """What a record says of categories, by target; see `Record`."""

    values: dict[str, str | None]
    expected: dict[str, str | None]
    top: dict[str, list[Named]]
    of_sequence: dict[str, tuple[str | None, float]]


NO_NAMES = NamedRow({}, {}, {}, {})


class CategoryAnswers:
    """Reads the part of an answer that is about categories.

    Parameters
    ----------
    settings : Settings
    vocabularies : mapping of str to Vocabulary
        By column.
    """

    def __init__(self, settings: Settings, vocabularies: Mapping[str, Vocabulary]) -> None:
        self.targets = categorical_targets(settings)
        self._settings, self._top = settings, settings.top
        self._has_expected = settings.horizons != (0,)
        self._has_means = settings.sequence_forecast == "mean"
        self._vocabularies = vocabularies
        places = answers_of(settings)
        self._expected_at, self._means_at = places.expected_codes, places.means
        horizons, one = len(settings.horizons), 2 * settings.top
        # where the codes of each target's best categories begin, by horizon; their probabilities stand behind them
        self._best_at = {
            target: [places.best + one * (k * len(self.targets) + t) for k in range(horizons)]
            for t, target in enumerate(self.targets)
        }

    def begin(self) -> None:
        """Begin to read the answers of another call."""
        for target in self.targets:
            self._vocabularies[target].begin_answers()

    def place(self, answers: np.ndarray) -> None:
        """Let the codes in answers, (rows, answer_width), mean for good what they mean now."""
        for t, target in enumerate(self.targets):
            places = [self._expected_at + t, *([self._means_at + 2 * t] if self._has_means else [])]
            for start in self._best_at[target]:
                places += range(start, start + self._top)
            for column in places:
                self._vocabularies[target].place_codes(answers[:, column])

    def named(self, categories: Mapping[str, str | None], answer: np.ndarray) -> NamedRow:
        """Name all that one record says, as codes may mean others later.

        categories: by column, as they arrived; answer: (answer_width,)
        """
        numbers = answer.tolist()  # NumPy takes longer for one number
        named = NamedRow({}, self.expected(numbers), {}, self._of_sequence(numbers))
        for target, starts in self._best_at.items():
            name_of = self._vocabularies[target].category
            named.values[target] = categories.get(target)
            named.top[target] = [self._best(name_of, numbers, start) for start in starts]
        return named

    def expected(self, answer: Sequence[float] | np.ndarray) -> dict[str, str | None]:
        """By target, the category that had been forecast of this row; answer: (answer_width,)."""
        return {
            target: self._vocabularies[target].category(answer[place])
            for place, target in enumerate(self.targets, self._expected_at)
        }

    def _best(self, name_of: Callable[[float], str | None], answer: list[float], start: int) -> Named:
        """The most probable categories of one forecast."""
        pairs = zip(answer[start : start + self._top], answer[start + self._top :], strict=False)
        return tuple([(name, p) for code, p in pairs if (name := name_of(code)) is not None])

    def _of_sequence(self, answer: list[float]) -> dict[str, tuple[str | None, float]]:
        """By target, the best category for the whole sequence so far, and its probability."""
        if not self._has_means:
            return {}
        return {
            target: (self._vocabularies[target].category(answer[place]), answer[place + 1])
            for place, target in zip(range(self._means_at, len(answer), 2), self.targets, strict=False)
        }

    def cells(self, named: NamedRow, numbers: Iterator[Any], each: int) -> Iterator[Any]:
        """The record's cells of one row, from its first target on.

        numbers: those that it has, in their order; each: how many of them every numeric target has
        """
        for target in self._settings.targets:
            if target not in named.values:
                yield from islice(numbers, each)
                continue
            yield from self.cells_of(target, named)
        yield from numbers

    def cells_of(self, target: str, named: NamedRow) -> list[Any]:
        """The record's cells of one of its targets."""
        cells: list[Any] = [named.values[target]]
        if self._has_expected:
            cells.append(named.expected[target])
        for best in named.top[target]:
            cells += chain.from_iterable(best)
            cells += repeat(None, 2 * (self._top - len(best)))
        if self._has_means:
            category, p = named.of_sequence[target]
            cells += (category, None if math.isnan(p) else p)
        return cells

    def columns(self, answers: np.ndarray) -> dict[str, pyarrow.Array]:
        """The record's columns that are made of them; answers: (rows, answer_width)."""
        import pyarrow

        columns = {}
        for t, target in enumerate(self.targets):
            vocabulary = self._vocabularies[target]
            if self._has_expected:
                columns[f"{target}_expected"] = vocabulary.texts(answers[:, self._expected_at + t])
            for start, horizon in zip(self._best_at[target], self._settings.horizons, strict=True):
                for place, (name, name_of_p) in enumerate(category_names(self._settings, target, horizon), start):
                    columns[name] = vocabulary.texts(answers[:, place])
                    columns[name_of_p] = pyarrow.array(answers[:, place + self._top], from_pandas=True)
            if self._has_means:
                name, name_of_p = sequence_names(self._settings, target)
                columns[name] = vocabulary.texts(answers[:, self._means_at + 2 * t])
                columns[name_of_p] = pyarrow.array(answers[:, self._means_at + 2 * t + 1], from_pandas=True)
        return columns


def best_of(named: list[Named]) -> np.ndarray:
    """The most probable category at each horizon, object (horizons,); None where there is none yet."""
    best = np.empty(len(named), object)
    for k, categories in enumerate(named):
        best[k] = categories[0][0] if categories else None
    return best
