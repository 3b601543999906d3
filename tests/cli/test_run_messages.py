"""`streamrnn run`: what a person is told, above all when something is wrong."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from commands import PATIENCE, SMALL, csv_of

from streamrnn import Learner

RUN = ("run", *SMALL)


def test_the_beginning_names_the_columns_and_the_end_sums_up(streamrnn, csv, monkeypatch):
    monkeypatch.setattr("streamrnn.session.start.is_kept", lambda name: True)
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


def test_a_model_that_goes_on_says_from_which_row(streamrnn, csv, tmp_path):
    model = tmp_path / "model"
    assert not any("from row" in line for line in streamrnn(*RUN, "-", "-m", model, stdin=csv_of(60)).lines)
    again = streamrnn(*RUN, "-", "-m", model, "--targets", "load,wind", stdin=csv_of(5))
    assert b'{"row":60,' in again.out
    assert next(line for line in again.lines if line.startswith("streamrnn: 5 rows")).endswith(", from row 60 on")


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
    monkeypatch.setattr("streamrnn.session.start.is_kept", lambda name: False)
    said = "streamrnn: compiling the kernels, once on this machine ..."
    assert said in streamrnn(*RUN, csv).lines
    assert streamrnn(*RUN, csv, "--quiet").err == ""


def first_line(result):
    assert len(result.lines) == 1, result.err
    return result.lines[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-t", "laod"], "streamrnn: {csv} has no column 'laod'; did you mean 'load'?"),
        (["-t", "x"], "streamrnn: {csv} has no column 'x'; it has 'time', 'load', 'wind', 'site'"),
        (["--echo", "sit"], "streamrnn: {csv} has no column 'sit'; did you mean 'site'?"),
        (["--categorical", "site"], "streamrnn: categorical column 'site' is neither a target nor a feature"),
        (["-t", "load", "--time", "load"], "streamrnn: column 'load' cannot be time and feature or target"),
        (["-t", "load,load"], "streamrnn: targets names a column twice: load"),
        (["-t", "load,"], "streamrnn: Invalid value for '-t' / '--targets' / '--target': 'load,' has an empty item"),
        (["--horizon", "0"], "streamrnn: horizon 0 predicts a label from the other columns: name it with --targets"),
        (["--only-alerts"], "streamrnn: --only-alerts needs --alert: the score from which a row is told, as 0.999"),
        (["--alert", "2"], "streamrnn: alert must be from 0.9 to 1, not 2"),
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
        (["--checkpoint-every", "5m"], "streamrnn: --checkpoint-every saves the model: name its file with --model"),
        (
            ["--checkpoint-every", "9", "-m", "no.model", "--no-save"],
            "streamrnn: --checkpoint-every saves the model: leave out --no-save",
        ),
        (
            ["--reset-state"],
            "streamrnn: --reset-state empties the memory of a model that goes on: name its file with --model",
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
        (b"{a\n", "streamrnn: stdin: no row could be read; line 1: not JSON: unexpected character, expected a string "
         "key, at character 2"),
        (
            b'{\n  "a": 1\n}\n',
            "streamrnn: stdin: no row could be read; line 1: not JSON: what begins here runs over lines; "
            "jq -c . puts each object on a line of its own, jq -c '.[]' those of an array",
        ),
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
    other = tmp_path / "other.csv"
    other.write_bytes(csv.read_bytes())
    for arguments, message in (
        (["no.csv"], "no.csv does not exist"),
        ([tmp_path], f"{tmp_path} is a directory: name a file in it"),
        ([csv, "-m", tmp_path / "no" / "model"], f"the model cannot be saved: there is no directory {tmp_path / 'no'}"),
        ([csv, "-m", tmp_path], f"{tmp_path} is a directory: name a file for the model"),
        ([csv, "-m", other], f"{other} is not a streamrnn model"),
    ):
        result = streamrnn("run", *arguments)
        assert (first_line(result), result.code) == (f"streamrnn: {message}", 1)
    result = streamrnn("run", csv, "-o", other)
    assert (result.lines[-1], result.code) == (
        f"streamrnn: {other} exists already: choose another name, or replace it with --overwrite", 1,
    )  # fmt: skip
    assert other.read_bytes() == csv.read_bytes() == csv_of(60)


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
    message = "streamrnn: name a SOURCE, or pipe rows in: tail -n +1 -f plant.csv | streamrnn run --targets temp"
    assert (first_line(result), result.code) == (message, 2)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk_is_told_and_rows_without_a_record_are_not_counted_as_done(streamrnn, csv, tmp_path):
    result = streamrnn(*RUN, csv, "-o", "/dev/full", "--output-format", "ndjson", "-m", tmp_path / "model")
    assert (result.lines[-1], result.code) == ("streamrnn: cannot write /dev/full: No space left on device", 1)
    assert Learner.load(tmp_path / "model").rows == 0


@pytest.mark.parametrize(("closed", "code"), [("2>&-", 0), (">&-", 1), (">&- 2>&-", 1)])
def test_what_is_closed_takes_nothing_and_hides_no_loss(csv, closed, code):
    command = f"{sys.executable} -m streamrnn_cli run {csv} {' '.join(SMALL)} --quiet {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == code
    assert done.stdout.count(b"\n") == (60 if code == 0 else 0)
    assert done.stderr == (b"streamrnn: stdout is closed\n" if closed == ">&-" else b"")
