"""`streamrnn run`: rows in, records out, and what is said when that cannot be."""

import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from commands import PATIENCE, SMALL, csv_of

from streamrnn import Learner

NAMES = ["row", "load", "load_expected", "load_h1", "wind", "wind_expected", "wind_h1", "loss", "event"]
RUN = ("run", *SMALL)


def first_line(result):
    assert len(result.lines) == 1, result.err
    return result.lines[0]


# --- in and out -----------------------------------------------------------------------------------------------------


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


@pytest.fixture
def table(csv):
    return pa.csv.read_csv(csv)


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


# --- the record -----------------------------------------------------------------------------------------------------


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
    assert "refused rows     2; first line 3: the row has 1 cells, the header 2" in result.lines
    assert "bad cells        1; first line 4: 'oops' in column 'wind'" in result.lines
    assert "nulls            1 (wind 1)" in result.lines


def test_horizon_0_predicts_the_named_label_from_the_other_numbers(streamrnn, csv):
    result = streamrnn(*RUN, csv, "--horizon", 0, "-t", "load")
    assert list(result.records[0]) == ["row", "load", "load_h0", "loss", "event"]
    assert "  features  wind  (every number column)" in result.lines


def test_the_example_on_the_page_of_the_record_is_what_is_written(streamrnn):
    page = (Path(__file__).parents[2] / "docs" / "record.md").read_text(encoding="utf-8")
    rows, words, records = re.search(r"\$ printf '(.*)' \| streamrnn (.*)\n((?:\{.*\}\n)+)", page).groups()
    assert streamrnn(*words.split(), stdin=rows.replace("\\n", "\n").encode()).out.decode() == records


# --- what is said ---------------------------------------------------------------------------------------------------


def test_the_beginning_names_the_columns_and_the_end_sums_up(streamrnn, csv):
    lines = streamrnn(*RUN, csv, "--time", "time", "--horizon", 2).lines
    assert lines[:4] == [
        f"streamrnn: {csv} (csv)",
        "  targets   load, wind  (every number column)",
        "  features  the targets  (every number column)",
        "  not used  site (text)",
    ]
    assert lines[4].startswith("streamrnn: 60 rows in ")
    table = lines[6:12]
    assert table[0].split() == ["target", "horizon", "MAE", "last", "value", "skill", "RMSE", "last", "value"]
    assert [line.split()[:2] for line in table[1:]] == [
        ["load", "1"], ["load", "2"], ["wind", "1"], ["wind", "2"], ["mean", "all"],
    ]  # fmt: skip


def test_the_table_of_many_horizons_fits_on_a_screen(streamrnn, csv):
    lines = streamrnn(*RUN, csv, "--horizon", 48, "--limit", 20).lines
    assert len(lines) < 24
    horizons = [line.split()[1] for line in lines if line.startswith("load")]
    assert (horizons[0], horizons[-1]) == ("1", "48")


@pytest.fixture
def on_a_terminal():
    """Run the command with stderr, or all of it, on a terminal; returns what the terminal showed."""

    def run(*arguments, stdout):
        terminal, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        words = [sys.executable, "-m", "streamrnn_cli", *map(str, arguments)]
        running = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=end if stdout is None else stdout, stderr=end
        )
        os.close(end)
        shown = b""
        while True:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # how Linux says that nobody writes any more
                break
            if not chunk:
                break
            shown += chunk
        os.close(terminal)
        assert running.wait(PATIENCE) == 0
        return shown.decode()

    return run


def test_a_bar_shows_on_a_terminal_unless_the_records_go_there(on_a_terminal, csv):
    assert " rows, " in on_a_terminal(*RUN, csv, stdout=subprocess.DEVNULL)
    shown = on_a_terminal(*RUN, csv, stdout=None)
    assert '{"row":0,' in shown
    assert " rows, " not in shown.replace("60 rows in", "")


def test_quiet_says_nothing(streamrnn, csv):
    assert streamrnn(*RUN, csv, "--quiet").err == ""


def test_the_first_run_of_a_machine_says_that_it_compiles(streamrnn, csv, monkeypatch):
    monkeypatch.setattr("streamrnn.session.run.is_kept", lambda name: False)
    said = "streamrnn: compiling the kernels, once on this machine ..."
    assert said in streamrnn(*RUN, csv).lines
    assert streamrnn(*RUN, csv, "--quiet").err == ""


