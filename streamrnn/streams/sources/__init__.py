"""Opens a stream to read rows from: finds the format, then hands over to the file of that format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from .. import formats
from ..batch import Batch, Kind
from ..errors import StreamError
from ..inputs.input import Input
from ..options import ReadOptions

if TYPE_CHECKING:
    import pyarrow

    from ..inputs.lines import LineBlock, RawRow

LONGEST_MAGIC = 8
DEFAULTS = ReadOptions()


class Source(Protocol):
    """A stream of rows.

    Attributes
    ----------
    name : str
        For messages: the path, or ``stdin``.
    format : str
        ``arrow``, ``csv``, ``ndjson``, ``parquet``, or ``text``.
    columns : dict of str to {'number', 'text', 'time'}
        Every column that can be read, in the order of the source, and what its first value was.
    warnings : list of str
        What the user should hear about; it may grow until the last batch has been read.
    ended_early : bool
        Whether the stream turned out to lack its end: the rows that came are whole, but there were to be more.
    restarts : int
        How often another file took the name of the one that is followed, up to the last batch.
    """

    name: str
    format: str
    columns: dict[str, Kind]
    warnings: list[str]

    @property
    def ended_early(self) -> bool: ...

    @property
    def restarts(self) -> int: ...

    def expect(self, numbers: Sequence[str], others: Sequence[str]) -> None:
        """Add columns that the first row lacked but later ones may bring (keys of NDJSON); elsewhere do nothing."""
        ...

    def schema(self, numbers: Sequence[str], others: Sequence[str]) -> pyarrow.Schema:
        """Return the schema that the tables of `batches` will have."""
        ...

    def batches(self, numbers: Sequence[str], others: Sequence[str]) -> Iterator[Batch]:
        """Yield the rows, once, as they come.

        On a live stream a batch is what has come, and is yielded before more is waited for.

        Parameters
        ----------
        numbers : sequence of str
            Columns to deliver as float64.
        others : sequence of str
            Columns to deliver as they are: text as the exact text, times with their type.

        Raises
        ------
        StreamError
            If a column does not exist, or the stream is damaged.
        """
        ...

    def close(self) -> None:
        """Close the file; stdin stays open."""
        ...


class LineSource(Source, Protocol):
    """A source of text, whose batches hold the lines that they came in.

    Attributes
    ----------
    header : bytes
        The line of names as it came, without its newline; empty where a format has none.
    """

    header: bytes

    def raw_rows(self, block: LineBlock) -> Iterator[RawRow]:
        """Yield each row of a batch's block as it came: one for each of its arrivals."""
        ...


def open_source(path: str, format: str | None = None, options: ReadOptions = DEFAULTS) -> Source:
    """Open a file, a named pipe, or stdin, to read rows from it.

    Waits until the first row has come, because it decides what kind each column is.

    Parameters
    ----------
    path : str
        A path, or ``-`` for stdin. Gzip and Zstandard are unpacked on the way.
    format : {'arrow', 'csv', 'ndjson', 'parquet'}, optional
        By default found from the extension, else from the first bytes.
    options : ReadOptions
        How it is read.

    Raises
    ------
    StreamError
        If there is no such file, it is empty, or it is not what its format promises.

    Examples
    --------
    >>> source = open_source("load.csv")  # doctest: +SKIP
    >>> source.columns  # doctest: +SKIP
    {'time': 'text', 'load': 'number'}
    """
    if format is not None and format not in formats.READABLE:
        raise StreamError(f"cannot read the format {format!r}: choose one of {', '.join(formats.READABLE)}")
    stream = Input(path, options.follow)
    try:
        return _open_format(stream, format or formats.format_of_name(path), options)
    except BaseException:
        stream.close()
        raise


def _open_format(stream: Input, format: str | None, options: ReadOptions) -> Source:
    start = stream.peek(LONGEST_MAGIC)
    if codec := formats.codec_of_bytes(start):
        stream.decompress(codec)
        start = stream.peek(LONGEST_MAGIC)
    if not start:
        raise StreamError(f"{stream.name} is empty")
    if options.text:
        from .text import TextSource

        return TextSource(stream, options)
    match format or formats.format_of_bytes(start):
        case "csv":
            from .csv import CsvSource

            return CsvSource(stream, options)
        case "ndjson":
            from .ndjson import NdjsonSource

            return NdjsonSource(stream, options)
        case "arrow":
            from .arrow import ArrowSource

            if stream.following:
                stream.following.ends_with_file = True  # its schema stands at its start
            return ArrowSource(stream, options)
        case "parquet":
            from .parquet import ParquetSource

            if stream.following:
                raise StreamError(f"{stream.name}: a Parquet file cannot be followed: it does not grow")
            return ParquetSource(stream, options)
    choice = ", ".join(formats.READABLE)
    raise StreamError(f"{stream.name}: unknown format; if it is one of {choice}, say so with --input-format")
