"""Every field of `Settings` as an option, and where each option's value came from."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import click
from click.core import ParameterSource

from streamrnn.settings import Option, Settings, shown

from .help import GroupedOption
from .values import ClassWeights, Horizon, List, Number, NumberOrAuto, Text, Whole, WholeOrAuto

SHORT = {"targets": ("-t", "--targets", "--target"), "features": ("-f", "--features")}
# By the annotation of the field.
TYPES: dict[str, Any] = {
    "tuple[str, ...]": List(Text()),
    "tuple[float, ...]": List(Number()),
    "int | tuple[int, ...]": Horizon(),
    "str | None": Text(),
    "str": Text(),
    "int | str": WholeOrAuto(),
    "int | None": Whole(),
    "int": Whole(),
    "float | None": Number(),
    "float": Number(),
    "float | str": NumberOrAuto(),
    "bool | None": click.BOOL,
    "bool": click.BOOL,
    "str | tuple[tuple[str, float], ...]": ClassWeights(),
}
REPEATABLE = ("tuple[str, ...]", "tuple[float, ...]")


def setting_options() -> list[GroupedOption]:
    """One option for each setting, in the order of the documentation."""
    return [_setting_option(str(field.type), field.name, field.default) for field in fields(Settings)]


def _setting_option(kind: str, name: str, default: Any) -> GroupedOption:
    about: Option = Settings.__dataclass_fields__[name].metadata["option"]
    type_ = click.Choice(about.choices) if about.choices else TYPES[kind]
    return option(
        *SHORT.get(name, [f"--{name.replace('_', '-')}"]),
        name=name,
        group=about.group,
        type=type_,
        text=about.help,
        default=default,
        metavar=about.metavar or None,
        multiple=kind in REPEATABLE,
    )


def option(
    *flags: str, name: str, group: str, text: str, default: Any = None, multiple: bool = False, **more: Any
) -> GroupedOption:
    """Make an option that may also stand in the environment and in a TOML file.

    Its value is None unless somebody named one: the default is shown, and applied where the value is used.
    """
    if more.get("type") is click.BOOL:
        positive = flags[-1]
        flags = (*flags[:-1], f"{positive}/--no-{positive.removeprefix('--')}")
    usual = "" if default is None or default is False else shown(default)
    return GroupedOption(
        [*flags, name],
        group=group,
        help=f"{text} [{usual}]" if usual and not text.endswith("]") else text,
        default=None,
        multiple=multiple,
        callback=_flattened if multiple else None,
        envvar=f"STREAMRNN_{name.upper()}",
        **more,
    )


def flag(*flags: str, name: str, group: str, text: str) -> GroupedOption:
    """Make an option without a value; it is off unless somebody named it."""
    return GroupedOption(
        [*flags, name], group=group, help=text, is_flag=True, default=False, envvar=f"STREAMRNN_{name.upper()}"
    )


def _flattened(context: click.Context, parameter: click.Parameter, parts: tuple[tuple[Any, ...], ...] | None) -> Any:
    """The items of a list that was given in several parts; None if there is none."""
    return tuple(item for part in parts for item in part) if parts else None


def is_named(context: click.Context, name: str) -> bool:
    """Whether somebody named a value, in whatever way."""
    return context.get_parameter_source(name) not in (None, ParameterSource.DEFAULT)


def origin(context: click.Context, name: str) -> str:
    """Where an option's value came from, in a word."""
    match context.get_parameter_source(name):
        case ParameterSource.COMMANDLINE:
            return "flag"
        case ParameterSource.ENVIRONMENT:
            return "environment"
        case ParameterSource.DEFAULT_MAP:
            return str(context.params.get("config") or "file")
    return "default"


def named_settings(context: click.Context, values: dict[str, Any]) -> dict[str, Any]:
    """The settings that somebody named, and no others."""
    return {field.name: values[field.name] for field in fields(Settings) if is_named(context, field.name)}
