"""Whole Arrow columns -> nanoseconds, where Arrow and NumPy can do it; the caller does the others one by one."""

from __future__ import annotations

import numpy as np
import pyarrow
import pyarrow.compute as compute

from . import DAY, LARGEST, MISSING, UNITS

_types = pyarrow.types
_DECIMALS = {unit: len(str(length)) - 1 for unit, length in UNITS.items()}  # of a number, down to the nanosecond
_ROUNDABLE = pyarrow.decimal256(76, 38)
_LONGEST = 28  # characters: then no decimal128 can overflow, which Arrow does not always notice


def is_text(kind: pyarrow.DataType) -> bool:
    """Whether a column holds text."""
    return bool(_types.is_string(kind) or _types.is_large_string(kind) or _types.is_string_view(kind))


def is_number(kind: pyarrow.DataType) -> bool:
    """Whether a column holds numbers."""
    return bool(_types.is_integer(kind) or _types.is_floating(kind) or _types.is_decimal(kind))


def is_plain(kind: pyarrow.DataType) -> bool:
    """Whether Python's values of a column are what it holds, neither more precise nor less."""
    return is_text(kind) or bool(_types.is_integer(kind) or _types.is_float64(kind))


def times_of_type(column: pyarrow.Array) -> np.ndarray | None:
    """Nanoseconds of a column whose type says what its numbers mean; None if it does not.

    Timestamps of any zone, dates, times of day and durations.
    """
    length = nanoseconds_of(column.type)
    if length is None:
        return None
    integers = pyarrow.int32() if column.type.bit_width == 32 else pyarrow.int64()
    return times_of_integers(column.view(integers), length)


def nanoseconds_of(kind: pyarrow.DataType) -> int | None:
    """How long one step of a temporal type is; None for another type."""
    if _types.is_date32(kind):
        return DAY
    if _types.is_date64(kind):
        return UNITS["ms"]
    if _types.is_timestamp(kind) or _types.is_time(kind) or _types.is_duration(kind):
        return UNITS[kind.unit]
    return None


def times_of_integers(column: pyarrow.Array, length: int) -> np.ndarray:
    """Nanoseconds of whole numbers that count steps of this length."""
    whole = column.fill_null(0) if column.null_count else column
    numbers = whole.to_numpy(zero_copy_only=False)
    most = LARGEST // length
    usable = numbers <= most if numbers.dtype.kind == "u" else (numbers >= -most) & (numbers <= most)
    if column.null_count:
        usable &= column.is_valid().to_numpy(zero_copy_only=False)
    return np.where(usable, numbers.astype(np.int64) * length, MISSING)


def times_of_iso(texts: pyarrow.Array, has_zone: bool) -> np.ndarray | None:
    """Nanoseconds of texts in ISO 8601; None unless Arrow can read them all, with a zone or without."""
    try:
        times = texts.cast(pyarrow.timestamp("ns", "UTC" if has_zone else None))
    except pyarrow.ArrowInvalid:
        return None
    return times_of_type(times)


def times_of_decimals(texts: pyarrow.Array, unit: str) -> np.ndarray | None:
    """Nanoseconds of decimal numbers of a unit; None unless Arrow can read them all.

    A decimal with as many digits behind its point as the unit has nanoseconds is their number.
    """
    longest = compute.max(compute.binary_length(texts)).as_py()
    if longest > _LONGEST or compute.any(compute.match_substring(texts, "e", ignore_case=True)).as_py():
        return None
    decimals = _DECIMALS[unit]
    exact = pyarrow.decimal128(38, decimals)
    try:
        numbers = texts.cast(exact)
    except pyarrow.ArrowInvalid:  # finer than nanoseconds, or no numbers
        try:
            numbers = compute.round(texts.cast(_ROUNDABLE), decimals, round_mode="half_to_even").cast(exact)
        except pyarrow.ArrowInvalid:
            return None
    low, high = np.frombuffer(numbers.buffers()[1], np.int64).reshape(-1, 2)[numbers.offset :][: len(numbers)].T
    usable = (high == low >> 63) & (low != MISSING)  # the upper half is nothing but the sign
    if numbers.null_count:
        usable &= numbers.is_valid().to_numpy(zero_copy_only=False)
    return np.where(usable, low, MISSING)


def shortest_texts(numbers: pyarrow.Array) -> pyarrow.Array:
    """Numbers as the shortest decimal text that reads as them: what was written, most likely; null if not finite."""
    if _types.is_floating(numbers.type):
        numbers = compute.if_else(compute.is_finite(numbers), numbers, None)
    return numbers.cast(pyarrow.string())
