"""Nanoseconds -> a column of times, in the form in which the stream has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow
import pyarrow.compute as compute

from . import DAY, HOUR, MINUTE, SECOND, UNITS, TimeError
from .columns import is_text, nanoseconds_of
from .reader import TimeReader
from .scalars import iso_shape

Write = Callable[[np.ndarray], pyarrow.Array]  # (n,) int64 -> n times

_types = pyarrow.types
_ISO_LENGTHS = ((DAY, 10), (MINUTE, 16), (SECOND, 19))  # of a text that counts in whole days, minutes, seconds


def time_writer(reader: TimeReader, kind: pyarrow.DataType, step: int, example: str = "") -> Write:
    """Return a function that writes multiples of `step`, so that `reader` would read them again.

    Parameters
    ----------
    reader : TimeReader
        Of the column; if it holds numbers, one has been read, so that their unit is known.
    kind : pyarrow.DataType
        Of the column.
    step : int
        Nanoseconds.
    example : str
        A time of the column, if it holds text.

    Raises
    ------
    TimeError
        If the column's form has no place for times as fine as `step`.
    """
    length = nanoseconds_of(kind)
    unit = UNITS[reader.unit or "s"]
    if length is not None:
        _check_multiple(reader.name, step, length)
        integers = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
        return lambda times: pyarrow.array(times // length, integers).view(kind)
    if _types.is_integer(kind):
        _check_multiple(reader.name, step, unit)
        return lambda times: pyarrow.array(times // unit).cast(kind)
    if _types.is_floating(kind):
        return lambda times: pyarrow.array([time / unit for time in times.tolist()]).cast(kind)
    if is_text(kind) and reader.pattern is not None:
        write = reader.pattern.write
        if reader.pattern.read(write(step)) != step:
            raise TimeError(
                f"column {reader.name!r}: {reader.format!r} has no place for times as fine as {_shown(step)}"
            )
        return lambda times: pyarrow.array(map(write, times.tolist()), pyarrow.string()).cast(kind)
    if is_text(kind) and (match := iso_shape(example.strip(" \t").upper())):
        return lambda times: _iso_texts(times, match[0], match[2] or "", step).cast(kind)
    if _types.is_decimal(kind):
        _check_multiple(reader.name, step * 10 ** max(kind.scale, 0), unit)
    return lambda times: _decimal_texts(times, unit, step).cast(kind)


def _check_multiple(name: str, step: int, length: int) -> None:
    if step % length:
        raise TimeError(
            f"column {name!r} counts in steps of {_shown(length)}, which {_shown(step)} is no multiple of: take one"
        )


def _shown(nanoseconds: int) -> str:
    """A duration in the largest unit of which it is a multiple."""
    units = {"d": DAY, "h": HOUR, "m": MINUTE, **UNITS}
    unit = next(unit for unit, length in units.items() if nanoseconds % length == 0)
    return f"{nanoseconds // units[unit]}{unit}"


def _decimals(step: int, unit: int) -> int:
    """How many digits behind the point the multiples of a step need, in this unit."""
    return len(f"{step % unit + unit}"[1:].rstrip("0"))


def _iso_texts(times: np.ndarray, example: str, zone: str, step: int) -> pyarrow.Array:
    """Texts of ISO 8601 with the separator and the zone of the example, and with its precision, or the step's."""
    decimals = _decimals(step, SECOND)
    needed = 20 + decimals if decimals else next(length for whole, length in _ISO_LENGTHS if step % whole == 0)
    given = min(len(example) - len(zone), len("2024-01-01T00:00:00"))
    texts = pyarrow.array(times).cast(pyarrow.timestamp("ns")).cast(pyarrow.string())
    texts = compute.utf8_slice_codeunits(texts, 0, max(needed, given))
    if example[10:11] == "T":
        texts = compute.replace_substring(texts, " ", "T")
    return compute.binary_join_element_wise(texts, "+00:00" if len(zone) > 1 else zone, "")


def _decimal_texts(times: np.ndarray, unit: int, step: int) -> pyarrow.Array:
    """Numbers of a unit, each with as many digits behind the point as the step needs."""
    digits = _decimals(step, unit)
    texts = []
    for time in times.tolist():
        whole, part = divmod(abs(time), unit)
        fraction = f"{part + unit}"[1:][:digits]
        texts.append(f"{'-' if time < 0 else ''}{whole}{'.' if digits else ''}{fraction}")
    return pyarrow.array(texts, pyarrow.string())