# --- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-t", "laod"], "streamrnn: {csv} has no column 'laod'; did you mean 'load'?"),
        (["-t", "x"], "streamrnn: {csv} has no column 'x'; it has 'time', 'load', 'wind', 'site'"),
        (["--echo", "sit"], "streamrnn: {csv} has no column 'sit'; did you mean 'site'?"),
        (["-t", "site"], "streamrnn: {csv}: column 'site' holds text, not numbers; it cannot be in targets"),
        (["-t", "load", "--time", "load"], "streamrnn: column 'load' cannot be time and feature or target"),
        (["-t", "load,load"], "streamrnn: targets names a column twice: load"),
        (["-t", "load,"], "streamrnn: Invalid value for '-t' / '--targets' / '--target': 'load,' has an empty item"),
        (["--horizon", "0"], "streamrnn: horizon 0 predicts a label from the other columns: name it with --targets"),
        (["--emit", "2"], "streamrnn: --emit 2: there is no forecast of that horizon; the horizons are 1"),
        (["-t", "load", "--echo", "load"], "streamrnn: --echo load: the record has a column 'load' already"),
        (["--hidden", "many"], "streamrnn: Invalid value for '--hidden': 'many' is not a whole number"),
        (["--hidden", "0"], "streamrnn: hidden must be from 1 to 8192, not 0"),
        (["--limit", "0"], "streamrnn: Invalid value for '--limit': 0 is less than 1"),
        (
            ["--checkpoint-every", "soon"],
            "streamrnn: Invalid value for '--checkpoint-every': 'soon' is neither a number of rows nor a duration "
            "such as 30s, 5m or 2h",
        ),
        (["--no-save", "-m", "no.model"], "streamrnn: there is no model no.model, and --no-save would keep no new one"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line_and_exit_code_2(streamrnn, csv, arguments, message):
    result = streamrnn("run", csv, *arguments)
    assert (first_line(result), result.code, result.out) == (message.format(csv=csv), 2, b"")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "streamrnn: stdin is empty"),
        (b"\x7fELF\0\0\0\0", "streamrnn: stdin: unknown format; if it is one of arrow, csv, ndjson, parquet, "
         "say so with --input-format"),
        (b"1,2\n3,4\n", "streamrnn: stdin has no header: its first line is '1,2'; put a line of names before it"),
        (b"{\n", "streamrnn: stdin: no row could be read; line 1: not JSON: unexpected end of data, at character 2"),
    ],
)  # fmt: skip
def test_input_that_is_no_stream_is_one_line_and_exit_code_1(streamrnn, data, message):
    result = streamrnn("run", stdin=data)
    assert (first_line(result), result.code, result.out) == (message, 1, b"")


def test_a_header_alone_is_told(streamrnn):
    result = streamrnn("run", stdin=b"load,wind\n")
    assert (result.lines[-1], result.code) == ("streamrnn: stdin has no rows", 1)


def test_a_source_without_numbers_is_told(streamrnn):
    result = streamrnn("run", stdin=b"name\nx\n")
    message = "streamrnn: stdin has no column of numbers to forecast; its columns are name (text)"
    assert (first_line(result), result.code) == (message, 2)


def test_files_that_cannot_be_read_or_written_are_told(streamrnn, csv, tmp_path):
    for arguments, message in (
        (["no.csv"], "no.csv does not exist"),
        ([tmp_path], f"{tmp_path} is a directory: name a file in it"),
        ([csv, "-m", tmp_path / "no" / "model"], f"the model cannot be saved: there is no directory {tmp_path / 'no'}"),
        ([csv, "-m", tmp_path], f"{tmp_path} is a directory: name a file for the model"),
        ([csv, "-m", csv], f"{csv} is not a streamrnn model"),
    ):
        result = streamrnn("run", *arguments)
        assert (first_line(result), result.code) == (f"streamrnn: {message}", 1)
    result = streamrnn("run", csv, "-o", csv)
    assert (result.lines[-1], result.code) == (
        f"streamrnn: {csv} exists already: choose another name, or replace it with --overwrite", 1,
    )  # fmt: skip
    assert csv.read_bytes() == csv_of(60)


