"""`streamrnn run`: rows in, records out."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from commands import PATIENCE, SMALL, csv_of

from streamrnn import Learner

RUN = ("run", *SMALL)

NAMES = ["row", "load", "load_expected", "load_h1", "wind", "wind_expected", "wind_h1", "loss", "event"]


def test_every_row_of_a_file_gives_one_record_and_every_number_column_is_forecast(streamrnn, csv):
    result = streamrnn(*RUN, csv)
    assert result.code == 0
    assert [list(record) for record in result.records] == [NAMES] * 60
    assert [record["row"] for record in result.records] == list(range(60))


def test_the_command_forecasts_as_the_library_does(streamrnn, csv):
    learner = Learner(["wind"], ["load", "wind"], horizon=3, hidden=4, window=4)
    table = pa.csv.read_csv(csv)
    expected = [learner.step(row).to_dict() for row in table.to_pylist()]
    assert streamrnn(*RUN, csv, "-t", "wind", "-f", "load", "-f", "wind", "--horizon", "3").records == expected


@pytest.mark.parametrize("name", ["in.csv", "in.ndjson", "in.arrow", "in.arrows", "in.parquet"])
def test_every_format_is_read(streamrnn, csv, table, tmp_path, name):
    path = tmp_path / name
    match path.suffix:
        case ".csv":
            path.write_bytes(csv.read_bytes())
        case ".ndjson":
            path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
        case ".parquet":
            pa.parquet.write_table(table, path)
        case ".arrow" | ".arrows":
            new = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
            with new(path, table.schema) as writer:
                writer.write_table(table)
    options = ("--time", "time", "--echo", "site")
    assert streamrnn(*RUN, path, *options).out == streamrnn(*RUN, csv, *options).out


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.arrow", "out.arrows"])
def test_every_format_is_written_with_the_same_records(streamrnn, csv, tmp_path, name):
    path = tmp_path / name
    result = streamrnn(*RUN, csv, "-o", path)
    assert (result.code, result.out) == (0, b"")
    expected = streamrnn(*RUN, csv).records
    match path.suffix:
        case ".csv":
            records = pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(column_types={"event": pa.string()}))
        case ".ndjson":
            assert [json.loads(line) for line in path.read_text().splitlines()] == expected
            return
        case ".arrow":
            records = pa.ipc.open_file(path).read_all()
        case _:
            records = pa.ipc.open_stream(path).read_all()
    for written, record in zip(records.to_pylist(), expected, strict=True):
        assert {key: value or None for key, value in written.items()} == {
            key: value or None for key, value in record.items()
        }


def test_arrow_on_stdout_is_a_stream_with_the_settings_in_its_schema(streamrnn, csv):
    result = streamrnn(*RUN, csv, "--output-format", "arrow", "--horizon", 2)
    records = pa.ipc.open_stream(result.out).read_all()
    about = json.loads(records.schema.metadata[b"streamrnn"])
    assert about["settings"]["horizon"] == 2
    assert records.schema.field("row").type == pa.int64()
    assert records.num_rows == 60


def test_a_stream_without_a_name_is_stdin(streamrnn):
    data = csv_of(5)
    assert streamrnn(*RUN, stdin=data).out == streamrnn(*RUN, "-", stdin=data).out != b""


def test_a_record_is_out_before_the_next_row_is_written(process):
    running = process(*RUN, "-t", "load", "--quiet")
    running.stdin.write(b"load\n")
    for number in range(4):
        running.stdin.write(b"%d.5\n" % number)
        record = json.loads(running.stdout.readline())
        assert (record["row"], record["load"]) == (number, number + 0.5)
    running.stdin.write(b"9")  # a last line without its end
    out, err = running.communicate(timeout=PATIENCE)
    assert (json.loads(out)["load"], err, running.returncode) == (9.0, b"", 0)


def test_a_limit_ends_the_run_without_waiting_for_more(process):
    running = process(*RUN, "--limit", 2, "--quiet")
    running.stdin.write(csv_of(2))
    assert running.wait(PATIENCE) == 0
    assert len(running.stdout.read().splitlines()) == 2


def test_a_limit_counts_refused_rows(streamrnn):
    result = streamrnn(*RUN, "--limit", 3, stdin=b"load\n1\n1,2\n3\n4\n")
    assert [record["row"] for record in result.records] == [0, 2]


def test_time_sequence_and_echo_come_after_the_row_as_they_were_written(streamrnn):
    data = b"when,id,load,wind\n007,1e0,1,5\n008,2.50,2,6\n"
    result = streamrnn(*RUN, "--time", "when", "--echo", "id", "-t", "load", "-f", "load", stdin=data)
    assert list(result.records[0])[:4] == ["row", "when", "id", "load"]
    result = streamrnn(
        *RUN, "--time", "when", "--echo", "id", "-t", "load", "-f", "load", "--output-format", "csv", stdin=data
    )
    assert [line.split(b",")[:4] for line in result.out.splitlines()[1:]] == [
        [b"0", b"007", b"1e0", b"1.0"],
        [b"1", b"008", b"2.50", b"2.0"],
    ]


def test_numbers_that_are_passed_through_ndjson_stay_numbers(streamrnn):
    data = b'{"t":1,"id":9007199254740993,"x":1}\n{"t":2.50,"id":7,"x":2}\n'
    result = streamrnn(*RUN, "--time", "t", "--echo", "id", "-t", "x", "-f", "x", stdin=data)
    assert [(record["t"], record["id"]) for record in result.records] == [(1, 9007199254740993), (2.5, 7)]


def test_an_echoed_column_is_no_target_unless_it_is_named(streamrnn, csv):
    result = streamrnn(*RUN, csv, "--echo", "wind,site", "--limit", 1)
    assert list(result.records[0]) == ["row", "wind", "site", "load", "load_expected", "load_h1", "loss", "event"]


def test_only_the_horizons_to_emit_are_written(streamrnn, csv):
    options = ("-t", "load", "--horizon", 4, "--limit", 9)
    some, every = streamrnn(*RUN, csv, *options, "--emit", "3,1").records, streamrnn(*RUN, csv, *options).records
    assert list(some[0]) == ["row", "load", "load_expected", "load_h1", "load_h3", "loss", "event"]
    assert some == [{name: record[name] for name in some[0]} for record in every]


def test_refused_rows_have_a_number_and_bad_cells_are_null_and_both_are_told(streamrnn):
    data = b"load,wind\n1,2\n1\n3,oops\n4,5,6\n7,8\n"
    result = streamrnn(*RUN, stdin=data)
    assert [(record["row"], record["load"], record["wind"]) for record in result.records] == [
        (0, 1.0, 2.0),
        (2, 3.0, None),
        (4, 7.0, 8.0),
    ]
    assert "refused rows     2 wrong number of cells; first line 3: the row has 1 cell, the header 2" in result.lines
    assert "bad cells        1 not a number; first line 4: 'oops' in column 'wind'" in result.lines
    assert "nulls            1 (wind 1)" in result.lines


def test_what_is_said_of_columns_stands_in_one_column(streamrnn, csv):
    result = streamrnn("run", *SMALL, csv, "-t", "load,site", "--limit", 3)
    assert result.lines[1:5] == [
        "  targets    load, site",
        "  features   load, wind, site  (every number column)",
        "  categories site",
        "  not used   time (text)",
    ]


def test_horizon_0_predicts_the_named_label_from_the_other_numbers(streamrnn, csv):
    result = streamrnn(*RUN, csv, "--horizon", 0, "-t", "load")
    assert list(result.records[0]) == ["row", "load", "load_h0", "loss", "event"]
    assert "  features  wind  (every number column)" in result.lines


@pytest.mark.parametrize("name", ["README.md", "docs/record.md"])
def test_the_example_of_a_record_is_what_is_written(streamrnn, name):
    page = (Path(__file__).parents[2] / name).read_text(encoding="utf-8")
    rows, words, records = re.search(r"\$ printf '(.*)' \| streamrnn (.*)\n((?:\{.*\}\n)+)", page).groups()
    assert streamrnn(*words.split(), stdin=rows.replace("\\n", "\n").encode()).out.decode() == records
