"""The arrays of the intervals; every one is empty where none are asked for."""

from __future__ import annotations

from ..arrays.field import DERIVED, Field

WINDOW = 800  # errors that are kept
PLACES = 168  # of a season that are told apart

BOUND_FIELDS = (
    Field("bound_wanted", "double", ("intervals",), "how often each should be missed", **DERIVED),
    Field("bound_errors", "double", ("bound_pairs", WINDOW), "ring of errors over the sizes expected of them"),
    Field("bound_ascending", "double", ("bound_pairs", WINDOW), "the same in order"),
    Field("bound_counts", "integer", ("bound_pairs",), "how many since the level has shifted"),
    Field("bound_levels", "double", ("bound_pairs", "intervals"), "share of the errors that each leaves out"),
    Field("bound_floors", "double", ("bound_pairs", "intervals"), "below which a level does not go at once"),
    Field("bound_forecasts", "double", ("bound_slots", "bound_pairs"), "pending"),
    Field("bound_expected", "double", ("bound_slots", "bound_pairs"), "pending, the sizes that errors should have"),
    Field("bounds_made", "double", ("bound_slots", "bound_pairs", "bound_sides"), "pending, NaN where none"),
    Field("bounds_missed", "integer", ("bound_pairs", "bound_sides"), "how often"),
    Field("bounds_graded", "integer", ("bound_pairs",), "of how many"),
    Field("bound_ticks", "integer", ("bound_targets",), "rows, or values, of this sequence, since a shift"),
    Field("bound_phase", "integer", ("bound_targets",), "the same, which no shift sets back"),
    Field("bound_season", "integer", ("bound_targets",), "that the profile is of; 0: none", most="longest_season"),
    Field("bound_profile", "double", ("bound_pairs", "bound_places"), "mean log sizes of errors, by place in a season"),
    Field("error_sizes", "double", ("bound_pairs", 2), "mean absolute errors, of late and for long"),
    Field("step_sizes", "double", ("bound_targets", 2), "mean absolute changes from value to value, the same"),
    Field("step_counts", "integer", ("bound_targets",), "how many changes since the level has shifted"),
    Field("bound_last", "double", ("bound_targets",), "the value before"),
    Field("bound_values", "integer", ("bound_targets",), "values of this sequence, since a shift"),
    Field("bound_ends", "double", ("bound_targets", 2), "the least and the greatest value since a shift"),
    Field("bound_reached", "integer", ("bound_targets", 3), "how often each of them came; values since a shift"),
)
