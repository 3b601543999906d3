"""`streamrnn run --time-features`: the same forecasts as the learner's, also when a run goes on."""

from datetime import datetime, timedelta

import pyarrow.csv
import pytest
from commands import SMALL

from streamrnn import Learner

TIMED = (*SMALL, "--time", "when", "--time-features")


def recording(rows, pattern="%Y-%m-%d %H:%M:%S"):
    moments = [datetime(2024, 8, 8) + timedelta(minutes=20 * row + row % 3) for row in range(rows)]
    lines = [f"{moment.strftime(pattern)},{row % 7 + row / 64}" for row, moment in enumerate(moments)]
    return "\n".join(["when,load", *lines, ""]).encode()


@pytest.mark.parametrize("pattern", [None, "%m/%d/%Y %H:%M"])
def test_its_records_are_those_of_the_learner_with_the_text_of_the_times(streamrnn, pattern):
    stream = recording(50, pattern or "%Y-%m-%d %H:%M:%S")
    result = streamrnn("run", *TIMED, *(["--time-format", pattern] if pattern else []), stdin=stream)
    as_text = pyarrow.csv.ConvertOptions(column_types={"when": pyarrow.string()})
    table = pyarrow.csv.read_csv(pyarrow.py_buffer(stream), convert_options=as_text)
    learner = Learner("load", hidden=4, window=4, time="when", time_features=True, time_format=pattern)
    assert result.records == learner.run(table).to_pylist()
    assert [record["when"] for record in result.records] == table["when"].to_pylist()


def test_a_run_that_goes_on_writes_what_one_run_writes(streamrnn, tmp_path):
    source, model, out = tmp_path / "in.csv", tmp_path / "model", tmp_path / "out.csv"
    source.write_bytes(recording(50))
    streamrnn("run", source, *TIMED, "-o", tmp_path / "whole.csv")
    for _ in range(3):
        assert streamrnn("run", source, *TIMED, "-m", model, "-o", out, "--limit", 17).code == 0
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_times_that_cannot_be_read_end_the_run_with_what_to_do(streamrnn):
    result = streamrnn("run", *TIMED, "--quiet", stdin=recording(5, "%m/%d/%Y %H:%M"))
    assert (result.code, result.out) == (2, b"")
    assert result.lines == [
        "streamrnn: column 'when' holds '08/08/2024 00:00', which is neither ISO 8601 nor a number: "
        "say how its times are written, such as --time-format '%m/%d/%Y %H:%M'"
    ]


def test_a_time_that_is_named_is_learned_from_and_its_first_row_is_not_told_as_a_null(streamrnn):
    stream = recording(50)
    result = streamrnn("run", *SMALL, "--time", "when", stdin=stream)
    assert result.records == streamrnn("run", *TIMED, stdin=stream).records
    assert result.records != streamrnn("run", *SMALL, "--time", "when", "--no-time-features", stdin=stream).records
    assert not [line for line in result.lines if line.startswith("nulls")]
