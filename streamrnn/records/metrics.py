"""How the forecasts did, beside the last-value forecast, and what was refused on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..categories.scores import ClassScore, class_scores, of_networks, pooled
from ..kernels.arrays.places import DIVERGED, LEVEL_SHIFTS, MADE, SKIPPED, STEPS
from ..kernels.arrays.state import State, named_view, of_lanes
from ..kernels.network.health import CLIPPED, MEASURED, NORM, NOTED, RATE, REACH
from ..model.parts import Arrays
from ..schema import categorical_columns, matrix_columns, numeric_targets, percent_text
from ..settings import Settings


@dataclass(frozen=True)
class Score:
    """Prequential errors of one target at one horizon: every forecast was made before its truth arrived."""

    target: str
    horizon: int
    count: int  # forecasts graded
    mae: float
    rmse: float
    last_value_mae: float
    last_value_rmse: float

    @property
    def skill(self) -> float:
        """1 - MAE / MAE of the last value: 0 is no better than it, 1 is perfect; NaN where that is no yardstick."""
        return 1.0 - self.mae / self.last_value_mae if self.last_value_mae > 0.0 else math.nan


@dataclass(frozen=True)
class Metrics:
    """What a learner has seen and how it did, since its first row."""

    rows: int  # arrivals
    refused_rows: int
    steps: int  # accepted rows
    updates: int  # of all networks, where there are several
    skipped_updates: int
    level_shifts: int  # one for each network at the middle rate that reads the column
    diverged: int
    keys: int  # that have a lane now; 1 in a learner without keys
    evicted_keys: int  # that gave way to others
    late_labels: int  # that came after their row, and graded something
    idle_labels: int  # that graded nothing: their row had no forecast, or its labels already, or its sequence had ended
    lost_labels: int  # in rows of their own, that named no row which they could still be for
    nulls: dict[str, int]  # by column: values that were missing
    unknown: dict[str, int]  # by column: categories beyond `max_categories`
    evicted: dict[str, int]  # by column: categories that gave their place to others
    invalid: dict[str, int]  # not finite, or beyond 1e30
    far: dict[str, int]  # more than 100 deviations off
    scores: tuple[Score, ...]
    class_scores: tuple[ClassScore, ...]

    @property
    def skill(self) -> float:
        """Mean skill over targets and horizons; NaN while there is none."""
        skills = [score.skill for score in self.scores if not math.isnan(score.skill)]
        return float(np.mean(skills)) if skills else math.nan


@dataclass(frozen=True)
class NetworkHealth:
    """How one network learns, over about the last 1,000 updates.

    Attributes
    ----------
    rate : float
        Learning rate of the last update, as the schedule and the guard let it be; NaN before any. With weights per
        key, the mean of theirs.
    rate_cap : float or None
        What the guard lets the learning rate be, after the network has diverged; None if it never did. With weights
        per key, the lowest of theirs.
    gradient_norm : float
        Mean norm of the gradient, before clipping; NaN before any update.
    clipped : float
        Share of the updates whose gradient was clipped; NaN before any.
    reach : float
        How much of the gradient reaches the oldest step of the window: the norm of the slope at the lowest layer's
        output there, over that at the newest step. Near 0 the gradient has vanished on the way and a shorter window
        would teach the same; far above 1 it explodes. NaN before it was measured, which is at every 50th update.

    References
    ----------
    R. Pascanu, T. Mikolov, Y. Bengio (2013), On the difficulty of training recurrent neural networks. ICML.
    """

    rate: float
    rate_cap: float | None
    gradient_norm: float
    clipped: float
    reach: float


@dataclass(frozen=True)
class Health(NetworkHealth):
    """How learning does; where there are several networks, its rate and gradient are those of one at the middle rate.

    Attributes
    ----------
    believed : dict of str to float
        By expert: its weight in the mix, the mean over keys, targets and horizons; empty without experts.
    coverage : dict of str to float
        By interval, in percent as text: the share of values that it held, over targets and horizons; NaN before any.
    seasons : dict of str to int
        By target: the season that its experts use, 0 for none, and of many keys' the one that most of them use; empty
        without experts.
    networks : dict of str to NetworkHealth
        By name, of each of several networks; empty where there is one.
    """

    believed: dict[str, float]
    seasons: dict[str, int]
    coverage: dict[str, float]
    networks: dict[str, NetworkHealth]


def health_of(arrays: Arrays, settings: Settings, lanes: Sequence[int]) -> Health:
    """Divide what the kernels have summed up; lanes: of all keys."""
    state, believed, seasons = arrays.whole, {}, {}
    if settings.mixes:
        some = lanes or (0,)  # before the first key that of nobody
        weights, lengths = (of_lanes(state, name, some) for name in ("mix_weights", "season_of"))
        believed = dict(zip(settings.expert_names, weights.mean(axis=(0, 1)).tolist(), strict=True))
        seasons = dict(zip(numeric_targets(settings), map(most_common, lengths.T), strict=True))
    networks = {part.prefix[:-1]: _of_network(network, lanes) for part, network in arrays.networks}
    return Health(
        **vars(_of_network(arrays.leading[0], lanes)),
        believed=believed,
        seasons=seasons,
        coverage=_coverage(state, settings, lanes),
        networks=networks if settings.has_several_networks else {},
    )


def most_common(numbers: ArrayLike, weights: ArrayLike | None = None) -> int:
    """The number, none below 0, that stands there most often or for the greatest weight, the least of several."""
    return int(np.bincount(numbers, weights).argmax())


def _of_network(state: State, lanes: Sequence[int]) -> NetworkHealth:
    each, caps = of_networks(state, "health", lanes), of_networks(state, "rate_cap", lanes)
    sums, have_learned = each.sum(axis=0).tolist(), each[:, NOTED] > 0.0
    noted, measured = sums[NOTED], sums[MEASURED]
    return NetworkHealth(
        rate=float(each[have_learned, RATE].mean()) if noted else math.nan,
        rate_cap=float(caps[caps > 0.0].min()) if (caps > 0.0).any() else None,
        gradient_norm=sums[NORM] / noted if noted else math.nan,
        clipped=sums[CLIPPED] / noted if noted else math.nan,
        reach=sums[REACH] / measured if measured else math.nan,
    )


def _coverage(state: State, settings: Settings, lanes: Sequence[int]) -> dict[str, float]:
    graded = sum(int(named_view(state, "bounds_graded", lane).sum()) for lane in lanes)
    if not graded:
        return dict.fromkeys(map(percent_text, settings.intervals), math.nan)
    missed = np.sum([named_view(state, "bounds_missed", lane).sum(axis=0) for lane in lanes], axis=0)
    shares = 1.0 - missed.reshape(-1, 2).sum(axis=1) / graded
    return {percent_text(share): float(held) for share, held in zip(settings.intervals, shares, strict=True)}


def metrics_of(arrays: Arrays, settings: Settings, lanes: Sequence[int], rows: int, refused_rows: int) -> Metrics:
    """Read what the kernels counted, over all keys; lanes: theirs.

    Of several networks all have their updates counted, and those at the middle rate tell of the columns.
    """
    state, leading, networks = arrays.whole, arrays.leading, [state for _, state in arrays.networks]
    first = leading[0]
    late, idle, lost = named_view(state, "late_counts").tolist() or (0, 0, 0)
    coded, of_codes = categorical_columns(settings), named_view(first, "code_counts")
    null_codes, unknown = (dict(zip(coded, of_codes[:, kind].tolist(), strict=True)) for kind in range(2))
    nulls, invalid, far = _refused(arrays, settings)
    made, skipped = np.sum([_updates(network, lanes) for network in networks], axis=0)[[MADE, SKIPPED]].tolist()
    return Metrics(
        rows=rows,
        refused_rows=refused_rows,
        steps=_counted([first], lanes, STEPS),
        updates=made,
        skipped_updates=skipped,
        level_shifts=_counted(leading, lanes, LEVEL_SHIFTS),
        diverged=_counted(networks, lanes, DIVERGED),
        keys=len(lanes),
        evicted_keys=int(named_view(state, "evicted")[0]),
        late_labels=late,
        idle_labels=idle,
        lost_labels=lost,
        nulls=nulls | null_codes,
        unknown=unknown,
        evicted=dict(zip(coded, named_view(state, "evicted_codes").tolist(), strict=False)),
        invalid=invalid,
        far=far,
        scores=_scores(settings, *_graded(arrays, settings)),
        class_scores=class_scores(state, settings, lanes),
    )


def _refused(arrays: Arrays, settings: Settings) -> list[dict[str, int]]:
    """By column: nulls, invalid values, far values."""
    counts: dict[str, list[int]] = {}
    for part, state in arrays.networks:
        if part.leads:
            counts |= zip(matrix_columns(part.settings), named_view(state, "refused").tolist(), strict=True)
    return [{column: counts[column][kind] for column in matrix_columns(settings)} for kind in range(3)]


def _updates(state: State, lanes: Sequence[int]) -> np.ndarray:
    """Counts of updates: of the network, or of all keys' own, with those that are gone."""
    of_gone = named_view(state, "gone_updates")
    return of_gone[0] + pooled(state, "updates", lanes) if len(of_gone) else named_view(state, "updates")


