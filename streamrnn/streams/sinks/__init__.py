"""Rows out: opens a file, or stdout, and picks the format."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from .. import formats
from ..errors import StreamError
from .output import is_pipe_or_device

if TYPE_CHECKING:
    import pyarrow


class Sink(Protocol):
    """Somewhere to write rows to.

    Attributes
    ----------
    name : str
        For messages: the path, or ``stdout``.
    format : str
        ``arrow``, ``csv`` or ``ndjson``.
    position : int
        Bytes written; another sink can go on from there.
    """

    name: str
    format: str

    @property
    def position(self) -> int: ...

    def write(self, table: pyarrow.Table | pyarrow.RecordBatch) -> None:
        """Write rows; when this returns, the system has them all."""
        ...

    def close(self) -> None:
        """Finish the output; stdout stays open."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_sink(
    path: str,
    schema: pyarrow.Schema,
    format: str | None = None,
    overwrite: bool = False,
    position: int | None = None,
) -> Sink:
    """Open a file, or stdout, to write rows to it.

    Parameters
    ----------
    path : str
        A path, or ``-`` for stdout.
    schema : pyarrow.Schema
        The columns that every written table will have. Missing numbers, NaN and infinities are written as null in
        NDJSON and as nothing in CSV; times as ISO 8601, those with a zone in UTC.
    format : {'ndjson', 'csv', 'arrow'}, optional
        By default found from the extension; NDJSON on stdout.
    overwrite : bool
        Whether an existing file may be replaced.
    position : int, optional
        Go on with a file that a sink with this schema and format wrote, from where its `position` was; what stands
        behind is cut off.

    Raises
    ------
    StreamError
        If the file exists, or cannot be written. A reader that has gone away is a BrokenPipeError.

    Examples
    --------
    >>> with open_sink("out.csv", table.schema) as sink:  # doctest: +SKIP
    ...     sink.write(table)
    """
    match format or written_format(path):
        case "ndjson":
            from .text import NdjsonSink

            return NdjsonSink(path, schema, overwrite, position)
        case "csv":
            from .text import CsvSink

            return CsvSink(path, schema, overwrite, position)
        case "arrow":
            from .arrow import ArrowFileSink, ArrowStreamSink

            is_file = path != "-" and _extension(path) != ".arrows" and not is_pipe_or_device(path)
            return (ArrowFileSink if is_file else ArrowStreamSink)(path, schema, overwrite, position)
    choice = ", ".join(formats.WRITABLE)
    if format:
        raise StreamError(f"cannot write the format {format!r}: choose one of {choice}")
    raise StreamError(f"{path}: its extension tells no format to write; with --output-format choose one of {choice}")


def written_format(path: str) -> str | None:
    """The format that a sink of this name writes when none is named, or None."""
    return "ndjson" if path == "-" else formats.EXTENSIONS.get(_extension(path))


def _extension(path: str) -> str:
    dot = path.rfind(".")
    return path[dot:].lower() if dot > 0 else ""
