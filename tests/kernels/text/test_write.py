"""Numbers and texts -> lines: the shortest digits, in one form, with what stands around the cells."""

from __future__ import annotations

import csv
import io
import json
import random

import numpy as np
import pytest

from streamrnn.kernels.text.lines import Kind, Lines
from streamrnn.kernels.text.powers import powers_of_five
from streamrnn.kernels.text.write import write_lines
from streamrnn.streams.sinks.cells import csv_quoted, float_text


def written(lines, rows):
    """Write rows; nothing may be written beyond the room that they are said to need."""
    room = lines.most_bytes(rows)
    out, length = np.full(room + 64, 0xEE, np.uint8), np.zeros(1, np.int64)
    write_lines(lines, powers_of_five(), rows, out[:room], length)
    assert (out[room:] == 0xEE).all()
    return out[: length[0]].tobytes()


def lines_of(kinds, numbers=(), texts=(), pieces=None):
    """Lay out columns; a text may be None."""
    rows = len(numbers[0] if numbers else texts[0] if texts else [])
    indices = {"number": 0, "text": 0}
    columns = []
    for kind in kinds:
        group = "number" if kind in (Kind.FLOAT, Kind.INTEGER) else "text"
        columns.append((kind, indices[group] if kind is not Kind.NOTHING else 0))
        indices[group] += kind is not Kind.NOTHING
    encoded = [None if text is None else text.encode() for column in texts for text in column]
    ends = np.cumsum([0, *(len(text or b"") for text in encoded)])
    spans = [(-1, -1) if text is None else tuple(ends[i : i + 2]) for i, text in enumerate(encoded)]
    pieces = pieces or [b"", *[b","] * (len(kinds) - 1), b"\n", b""]
    return Lines(
        columns=np.array(columns, np.int64),
        numbers=np.array([np.ascontiguousarray(column).view(np.uint64) for column in numbers]).reshape(-1, rows)
        if numbers
        else np.empty((0, rows), np.uint64),
        spans=np.array(spans, np.int64).reshape(-1, rows, 2),
        characters=np.frombuffer(bytearray(b"".join(text or b"" for text in encoded)), np.uint8),
        pieces=np.frombuffer(b"".join(pieces) + bytes(8), np.uint8),
        piece_ends=np.cumsum([0, *map(len, pieces)]),
    ), rows


def floats_written(numbers):
    return written(*lines_of([Kind.FLOAT], [np.array(numbers)])).decode().splitlines()


def random_floats(generator, count):
    bits = np.array([generator.getrandbits(64) for _ in range(count)], np.uint64)
    numbers = bits.view(np.float64)
    return numbers[np.isfinite(numbers)]


# --- floats -----------------------------------------------------------------------------------------------------------


FORMS = (
    "0.0 -0.0 5.0 -1.5 0.1 0.3 100.0 123.456 0.0001 0.00001 -0.0000125 1e-6 -1.25e-6 1000000000000000.0 "
    "1234567890123456.0 1e+16 1.5e+16 1e+22 1e+23 1e-100 -1.5e+100 5e-324 2.2250738585072014e-308 "
    "5.684341886080802e-14 1.7976931348623157e+308 9007199254740992.0"
)


@pytest.mark.parametrize("text", FORMS.split())
def test_a_float_has_one_form(text):
    assert floats_written([float(text)]) == [text] == [float_text(float(text))]


def test_any_float_is_as_short_as_python_knows_and_reads_back():
    generator = random.Random(1)
    numbers = [*random_floats(generator, 20_000).tolist(), *(float(2) ** power for power in range(-1074, 1024))]
    numbers += [generator.gauss(0, 30) for _ in range(5000)]
    numbers += [float(f"{generator.gauss(0, 1):.{generator.randint(0, 16)}e}") for _ in range(5000)]
    numbers += [generator.randint(-(10**17), 10**17) / 10.0 ** generator.randint(0, 6) for _ in range(5000)]
    texts = floats_written(numbers)
    assert texts == [float_text(number) for number in numbers]
    assert [float(text) for text in texts] == numbers


