"""Settings that are at odds with each other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from .choices import COLUMN_ROLES, QUANTILES
from .option import SettingsError

if TYPE_CHECKING:
    from .settings import Settings


def check_together(settings: Settings) -> None:
    """Raise a SettingsError for settings that are at odds with each other."""
    if settings.horizons == (0,):
        both = [name for name in settings.targets if name in settings.features]
        if both:
            raise SettingsError(f"at horizon 0 a target cannot be a feature: {', '.join(both)}")
        if settings.skip:
            raise SettingsError("skip needs a horizon of 1 or more: at horizon 0 there is no last value to go on")
    if settings.shrink and settings.loss == "quantile":
        raise SettingsError("shrink is for one forecast per horizon; shrunk quantiles would not be quantiles")
    _check_experts(settings)
    _check_season_lags(settings)
    _check_spread(settings)
    if settings.has_several_networks:
        _check_networks(settings)
    _check_keys(settings)
    for role, other in combinations(COLUMN_ROLES, 2):
        if getattr(settings, role) is not None and getattr(settings, role) == getattr(settings, other):
            raise SettingsError(f"column {getattr(settings, role)!r} cannot be both {role} and {other}")
    for role in COLUMN_ROLES:
        if getattr(settings, role) in (*settings.targets, *settings.features, *settings.categorical):
            raise SettingsError(f"column {getattr(settings, role)!r} cannot be {role} and feature or target")
    if settings.target_weights and settings.targets and len(settings.target_weights) != len(settings.targets):
        raise SettingsError(
            f"target_weights takes a number for each of the {len(settings.targets)} targets, not "
            f"{settings.target_weights}"
        )
    _check_time(settings)
    if settings.expected_lag is not None and settings.cell == "elman":
        raise SettingsError("expected_lag needs a cell with a forget gate: lstm, gru or coupled-lstm")
    if settings.max_delay is not None and settings.horizon_unit == "rows" and settings.horizons != (0,):
        raise SettingsError(
            "max_delay is for late labels, at horizon 0, and for horizon_unit='values'; in rows a forecast is "
            "graded on time or never"
        )
    if settings.evict_categories and settings.count_order:
        raise SettingsError("evict_categories and count_order do not go together: counts cannot forget a category")
    if settings.sequence_forecast == "mean" and (settings.horizons != (0,) or settings.sequence is None):
        raise SettingsError("sequence_forecast of mean needs horizon 0 and a sequence: it is one label for all rows")
    if settings.label_id is not None and (settings.horizons != (0,) or not settings.max_delay):
        raise SettingsError("label_id is for late labels: it needs horizon 0, and max_delay of 1 or more")


def _check_keys(settings: Settings) -> None:
    if settings.batch_keys > 1 and settings.key is None:
        raise SettingsError("batch_keys needs key: rows of one stream are learned one after the other")
    if settings.batch_keys > settings.max_keys:
        raise SettingsError(
            f"batch_keys = {settings.batch_keys} is more than max_keys = {settings.max_keys}: so many keys are never "
            "there"
        )
    if not settings.has_own_weights:
        return
    if settings.key is None:
        raise SettingsError("weights of per-key need key: name the column that tells streams apart")
    if settings.batch_keys > 1:
        raise SettingsError(
            "batch_keys needs weights = shared: keys with networks of their own have no update in common"
        )
    if settings.evict_categories:
        raise SettingsError(
            "evict_categories needs weights = shared: a category cannot be forgotten by every key's network"
        )


def _check_experts(settings: Settings) -> None:
    if settings.experts and settings.horizons == (0,):
        raise SettingsError("experts need a horizon of 1 or more: at horizon 0 there is no past of the target")
    if settings.experts and not settings.has_numbers:
        raise SettingsError("experts need a target of numbers; all targets are categorical")
    if settings.experts and settings.loss == "quantile":
        raise SettingsError("experts forecast one value per horizon, no quantiles; use another loss")
    if not settings.mix_network and not settings.mixes:
        raise SettingsError("without experts the network cannot be left out: mix_network needs experts")
    if settings.emit_weights and not settings.mixes:
        raise SettingsError("emit_weights needs experts: without them there is no mix")


def _check_season_lags(settings: Settings) -> None:
    if not settings.season_lags:
        return
    if settings.horizons == (0,):
        raise SettingsError("season_lags need a horizon of 1 or more: at horizon 0 there is no past of the target")
    if not settings.has_numbers:
        raise SettingsError("season_lags need a target of numbers; all targets are categorical")
    if settings.season == 0:
        raise SettingsError("season_lags need a season: name its rows, or let auto find it, instead of season 0")


def _check_spread(settings: Settings) -> None:
    """Check what tells how far off forecasts may be, or were."""
    if settings.quantiles != QUANTILES and settings.loss != "quantile":
        raise SettingsError("quantiles need a loss of quantile; any other forecasts one value per horizon")
    if settings.intervals and settings.horizons == (0,):
        raise SettingsError("intervals need a horizon of 1 or more")
    for name, verb in (("intervals", "need"), ("alert", "needs")):
        if getattr(settings, name) and not settings.has_numbers:
            raise SettingsError(f"{name} {verb} a target of numbers; all targets are categorical")


def _check_networks(settings: Settings) -> None:
    asked = "lr_pool" if settings.lr_pool else "channels of independent"
    if settings.horizons == (0,):
        raise SettingsError(f"{asked} needs a horizon of 1 or more: labels are learned by one network")
    if settings.key is not None:
        raise SettingsError(f"{asked} and key do not go together: the streams of all keys share one network")
    if settings.loss == "quantile":
        raise SettingsError(f"{asked} is for one forecast per horizon, not for quantiles; use another loss")
    if settings.evict_categories:
        raise SettingsError(f"{asked} and evict_categories do not go together")
    for name in settings.targets:
        if name in settings.categorical:
            raise SettingsError(f"{asked} is for targets of numbers; {name!r} is categorical")
        if settings.channels == "independent" and settings.features and name not in settings.features:
            raise SettingsError(f"channels of independent needs each target among the features; {name!r} is not")
    if settings.lr_pool and not (settings.mixes and settings.mix_network):
        raise SettingsError("lr_pool needs experts, and the network among them: their mix chooses among the rates")


def _check_time(settings: Settings) -> None:
    for name in ("time_format", "time_features"):
        if getattr(settings, name) and settings.time is None:
            raise SettingsError(f"{name} needs time: name the column that holds it")
    taken = settings.features_taken
    if settings.time_features and taken:
        raise SettingsError(
            f"time_features makes a column {taken[0]!r}, which is a feature or target already: rename that one"
        )
