"""Where categories stand in the kernel's answers, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

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
        self._settings = settings
        self._has_means = settings.sequence_forecast == "mean"
        self._vocabularies = vocabularies
        places = answers_of(settings)
        self._expected_at, self._best_at, self._means_at = places.expected_codes, places.best, places.means

    def begin(self) -> None:
        """Begin to read the answers of another call."""
        for target in self.targets:
            self._vocabularies[target].begin_answers()

    def place(self, answers: np.ndarray) -> None:
        """Let the codes in answers, (rows, answer_width), mean for good what they mean now."""
        for t, target in enumerate(self.targets):
            vocabulary, top = self._vocabularies[target], self._settings.top
            places = [self._expected_at + t, *([self._means_at + 2 * t] if self._has_means else [])]
            for k in range(len(self._settings.horizons)):
                places += range(self._start(t, k), self._start(t, k) + top)
            for column in places:
                vocabulary.place_codes(answers[:, column])

    def named(self, categories: Mapping[str, str | None], answer: np.ndarray) -> NamedRow:
        """Name all that one record says, as codes may mean others later.

        categories: by column, as they arrived; answer: (answer_width,)
        """
        values = {target: categories.get(target) for target in self.targets}
        return NamedRow(values, self.expected(answer), self.best(answer), self.of_sequence(answer))

    def expected(self, answer: np.ndarray) -> dict[str, str | None]:
        """By target, the category that had been forecast of this row; answer: (answer_width,)."""
        codes = answer[self._expected_at : self._best_at].tolist()
        return {
            target: self._vocabularies[target].category(code) for target, code in zip(self.targets, codes, strict=True)
        }

    def best(self, answer: np.ndarray) -> dict[str, list[Named]]:
        """By target and horizon, the most probable categories; answer: (answer_width,)."""
        best: dict[str, list[Named]] = {}
        top = self._settings.top
        for t, target in enumerate(self.targets):
            vocabulary, best[target] = self._vocabularies[target], []
            for k in range(len(self._settings.horizons)):
                start = self._start(t, k)
                codes, probabilities = answer[start : start + 2 * top].reshape(2, top).tolist()
                named = [(vocabulary.category(code), p) for code, p in zip(codes, probabilities, strict=True)]
                best[target].append(tuple((category, p) for category, p in named if category is not None))
        return best

    def of_sequence(self, answer: np.ndarray) -> dict[str, tuple[str | None, float]]:
        """By target, the best category for the whole sequence so far, and its probability; answer: (answer_width,)."""
        if not self._has_means:
            return {}
        pairs = answer[self._means_at :][: 2 * len(self.targets)].reshape(-1, 2).tolist()
        return {
            target: (self._vocabularies[target].category(code), p)
            for target, (code, p) in zip(self.targets, pairs, strict=True)
        }

    def columns(self, answers: np.ndarray) -> dict[str, pyarrow.Array]:
        """The record's columns that are made of them; answers: (rows, answer_width)."""
        import pyarrow

        columns = {}
        for t, target in enumerate(self.targets):
            vocabulary = self._vocabularies[target]
            if self._settings.horizons != (0,):
                columns[f"{target}_expected"] = vocabulary.texts(answers[:, self._expected_at + t])
            for k, horizon in enumerate(self._settings.horizons):
                start = self._start(t, k)
                for place, (name, name_of_p) in enumerate(category_names(self._settings, target, horizon), start):
                    columns[name] = vocabulary.texts(answers[:, place])
                    columns[name_of_p] = pyarrow.array(answers[:, place + self._settings.top], from_pandas=True)
            if self._has_means:
                name, name_of_p = sequence_names(self._settings, target)
                columns[name] = vocabulary.texts(answers[:, self._means_at + 2 * t])
                columns[name_of_p] = pyarrow.array(answers[:, self._means_at + 2 * t + 1], from_pandas=True)
        return columns

    def _start(self, t: int, k: int) -> int:
        return self._best_at + 2 * self._settings.top * (k * len(self.targets) + t)


def best_of(named: list[Named]) -> np.ndarray:
    """The most probable category at each horizon, object (horizons,); None where there is none yet."""
    best = np.empty(len(named), object)
    for k, categories in enumerate(named):
        best[k] = categories[0][0] if categories else None
    return best
