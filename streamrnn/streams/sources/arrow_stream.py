"""Bytes -> the messages of an Arrow stream, each checked before Arrow's own reader sees it.

An IPC file is its magic, then an IPC stream, then an index for random access. So files are read as streams: through a
pipe as well as from a disk, and also when the writer was killed before it wrote the index.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from .. import formats
from ..errors import StreamError, arrow_errors_as
from ..inputs.input import BLOCK, Input
from .arrow_messages import LARGEST_SCHEMA, Message, dictionary_ids, emptied, read_message, unpacked_length
from .flatbuffer import MetadataError

PREFIX = 8
CONTINUATION = formats.ARROW_STREAM_MAGIC


class ArrowStream:
    """The messages of an Arrow stream, as a file that Arrow's reader reads from.

    It holds no message that claims more memory than `largest`, and none that was not asked for by `next_batch`.

    Attributes
    ----------
    schema_message : bytes
        The first message; it is also the first that `read` delivers.
    ended_early : bool
        Whether the bytes ended before the end marker.
    has_rest : bool
        Whether something follows the end marker that is not the same kind of stream.
    """

    closed = False  # Arrow asks a file for it

    def __init__(self, stream: Input, largest: int) -> None:
        self.name = stream.name
        self.ended_early = False
        self.has_rest = False
        self._stream = stream
        self._largest = largest  # bytes
        self._is_file = False
        self._first_bytes = b""  # the schema as it came
        self._last: tuple[bytes, Message] | None = None
        self.schema_message = self._read_schema()
        with arrow_damage_as(f"{self.name}: the Arrow schema is damaged"):
            self._dictionary_of = dictionary_ids(self.schema_message[PREFIX:])  # by column
        self._wanted: set[int | None] = set()
        self._skipped: set[int | None] = set()
        self._dictionaries: dict[int | None, int] = {}  # how many bytes each takes
        self._waiting: deque[bytes | memoryview] = deque([self.schema_message])

    def want(self, columns: Iterable[int]) -> None:
        """Deliver the dictionaries of these columns; of the others, only that they exist."""
        self._wanted = {self._dictionary_of[column] for column in columns}

    def next_batch(self) -> bool:
        """Read on to the end of the next batch of rows, so that it can be had by `read`; False at the end.

        Raises
        ------
        MetadataError
            If a message is damaged.
        StreamError
            If a batch is too large.
        """
        while (metadata := self._next_metadata()) is not None:
            if metadata:
                message = self._read_metadata(metadata)
                if not self._take(metadata, message):
                    break
                if message.dictionary is None:
                    return True
            elif not self._goes_on():
                return False
        self.ended_early = True
        return False

    def read(self, size: int) -> bytes | memoryview:
        """Return as many bytes as Arrow asks for, and nothing once all that was read has been delivered."""
        if not size or not self._waiting:
            return b""
        data = self._waiting.popleft()
        if len(data) > size:
            self._waiting.appendleft(data[size:])
        return data[:size]

    def close(self) -> None:
        """Do nothing: the input is closed by whoever opened it."""

    # --- messages ---------------------------------------------------------------------------------------------------

    def _read_schema(self) -> bytes:
        prefix = self._stream.read_fully(PREFIX)
        if prefix == formats.ARROW_FILE_MAGIC:
            self._is_file = True
            prefix = self._stream.read_fully(PREFIX)
        length, start = _length_and_start(prefix)
        if len(prefix) < PREFIX or not 0 < length <= LARGEST_SCHEMA:
            raise StreamError(f"{self.name} is not Arrow IPC; for another format name it with --input-format")
        rest = self._stream.read_fully(length - len(start))
        if len(start) + len(rest) < length:
            raise StreamError(f"{self.name}: the Arrow stream was cut short within its schema: there are no rows in it")
        self._first_bytes = prefix + rest
        return _with_prefix(start + rest)

    def _next_metadata(self) -> bytes | None:
        """Return the next message's metadata, nothing at an end marker, None if the stream ends without one."""
        prefix = self._stream.read_fully(PREFIX)
        length, start = _length_and_start(prefix)
        if not length:
            return b"" if len(prefix) == PREFIX or prefix == bytes(4) else None
        self._check_size(length)
        metadata = start + self._stream.read_fully(length - len(start))
        return metadata if len(metadata) == length else None

    def _read_metadata(self, metadata: bytes) -> Message:
        """Read metadata; batches of one size and one shape all have the same."""
        if self._last is None or self._last[0] != metadata:
            self._last = metadata, read_message(metadata)
        return self._last[1]

    def _take(self, metadata: bytes, message: Message) -> bool:
        """Read the message's body, and have the message wait to be delivered; False if the stream ends within it."""
        if message.dictionary is not None and message.dictionary not in self._wanted:
            return self._skip_dictionary(metadata, message)
        self._check_size(message.body_length, message.rows)
        # Not zeroed: where the stream is cut short, memory that it only claimed to need is never touched.
        body = np.empty(message.body_length, np.uint8).data
        if self._stream.read_into(body) < message.body_length:
            return False
        size = unpacked_length(message, body) if message.is_compressed else len(body)
        if message.dictionary is None:
            self._check_size(size, message.rows)
        else:
            before = self._dictionaries.get(message.dictionary, 0) if message.is_delta else 0
            self._dictionaries[message.dictionary] = before + max(size, message.rows)
            self._check_size(sum(self._dictionaries.values()))
        self._waiting += filter(None, (_with_prefix(metadata), body))
        return True

    def _skip_dictionary(self, metadata: bytes, message: Message) -> bool:
        """Deliver an empty dictionary: Arrow's reader wants one, and would unpack it, even if nobody asks for it."""
        left = message.body_length
        while left and (data := self._stream.read(min(left, BLOCK))):
            left -= len(data)
        if message.dictionary not in self._skipped:
            self._skipped.add(message.dictionary)
            self._waiting.append(_with_prefix(emptied(metadata, message)))
        return not left

    def _goes_on(self) -> bool:
        """Whether another stream with the same schema follows an end marker, as ``cat a.arrows b.arrows`` gives it."""
        if self._is_file:
            is_piped = not self._stream.seekable and not self._stream.following
            while is_piped and self._stream.read():
                pass  # the index: whoever writes it into a pipe shall not find the pipe closed
            return False
        again = self._stream.read_fully(len(self._first_bytes))
        self.has_rest = bool(again) and again != self._first_bytes
        return again == self._first_bytes

    def _check_size(self, size: int, rows: int = 0) -> None:
        """Raise if a batch is too large; a row counts as a byte at least, because a column of nulls takes none."""
        if size < 0:
            raise MetadataError("the length of a message is negative")
        if size > self._largest or rows > self._largest:
            what = f"{size:,} bytes" if size > self._largest else f"{rows:,} rows"
            raise StreamError(
                f"{self.name}: a batch of {what} is larger than --max-batch-bytes {self._largest:,}; write smaller "
                "batches, or allow more"
            )


@contextmanager
def arrow_damage_as(message: str) -> Iterator[None]:
    """Raise damage as a `StreamError` that starts with `message`, whether it was found here or by Arrow."""
    try:
        with arrow_errors_as(message):
            yield
    except MetadataError as error:
        raise StreamError(f"{message}: {error}") from error


def _length_and_start(prefix: bytes) -> tuple[int, bytes]:
    """Return the length of the metadata that a prefix tells, and their first bytes if they stand in it already."""
    if prefix.startswith(CONTINUATION):
        return _int32(prefix[4:]), b""
    return _int32(prefix), prefix[4:]  # as before Arrow 0.15


def _int32(data: bytes) -> int:
    return int.from_bytes(data[:4], "little", signed=True) if len(data) >= 4 else 0


def _with_prefix(metadata: bytes) -> bytes:
    return CONTINUATION + len(metadata).to_bytes(4, "little") + metadata
