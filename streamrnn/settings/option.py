"""What the faces of a setting need beyond its name: see `Settings`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it, its value and what would do."""


@dataclass(frozen=True)
class Option:
    """How a setting is shown to a person: its group, its help, and whether a saved model may change it."""

    group: str
    help: str
    choices: tuple[str, ...] = ()
    structure: bool = False  # fixed for the life of a model: it decides the shapes or the meaning of the arrays
    metavar: str = ""


def option(default: Any, group: str, help: str, **more: Any) -> Any:
    """Declare a setting."""
    return field(default=default, metadata={"option": Option(group, help, **more)})