def _counted(networks: Sequence[State], lanes: Sequence[int], what: int) -> int:
    """Sum one of the counts of lanes, also of those that gave way to others."""
    counts = [named_view(state, "gone_counts") + pooled(state, "lane_counts", lanes) for state in networks]
    return int(np.sum(counts, axis=0)[what])


def _graded(arrays: Arrays, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Return sums of errors and how many: of the mix where there is one."""
    if settings.mixes:
        return named_view(arrays.whole, "mix_errors"), named_view(arrays.whole, "mix_error_count")
    horizons = len(settings.horizons)
    return _of_pairs(arrays.leading, "errors", horizons), _of_pairs(arrays.leading, "error_count", horizons)


def _of_pairs(networks: Sequence[State], name: str, horizons: int) -> np.ndarray:
    """Put what each network knows of its (horizons * targets,) side by side."""
    fields = [named_view(state, name) for state in networks]
    by_horizon = [field.reshape(horizons, len(field) // horizons, *field.shape[1:]) for field in fields]
    return np.concatenate(by_horizon, axis=1).reshape(-1, *fields[0].shape[1:])


def _scores(settings: Settings, sums: np.ndarray, counts: np.ndarray) -> tuple[Score, ...]:
    scores, targets = [], numeric_targets(settings)
    for t, target in enumerate(targets):
        for k, horizon in enumerate(settings.horizons):
            pair = k * len(targets) + t
            count = int(counts[pair])
            absolute, squared, last_absolute, last_squared = sums[pair] / count if count else [math.nan] * 4
            scores.append(
                Score(
                    target, horizon, count,
                    mae=float(absolute), rmse=math.sqrt(squared),
                    last_value_mae=float(last_absolute), last_value_rmse=math.sqrt(last_squared),
                )
            )  # fmt: skip
    return tuple(scores)
