"""The arrays of the experts; every one is empty where the network forecasts alone."""

from __future__ import annotations

from ..field import SCRATCH, Field

EXPERT_FIELDS = (
    Field("linear_covariance", "double", ("mixed", "linear_width", "linear_width"), "P of each target"),
    Field("linear_weights", "double", ("mixed_pairs", "linear_width"), "of each forecast"),
    Field("joint_covariance", "double", ("mixed", "joint_width", "joint_width"), "P of each target"),
    Field("joint_weights", "double", ("mixed_pairs", "joint_width"), "of each forecast"),
    Field("readout_covariance", "double", ("mixed", "readout_width", "readout_width"), "P of each target"),
    Field("readout_weights", "double", ("mixed_pairs", "readout_width"), "of each forecast"),
    Field("absorbed", "integer", (3, "mixed"), "vectors of regressors in each P"),
    Field("direction", "double", ("direction_width",), "P times a vector", **SCRATCH),
    Field("linear_regressors", "double", ("mix_rows", "linear_width"), "of each tick and target"),
    Field("linear_gains", "double", ("mix_rows", "linear_width"), "what an error of theirs will do to the weights"),
    Field("joint_regressors", "double", ("mix_rows", "joint_width"), "of each tick and target"),
    Field("joint_gains", "double", ("mix_rows", "joint_width"), "what an error of theirs will do to the weights"),
    Field("readout_regressors", "double", ("mix_rows", "readout_width"), "of each tick and target"),
    Field("readout_gains", "double", ("mix_rows", "readout_width"), "what an error of theirs will do to the weights"),
    Field("expert_forecasts", "double", ("experts", "mix_slots", "mixed_pairs"), "pending, of each expert"),
    Field("mixed_forecasts", "double", ("mix_slots", "mixed_pairs"), "pending, of the mix"),
    Field("mix_unit", "double", ("mix_slots", "mixed"), "their unit; 0: learn nothing from them"),
    Field("moves", "double", ("mixed_pairs", 2), "decaying sums: sizes of changes from the last value, how many"),
    Field("regret", "double", ("mixed_pairs", "experts"), "sums of how much better than the mix each one was"),
    Field("regret2", "double", ("mixed_pairs", "experts"), "sums of their squares"),
    Field("largest_regret", "double", ("mixed_pairs",), "of any expert at once"),
    Field("mix_weights", "double", ("mixed_pairs", "experts"), "the mix"),
    Field("history", "double", ("mixed", "history"), "ring of a target's values, twice, so that lags lie in a row"),
    Field("season_sums", "double", ("mixed", "seasons"), "decaying sums of (y - y of so many ticks before)^2"),
    Field("own_season", "integer", ("mixed",), "that a target has shown itself; 0: none", most="longest_season"),
    Field("season_depth", "double", ("mixed",), "how clearly: the valley's depth, 0 is deepest"),
    Field("season_of", "integer", ("mixed",), "in use, in ticks; 0: none", most="longest_season"),
    Field("level", "double", ("mixed",), "where a target has been of late"),
    Field("level_unit", "double", ("mixed",), "its deviation when it was last looked at closely; 0 before"),
    Field("level_count", "integer", ("mixed",), "values in the level"),
    Field("input_level", "double", ("mixed", "handed_inputs"), "where the network's inputs have been of late"),
    Field("input_unit", "double", ("mixed", "handed_inputs"), "their deviations when they were last looked at closely"),
    Field("ticks", "integer", ("mixed",), "since the first value of this sequence, from 1; 0 before it"),
    Field("phase", "integer", ("mixed",), "ticks that no shift of the level sets back"),
    Field("mix_errors", "double", ("mixed_pairs", 4), "sums: absolute, squared, and both of last value"),
    Field("mix_error_count", "integer", ("mixed_pairs",), "forecasts graded"),
)
