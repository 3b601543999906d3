"""Options of commands that hold several values, parted by commas."""

from __future__ import annotations

from typing import Any

import click


def words(allowed: tuple[str, ...]) -> Any:
    """Make a click callback that reads words parted by commas."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str) -> list[str]:
        chosen = [word.strip() for word in value.split(",") if word.strip()]
        unknown = [word for word in chosen if word not in allowed]
        if unknown:
            raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(allowed)}")
        return chosen

    return read


def numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int]:
    """Read numbers parted by commas."""
    try:
        return [int(word) for word in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of numbers, as in 16,32") from None
