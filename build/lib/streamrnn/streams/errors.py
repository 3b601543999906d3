"""The one exception that a user of a stream meets, and how the errors of Arrow become it."""

from collections.abc import Iterator
from contextlib import contextmanager


class StreamError(Exception):
    """A stream cannot be read or written; the message is one line: where, what, and what to do about it."""


@contextmanager
def arrow_errors_as(message: str) -> Iterator[None]:
    """Raise what Arrow says as a `StreamError` that starts with `message`."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, OverflowError, UnicodeDecodeError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise StreamError(f"{message}: {first_line}") from error
