"""Which column of a recording tells the time."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .plan import ReplayError

if TYPE_CHECKING:
    from ..batch import Kind

NAMES = ("time", "timestamp", "date", "datetime", "ts")


def time_column(source: str, columns: Mapping[str, Kind], named: str | None) -> str:
    """Return the column that was named, or the only one that holds times, or else is called so.

    Raises
    ------
    ReplayError
        If there is no such column, or more than one could be meant.
    """
    if named is not None:
        return _existing(source, columns, named)
    by_kind = [name for name, kind in columns.items() if kind == "time"]
    by_name = [name for name in columns if name.lower() in NAMES]
    for found in (by_kind, by_name):
        if len(found) == 1:
            return found[0]
    several = by_kind or by_name
    why = f"{', '.join(several)} could each be its time" if several else f"its columns are {', '.join(columns)}"
    raise ReplayError(f"{source}: which column is the time? {why}; name it with --time, or set a pace with --rate")


def _existing(source: str, columns: Mapping[str, Kind], name: str) -> str:
    if name in columns:
        return name
    near = get_close_matches(name, columns, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(columns)}"
    raise ReplayError(f"{source}: there is no column {name!r}; {hint}")
