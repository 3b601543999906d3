"""CSV records by the book, byte by byte: slow, and obvious. It imports nothing of streamrnn."""

from typing import NamedTuple

NEWLINE = ord("\n")


class Record(NamedTuple):
    """A record, without its newline."""

    line: int
    byte: int
    data: bytes
    cells: (
        list[bytes] | None
    )  # None if a quote is not closed, or not where its cell ends, or for a stray carriage return
    too_long: bool


def records(data: bytes, delimiter: bytes, quote: bytes, comment: bytes, longest: int) -> list[Record]:
    """Return all records, blank ones too, but no comments."""
    found = []
    start, line = 0, 1
    while start < len(data):
        first_line = data[start : _line_end(data, start)]
        if len(first_line) > longest or (comment and first_line.startswith(comment)):
            end, cells = start + len(first_line), None
        else:
            end, cells = _walk(data, start, delimiter, quote, longest)
        if not (comment and first_line.startswith(comment)):
            found.append(Record(line, start, data[start:end], cells, end - start > longest))
        line += data.count(b"\n", start, end) + 1
        start = end + 1
    return found


def _walk(data: bytes, start: int, delimiter: bytes, quote: bytes, longest: int) -> tuple[int, list[bytes] | None]:
    """Return where the record ends, and its cells."""
    cells: list[bytes] = []
    at, has_return = start, False
    while True:
        if quote and data[at : at + 1] == quote:
            close = _closing_quote(data, at, start, delimiter, quote, longest)
            if close is None:
                return _line_end(data, at), None
            cells.append(data[at + 1 : close].replace(quote + quote, quote))
            at = close + 1
        else:
            cell_start = at
            while at < len(data) and data[at] != NEWLINE and data[at : at + 1] != delimiter:
                at += 1
            cell = data[cell_start:at]
            cells.append(cell if data[at : at + 1] == delimiter else cell.removesuffix(b"\r"))
            has_return = has_return or b"\r" in cells[-1]
        if data[at : at + 1] != delimiter:
            return _line_end(data, at), None if has_return else cells
        at += 1


def _closing_quote(data: bytes, opening: int, start: int, delimiter: bytes, quote: bytes, longest: int) -> int | None:
    at = opening + 1
    while at < len(data):
        if data[at] == NEWLINE and _line_end(data, at + 1) - (at + 1) > longest:
            return None  # the next line is too long to be held
        if data[at : at + 1] != quote:
            at += 1
        elif data[at + 1 : at + 2] == quote:
            at += 2
        else:
            behind = data[at + 1 :]
            closes = behind in (b"", b"\r") or behind.startswith((delimiter, b"\n", b"\r\n"))
            return at if closes and at + 1 - start <= longest else None
    return None


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end
