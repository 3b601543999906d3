"""Options from a TOML file: its keys are the options' names; a table may stand for each command."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from .help import GroupedOption
from .main import COMMANDS
from .values import Text

EXCLUDED = ("config", "help")


def config_option() -> GroupedOption:
    """Make the option that names the file; it is read before the others are looked at."""
    return GroupedOption(
        ["--config"],
        group="In and out",
        type=Text(),
        metavar="FILE",
        help="read options from a TOML file; flags and STREAMRNN_<OPTION> go before it",
        is_eager=True,
        callback=_read,
        envvar="STREAMRNN_CONFIG",
    )


def _read(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    if path is not None:
        context.default_map = {**(context.default_map or {}), **read_config(path, context)}
    return path


def read_config(path: str, context: click.Context) -> dict[str, Any]:
    """Return the values that the file names, by option, as the options of the command want them.

    Raises
    ------
    click.UsageError
        If the file is not TOML, names an option that does not exist, or a value that cannot be used.
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}", context) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path} is not TOML: {error}", context) from None
    content = _with_table_of(context.command.name, content)
    parameters = {str(parameter.name): parameter for parameter in context.command.params}
    known = [name for name in parameters if name not in EXCLUDED]
    values = {}
    for key, value in content.items():
        name = key.replace("-", "_")
        if name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else f"; it takes {', '.join(known)}"
            raise click.UsageError(f"{path}: there is no option {key!r}{hint}", context)
        values[name] = _value(path, key, value, parameters[name], context)
    return values


def _with_table_of(command: str | None, content: dict[str, Any]) -> dict[str, Any]:
    """A file may serve several commands: each sees what stands in no table, and in the table of its name."""
    tables = {name: content[name] for name in COMMANDS if isinstance(content.get(name), dict)}
    common = {name: value for name, value in content.items() if name not in tables}
    return {**common, **tables.get(str(command), {})}


def _value(path: str, key: str, value: Any, parameter: click.Parameter, context: click.Context) -> Any:
    wrapped = (value,) if getattr(parameter, "multiple", False) else value
    try:
        if isinstance(value, dict):
            raise click.BadParameter("a table is not a value")
        if parameter.type is click.BOOL and not isinstance(value, bool):
            raise click.BadParameter(f"{value!r} is neither true nor false")
        parameter.type_cast_value(context, wrapped)
    except click.BadParameter as error:
        raise click.UsageError(f"{path}: {key}: {error.message}", context) from None
    return wrapped
