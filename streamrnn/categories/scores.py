"""How forecasts of categories did, beside the most frequent category and the last one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kernels.arrays.fields import RANKS, RECENT
from ..kernels.arrays.state import State, named_view, of_lanes
from ..kernels.categories.temperature import SHARPNESS
from ..schema import categorical_targets
from ..settings import Settings


@dataclass(frozen=True)
class ClassScore:
    """Prequential scores of one categorical target at one horizon: every forecast was made before its truth arrived.

    A category that comes for the first time, or has no code of its own, is never a hit, and costs what the forecast had
    left for it.

    Attributes
    ----------
    count : int
        Forecasts graded.
    accuracy, majority_accuracy, previous_accuracy : float
        Share of hits of the network, of the most frequent category so far, and of the last one.
    top : tuple of float
        Share of truths among the first 1, 2, ... 10 of the categories, by their probability.
    log_loss : float
        Mean of -log p of the truth, in nats.
    balanced_accuracy, macro_f1 : float
        Means over the categories that came: of their recall, and of their F1.
    recent_count, recent_accuracy, recent_top, recent_log_loss, recent_majority_accuracy, recent_previous_accuracy
        The same over the last 1,000.
    network_log_loss, counts_log_loss : float
        What the network and the counts would have cost alone; NaN without counts.
    temperature : float
        That logits are divided by now; 1 without `temperature`.
    untempered_log_loss : float
        What the log loss would be at a temperature of 1; NaN without `temperature`.
    sequences : int
        Sequences that have ended with a graded forecast.
    sequence_accuracy : float
        Share of them whose last graded forecast was a hit; with `sequence_forecast` of mean, the one for the sequence.
    """

    target: str
    horizon: int
    count: int
    accuracy: float
    majority_accuracy: float
    previous_accuracy: float
    top: tuple[float, ...]
    log_loss: float
    balanced_accuracy: float
    macro_f1: float
    recent_count: int
    recent_accuracy: float
    recent_top: tuple[float, ...]
    recent_log_loss: float
    recent_majority_accuracy: float
    recent_previous_accuracy: float
    network_log_loss: float
    counts_log_loss: float
    temperature: float
    untempered_log_loss: float
    sequences: int
    sequence_accuracy: float

    @property
    def bits(self) -> float:
        """Mean cost of a truth in bits."""
        return self.log_loss / math.log(2.0)

    @property
    def untempered_bits(self) -> float:
        """The same at a temperature of 1."""
        return self.untempered_log_loss / math.log(2.0)

    @property
    def recent_bits(self) -> float:
        """The same over the last 1,000."""
        return self.recent_log_loss / math.log(2.0)


def pooled(state: State, name: str, lanes: Sequence[int]) -> np.ndarray:
    """The sum of a field over some lanes."""
    sums: np.ndarray = of_lanes(state, name, lanes).sum(axis=0)
    return sums


def of_networks(state: State, name: str, lanes: Sequence[int]) -> np.ndarray:
    """A field of the one network, or of those of some keys that have their own: (networks, ...)."""
    if not lanes or not len(named_view(state, "gone_updates")):
        return named_view(state, name)[None]
    return of_lanes(state, name, lanes)


def class_scores(state: State, settings: Settings, lanes: Sequence[int]) -> tuple[ClassScore, ...]:
    """Read what the kernels counted, over all keys; lanes: theirs."""
    targets = categorical_targets(settings)
    return tuple(
        _score(state, settings, lanes, target, t, horizon, k * len(targets) + t)
        for t, target in enumerate(targets)
        for k, horizon in enumerate(settings.horizons)
    )


def _score(
    state: State, settings: Settings, lanes: Sequence[int], target: str, t: int, horizon: int, pair: int
) -> ClassScore:
    ranks, naive, apart = (named_view(state, name)[pair] for name in ("class_ranks", "class_naive", "class_apart"))
    count, tempered = int(ranks.sum()), settings.temperature != 1.0
    recent = named_view(state, "class_recent")[pair, : min(count, RECENT)]
    loss, _, majority_hit, previous_hit = recent.mean(axis=0) if len(recent) else np.full(4, math.nan)
    recent_ranks = np.bincount(recent[:, 1].astype(np.int64), minlength=RANKS)
    balanced, macro_f1 = _by_category(named_view(state, "class_table")[pair])
    ended = named_view(state, "gone_sequences") + pooled(state, "class_sequences", lanes)
    _, _, sequences, hits = ended[t].tolist()
    return ClassScore(
        target, horizon, count,
        accuracy=_share(ranks[0], count),
        majority_accuracy=_share(naive[0], count),
        previous_accuracy=_share(naive[1], count),
        top=_shares_among_first(ranks),
        log_loss=_share(float(named_view(state, "class_losses")[pair]), count),
        balanced_accuracy=balanced,
        macro_f1=macro_f1,
        recent_count=len(recent),
        recent_accuracy=_share(recent_ranks[0], len(recent)),
        recent_top=_shares_among_first(recent_ranks),
        recent_log_loss=float(loss),
        recent_majority_accuracy=float(majority_hit),
        recent_previous_accuracy=float(previous_hit),
        network_log_loss=_share(apart[0], count) if settings.count_order else math.nan,
        counts_log_loss=_share(apart[1], count) if settings.count_order else math.nan,
        temperature=1.0 / float(of_networks(state, "sharpness", lanes)[:, pair, SHARPNESS].mean()) if tempered else 1.0,
        untempered_log_loss=_share(named_view(state, "class_unsharpened")[pair], count) if tempered else math.nan,
        sequences=sequences,
        sequence_accuracy=_share(hits, sequences),
    )  # fmt: skip


def _shares_among_first(ranks: np.ndarray) -> tuple[float, ...]:
    count = int(ranks.sum())
    return tuple(_share(hits, count) for hits in np.cumsum(ranks)[: RANKS - 1])


def _by_category(counts: np.ndarray) -> tuple[float, float]:
    """Mean recall and mean F1 of the named categories that came; counts: (classes, 3)."""
    came, forecast, both = counts[1:][counts[1:, 0] > 0].T
    if not len(came):
        return math.nan, math.nan
    return float(np.mean(both / came)), float(np.mean(2.0 * both / (came + forecast)))


def _share(part: float, count: int) -> float:
    return float(part / count) if count else math.nan
