"""A value -> text, as one would write it on the command line."""

from __future__ import annotations


def shown(value: object) -> str:
    """A value as one would write it on the command line."""
    if isinstance(value, list | tuple):
        return ",".join("=".join(map(shown, item)) if isinstance(item, list | tuple) else shown(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"
    return "-" if value is None else str(value)
