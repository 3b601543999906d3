"""Settings that are at odds with each other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from .choices import COLUMN_ROLES
from .needs import check_needs
from .option import SettingsError

if TYPE_CHECKING:
    from .settings import Settings


def check_together(settings: Settings) -> None:
    """Raise a SettingsError for settings that are at odds with each other."""
    if settings.horizons == (0,):
        both = [name for name in settings.targets if name in settings.features]
        if both:
            raise SettingsError(f"at horizon 0 a target cannot be a feature: {', '.join(both)}")
    check_needs(settings)
    _check_roles(settings)
    _check_keys(settings)
    if settings.has_several_networks:
        _check_networks(settings)
    taken = settings.features_taken
    if settings.time_features and taken:
        raise SettingsError(
            f"time_features makes a column {taken[0]!r}, which is a feature or target already: rename that one"
        )
    if settings.target_weights and settings.targets and len(settings.target_weights) != len(settings.targets):
        raise SettingsError(
            f"target_weights takes a number for each of the {len(settings.targets)} targets, not "
            f"{settings.target_weights}"
        )
    if settings.evict_categories and settings.count_order:
        raise SettingsError("evict_categories and count_order do not go together: counts cannot forget a category")


def _check_roles(settings: Settings) -> None:
    for role, other in combinations(COLUMN_ROLES, 2):
        if getattr(settings, role) is not None and getattr(settings, role) == getattr(settings, other):
            raise SettingsError(f"column {getattr(settings, role)!r} cannot be both {role} and {other}")
    for role in COLUMN_ROLES:
        if getattr(settings, role) in (*settings.targets, *settings.features, *settings.categorical):
            raise SettingsError(f"column {getattr(settings, role)!r} cannot be {role} and feature or target")


def _check_keys(settings: Settings) -> None:
    if settings.batch_keys > settings.max_keys:
        raise SettingsError(
            f"batch_keys = {settings.batch_keys} is more than max_keys = {settings.max_keys}: so many keys are never "
            "there"
        )
    if not settings.has_own_weights:
        return
    if settings.batch_keys > 1:
        raise SettingsError(
            "batch_keys needs weights = shared: keys with networks of their own have no update in common"
        )
    if settings.evict_categories:
        raise SettingsError(
            "evict_categories needs weights = shared: a category cannot be forgotten by every key's network"
        )


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
