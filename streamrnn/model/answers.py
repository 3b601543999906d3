"""Where everything stands in the kernels' answer to a row."""

from __future__ import annotations

from dataclasses import dataclass

from ..kernels.arrays.places import EXPECTED
from ..kernels.handover import PER_TARGET
from ..schema import categorical_targets, network_features, numeric_targets
from ..settings import Settings

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
    means : int
        First of the best codes for the whole sequence, each with its probability: (categorical targets, 2).
    bounds : int
        First of the bounds of the intervals: (horizons, targets, intervals, 2).
    weights : int
        First of the weights of the mix: (horizons, targets, experts).
    scores : int
        First of the anomaly scores: (targets,), the joint one, and whether the row is told.
    handed : int
        First of what the network's kernel tells those that run after it: see ``kernels/handover.py``.
    inputs, units : int
        How many of the network's inputs and of its units are told.
    states : int
        Networks whose units are told: one for all targets, or one for each.
    voices : int
        First of the networks' forecasts: for each network in the mix (horizons, targets); where it is one, `forecasts`.
    width : int
        Numbers in an answer.
    """

    forecasts: int
    expected_codes: int
    best: int
    means: int
    bounds: int
    weights: int
    scores: int
    handed: int
    inputs: int
    units: int
    states: int
    voices: int
    width: int


def answers_of(settings: Settings) -> Answers:
    """Place everything that a learner of these settings answers."""
    horizons, targets = len(settings.horizons), len(numeric_targets(settings))
    categorical = len(categorical_targets(settings))
    forecasts = EXPECTED + targets
    expected_codes = forecasts + horizons * targets * len(settings.levels)
    best = expected_codes + categorical
    means = end = best + 2 * settings.top * horizons * categorical
    end += 2 * categorical * (settings.sequence_forecast == "mean")
    bounds = end
    end += 2 * len(settings.intervals) * horizons * targets
    weights = end
    end += len(settings.expert_names) * horizons * targets * settings.emit_weights
    scores = end if settings.alert is not None else 0
    end += targets + 2 if settings.alert is not None else 0
    if not (settings.mixes or settings.intervals):
        return Answers(forecasts, expected_codes, best, means, 0, 0, scores, 0, 0, 0, 0, forecasts, end)
    inputs = min(MOST_INPUTS, len(network_features(settings))) * settings.mixes
    units = min(MOST_UNITS, settings.hidden) * settings.mixes
    states = targets if settings.channels == "independent" else 1
    voices = end + PER_TARGET * targets + 2 * inputs + states * units
    is_pool = len(settings.networks_in_mix) > 1
    return Answers(
        forecasts,
        expected_codes,
        best,
        means,
        bounds if settings.intervals else 0,
        weights if settings.emit_weights else 0,
        scores,
        handed=end,
        inputs=inputs,
        units=units,
        states=states,
        voices=voices if is_pool else forecasts,
        width=voices + is_pool * len(settings.networks_in_mix) * horizons * targets,
    )
