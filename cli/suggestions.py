"""What a shell may offer while a value is typed: paths, and the columns of the SOURCE named before."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

import click
from click.shell_completion import CompletionItem

PATHS = ("FILE", "MODEL", "[SOURCE]", "SOURCE")
COLUMNS = ("COLUMN", "COLUMNS")
NUMBERS_ONLY = ("targets", "features")
# A name with other characters would have to be quoted, by each shell in its own way.
_PLAIN_NAME = re.compile(r"[\w.%/+:@-]+")


def suggestions(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Return what could stand where `typed` has been typed; the metavar says what a value is."""
    metavar = str(parameter.metavar)
    if metavar in PATHS:
        return [CompletionItem(typed, type="file")]
    if metavar in COLUMNS:
        return _columns(context, parameter, typed)
    return []


def _columns(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    takes_several = parameter.metavar == "COLUMNS"
    before, comma, start = typed.rpartition(",") if takes_several else ("", "", typed)
    return [
        CompletionItem(f"{before}{comma}{name}", help=kind)
        for name, kind in columns_of(context).items()
        if name.startswith(start) and name not in before.split(",") and _PLAIN_NAME.fullmatch(name)
        if kind == "number" or parameter.name not in NUMBERS_ONLY
    ]


def columns_of(context: click.Context) -> Mapping[str, str]:
    """Return the columns of the source and their kinds; none unless it is a file, which can be opened at once."""
    # Where the line ends in an option that waits for its value, click has not given the arguments their names.
    source = context.params.get("source") or next(iter(context.args), None)
    if not isinstance(source, str) or not os.path.isfile(source):
        return {}
    try:
        from streamrnn.streams import open_source

        from .reading import read_options

        opened = open_source(source, context.params.get("input_format"), read_options(context.params))
        opened.close()
    except Exception:  # somebody is typing: there is nothing to suggest, and nothing to complain of
        return {}
    return opened.columns
