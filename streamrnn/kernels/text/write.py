"""The entry that writes rows as lines of text: what stands between cells is data, so one serves CSV and NDJSON."""

from __future__ import annotations

import numpy as np

from ..machine.jit import entry, inlined, kernel
from ..machine.memory import carve1, carve2, carve3
from .digits import write_float, write_integer
from .escapes import write_csv_text, write_json_text
from .fill import START
from .lines import Kind, Lines
from .words import load_word, store_word

KIND, INDEX = range(2)  # of a column
NOTHING, FLOAT, INTEGER, CSV_TEXT, JSON_TEXT = map(
    int, (Kind.NOTHING, Kind.FLOAT, Kind.INTEGER, Kind.CSV_TEXT, Kind.JSON_TEXT)
)
NOT_FINITE = np.uint64(0x7FF << 52)


@entry
def write_lines(lines, powers, rows, out, written):
    """Write rows as text.

    lines: see ``lines.py``
    powers: see ``powers.py``
    rows: how many
    out: (lines.most_bytes(rows),) uint8, written
    written: (1,) int64, written: how many bytes
    """
    view = _open_lines(lines)
    table = carve2(powers, 0, powers.shape[0], 2)
    text = carve1(out, 0, out.size)
    columns = view.columns.shape[0]
    i = START
    for row in range(rows):
        for column in range(columns):
            i = _put_piece(view, column, text, i)
            i = _put_cell(view, column, row, table, text, i)
        i = _put_piece(view, columns, text, i)
    written[0] = i


@kernel
def _open_lines(lines):
    """View the arrays."""
    return Lines(
        columns=carve2(lines.columns, 0, lines.columns.shape[0], 2),
        numbers=carve2(lines.numbers, 0, lines.numbers.shape[0], lines.numbers.shape[1]),
        spans=carve3(lines.spans, 0, lines.spans.shape[0], lines.spans.shape[1], 2),
        characters=carve1(lines.characters, 0, lines.characters.size),
        pieces=carve1(lines.pieces, 0, lines.pieces.size),
        piece_ends=carve1(lines.piece_ends, 0, lines.piece_ends.size),
    )


@inlined
def _put_piece(lines, piece, out, i):
    """Copy a piece, by words: up to seven bytes behind it are written over later."""
    start, end = lines.piece_ends[piece], lines.piece_ends[piece + 1]
    for j in range(start, end, 8):
        store_word(out, i + j - start, load_word(lines.pieces, j))
    return i + end - start


@inlined
def _put_cell(lines, column, row, powers, out, i):
    """Write one cell, or what stands for a missing one; return the position behind it."""
    kind, index = lines.columns[column, KIND], lines.columns[column, INDEX]
    if kind == FLOAT:
        bits = lines.numbers[index, row]
        if bits & NOT_FINITE != NOT_FINITE:
            return write_float(out, i, bits, powers)
    elif kind == INTEGER:
        return write_integer(out, i, np.int64(lines.numbers[index, row]))
    elif kind != NOTHING and lines.spans[index, row, 0] >= 0:
        return _put_text(lines, kind, index, row, out, i)
    return _put_piece(lines, lines.columns.shape[0] + 1, out, i)


@kernel
def _put_text(lines, kind, index, row, out, i):
    start, end = lines.spans[index, row, 0], lines.spans[index, row, 1]
    if kind == CSV_TEXT:
        return write_csv_text(lines.characters, start, end, out, i)
    if kind == JSON_TEXT:
        return write_json_text(lines.characters, start, end, out, i)
    for j in range(start, end):
        out[i + j - start] = lines.characters[j]
    return i + end - start
