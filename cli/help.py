"""How help looks: a sentence, then examples, then the options by group."""

from __future__ import annotations

from typing import Any

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
LAST = "Help"


class GroupedOption(click.Option):
    """An option that is listed under the heading of its group."""

    def __init__(self, *args: Any, group: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.group = group


class _Examples:
    """What a command and a group of commands do alike."""

    examples: str

    def write_examples(self, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are."""
        with formatter.section("Examples"):
            for line in self.examples.strip().splitlines():
                formatter.write(f"  {line}\n")


class HelpfulCommand(_Examples, click.Command):
    """A command whose help leads with examples and lists its options by group."""

    def __init__(self, *args: Any, examples: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then every group in the order of its first option; help comes last."""
        self.write_examples(formatter)
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "group", LAST), []).append(record)
        for name, records in sorted(groups.items(), key=lambda group: group[0] == LAST):
            with formatter.section(name):
                formatter.write_dl(records, col_max=34)


class HelpfulGroup(_Examples, click.Group):
    """A group of commands whose help leads with examples."""

    def __init__(self, *args: Any, examples: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, the commands, and the options."""
        self.write_examples(formatter)
        super().format_options(ctx, formatter)
