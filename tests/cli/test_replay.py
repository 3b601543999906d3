"""`streamrnn replay`: a recorded stream, once more."""

import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from commands import SMALL

MAX = ("--speed", "max")
ROWS = 40


def csv_of(rows):
    """A recording with a row a millisecond, integers that float64 does not hold, nothing, and what is no number."""
    lines = ["time,load,count,site"]
    for i in range(rows):
        load = "" if i % 9 == 4 else "oops" if i % 13 == 7 else f"{i % 7 + i / 64}"
        lines.append(f"2024-08-01T12:00:00.{i:03d}Z,{load},{2**60 + i},{'ab'[i % 2]}")
    return "\n".join([*lines, ""])


@pytest.fixture
def recording(tmp_path):
    """One recording in each format."""
    text = tmp_path / "recording.csv"
    text.write_text(csv_of(ROWS))
    rows = [dict(zip(csv_of(0).strip().split(","), line.split(","), strict=True)) for line in csv_of(ROWS).split()[1:]]
    typed = [
        {
            "time": row["time"],
            "load": float(row["load"]) if row["load"] not in ("", "oops") else None,
            "count": int(row["count"]),
            "site": row["site"],
        }
        for row in rows
    ]
    lines = [row | {"load": "oops"} if rows[i]["load"] == "oops" else row for i, row in enumerate(typed)]
    (tmp_path / "recording.ndjson").write_text("".join(json.dumps(row) + "\n" for row in lines))
    table = pa.Table.from_pylist(typed)
    at = pa.compute.strptime(pa.compute.utf8_slice_codeunits(table["time"], 0, 19), "%Y-%m-%dT%H:%M:%S", "us")
    at = pa.compute.add(at, pa.array([1000 * i for i in range(ROWS)], pa.duration("us"))).cast(
        pa.timestamp("us", "UTC")
    )
    table = table.set_column(0, "time", at)
    pa.parquet.write_table(table, tmp_path / "recording.parquet", row_group_size=15)
    with pa.ipc.new_file(tmp_path / "recording.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=15)
    return lambda format: tmp_path / f"recording.{format}"


@pytest.mark.parametrize("format", ["csv", "ndjson", "arrow"])
@pytest.mark.parametrize("recorded_as", ["csv", "ndjson", "arrow", "parquet"])
def test_a_run_of_the_replay_writes_what_a_run_of_the_file_writes(streamrnn, recording, recorded_as, format):
    run = ("run", *SMALL, "--time", "time", "--echo", "site", "--quiet")
    replayed = streamrnn("replay", recording(recorded_as), *MAX, "--output-format", format).out
    for written in ("ndjson", "csv"):
        expected = streamrnn(*run, recording(recorded_as), "--output-format", written)
        assert expected.out.count(b"\n") >= ROWS
        assert streamrnn(*run, "-", "--output-format", written, stdin=replayed).out == expected.out


@pytest.mark.parametrize(
    ("recorded_as", "format"),
    [("csv", "csv"), ("csv", "ndjson"), ("ndjson", "csv"), ("arrow", "arrow"), ("parquet", "arrow")],
)
def test_the_tables_are_equal_too(streamrnn, recording, recorded_as, format):
    run = ("run", *SMALL, "--time", "time", "--quiet", "--output-format", "arrow")
    replayed = streamrnn("replay", recording(recorded_as), *MAX, "--output-format", format).out
    expected = pa.ipc.open_stream(streamrnn(*run, recording(recorded_as)).out).read_all()
    table = pa.ipc.open_stream(streamrnn(*run, "-", stdin=replayed).out).read_all()
    assert table.schema.equals(expected.schema, check_metadata=True)
    assert table.equals(expected)


def test_it_says_which_column_is_the_time_and_sums_up(streamrnn, recording):
    result = streamrnn("replay", recording("csv"), "--speed", "1000000")
    assert result.lines[0] == "streamrnn: the time is column 'time'"
    assert result.lines[1].startswith(f"streamrnn: {ROWS} rows in ")
    assert result.lines[1].endswith(" rows/s, 1e+06 times as fast")
    assert result.lines[2].startswith("pacing error     mean ")
    assert result.out == recording("csv").read_bytes()


def test_quiet_is_quiet(streamrnn, recording):
    result = streamrnn("replay", recording("parquet"), "--rate", "100000", "--quiet")
    assert (result.code, result.err) == (0, "")
    assert pa.ipc.open_stream(result.out).read_all().num_rows == ROWS


def test_a_part_is_written(streamrnn, recording):
    since, until = "2024-08-01T12:00:00.010Z", "2024-08-01T12:00:00.020Z"
    for format in ("csv", "parquet"):
        arguments = ("--output-format", "csv", "--since", since, "--until", until, *MAX)
        assert streamrnn("replay", recording(format), *arguments).out.count(b"\n") == 1 + 10
        assert streamrnn("replay", recording(format), *arguments, "--limit", 3).out.count(b"\n") == 1 + 3


def test_times_are_read_as_they_are_written(streamrnn, tmp_path):
    (tmp_path / "x.csv").write_text("day;x\n31.12.2023;1\n01.01.2024;2\n02.01.2024;3\n")
    arguments = ("--delimiter", ";", "--time", "day", "--time-format", "%d.%m.%Y", *MAX)
    for bound in ("01.01.2024", "2024-01-01"):
        result = streamrnn("replay", tmp_path / "x.csv", *arguments, "--since", bound)
        assert result.out == b"day;x\n01.01.2024;2\n02.01.2024;3\n"


def test_epochs_take_bounds_as_numbers_and_as_dates(streamrnn, tmp_path):
    (tmp_path / "x.csv").write_text("ts,x\n1704067199999000000,1\n1704067200000000000,2\n")
    for bound in ("1704067200000000000", "2024-01-01"):
        result = streamrnn("replay", tmp_path / "x.csv", *MAX, "--since", bound)
        assert result.out == b"ts,x\n1704067200000000000,2\n"


def test_the_format_is_that_of_the_source_or_of_the_name(streamrnn, recording, tmp_path):
    assert streamrnn("replay", recording("ndjson"), *MAX).out.startswith(b'{"time"')
    streamrnn("replay", recording("ndjson"), *MAX, "-o", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().startswith("time,load,")
    streamrnn("replay", recording("csv"), *MAX, "-o", tmp_path / "out.arrow")
    assert pa.ipc.open_file(tmp_path / "out.arrow").read_all().num_rows == ROWS
    streamrnn("replay", recording("csv"), *MAX, "-o", tmp_path / "out.log")
    assert (tmp_path / "out.log").read_bytes() == recording("csv").read_bytes()


def test_stdin_can_be_replayed(streamrnn, recording):
    result = streamrnn("replay", "-", *MAX, stdin=recording("csv").read_bytes())
    assert result.out == recording("csv").read_bytes()


def test_times_that_go_back_or_are_missing_are_told(streamrnn):
    text = b"time,x\n2024-01-02,1\n2024-01-01,2\n,3\n2024-01-01,4\n"
    result = streamrnn("replay", "-", stdin=text)
    assert result.out == text
    assert "streamrnn: column 'time' goes back in time: such rows go out at once" in result.lines
    assert result.lines[-2:] == ["back in time     2 rows", "without a time   1 rows"]


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--speed", "2", "--rate", "3"), "--speed and --rate are two ways to set the pace: name one of them"),
        (("--speed", "0"), "speed must be more than 0, not 0"),
        (("--speed", "fast"), "Invalid value for '--speed': 'fast' is neither a number nor max"),
        (("--rate", "-1"), "rate must be a number of rows a second, more than 0, not -1"),
        (("--time", "tme"), "{path}: there is no column 'tme'; did you mean time?"),
        (("--time", "site"), "{path}: column 'site' holds 'a', which is neither ISO 8601 nor a number: "),
        (("--since", "yesterday"), "--since yesterday: this is no time as column 'time' has them, nor ISO 8601"),
        (("--time-format", "fast"), "--time-format takes iso, s, ms, us, ns or a pattern such as "),
        (("--delimiter", "ab"), "delimiter must be one ASCII character, not 'ab'"),
        (
            ("--max-line-bytes", "x"),
            "Invalid value for '--max-line-bytes': 'x' is not a size such as 65536, 64K or 16M",
        ),
        (("-o", "{path}", "--overwrite"), "source and output are the same file, {path}: name another one"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(streamrnn, recording, arguments, message):
    path = recording("csv")
    result = streamrnn("replay", path, *(argument.format(path=path) for argument in arguments))
    assert result.lines[-1].startswith(f"streamrnn: {message.format(path=path)}")
    assert (result.code, result.out) == (2, b"")


def test_without_a_time_column_the_columns_are_listed(streamrnn):
    result = streamrnn("replay", "-", stdin=b"a,b\n1,2\n")
    message = "which column is the time? its columns are a, b; name it with --time, or set a pace with --rate"
    assert (result.code, result.err) == (2, f"streamrnn: stdin: {message}\n")
    result = streamrnn("replay", "-", stdin=b"ts,Date\n1,2\n")
    assert "which column is the time? ts, Date could each be its time; name it" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "{folder}/there.csv"), "{folder}/there.csv exists already"),
        (("-o", "{folder}/x.csv.gz"), "{folder}/x.csv.gz: compressed output is not written; pipe it"),
        (("-o", "{folder}/x.parquet"), "cannot write the format 'parquet'"),
        (("-o", "/dev/full"), "cannot write /dev/full: No space left on device"),
    ],
)
def test_an_output_that_cannot_be_written_is_one_line_and_exit_code_1(
    streamrnn, recording, tmp_path, arguments, message
):
    (tmp_path / "there.csv").write_text("x")
    arguments = [argument.format(folder=tmp_path) for argument in arguments]
    result = streamrnn("replay", recording("csv"), *MAX, *arguments)
    (line,) = result.lines
    assert line.startswith(f"streamrnn: {message.format(folder=tmp_path)}")
    assert (result.code, result.out) == (1, b"")


