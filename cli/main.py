"""The command `streamrnn`: finds the subcommand, and loads no other one."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module

import click

from streamrnn import __version__
from streamrnn.streams.descriptors import open_descriptor

from .environment import candidates, strangers
from .errors import ReaderGoneError, complain, exit_code_of
from .help import CONTEXT, HelpfulGroup

# Each stands in the file of its name, as `command`. In this order they are listed.
COMMANDS = ("run", "replay", "evaluate", "inspect", "demo", "completion")

EXAMPLES = """
streamrnn demo
streamrnn run load.csv
tail -n +1 -f plant.csv | streamrnn run --targets temp --horizon 12
streamrnn run ticks.arrow -t bid -m bid.safetensors -o out.arrow
streamrnn replay plant.csv --speed 100 | streamrnn run --targets temp
streamrnn evaluate load.csv --horizon 24 --report report.html
"""


class LazyGroup(HelpfulGroup):
    """Imports a command when it is called, or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or None if there is none of that name."""
        if cmd_name not in COMMANDS and ctx.resilient_parsing:  # somebody is still typing
            return None
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {cmd_name!r}; {hint}", ctx)
        return command_named(cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; click itself would make a reader that has gone exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error


def command_named(name: str) -> click.Command:
    """Import a command of the table."""
    command: click.Command = import_module(f".{name}", __package__).command
    return command


def _begin(version: bool) -> None:
    context = click.get_current_context()
    if version:
        click.echo(f"streamrnn {__version__}")
        context.exit()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
    elif names := candidates(os.environ):
        for stranger in strangers(names, map(command_named, COMMANDS)):
            complain(stranger)


group = LazyGroup(
    "streamrnn",
    params=[click.Option(["--version"], is_flag=True, help="Show the version and exit.")],
    callback=_begin,
    invoke_without_command=True,
    context_settings=CONTEXT,
    help="Recurrent networks that learn on live streams: forecast each row, see the truth, learn.",
    examples=EXAMPLES,
    epilog="streamrnn COMMAND -h tells more.",
)


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    if sys.stderr is None:  # it was closed: what is meant for a person goes nowhere
        sys.stderr = os.fdopen(open_descriptor(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: list[str]) -> int:
    """Run a command and return its exit code; what goes wrong is one line on stderr."""
    return exit_code_of(lambda: group.main(arguments, "streamrnn", standalone_mode=False))
