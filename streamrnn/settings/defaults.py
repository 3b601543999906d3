"""Defaults that follow from what is forecast; `python -m benchmarks.rates` prints the figures behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .settings import Settings

RATE = 1e-3
CLIP = 1.0
CLIP_OF_CATEGORIES = 10.0


def rate_of(settings: Settings) -> float:
    """The learning rate.

    For numbers it is lower far ahead, where errors overlap, so that many updates in a row say the same. That of labels
    is paced, see `kernels.network.optimizers.pace_of`.
    """
    far: float = max(settings.horizons[-1], 1) ** 0.25
    return RATE / far if settings.has_numbers else RATE


def clip_of(settings: Settings) -> float:
    """The largest norm of a gradient.

    That of one category's cross-entropy is bounded, and rightly large where it comes as a surprise: to cut what is rare
    and not what is frequent would be to forecast it too seldom. Only steps as long as the gradient need the bound.
    """
    return CLIP if settings.has_numbers or settings.optimizer == "sgd" else CLIP_OF_CATEGORIES


def in_force(settings: Settings) -> dict[str, Any]:
    """Every setting by name, as `Settings.to_dict` has it, but for those that follow from others: what they come to."""
    return settings.to_dict() | {
        "time_features": settings.sees_time,
        "max_delay": settings.delay,
        "skip": settings.uses_skip,
        "shrink": settings.shrinks,
        "experts": settings.mixes,
        "lr": settings.learning_rate,
        "clip": settings.gradient_clip,
        "learn_on_anomaly": settings.learns_on_anomaly,
    }
