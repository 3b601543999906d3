"""The arrays of the anomaly score; every one is empty where none is asked for."""

from __future__ import annotations

from ..arrays.field import Field

ERROR_WINDOW = 2000  # errors of a target that a new one is ranked among
SHORT_TERM = 40  # surprises in a row that are judged together
REFRACTORY = 70  # quiet rows that end an event

SCORE_FIELDS = (
    Field("past_errors", "double", ("watched", ERROR_WINDOW), "ring of absolute errors"),
    Field("graded_count", "integer", ("watched",), "errors so far"),
    Field("value_range", "double", ("watched", 2), "least and greatest value so far, see `anomaly.py`"),
    Field("value_count", "integer", ("watched",), "values so far"),
    Field("surprises", "double", ("channels", SHORT_TERM), "ring of the latest"),
    Field("surprise_means", "double", ("channels", SHORT_TERM), "ring of their means, which the spread learns later"),
    Field("surprise_spread", "double", ("channels", 2), "mean and variance of those means"),
    Field("surprise_count", "integer", ("channels",), "surprises so far"),
    Field("event_left", "integer", ("alerts",), "quiet rows until the event is over", most=REFRACTORY),
)
