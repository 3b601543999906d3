"""From settings to the sizes of the experts, and what they know before the first row."""

from __future__ import annotations

from .answers import answers_of
from .kernels.experts import regressors, season
from .kernels.state import State, named_view
from .schema import numeric_targets
from .settings import EXPERTS, Settings

NONE = dict.fromkeys(
    (
        "experts", "candidates", "mixed", "mixed_pairs", "mix_slots", "mix_rows", "linear_width", "joint_width",
        "readout_width", "direction_width", "history", "season", "seasons", "longest_season", "weights_at", "handed_at",
        "handed_inputs", "handed_units", "handed_width",
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
    joint, readout = regressors.INPUTS_AT + answers.inputs, 1 + answers.units
    return {
        "experts": len(EXPERTS),
        "candidates": len(EXPERTS) if settings.mix_network else EXPERTS.index("readout"),
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
        "handed_at": answers.handed,
        "handed_inputs": answers.inputs,
        "handed_units": answers.units,
        "handed_width": answers.width - answers.handed,
    }


def write_season(state: State, settings: Settings, lanes: int) -> None:
    """Tell every key's experts the season that the user named."""
    if settings.mixes and settings.season != "auto":
        for lane in range(lanes):
            named_view(state, "season_of", lane)[:] = int(settings.season)
