"""Options that commands share, and how options that hold several values are read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Read = Callable[[click.Context, click.Parameter, Any], Any]


def words(allowed: tuple[str, ...]) -> Read:
    """Make a click callback that reads words parted by commas."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str) -> list[str]:
        chosen = [word.strip() for word in value.split(",") if word.strip()]
        unknown = [word for word in chosen if word not in allowed]
        if unknown:
            raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(allowed)}")
        return chosen

    return read


def _numbers(kind: type[int | float], example: str) -> Read:
    """Make a click callback that reads numbers parted by commas."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int] | list[float]:
        try:
            return [kind(word) for word in value.split(",")]
        except ValueError:
            raise click.BadParameter(f"{value!r} is not a list of numbers, as in {example}") from None

    return read


numbers, fractions = _numbers(int, "16,32"), _numbers(float, "0.5,0.9")


def _settings(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, Any]:
    """Read settings as TOML has them, and what is no TOML as text."""
    settings: dict[str, Any] = {}
    for change in value:
        name, is_given, text = change.partition("=")
        if not is_given:
            raise click.BadParameter(f"{change!r} is not NAME=VALUE")
        try:
            settings |= tomllib.loads(change)
        except tomllib.TOMLDecodeError:
            settings[name] = text
    return settings


DATA = click.option(
    "--data", type=click.Path(exists=True, path_type=Path), envvar="STREAMRNN_DATA", required=True,
    help="folder of recorded streams",
)  # fmt: skip
SPLIT = click.option("--split", type=click.Choice(["test", "development"]), default="test", show_default=True)
ONLY = click.option("--only", default="", help="those whose name contains this")
SETTINGS = click.option("--set", "settings", multiple=True, callback=_settings, help="NAME=VALUE: another setting")
