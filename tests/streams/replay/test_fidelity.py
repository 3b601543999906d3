"""What is read from a replayed stream is what was recorded: kinds, numbers and text, whatever the formats."""

import csv
import io
import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from streamrnn.streams import open_sink, open_source

INPUTS = ("csv", "ndjson", "arrow", "parquet")
OUTPUTS = ("csv", "ndjson", "arrow")

START = datetime(2024, 8, 1, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("at", pa.timestamp("us", "UTC")),
        ("load", pa.float64()),
        ("count", pa.int64()),
        ("small", pa.float32()),
        ("on", pa.bool_()),
        ("price", pa.decimal128(12, 4)),
        ("site", pa.string()),
        ("nothing", pa.null()),
    ]
)
TEXTS = ["a", "Zürich, Höhe 3", 'said "no"', "two\nlines", "  spaces ", "007", None]
LOADS = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, None, 123456789.12345678]


def rows_of(format):
    """The recording: as typed values for Arrow and Parquet, as what such files hold for text."""
    rows = []
    for i in range(7):
        at = START + timedelta(milliseconds=i * 1.5)
        text_time = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        typed = format in ("arrow", "parquet")
        rows.append(
            {
                "at": at if typed else text_time,
                "load": LOADS[i],
                "count": None if i == 3 else 2**62 + i,
                "small": [0.1, 2.5, None, 1e-7, 3e8, 16777217.0, 0.3][i],
                "on": [True, False, None, True, True, False, False][i],
                "price": Decimal(f"{i}.1250") if typed else i + 0.125,
                "site": TEXTS[i],
                "nothing": None,
            }
        )
    return rows


