"""Where everything stands in the kernels' answer to a row."""

from __future__ import annotations

from dataclasses import dataclass

from .kernels.handover import PER_TARGET
from .kernels.state import EXPECTED
from .schema import categorical_targets, network_features, numeric_targets
from .settings import EXPERTS, Settings

# What the experts see of the network at most: the time that they take grows with the square of it.
MOST_INPUTS = 32
MOST_UNITS = 64


@dataclass(frozen=True)
class Answers:
    """Places in an answer; 0 where there is no such thing.

    Attributes
    ----------
    forecasts : int
        First of the forecasts: (horizons, targets, quantiles).
    expected_codes : int
        First of the codes that had been forecast of this row: (categorical targets,).
    best : int
        First of the best codes of each categorical forecast and their probabilities: (horizons, categorical targets,
        2, top).
    weights : int
        First of the weights of the mix: (horizons, targets, experts).
    handed : int
        First of what the network's kernel tells the experts': see ``kernels/handover.py``.
    inputs, units : int
        How many of the network's inputs and of its units are told.
    width : int
        Numbers in an answer.
    """

    forecasts: int
    expected_codes: int
    best: int
    weights: int
    handed: int
    inputs: int
    units: int
    width: int


def answers_of(settings: Settings) -> Answers:
    """Place everything that a learner of these settings answers."""
    horizons, targets = len(settings.horizons), len(numeric_targets(settings))
    categorical = len(categorical_targets(settings))
    forecasts = EXPECTED + targets
    expected_codes = forecasts + horizons * targets * len(settings.levels)
    best = expected_codes + categorical
    end = best + 2 * settings.top * horizons * categorical
    if not settings.mixes:
        return Answers(forecasts, expected_codes, best, 0, 0, 0, 0, end)
    weights, handed = 0, end
    if settings.emit_weights:
        weights, handed = end, end + horizons * targets * len(EXPERTS)
    inputs, units = min(MOST_INPUTS, len(network_features(settings))), min(MOST_UNITS, settings.hidden)
    width = handed + PER_TARGET * targets + 2 * inputs + units
    return Answers(forecasts, expected_codes, best, weights, handed, inputs, units, width)
