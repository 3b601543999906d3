"""How a source is read: the options that commands with a SOURCE share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from streamrnn.streams.bad_rows import ON_BAD
from streamrnn.streams.formats import READABLE
from streamrnn.streams.options import TEXT_UNITS, ReadOptions

from .options import option
from .values import Duration, RowsOrShare, Value, Whole

GROUP = "Reading"
USUAL = ReadOptions()
NAMES = ("text", "delimiter", "quote", "comment", "max_line_bytes", "max_batch_bytes")
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
NAMED_MARKS = {"tab": "\t", "\\t": "\t", "space": " ", "none": ""}


class Mark(Value):
    """One character, or the name of one that is hard to type: ``tab``, ``space``; ``none`` for nothing."""

    name = "character"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the character."""
        if not isinstance(value, str):
            raise click.BadParameter(f"{value!r} is not text; put it in quotes", ctx, param)
        return NAMED_MARKS.get(value.lower(), value)


class Size(Value):
    """A number of bytes: ``65536``, ``64K``, ``16M``, ``1G``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        match = re.fullmatch(r"(\d+)\s*([KMG]?)(?:i?B)?", str(value).strip(), re.ASCII | re.IGNORECASE)
        if match is None or isinstance(value, bool):
            raise click.BadParameter(f"{value!r} is not a size such as 65536, 64K or 16M", ctx, param)
        return int(match[1]) * UNITS[match[2].upper()]


READING_OPTIONS = [
    option("--input-format", name="input_format", group=GROUP, type=click.Choice(READABLE),
           text="[by extension, else by the first bytes]"),
    option("--delimiter", name="delimiter", group=GROUP, type=Mark(), metavar="C", default=USUAL.delimiter,
           text="between two cells of CSV; tab for a tab"),
    option("--quote", name="quote", group=GROUP, type=Mark(), metavar="C", default=USUAL.quote,
           text="around a cell of CSV that holds a delimiter or a newline; none for none"),
    option("--comment", name="comment", group=GROUP, type=Mark(), metavar="C",
           text="a line of CSV that starts with it is skipped [none is]"),
    option("--max-line-bytes", name="max_line_bytes", group=GROUP, type=Size(), metavar="SIZE",
           default=f"{USUAL.max_line_bytes // UNITS['M']}M", text="a longer line of text is a row that cannot be read"),
    option("--max-batch-bytes", name="max_batch_bytes", group=GROUP, type=Size(), metavar="SIZE",
           default=f"{USUAL.max_batch_bytes // UNITS['M']}M", text="a larger Arrow batch is refused"),
]  # fmt: skip

LIMIT = option(
    "--limit", name="limit", group="In and out", type=Whole(1), metavar="ROWS", text="stop after so many rows"
)

TEXT = option(
    "--text", name="text", group=GROUP, type=click.Choice(TEXT_UNITS),
    text="read plain text, with a row for each byte, character or word [rows of columns]",
)  # fmt: skip

EVERY = option(
    "--every", name="every", group=GROUP, type=Duration(), metavar="DURATION",
    text="put the rows on a regular grid of times: 100ms, 5s, 1h; needs --time",
)  # fmt: skip

BAD_ROW_OPTIONS = [
    option("--on-bad", name="on_bad", group=GROUP, type=click.Choice(ON_BAD), default="null",
           text="a row with a cell that cannot be read: the cell is null, or the row is left out, or the run ends"),
    option("--max-bad", name="max_bad", group=GROUP, type=RowsOrShare(), metavar="N|P%",
           text="end when more rows than this are bad [any number]"),
]  # fmt: skip


def read_options(values: Mapping[str, Any], follow: bool = False) -> ReadOptions:
    """Put what was named together; a mistake is a usage error."""
    named = {name: values[name] for name in NAMES if values.get(name) is not None}
    try:
        return ReadOptions(**named, follow=follow)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