def csv_text(rows):
    """A CSV file as a careful program writes it."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([int(cell) if isinstance(cell, bool) else cell for cell in row.values()])
    return lines.getvalue()


@pytest.fixture
def recorded(recording, tmp_path):
    def record(format):
        rows = rows_of(format)
        if format == "csv":
            path = tmp_path / "recording.csv"
            path.write_text(csv_text(rows))
            return path
        return recording(rows, format, SCHEMA)

    return record


def read(path):
    """Which columns hold numbers, the bits of these as float64, and all other columns as a sink writes them."""
    source = open_source(str(path))
    numbers = [name for name, kind in source.columns.items() if kind == "number"]
    others = [name for name in source.columns if name not in numbers]
    batches = list(source.batches(numbers, others))
    source.close()
    table = pa.Table.from_batches([batch.table for batch in batches])
    texts = path.with_suffix(".texts")
    with open_sink(str(texts), table.schema, "ndjson", overwrite=True) as sink:
        sink.write(table)
    bits = {name: [None if x is None else x.hex() for x in table[name].to_pylist()] for name in numbers}
    return (
        list(source.columns),
        bits,
        [[json.loads(line)[name] for name in others] for line in texts.read_text().splitlines()],
    )


@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize("recorded_as", INPUTS)
def test_kinds_numbers_and_text_survive(recorded, replayed, recorded_as, format):
    source = recorded(recorded_as)
    output, outcome = replayed(source, format)
    assert read(output) == read(source)
    assert (outcome.rows, outcome.left_out) == (7, 0)


@pytest.mark.parametrize("recorded_as", ["arrow", "parquet"])
def test_arrow_keeps_every_type(recorded, replayed, recorded_as):
    output, _ = replayed(recorded(recorded_as), "arrow")
    table = pa.ipc.open_stream(output.read_bytes()).read_all()
    assert table.equals(pa.Table.from_pylist(rows_of("arrow"), SCHEMA))


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_text_of_the_same_format_is_the_same_text(recorded, replayed, format):
    source = recorded(format)
    output, _ = replayed(source, format)
    assert output.read_bytes() == source.read_bytes()


def test_integers_keep_every_digit_between_text_formats(recorded, replayed):
    output, _ = replayed(recorded("csv"), "ndjson")
    assert json.loads(output.read_text().splitlines()[1])["count"] == 2**62 + 1
    output, _ = replayed(recorded("ndjson"), "csv")
    assert str(2**62 + 1) in output.read_text()
    output, _ = replayed(recorded("arrow"), "csv")
    assert str(2**62 + 1) in output.read_text()


# --- what each format would take for something else -------------------------------------------------------------------


def ndjson_of(replayed, file, text):
    file.write_text(text)
    output, _ = replayed(file, "ndjson")
    return [json.loads(line) for line in output.read_text().splitlines()]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1.50", 1.5),
        (" 2 ", 2.0),
        ("+3", 3.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("007", 7.0),
        ("-0", -0.0),
        ("1e-3", 1e-3),
        ("1E400", None),
        ("-inf", None),
        ("NA", None),
        ("nan", None),
        ("", None),
        ("-", "-"),
        ("1_000", "1_000"),
        ("true", None),
    ],
)
def test_a_number_of_csv_is_a_number_of_json_and_a_bad_one_stays_bad(replayed, tmp_path, cell, expected):
    rows = ndjson_of(replayed, tmp_path / "x.csv", f"x,y\n1,2\n{cell},3\n")
    assert rows[1] == {"x": expected, "y": 3}
    assert repr(rows[1]["x"]) == repr(expected) or rows[1]["x"] == expected


@pytest.mark.parametrize("cell", ["NA", "", "inf", ".5", "1e999"])
def test_the_first_row_of_json_still_says_that_it_is_a_number(replayed, tmp_path, cell):
    source = tmp_path / "x.csv"
    source.write_text(f"x,y\n{cell},a\n2,b\n")
    output, _ = replayed(source, "ndjson")
    assert open_source(str(output)).columns == open_source(str(source)).columns == {"x": "number", "y": "text"}


def test_a_part_that_begins_with_a_bad_cell_keeps_its_kinds(replayed, tmp_path):
    source = tmp_path / "x.csv"
    source.write_text("time,x\n2024-01-01,1\n2024-01-02,oops\n2024-01-03,3\n")
    output, _ = replayed(source, "ndjson", since="2024-01-02")
    assert open_source(str(output)).columns["x"] == "number"
    assert json.loads(output.read_text().splitlines()[0]) == {"time": "2024-01-02", "x": None}


def test_truth_values_are_numbers_in_csv(replayed, tmp_path):
    source = tmp_path / "x.ndjson"
    source.write_text('{"on":true,"say":"true"}\n{"on":false,"say":"no"}\n{"on":null,"say":"x"}\n')
    output, _ = replayed(source, "csv")
    assert output.read_text() == "on,say\n1,true\n0,no\n,x\n"


def test_minus_zero_is_the_same_float_in_csv_as_in_json(replayed, tmp_path):
    source = tmp_path / "x.ndjson"
    source.write_text('{"x":-0}\n{"x":-0.0}\n')
    output, _ = replayed(source, "csv")
    assert read(output) == read(source)


def test_float32_is_the_same_number_in_text(recording, replayed):
    source = recording([{"x": 0.1}], "arrow", pa.schema([("x", pa.float32())]))
    exact = pa.scalar(0.1, pa.float32()).as_py()
    for format in ("csv", "ndjson"):
        output, _ = replayed(source, format)
        assert repr(exact) in output.read_text()


def test_what_arrow_has_no_number_for_is_missing_in_text(recording, replayed):
    source = recording([{"x": math.nan}, {"x": math.inf}, {"x": 1.0}], "arrow")
    output, _ = replayed(source, "ndjson")
    assert output.read_text() == '{"x":null}\n{"x":null}\n{"x":1.0}\n'


@pytest.mark.parametrize("first", ["007", None, "", "1e5", timedelta(seconds=1)])
def test_csv_cannot_show_that_a_first_cell_is_text_and_says_so(recording, replayed, heard, first):
    kind = pa.duration("s") if isinstance(first, timedelta) else pa.string()
    schema = pa.schema([("id", kind), ("x", pa.int64()), ("site", pa.string())])
    replayed(recording([{"id": first, "x": 1, "site": "a"}], "arrow", schema), "csv")
    (warning,) = heard.warned
    assert warning.startswith("in the first row of this CSV id could be numbers: ")


def test_text_that_is_missing_at_first_is_text_in_json(recording, replayed):
    schema = pa.schema([("event", pa.string()), ("x", pa.int64())])
    output, _ = replayed(recording([{"event": None, "x": 1}, {"event": "up", "x": 2}], "arrow", schema), "ndjson")
    assert output.read_text() == '{"x":1}\n{"event":"up","x":2}\n'


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7, 9])
def test_a_limit_counts_over_all_batches(recorded, replayed, limit):
    output, outcome = replayed(recorded("parquet"), "ndjson", limit=limit)
    assert output.read_text().count("\n") == outcome.rows == min(limit, 7)
