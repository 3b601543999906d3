"""The arrays of the intervals; every one is empty where none are asked for."""

from __future__ import annotations

from ..arrays.field import DERIVED, Field

WINDOW = 600  # errors that are kept

BOUND_FIELDS = (
    Field("bound_wanted", "double", ("intervals",), "how often each should be missed", **DERIVED),
    Field("bound_errors", "double", ("bound_pairs", WINDOW), "ring of revealed errors"),
    Field("bound_ascending", "double", ("bound_pairs", WINDOW), "the same in order"),
    Field("bound_counts", "integer", ("bound_pairs",), "how many since the level has shifted"),
    Field("bound_levels", "double", ("bound_pairs", "intervals"), "share of the errors that each leaves out"),
    Field("bound_forecasts", "double", ("bound_slots", "bound_pairs"), "pending"),
    Field("bounds_made", "double", ("bound_slots", "bound_pairs", "bound_sides"), "pending, NaN where none"),
    Field("bounds_missed", "integer", ("bound_pairs", "bound_sides"), "how often"),
    Field("bounds_graded", "integer", ("bound_pairs",), "of how many"),
    Field("bound_ticks", "integer", ("bound_targets",), "rows, or values, of this sequence"),
)
