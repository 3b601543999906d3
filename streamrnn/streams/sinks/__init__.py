"""Rows out: opens a file, or stdout, and picks the format."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from .. import formats
from ..errors import StreamError
from .output import check_writable, is_pipe_or_device, refuse_directory, refuse_existing

if TYPE_CHECKING:
    import pyarrow

    from ..cells import Cells

PACKERS = {".gz": "gzip", ".zst": "zstd"}  # the programs that write what these names promise


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

    def write(self, rows: pyarrow.Table | pyarrow.RecordBatch | Cells) -> None:
        """Write rows; when this returns, the system has them all."""
        ...

    def sync(self) -> None:
        """Have a file's rows on the disk when this returns; pipes and devices have none."""
        ...

    def close(self) -> None:
        """Finish the output, and have a file on the disk; stdout stays open."""
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
        The columns that all rows will have. Missing numbers, NaN and infinities are written as null in
        NDJSON and as nothing in CSV; times as ISO 8601, those with a zone in UTC.
    format : {'ndjson', 'csv', 'arrow'}, optional
        By default found from the extension; NDJSON on stdout, pipes and devices without one.
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
    match checked_format(path, format):
        case "ndjson":
            from .text import ndjson_sink

            return ndjson_sink(path, schema, overwrite, position)
        case "csv":
            from .text import csv_sink

            return csv_sink(path, schema, overwrite, position)
        case _:
            from .arrow import ArrowFileSink, ArrowStreamSink

            sink = ArrowFileSink if _is_sealed(path, "arrow") else ArrowStreamSink
            return sink(path, schema, overwrite, position)


def prepare_output(path: str, format: str | None = None, overwrite: bool = False) -> str:
    """Make sure that `open_sink` could write this file; a new one is left empty, an old one as it is.

    Returns
    -------
    str
        The format that it would have.

    Raises
    ------
    StreamError
        If the file exists and may not be replaced, or cannot be written.
    """
    format = checked_format(path, format)
    refuse_existing(path, overwrite)
    partial_path = f"{path}.partial" if _is_sealed(path, format) else path
    refuse_existing(partial_path, overwrite)
    check_writable(partial_path)
    return format


def checked_format(path: str, format: str | None) -> str:
    """Return the format to write, or raise if it cannot be written or is not known."""
    refuse_directory(path)
    if packer := PACKERS.get(_extension(path)):
        named = format or formats.format_of_name(path)
        packed = named if named in formats.WRITABLE else "ndjson"
        raise StreamError(
            f"{path}: compressed output is not written; pipe it: ... --output-format {packed} | {packer} > {path}"
        )
    chosen = format or written_format(path)
    if chosen in formats.WRITABLE:
        return chosen
    choice = ", ".join(formats.WRITABLE)
    if format:
        raise StreamError(f"cannot write the format {format!r}: choose one of {choice}")
    raise StreamError(f"{path}: its extension tells no format to write; with --output-format choose one of {choice}")


def _is_sealed(path: str, format: str) -> bool:
    """Whether a path takes an Arrow file, which gets its index at the end, and not a stream."""
    return format == "arrow" and path != "-" and _extension(path) != ".arrows" and not is_pipe_or_device(path)


def written_format(path: str) -> str | None:
    """The format that a sink of this name writes when none is named, or None."""
    known = formats.EXTENSIONS.get(_extension(path))
    return "ndjson" if known is None and (path == "-" or is_pipe_or_device(path)) else known


def _extension(path: str) -> str:
    dot = path.rfind(".")
    return path[dot:].lower() if dot > 0 else ""