def test_a_source_that_is_cut_short_gives_its_rows_and_exit_code_1(streamrnn, table, tmp_path):
    path = tmp_path / "cut.arrows"
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=20)
    path.write_bytes(path.read_bytes()[:-300])
    result = streamrnn(*RUN, path, "-m", tmp_path / "model")
    assert (len(result.records), result.code) == (40, 1)
    assert f"streamrnn: {path}: the Arrow stream was cut short after 40 rows" in result.lines
    assert Learner.load(tmp_path / "model").rows == 40


def test_no_source_on_a_terminal_is_a_usage_error_with_an_example(streamrnn, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor == 0)
    result = streamrnn("run")
    message = "streamrnn: name a SOURCE, or pipe rows in: tail -f plant.csv | streamrnn run --targets temp"
    assert (first_line(result), result.code) == (message, 2)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk_is_told_and_rows_without_a_record_are_not_counted_as_done(streamrnn, csv, tmp_path):
    result = streamrnn(*RUN, csv, "-o", "/dev/full", "--output-format", "ndjson", "-m", tmp_path / "model")
    assert (result.lines[-1], result.code) == ("streamrnn: cannot write /dev/full: No space left on device", 1)
    assert not (tmp_path / "model").exists()


# --- pipes and signals ----------------------------------------------------------------------------------------------


def test_a_reader_that_has_gone_is_exit_code_141_without_a_word(process, csv):
    running = process(*RUN, csv, "--quiet")
    running.stdout.close()
    assert running.wait(PATIENCE) == 141
    assert running.stderr.read() == b""


def test_a_live_stream_is_saved_when_the_reader_has_gone(process, tmp_path):
    running = process(*RUN, "-m", tmp_path / "model", "--quiet")
    running.stdin.write(csv_of(3))
    for _ in range(3):
        running.stdout.readline()
    running.stdout.close()
    running.stdin.write(csv_of(2, start=3).partition(b"\n")[2])
    assert running.wait(PATIENCE) == 141
    assert Learner.load(tmp_path / "model").rows == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_waiting_run_with_everything_saved(process, tmp_path, number):
    running = process(*RUN, "-m", tmp_path / "model")
    running.stdin.write(csv_of(3))
    records = [running.stdout.readline() for _ in range(3)]
    running.send_signal(number)
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out, len(records)) == (128 + number, b"", 3)
    assert b"; stopped by a signal\n" in err
    assert b"Traceback" not in err
    assert Learner.load(tmp_path / "model").rows == 3


def test_a_signal_ends_a_busy_run_and_the_next_one_goes_on_without_a_gap(process, streamrnn, tmp_path):
    source, whole = tmp_path / "long.csv", tmp_path / "whole.csv"
    source.write_bytes(csv_of(60_000))
    options = ("run", source, "--hidden", 24, "--window", 24, "--quiet")
    running = process(*options, "-o", tmp_path / "out.csv", "-m", tmp_path / "model")
    while not (tmp_path / "out.csv").exists():
        assert running.poll() is None
    while (tmp_path / "out.csv").stat().st_size < 10_000:
        assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE) == 143
    assert 0 < Learner.load(tmp_path / "model").rows < 60_000
    streamrnn(*options, "-o", tmp_path / "out.csv", "-m", tmp_path / "model")
    streamrnn(*options, "-o", whole)
    assert (tmp_path / "out.csv").read_bytes() == whole.read_bytes()


def test_an_arrow_pipe_can_be_interrupted(process, table, tmp_path):
    buffer = io.BytesIO()
    writer = pa.ipc.new_stream(buffer, table.schema)
    writer.write_table(table)
    running = process(*RUN, "-", "-m", tmp_path / "model", "--output-format", "ndjson", "--quiet")
    running.stdin.write(buffer.getvalue())
    for _ in range(60):
        running.stdout.readline()
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=PATIENCE)[1] == b""
    assert running.returncode == 130
    assert Learner.load(tmp_path / "model").rows == 60


def test_an_interrupt_before_the_first_row_ends_without_a_word(process):
    running = process("run")
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(1.0)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out, err.strip()) == (130, b"", b"")
