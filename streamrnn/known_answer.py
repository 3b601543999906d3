"""A known answer: kernels that were loaded from a file must give it before they are believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from .kernels.arrays.kind import Kind
from .kernels.learn import learn_rows
from .model.kind import kind_of, late_kind_of
from .settings import Settings

SETTINGS: dict[str, Any] = {"targets": ("a",), "features": ("a", "b"), "hidden": 4, "window": 4, "lr": 0.01,
    "skip": False, "shrink": False, "experts": False}  # fmt: skip
CODED: dict[str, Any] = SETTINGS | {"targets": ("a", "s"), "features": ("a", "b", "s"), "categorical": ("s",),
    "max_categories": 4, "embedding": 3}  # fmt: skip
KEYED: dict[str, Any] = SETTINGS | {"key": "s", "max_keys": 3}
KEYED_CODED: dict[str, Any] = CODED | {"key": "k", "max_keys": 4}
BATCHED: dict[str, Any] = {"batch_keys": 2}
SEASONAL: dict[str, Any] = {"season_lags": True, "season": 4}
LATE: dict[str, Any] = SETTINGS | {"targets": ("s", "k"), "categorical": ("s",), "max_categories": 4, "horizon": 0,
    "max_delay": 3}  # fmt: skip
ROWS = 60
TOLERANCE = 1e-3

# networks whose kernels are compiled apart, in the order of the answers
NETWORKS: tuple[dict[str, Any], ...] = ({"cell": "gru"}, {"cell": "lstm"}, {"norm": "rms"})
# the sum of the forecasts, and of the probabilities of the categories that are forecast; other processors round
# otherwise, in the seventh digit
ANSWERS: tuple[tuple[dict[str, Any], tuple[float, ...]], ...] = (
    (SETTINGS, (106.71786, 98.978408, 111.434759)),
    (CODED, (112.550905, 111.352805, 108.719342)),
    (KEYED, (103.670677, 96.021227, 112.264764)),
    (KEYED_CODED, (92.131748, 89.79535, 99.701181)),
    (KEYED | BATCHED, (102.624103, 95.772337, 109.667413)),
    (KEYED_CODED | BATCHED, (94.452212, 91.428966, 101.647861)),
    (SETTINGS | SEASONAL, (104.200736, 110.069968, 99.473831)),
    (CODED | SEASONAL, (125.363988, 103.179843, 112.91007)),
    (KEYED | SEASONAL | {"max_keys": 4}, (99.878631, 91.128013, 98.233779)),
    (KEYED_CODED | SEASONAL, (111.942524, 89.718723, 111.461687)),
    (KEYED | BATCHED | SEASONAL | {"max_keys": 4}, (100.612099, 90.957349, 98.311877)),
    (KEYED_CODED | BATCHED | SEASONAL, (116.835351, 89.284456, 115.251006)),
)
LATE_ANSWERS = (62.017676, 60.594599, 61.100858)  # sums of the losses of labels three rows late

SCORED: dict[str, Any] = {"targets": ("a", "b"), "hidden": 1, "window": 1, "lr": 0.0, "experts": False,
    "alert": 0.999}  # fmt: skip
SCORED_ROWS = 300
SCORES = 84.17818  # the sum of the scores


class KernelError(RuntimeError):
    """The compiled kernels are wrong, and compiling them again does not help."""


_checked: set[Any] = set()


def known_answers() -> dict[Kind, tuple[dict[str, Any], float]]:
    """The settings and the answer by which kernels are known, for every kind of learner."""
    learners = (
        (settings | network, answer)
        for settings, answers in ANSWERS
        for network, answer in zip(NETWORKS, answers, strict=True)
    )
    return {kind_of(Settings(**settings)): (settings, answer) for settings, answer in learners}


def late_answers() -> dict[Kind, tuple[dict[str, Any], float]]:
    """The same of late labels."""
    learners = ((LATE | network, answer) for network, answer in zip(NETWORKS, LATE_ANSWERS, strict=True))
    return {late_kind_of(Settings(**settings)): (settings, answer) for settings, answer in learners}


def check_kernels(learner_class: type[Any], settings: Settings) -> None:
    """Check the kernels of a kind of learner, once in a process; compile them again if they are wrong.

    A checksum tells that a file is what was written. It does not tell that this is right for the processor that it
    runs on now.

    Parameters
    ----------
    learner_class : type
    settings : Settings
        Of a learner of this kind.

    Raises
    ------
    KernelError
        If they are wrong even so.
    """
    kind = kind_of(settings)
    if (learner_class, kind) in _checked:
        return
    known, right = known_answers()[kind]
    _check((learner_class, kind), learn_rows(kind), lambda: abs(answer(learner_class(**known)) - right))


def check_scores(learner_class: type[Any]) -> None:
    """Check the kernel of the anomaly score in the same way, once a learner needs it.

    Raises
    ------
    KernelError
        If it is wrong even when it is compiled again.
    """
    from .kernels.surprise.anomaly import score_rows

    _check(score_rows, score_rows, lambda: abs(scores(learner_class(**SCORED)) - SCORES))


def check_late_labels(learner_class: type[Any], settings: Settings) -> None:
    """Check the kernel of late labels in the same way, once a learner needs it.

    Raises
    ------
    KernelError
        If it is wrong even when it is compiled again.
    """
    from .kernels.late import learn_late_rows

    kind = late_kind_of(settings)
    known, right = late_answers()[kind]
    _check(
        (learner_class, "late", kind), learn_late_rows(kind), lambda: abs(late_answer(learner_class(**known)) - right)
    )


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