def test_a_stream_that_was_cut_short_is_exit_code_1(streamrnn, recording):
    stream = streamrnn("replay", recording("arrow"), *MAX).out
    result = streamrnn("replay", "-", *MAX, stdin=stream[:-20])
    assert result.code == 1
    assert any("cut short" in line for line in result.lines)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_options_may_stand_in_a_file_and_in_the_environment(streamrnn, recording, tmp_path, monkeypatch):
    (tmp_path / "replay.toml").write_text("speed = 'max'\nlimit = 5\nmax-line-bytes = '64K'\ntime = 'time'\n")
    assert streamrnn("replay", recording("csv"), "--config", tmp_path / "replay.toml").out.count(b"\n") == 1 + 5
    monkeypatch.setenv("STREAMRNN_LIMIT", "7")
    assert streamrnn("replay", recording("csv"), "--config", tmp_path / "replay.toml").out.count(b"\n") == 1 + 7


def test_one_file_may_serve_both_commands(streamrnn, recording, tmp_path):
    path = tmp_path / "both.toml"
    path.write_text(
        f"source = '{recording('csv')}'\nlimit = 3\nquiet = true\n"
        "[run]\nhidden = 4\ntargets = ['load']\n[replay]\nspeed = 'max'\nlimit = 2\n"
    )
    assert streamrnn("replay", "--config", path).out.count(b"\n") == 1 + 2
    assert len(streamrnn("run", "--config", path).records) == 3


def test_a_table_of_another_command_is_not_looked_at_and_one_of_its_own_is(streamrnn, recording, tmp_path):
    (tmp_path / "x.toml").write_text("[run]\nnonsense = 1\n[replay]\nspeeed = 1\n")
    result = streamrnn("replay", recording("csv"), "--config", tmp_path / "x.toml")
    assert (result.code, result.lines) == (
        2,
        [f"streamrnn: {tmp_path / 'x.toml'}: there is no option 'speeed'; did you mean speed?"],
    )
