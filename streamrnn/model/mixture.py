"""From settings to the sizes of what stands beside the network, and what it knows before the first row."""

from __future__ import annotations

from ..kernels.arrays.state import State, lanes_view, named_view
from ..kernels.experts import regressors, season
from ..kernels.surprise.conformal_fields import PLACES
from ..schema import numeric_targets
from ..settings import EXPERTS, Settings
from .answers import answers_of

NONE = dict.fromkeys(
    (
        "experts", "voices", "voices_at", "candidates", "fallback", "mixed", "mixed_pairs", "mix_slots", "mix_rows",
        "linear_width", "joint_width", "readout_width", "direction_width", "history", "season", "seasons",
        "longest_season", "weights_at",
    ),
    0,
)  # fmt: skip


def expert_sizes(settings: Settings) -> dict[str, int]:
    """The `Sizes` of the experts; zeros where the network forecasts alone."""
    if not settings.mixes:
        return NONE
    answers, targets, slots = answers_of(settings), len(numeric_targets(settings)), settings.horizons[-1] + 1
    finds_season = settings.season == "auto"
    known = 0 if finds_season else int(settings.season)
    joint, readout = regressors.INPUTS_AT + 2 * answers.inputs, 1 + answers.units
    return {
        "experts": len(settings.expert_names),
        "voices": len(settings.networks_in_mix),
        "voices_at": answers.voices,
        "candidates": len(settings.expert_names) if settings.mix_network else settings.expert_names.index("readout"),
        "fallback": EXPERTS.index("network" if _begins_with_taught_network(settings) else "last"),
        "mixed": targets,
        "mixed_pairs": targets * len(settings.horizons),
        "mix_slots": slots,
        "mix_rows": slots * targets,
        "linear_width": regressors.OWN,
        "joint_width": joint,
        "readout_width": readout,
        "direction_width": max(joint, readout),
        "history": 2 * max(regressors.LAGS, season.LAGS if finds_season else 0, known + 2),
        "season": -1 if finds_season else known,
        "seasons": season.LAGS if finds_season else 0,
        "longest_season": season.LAGS if finds_season else known,
        "weights_at": answers.weights,
    }


def _begins_with_taught_network(settings: Settings) -> bool:
    """Whether other keys may have taught the network before a key's experts know anything."""
    return bool(settings.key) and not settings.has_own_weights and settings.mix_network


def past_sizes(settings: Settings) -> dict[str, int]:
    """The `Sizes` of the past that the network sees; zeros where it sees none."""
    targets = len(numeric_targets(settings)) if settings.season_lags else 0
    finds_season = settings.season == "auto"
    length = season.LAGS if finds_season else int(settings.season)
    return {
        "past_targets": targets,
        "past": 2 * length if targets else 0,
        "past_seasons": season.LAGS if targets and finds_season else 0,
        "longest_past_season": length if targets else 0,
    }


def handed_sizes(settings: Settings) -> dict[str, int]:
    """The `Sizes` of what the network's kernel tells those that run after it."""
    answers = answers_of(settings)
    return {
        "handed_at": answers.handed,
        "handed_inputs": answers.inputs,
        "handed_units": answers.units,
        "handed_states": answers.states,
        "handed_width": answers.width - answers.handed if answers.handed else 0,
    }


def bound_sizes(settings: Settings) -> dict[str, int]:
    """The `Sizes` of the intervals; zeros where there are none."""
    targets = len(numeric_targets(settings)) if settings.intervals else 0
    return {
        "bound_targets": targets,
        "bound_pairs": targets * len(settings.horizons),
        "bound_slots": settings.horizons[-1] + 1 if targets else 0,
        "bound_places": PLACES if targets and settings.mixes else 0,
        "intervals": len(settings.intervals) if targets else 0,
        "bound_sides": 2 * len(settings.intervals) if targets else 0,
        "bounds_at": answers_of(settings).bounds,
    }


def score_sizes(settings: Settings) -> dict[str, int]:
    """The `Sizes` of the anomaly score; zeros where none is asked for."""
    targets = 0 if settings.alert is None else len(numeric_targets(settings))
    return {
        "watched": targets,
        "channels": targets + (targets > 1),
        "alerts": int(targets > 0),
        "scores_at": answers_of(settings).scores,
    }


def write_wanted(state: State, settings: Settings, lanes: int) -> None:
    """Tell how often each interval should be missed; its first level is that, its floor a quarter of those odds."""
    wanted = named_view(state, "bound_wanted")
    if wanted.size:
        wanted[:] = [1.0 - share for share in settings.intervals]
        lanes_view(state, "bound_levels", lanes)[:] = wanted
        lanes_view(state, "bound_floors", lanes)[:] = wanted / (4.0 - 3.0 * wanted)


def write_season(state: State, settings: Settings, lanes: int) -> None:
    """Tell every key's experts, and what the network sees of its past, the season that the user named."""
    if settings.season == "auto":
        return
    for name in ("season_of", "past_season"):
        lanes_view(state, name, lanes)[:] = int(settings.season)
