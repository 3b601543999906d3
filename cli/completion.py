"""`streamrnn completion`: the script that teaches a shell to complete the command."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from .help import CONTEXT, HelpfulCommand

SHELLS = ("bash", "zsh", "fish")

EXAMPLES = """
streamrnn completion bash > ~/.local/share/bash-completion/completions/streamrnn
streamrnn completion zsh > "${fpath[1]}/_streamrnn"
streamrnn completion fish > ~/.config/fish/completions/streamrnn.fish
"""


def completion(shell: str) -> None:
    """Carry out the command."""
    context = click.get_current_context()
    click.echo(script(shell, context.find_root().command), nl=False)


def script(shell: str, group: click.Command) -> str:
    """Return the script of a shell; it asks the command itself whenever somebody presses the tab key."""
    kind = get_completion_class(shell)
    assert kind is not None, f"click knows {', '.join(SHELLS)}"
    # Not the method of bash's own class: that one first starts a bash to ask for its version.
    text = ShellComplete.source(kind(group, {}, "streamrnn", "_STREAMRNN_COMPLETE"))
    # In fish the rest of a list behind its first comma would be lost.
    return text.replace('string split ","', 'string split -m 1 ","')


command = HelpfulCommand(
    "completion",
    params=[click.Argument(["shell"], type=click.Choice(SHELLS), metavar="|".join(SHELLS))],
    callback=completion,
    context_settings=CONTEXT,
    help="Print the script that teaches a shell to complete commands, options, choices, paths and names of columns.",
    short_help="let the shell complete what is typed",
    examples=EXAMPLES,
    epilog='Or put eval "$(streamrnn completion bash)" into ~/.bashrc, or the same with zsh into ~/.zshrc.',
)
