"""Plain text -> batches: a row for each byte, character or word, in one column of that name.

A word is a run of letters, digits and underscores of any script, or one mark of punctuation; what is between them is
not read. A character is a code point. What is not UTF-8 counts as U+FFFD, and is told once.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

import pyarrow

from ..batch import Batch, Kind, check_request
from ..errors import StreamError
from ..inputs.input import Input
from ..options import ReadOptions

ROWS = 64 * 1024  # in one batch
REPLACEMENT = "\ufffd"
_WORD = re.compile(r"\w+|[^\w\s]")
_LAST_WORD = re.compile(r"\w*\Z")
BYTES = [
    chr(byte) if chr(byte).isprintable() and byte < 127 and byte != ord("\\") else f"\\x{byte:02x}"
    for byte in range(256)
]


class TextSource:
    """The symbols of a text.

    Parameters
    ----------
    stream : Input
    options : ReadOptions
        ``text`` says what a symbol is; a word of more than ``max_line_bytes`` characters is cut.
    """

    format = "text"
    ended_early = False

    def __init__(self, stream: Input, options: ReadOptions) -> None:
        self.name = stream.name
        self.warnings = stream.warnings
        self.columns: dict[str, Kind] = {options.text: "text"}
        self._stream = stream
        self._unit = options.text
        self._longest_word = options.max_line_bytes
        self._is_told = False

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None: ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        check_request(self.name, self.columns, numbers, others)
        if numbers:
            raise StreamError(f"{self.name}: column {numbers[0]!r} holds text, not numbers")
        return pyarrow.schema([(name, pyarrow.string()) for name in others])

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        schema = self.schema(numbers, others)
        symbols = self._bytes() if self._unit == "byte" else self._words() if self._unit == "word" else self._text()
        for part in symbols:
            for start in range(0, len(part), ROWS):
                column = pyarrow.array(list(part[start : start + ROWS]), pyarrow.string())
                yield Batch(pyarrow.RecordBatch.from_arrays([column], schema=schema))

    @property
    def restarts(self) -> int:
        return self._stream.restarts

    def close(self) -> None:
        self._stream.close()

    def _bytes(self) -> Iterator[list[str]]:
        while data := self._stream.read():
            yield [BYTES[byte] for byte in data]

    def _text(self) -> Iterator[str]:
        """Yield what has come as characters; half of one waits for the rest."""
        decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        while data := self._stream.read():
            yield self._told(decoder.decode(data))
        yield self._told(decoder.decode(b"", True))

    def _told(self, text: str) -> str:
        if REPLACEMENT in text and not self._is_told:
            self._is_told = True
            self.warnings.append(f"{self.name}: what is not UTF-8 counts as the character U+FFFD")
        return text

    def _words(self) -> Iterator[list[str]]:
        """Yield the words that have come; the last one waits for its end."""
        waiting = ""
        for text in self._text():
            text = waiting + text
            end = _LAST_WORD.search(text).start()  # type: ignore[union-attr]  # it matches the empty end at least
            if len(text) - end > self._longest_word:
                end = len(text)
            waiting = text[end:]
            yield _WORD.findall(text, 0, end)
        yield _WORD.findall(waiting)