def test_what_is_not_finite_is_missing():
    lines, rows = lines_of([Kind.FLOAT], [np.array([np.nan, np.inf, -np.inf, 1.0])], pieces=[b"<", b">\n", b"null"])
    assert written(lines, rows) == b"<null>\n<null>\n<null>\n<1.0>\n"


# --- integers and texts -----------------------------------------------------------------------------------------------


def test_integers_keep_every_digit():
    generator = random.Random(2)
    numbers = [
        0,
        -1,
        2**63 - 1,
        -(2**63),
        *(generator.getrandbits(63) >> generator.randint(0, 62) for _ in range(2000)),
    ]
    numbers += [sign * 10**power + step for power in range(19) for sign in (1, -1) for step in (-1, 0, 1)]
    assert written(*lines_of([Kind.INTEGER], [np.array(numbers)])).split() == [b"%d" % number for number in numbers]


def any_texts(count):
    generator = random.Random(3)
    letters = [chr(number) for number in range(1, 128)] + ["é", "😀", '"', '"', ",", "\\", "\n", "\r", "\x7f", "\u2028"]
    return ["".join(generator.choices(letters, k=generator.randint(0, 12))) for _ in range(count)]


def test_a_string_of_json_is_what_everybody_reads_and_the_json_module_writes():
    texts = any_texts(3000)
    found = written(*lines_of([Kind.JSON_TEXT], texts=[texts], pieces=[b"", b"\n", b"null"])).decode().split("\n")[:-1]
    assert found == [json.dumps(text, ensure_ascii=False) for text in texts]


def test_a_cell_of_csv_is_quoted_only_where_it_must_be():
    texts = any_texts(3000)
    found = written(*lines_of([Kind.CSV_TEXT, Kind.INTEGER], [np.arange(3000)], [texts])).decode()
    assert found == "".join(f"{csv_quoted(text)},{row}\n" for row, text in enumerate(texts))
    assert [row[0] for row in csv.reader(io.StringIO(found, newline=""))] == texts


def test_a_text_that_is_as_it_should_be_stays_so():
    texts = ["true", "-1.50", "", '{"a":"b"}', None]
    lines = lines_of([Kind.AS_IT_IS], texts=[texts], pieces=[b"[", b"]\n", b"null"])
    assert written(*lines) == b'[true]\n[-1.50]\n[]\n[{"a":"b"}]\n[null]\n'


# --- lines ------------------------------------------------------------------------------------------------------------


def test_columns_of_all_kinds_stand_in_their_order_with_their_pieces_around_them():
    kinds = [Kind.INTEGER, Kind.JSON_TEXT, Kind.FLOAT, Kind.NOTHING, Kind.AS_IT_IS, Kind.FLOAT]
    numbers = [np.array([1, -2]), np.array([1.5, np.nan]), np.array([1e300, -0.0])]
    pieces = [b'{"row":', b',"a long name of a column":', b',"x":', b',"y":', b',"ok":', b',"z":', b"}\n", b"null"]
    assert written(*lines_of(kinds, numbers, [["a", None], ["true", "false"]], pieces)) == (
        b'{"row":1,"a long name of a column":"a","x":1.5,"y":null,"ok":true,"z":1e+300}\n'
        b'{"row":-2,"a long name of a column":null,"x":null,"y":null,"ok":false,"z":-0.0}\n'
    )


@pytest.mark.parametrize("text", ["", '"' * 25, "\0" * 25], ids=["nothing", "quotes", "zeros"])
@pytest.mark.parametrize("kind", [Kind.JSON_TEXT, Kind.CSV_TEXT])
def test_the_longest_cells_fit_into_the_room_that_is_made_for_them(text, kind):
    for rows in (1, 100):
        numbers = [np.full(rows, -2.2250738585072014e-308), np.full(rows, -(2**63))]
        written(*lines_of([Kind.FLOAT, Kind.INTEGER, kind], numbers, [[text] * rows], [b"", b"", b"", b"", b"null"]))


def test_there_is_one_machine_code_for_all_rows():
    written(*lines_of([Kind.FLOAT], [np.ones(1)]))
    written(*lines_of([Kind.JSON_TEXT], texts=[["a", None]]))
    written(*lines_of([Kind.INTEGER, Kind.CSV_TEXT], [np.arange(3)], [["", "a", "b"]]))
    assert len(write_lines.signatures) == 1
