"""A known answer: kernels that were loaded from a file must give it before they are believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from .kernels import seasonal
from .kernels.batched import learn_batched_coded_rows, learn_batched_rows
from .kernels.learn import learn_coded_rows, learn_keyed_coded_rows, learn_keyed_rows, learn_rows

SETTINGS: dict[str, Any] = {"targets": ("a",), "features": ("a", "b"), "hidden": 4, "window": 4, "lr": 0.01,
    "skip": False, "shrink": False, "experts": False}  # fmt: skip
CODED: dict[str, Any] = SETTINGS | {"targets": ("a", "s"), "features": ("a", "b", "s"), "categorical": ("s",),
    "max_categories": 4, "embedding": 3}  # fmt: skip
KEYED: dict[str, Any] = {"key": "s", "max_keys": 3}
ROWS = 60
ANSWER = 106.71786  # the sum of the forecasts; other processors round otherwise, in the seventh digit
CODED_ANSWER = 112.550905  # with the probabilities of the categories that are forecast
BATCHED: dict[str, Any] = {**KEYED, "batch_keys": 2}
KEYED_ANSWER, KEYED_CODED_ANSWER = 103.67068, 103.88614
BATCHED_ANSWER, BATCHED_CODED_ANSWER = 102.6241, 103.88614
KINDS: dict[str, tuple[Any, dict[str, Any], float]] = {
    "plain": (learn_rows, SETTINGS, ANSWER),
    "coded": (learn_coded_rows, CODED, CODED_ANSWER),
    "keyed": (learn_keyed_rows, SETTINGS | KEYED, KEYED_ANSWER),
    "keyed_coded": (learn_keyed_coded_rows, CODED | {**KEYED, "key": "k"}, KEYED_CODED_ANSWER),
    "batched": (learn_batched_rows, SETTINGS | BATCHED, BATCHED_ANSWER),
    "batched_coded": (learn_batched_coded_rows, CODED | {**BATCHED, "key": "k"}, BATCHED_CODED_ANSWER),
}
SEASONAL: dict[str, Any] = {"season_lags": True, "season": 4, "max_keys": 4}
SEASONAL_ANSWERS = {
    "plain": 104.200736,
    "coded": 125.363988,
    "keyed": 99.878631,
    "keyed_coded": 111.942524,
    "batched": 100.612099,
    "batched_coded": 116.835351,
}
for _kind, _right in SEASONAL_ANSWERS.items():
    _seasonal = "seasonal" if _kind == "plain" else f"seasonal_{_kind}"
    KINDS[_seasonal] = (seasonal.ENTRIES[_seasonal], KINDS[_kind][1] | SEASONAL, _right)
TOLERANCE = 1e-3

LATE: dict[str, Any] = CODED | {"targets": ("s", "k"), "features": ("a", "b"), "horizon": 0, "max_delay": 3}
LATE_ANSWER = 62.017676  # the sum of the losses of labels that come three rows late

SCORED: dict[str, Any] = {"targets": ("a", "b"), "hidden": 1, "window": 1, "lr": 0.0, "experts": False,
    "alert": 0.999}  # fmt: skip
SCORED_ROWS = 300
SCORES = 84.17818  # the sum of the scores


class KernelError(RuntimeError):
    """The compiled kernels are wrong, and compiling them again does not help."""


_checked: set[Any] = set()


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
    kernel, settings, right = KINDS[kind]
    _check((learner_class, kind), kernel, lambda: abs(answer(learner_class(**settings)) - right))


def check_scores(learner_class: type[Any]) -> None:
    """Check the kernel of the anomaly score in the same way, once a learner needs it.

    Raises
    ------
    KernelError
        If it is wrong even when it is compiled again.
    """
    from .kernels.surprise.anomaly import score_rows

    _check(score_rows, score_rows, lambda: abs(scores(learner_class(**SCORED)) - SCORES))


def check_late_labels(learner_class: type[Any]) -> None:
    """Check the kernel of late labels in the same way, once a learner needs it.

    Raises
    ------
    KernelError
        If it is wrong even when it is compiled again.
    """
    from .kernels.late import learn_late_rows

    what = learner_class, learn_late_rows
    _check(what, learn_late_rows, lambda: abs(late_answer(learner_class(**LATE)) - LATE_ANSWER))


def _check(what: Any, kernel: Any, error: Callable[[], float]) -> None:
    if what in _checked:
        return
    _checked.add(what)
    if error() <= TOLERANCE:
        return
    kernel.recompile()
    if not error() <= TOLERANCE:
        _checked.discard(what)
        raise KernelError("the compiled kernels give wrong numbers on this machine, also when they are compiled again")


def answer(learner: Any) -> float:
    """Let a new learner take `ROWS` rows; return the sum of its forecasts, and of the categories' probabilities."""
    records = [learner.step(row) for row in rows()]
    probabilities = (named[0][1] for record in records for best in record.top.values() for named in best if named)
    return float(sum(record.forecast["a"][0] for record in records) + sum(probabilities))


def rows() -> Iterator[dict[str, Any]]:
    """Yield `ROWS` rows of two columns, one of categories and one of keys, that have something to learn."""
    for time in range(ROWS):
        yield {"a": math.sin(time / 3.0) + time % 4, "b": math.cos(time / 5.0), "s": "xyzxyw"[time % 6], "k": time % 4}


def late_answer(learner: Any) -> float:
    """Let a new learner of `LATE` take `ROWS` rows, whose labels come three rows late; return the sum of the losses."""
    stream, total = list(rows()), 0.0
    for time, row in enumerate(stream):
        learner.step({"a": row["a"], "b": row["b"]})
        if time >= 3:
            loss = learner.reveal(time - 3, {name: stream[time - 3][name] for name in ("s", "k")})
            total += 0.0 if math.isnan(loss) else loss
    return total


def scores(learner: Any) -> float:
    """Let a new learner of `SCORED` take `SCORED_ROWS` rows; return the sum of their scores."""
    anomalies = (learner.step(row).anomaly for row in scored_rows())
    return float(sum(anomaly for anomaly in anomalies if not math.isnan(anomaly)))


def scored_rows() -> Iterator[tuple[float, float]]:
    """Yield `SCORED_ROWS` rows of two columns of whole numbers, which grow rougher toward the end."""
    for time in range(SCORED_ROWS):
        rough = 1 + time // 250
        yield float(rough * (time * time % 61)), float(time * time * 7 % (53 * rough))
