"""Text -> float64, strictly: what a person would call a number, and nothing that only Python does.

``1``, ``-.5``, ``1e-3`` and ``inf`` are numbers, spaces and tabs around them are allowed; ``1_000``, ``1,5`` and digits
of other scripts are not. Nothing, ``nan``, ``null``, ``NA`` and ``None``, in any case, are missing values. A number
that is too large for float64 is infinite.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

_MISSING = re.compile(r"(?:[+-]?nan(?:\(\w*\))?|null|na|none)?", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:(?:\d++(?:\.\d*+)?|\.\d++)(?:e[+-]?\d++)?|inf(?:inity)?)", re.IGNORECASE | re.ASCII)
_NUMBERS_OR_NONE = frozenset((float, type(None)))


def parse_number(text: str) -> float | None:
    """Return the number, or None if it is missing; raise ValueError if it is something else."""
    text = text.strip(" \t")
    if _NUMBER.fullmatch(text):
        return float(text)
    if _MISSING.fullmatch(text):
        return None
    raise ValueError(f"not a number: {text}")


def is_number(text: str) -> bool:
    """Whether a column that starts with this cell is a number column."""
    try:
        parse_number(text)
    except ValueError:
        return False
    return True


def numbers_from_text(cells: Sequence[str]) -> tuple[list[float | None], list[int]]:
    """Return the cells as numbers, None or NaN where missing or bad, and the indices of the bad ones."""
    joined = "".join(cells)
    if joined.isascii() and joined.isprintable() and "_" not in joined:  # then float() is as strict as we are
        try:
            return [float(cell) if cell else None for cell in cells], []
        except ValueError:
            pass
    return _cell_by_cell(cells)


def numbers_from_values(cells: Sequence[Any]) -> tuple[list[float | None], list[int]]:
    """The same for the values of JSON: numbers, booleans, None, and text that holds a number."""
    return (list(cells), []) if _NUMBERS_OR_NONE.issuperset(map(type, cells)) else _cell_by_cell(cells)


def _cell_by_cell(cells: Sequence[object]) -> tuple[list[float | None], list[int]]:
    numbers: list[float | None] = []
    bad: list[int] = []
    for index, cell in enumerate(cells):
        try:
            numbers.append(_number(cell))
        except ValueError:
            numbers.append(None)
            bad.append(index)
    return numbers, bad


def _number(cell: object) -> float | None:
    if cell is None:
        return None
    if isinstance(cell, str):
        return parse_number(cell)
    if isinstance(cell, bool | int | float):
        try:
            return float(cell)
        except OverflowError:
            return math.inf if cell > 0 else -math.inf
    raise ValueError("not a number")
