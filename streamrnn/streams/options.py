"""How a stream is read, where its own bytes do not say so."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
TEXT_UNITS = ("byte", "char", "word")


@dataclass(frozen=True)
class ReadOptions:
    """How a source is read.

    Attributes
    ----------
    delimiter : str
        Between two cells of CSV: one ASCII character.
    quote : str
        Around a cell of CSV that holds a delimiter, a quote or a newline: one ASCII character, or nothing.
    comment : str
        A line of CSV that starts with it is skipped; nothing by default.
    follow : bool
        At the end of a file wait for more, through rotation and truncation, as ``tail -F`` does. It changes nothing
        where the stream is live anyway: on pipes, sockets and terminals. Compressed files and Parquet do not grow.
    text : {'', 'byte', 'char', 'word'}
        Plain text, with a row for each of these; by default rows of columns.
    max_line_bytes : int
        A line of text that is longer is a row that cannot be read.
    max_batch_bytes : int
        An Arrow batch that takes more memory than this is refused.
    """

    delimiter: str = ","
    quote: str = '"'
    comment: str = ""
    follow: bool = False
    text: str = ""
    max_line_bytes: int = MIB
    max_batch_bytes: int = 256 * MIB

    def __post_init__(self) -> None:
        for name, least in (("delimiter", 1), ("quote", 0), ("comment", 0)):
            mark = getattr(self, name)
            if not (least <= len(mark) <= 1 and mark.isascii() and mark not in ("\n", "\r", "\0")):
                raise ValueError(f"{name} must be one ASCII character, not {mark!r}")
        marks = [mark for mark in (self.delimiter, self.quote, self.comment) if mark]
        if len(set(marks)) < len(marks):
            raise ValueError(f"delimiter, quote and comment must differ: {', '.join(map(repr, marks))}")
        if self.text not in ("", *TEXT_UNITS):
            raise ValueError(f"text must be one of {', '.join(TEXT_UNITS)}, not {self.text!r}")
        for name in ("max_line_bytes", "max_batch_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
