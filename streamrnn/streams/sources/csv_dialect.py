"""How a stream of CSV is written, and the patterns that follow from it.

A cell is quoted if its first character is a quote; a quote inside it is written twice, and the quote that closes it is
followed by a delimiter or the end of the line. A quote elsewhere is a character like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import whitespace
from typing import NamedTuple

from ..options import ReadOptions


class Quoting(NamedTuple):
    """The patterns of quoted cells."""

    quote: bytes
    tidy: re.Pattern[bytes]  # all up to the first quoted cell that is not closed on its own line
    inside: re.Pattern[
        bytes
    ]  # from behind an opening quote to behind the closing one; if there is none, group 1 is empty
    cell: re.Pattern[str]  # one cell of a record with the delimiter before it: group 1 if it is quoted, else group 2


@dataclass(frozen=True)
class Dialect:
    """What stands between cells and around them.

    Attributes
    ----------
    delimiter, comment : bytes
        As in `ReadOptions`; `comment` may be empty.
    longest : int
        Bytes that a record may have.
    blank : bytes
        A line of these alone is blank.
    quoting : Quoting or None
        None if no character is a quote.
    """

    delimiter: bytes
    comment: bytes
    longest: int
    blank: bytes
    quoting: Quoting | None


def dialect_of(options: ReadOptions) -> Dialect:
    """Return the dialect that the options say."""
    marks = options.delimiter + options.quote + options.comment
    return Dialect(
        delimiter=options.delimiter.encode(),
        comment=options.comment.encode(),
        longest=options.max_line_bytes,
        blank="".join(character for character in whitespace if character not in marks).encode(),
        quoting=_quoting(options) if options.quote else None,
    )


def _quoting(options: ReadOptions) -> Quoting:
    """Build the patterns; d, q and c are the delimiter, the quote, and the mark of a comment if there is one."""
    d, q, c = map(re.escape, (options.delimiter, options.quote, options.comment))
    opens = rf"(?<![^{d}\n]{q})"  # stands behind the quote, because a search for one byte is many times as fast
    closes = rf"{q}(?=[{d}\n]|\r\n|\r?\Z)"
    on_one_line = rf"{q}(?:{opens}[^{q}\n]*+(?:{q}{q}[^{q}\n]*+)*+{closes}|(?<=[^{d}\n]{q}))"
    comment = rf"|{c}(?:(?<=[^\n]{c})|[^\n]*+)" if c else ""
    tidy = rf"(?:[^{q}{c}]*+(?:{on_one_line}{comment}))*+[^{q}{c}]*+"
    inside = rf"[^{q}]*+(?:{q}{q}[^{q}]*+)*+({closes}|)"
    cell = rf"(?:\A|{d})(?:{q}([^{q}]*+(?:{q}{q}[^{q}]*+)*+){q}(?={d}|\Z)|([^{d}]*+))"
    return Quoting(options.quote.encode(), re.compile(tidy.encode()), re.compile(inside.encode()), re.compile(cell))
