"""A column of times -> nanoseconds, all at once or value by value, with the same result."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from . import MISSING, UNITS, TimeError
from .pattern import Pattern, check_time_format, likely_pattern
from .scalars import is_nothing, iso_shape, read_iso, read_moment, read_number, scaled, unit_of

if TYPE_CHECKING:
    import pyarrow

FEW = 12  # values that Python has read before Arrow has started


class TimeReader:
    """Reads the times of one column; see ``streamrnn.times``.

    What is not a time of the column's form, or does not fit into 64 bits, is `MISSING`. Arrow's timestamps, dates and
    durations are read as they are, whatever the format says.

    Parameters
    ----------
    name : str
        The column's, for messages.
    format : str, optional
        ``iso``: text in ISO 8601; ``s``, ``ms``, ``us``, ``ns``: numbers that count in it; else a pattern as
        `datetime.strptime` has it. By default text is ISO 8601 or else a number, and the first number decides by its
        magnitude in which unit all of them count: near 1e9, 1e12, 1e15 or 1e18 it is the time since 1970 in s, ms, us
        or ns; a smaller one is elapsed seconds.
    strict : bool
        Whether a first value that cannot be read is an error; else it is missing, as any later one.

    Attributes
    ----------
    unit : str or None
        In which numbers count, once it is known.
    pattern : Pattern or None
        What reads the texts, if the format is a pattern.
    has_begun : bool
        Whether any time has been read. Until then a value that cannot be read is an error, afterwards it is missing.

    Raises
    ------
    ValueError
        If the format is none.
    """

    def __init__(self, name: str, format: str | None = None, strict: bool = True) -> None:
        if format is not None:
            check_time_format(format)
        self.name = name
        self.format = format
        self.strict = strict
        self.unit = format if format in UNITS else None
        self.has_begun = False
        self._takes_iso = format in (None, "iso")
        self._takes_numbers = format is None or format in UNITS
        self.pattern = None if self._takes_iso or self._takes_numbers else Pattern(str(format))

    def read_one(self, value: Any) -> int:
        """Read one value: text, a number, a datetime, or what NumPy and pandas have for it.

        Raises
        ------
        TimeError
            If it is the first one and cannot be read.
        """
        time = self._of_text(value) if type(value) is str else self._of_object(value)
        if not self.has_begun:
            self._begin(time, value)
        return time

    def read(self, column: pyarrow.Array | pyarrow.ChunkedArray) -> np.ndarray:
        """Read a column: int64 (n,), MISSING where there is no time.

        Raises
        ------
        TimeError
            If nothing was read before, and its first value that is not null cannot be.
        """
        column = column.combine_chunks() if hasattr(column, "combine_chunks") else column
        unit, times = self.unit, self._of_column(column)
        if not self.has_begun:
            try:
                self._begin_column(column, times)
            except TimeError:
                self.unit = unit
                raise
        return times

    # --- a column ---------------------------------------------------------------------------------------------------

    def _of_column(self, column: pyarrow.Array) -> np.ndarray:
        import pyarrow

        from . import columns

        if pyarrow.types.is_dictionary(column.type):
            values = column.dictionary
            if pyarrow.types.is_string_view(values.type):  # of which Arrow cannot take some, as Polars' categories ask
                values = values.cast(pyarrow.string())
            column = values.take(column.indices)
        if len(column) < FEW and columns.is_plain(column.type):
            return self._one_by_one(column)
        times = columns.times_of_type(column)
        if times is not None:
            return times
        if columns.is_text(column.type):
            return self._of_texts(column.cast(pyarrow.string()))
        if columns.is_number(column.type):
            return self._of_numbers(column)
        return np.full(len(column), MISSING)

    def _of_texts(self, texts: pyarrow.Array) -> np.ndarray:
        from .columns import times_of_decimals, times_of_iso

        first = next((value.as_py() for value in texts if value.is_valid), None)
        times = None
        if first is not None:
            if self._takes_iso and (match := iso_shape(first)):
                times = times_of_iso(texts, has_zone=match[2] is not None)
            elif self._takes_numbers and (unit := self._unit_for(read_number(first))):
                times = times_of_decimals(texts, unit)
        return self._one_by_one(texts) if times is None else times

    def _of_numbers(self, numbers: pyarrow.Array) -> np.ndarray:
        import pyarrow

        from .columns import shortest_texts, times_of_integers

        if self._takes_numbers and pyarrow.types.is_integer(numbers.type):
            unit = next(filter(None, (self._unit_for(value.as_py()) for value in numbers)), None)
            return times_of_integers(numbers, UNITS[unit or "ns"])
        if self._takes_numbers or self.pattern:
            return self._of_texts(shortest_texts(numbers))
        return np.full(len(numbers), MISSING)

    def _one_by_one(self, values: pyarrow.Array) -> np.ndarray:
        return np.fromiter(map(self._of_object, values.to_pylist()), np.int64, len(values))

    # --- a value ----------------------------------------------------------------------------------------------------

    def _of_text(self, text: str) -> int:
        if self.pattern is not None:
            return self.pattern.read(text)
        time = read_iso(text) if self._takes_iso else MISSING
        if time == MISSING and self._takes_numbers:
            return self._of_number(read_number(text.strip(" \t")))
        return time

    def _of_object(self, value: Any) -> int:
        if isinstance(value, str):
            return self._of_text(value)
        if value is None or isinstance(value, bool):
            return MISSING
        time = read_moment(value)
        if time is not None:
            return time
        if self._takes_numbers and hasattr(value, "__index__"):
            return self._of_number(int(value))
        return self._of_text(str(value)) if self._takes_numbers or self.pattern else MISSING

    def _of_number(self, number: Decimal | int | None) -> int:
        unit = self._unit_for(number)
        return MISSING if number is None or unit is None else scaled(number, unit)

    def _unit_for(self, number: Decimal | int | None) -> str | None:
        """The unit of all numbers, which the first of a possible size chooses."""
        if self.unit is None and number is not None:
            self.unit = unit_of(number)
        return self.unit

    # --- the first one ----------------------------------------------------------------------------------------------

    def _begin(self, time: int, value: Any) -> None:
        if time != MISSING:
            self.has_begun = True
        elif self.strict and not (
            value is None or is_nothing(str(value)) or (self._takes_iso and iso_shape(str(value)))
        ):
            raise TimeError(self._complaint(str(value)[:60]))

    def _begin_column(self, column: pyarrow.Array, times: np.ndarray) -> None:
        from .columns import nanoseconds_of

        read = np.flatnonzero(times != MISSING)
        if nanoseconds_of(column.type) is None:
            for value in column.slice(0, read[0] if len(read) else len(times)):
                self._begin(MISSING, value.as_py())
        self.has_begun = len(read) > 0

    def _complaint(self, text: str) -> str:
        likely = likely_pattern(text)
        if self.format is None:
            example = likely or "%d.%m.%Y %H:%M"
            return (
                f"column {self.name!r} holds {text!r}, which is neither ISO 8601 nor a number: "
                f"say how its times are written, such as --time-format {example!r}"
            )
        hint = f"; it looks like {likely!r}" if likely else ""
        return f"column {self.name!r} holds {text!r}, which is no time of --time-format {self.format!r}{hint}"
