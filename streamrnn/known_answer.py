"""A known answer: kernels that were loaded from a file must give it before they are believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from .kernels.learn import learn_coded_rows, learn_keyed_rows, learn_rows

SETTINGS: dict[str, Any] = {"targets": ("a",), "features": ("a", "b"), "hidden": 4, "window": 4, "lr": 0.01,
    "skip": False, "shrink": False, "experts": False}  # fmt: skip
CODED: dict[str, Any] = SETTINGS | {"targets": ("a", "s"), "features": ("a", "b", "s"), "categorical": ("s",),
    "max_categories": 4, "embedding": 3}  # fmt: skip
KEYED: dict[str, Any] = SETTINGS | {"key": "s", "max_keys": 3}
ROWS = 60
ANSWER = 106.71786  # the sum of the forecasts; other processors round otherwise, in the seventh digit
CODED_ANSWER = 112.550905  # with the probabilities of the categories that are forecast
KEYED_ANSWER = 103.67068
KINDS: dict[str, tuple[Any, dict[str, Any], float]] = {
    "plain": (learn_rows, SETTINGS, ANSWER),
    "coded": (learn_coded_rows, CODED, CODED_ANSWER),
    "keyed": (learn_keyed_rows, KEYED, KEYED_ANSWER),
}
TOLERANCE = 1e-3


class KernelError(RuntimeError):
    """The compiled kernels are wrong, and compiling them again does not help."""


_checked: set[tuple[type[Any], str]] = set()


def check_kernels(learner_class: type[Any], kind: str = "plain") -> None:
    """Check the kernels of a kind of learner, once in a process; compile them again if they are wrong.

    A checksum tells that a file is what was written. It does not tell that this is right for the processor that it
    runs on now.

    Parameters
    ----------
    learner_class : type
    kind : str
        One of `KINDS`.

    Raises
    ------
    KernelError
        If they are wrong even so.
    """
    if (learner_class, kind) in _checked:
        return
    _checked.add((learner_class, kind))
    if _is_right(learner_class, kind):
        return
    recompile: Callable[[], None] = KINDS[kind][0].recompile
    recompile()
    if not _is_right(learner_class, kind):
        _checked.discard((learner_class, kind))
        raise KernelError("the compiled kernels give wrong numbers on this machine, also when they are compiled again")


def answer(learner: Any) -> float:
    """Let a new learner take `ROWS` rows; return the sum of its forecasts, and of the categories' probabilities."""
    records = [learner.step(row) for row in rows()]
    probabilities = (named[0][1] for record in records for best in record.top.values() for named in best if named)
    return float(sum(record.forecast["a"][0] for record in records) + sum(probabilities))


def rows() -> Iterator[dict[str, Any]]:
    """Yield `ROWS` rows of two columns, and of one of categories, that have something to learn."""
    for time in range(ROWS):
        yield {"a": math.sin(time / 3.0) + time % 4, "b": math.cos(time / 5.0), "s": "xyzxyw"[time % 6]}


def _is_right(learner_class: type[Any], kind: str) -> bool:
    _, settings, right = KINDS[kind]
    return abs(answer(learner_class(**settings)) - right) <= TOLERANCE
