"""One record of CSV -> its cells, or the reason why it has none."""

from ..batch import Cause
from .csv_dialect import Dialect, Quoting
from .rows import RowError


def read_record(raw: bytes, dialect: Dialect) -> list[str]:
    """Return the cells of one record."""
    if len(raw) > dialect.longest:
        raise RowError(Cause.TOO_LONG, f"the row is longer than {dialect.longest:,} bytes")
    try:
        text = raw.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise RowError(Cause.ENCODING, f"byte {error.start + 1} of the row is not UTF-8") from error
    if "\0" in text:
        raise RowError(Cause.NOT_CSV, f"byte {raw.index(0) + 1} of the row is NUL")
    quoting = dialect.quoting
    if quoting and quoting.quote in raw:
        return _read_quoted(text, quoting)
    if "\r" in text:
        raise _carriage_return(text, text.index("\r"))
    return text.split(dialect.delimiter.decode())


def _read_quoted(text: str, quoting: Quoting) -> list[str]:
    quote = quoting.quote.decode()
    cells = quoting.cell.findall(text)
    if any(plain.startswith(quote) for _, plain in cells):
        raise _not_closed(text, quoting)
    if "\r" in text:
        for cell in quoting.cell.finditer(text):
            if "\r" in (cell[2] or ""):
                raise _carriage_return(text, text.index("\r", cell.start(2)))
    return [quoted.replace(quote + quote, quote) if quoted else plain for quoted, plain in cells]


def _not_closed(text: str, quoting: Quoting) -> RowError:
    quote = quoting.quote.decode()
    opened = next(cell.start(2) for cell in quoting.cell.finditer(text) if (cell[2] or "").startswith(quote))
    if quote in text[opened + 1 :].replace(quote + quote, ""):
        reason = "does not end where its quote is closed; a quote inside a cell is written twice"
        return RowError(Cause.NOT_CSV, f"the cell at byte {_byte(text, opened)} of the row {reason}")
    return RowError(Cause.OPEN_QUOTE, f"the quote at byte {_byte(text, opened)} of the row is never closed")


def _carriage_return(text: str, index: int) -> RowError:
    reason = f"byte {_byte(text, index)} of the row is a carriage return, which only stands before a newline"
    return RowError(Cause.NOT_CSV, reason)


def _byte(text: str, index: int) -> int:
    """Return the number of the byte, from 1, of a character."""
    return len(text[:index].encode()) + 1
