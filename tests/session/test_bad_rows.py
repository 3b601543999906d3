"""Rows that are not what they should be, in a run: counted, written down, and the end of it if so wished."""

import json

import pytest
from sessions import content

from streamrnn import Learner
from streamrnn.session import SessionError
from streamrnn.streams import Cause
from streamrnn.streams.bad_rows import MaxBad

ROWS = [b"load,wind", b"1,1", b"x,2", b"3", b"4,4", b"\xff,5", b"6,y", b"7,7", b""]


@pytest.fixture
def bad_files(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"\n".join(ROWS))
    return tmp_path


def lines_of(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_each_cause_is_counted_and_told_with_its_first_place(bad_files, run):
    outcome = run(source="in.csv", output="out.csv").outcome
    assert outcome.rows == 7
    assert {cause: trouble.count for cause, trouble in outcome.refused.items()} == {Cause.RAGGED: 1, Cause.ENCODING: 1}
    assert outcome.refused[Cause.RAGGED].first == "line 4: the row has 1 cell, the header 2"
    trouble = outcome.bad_cells[Cause.NOT_A_NUMBER]
    assert (trouble.count, trouble.first) == (2, "line 3: 'x' in column 'load'")


def test_rejects_are_written_down_with_their_places(bad_files, run):
    run(source="in.csv", output="out.csv", rejects="rejects")
    rejects = lines_of(bad_files / "rejects")
    assert [list(entry) for entry in rejects] == [["row", "line", "byte", "column", "reason", "raw"]] * 4
    assert [(entry["row"], entry["line"], entry["column"], entry["raw"]) for entry in rejects] == [
        (1, 3, "load", "x"),
        (2, 4, None, "3"),
        (4, 6, None, "\\xff,5"),
        (5, 7, "wind", "y"),
    ]
    data = b"\n".join(ROWS)
    for entry in rejects:
        assert data[entry["byte"] :].split(b"\n")[0] == ROWS[entry["line"] - 1]


def test_a_row_with_a_bad_cell_is_left_out_on_wish(bad_files, run):
    session = run(source="in.csv", output="out.ndjson", on_bad="skip", model="model")
    assert [record["row"] for record in lines_of(bad_files / "out.ndjson")] == [0, 3, 6]
    assert (session.learner.rows, session.learner.refused_rows) == (7, 4)


@pytest.mark.parametrize(("bound", "rows"), [({"on_bad": "stop"}, 1), ({"max_bad": MaxBad(count=2)}, 4)])
def test_a_run_that_ends_at_a_bad_row_keeps_what_was_before_it_and_goes_on_once_it_is_mended(
    bad_files, run, bound, rows
):
    with pytest.raises(SessionError, match=r"in.csv: line "):
        run(source="in.csv", output="out.csv", model="model", **bound)
    assert Learner.load(bad_files / "model").rows == rows
    mended = [row if place <= rows else b"2,2" for place, row in enumerate(ROWS)]
    (bad_files / "in.csv").write_bytes(b"\n".join([*mended[:8], b""]))
    session = run(source="in.csv", output="out.csv", model="model", **bound)
    assert (session.outcome.resumed, session.learner.rows) == (True, 7)
    run(source="in.csv", output="whole.csv", model="whole")
    assert content(bad_files / "out.csv") == content(bad_files / "whole.csv")


def test_too_many_bad_rows_at_the_end_are_an_error_and_the_records_are_there(bad_files, run):
    with pytest.raises(SessionError, match=r"in.csv: 4 of 7 rows are bad, more than --max-bad 50%$"):
        run(source="in.csv", output="out.csv", max_bad=MaxBad(share=0.5))
    assert content(bad_files / "out.csv").count(b"\n") == 6


def test_rejects_of_runs_that_go_on_are_those_of_one_run(bad_files, run):
    run(source="in.csv", output="whole.csv", rejects="whole", model="a")
    for limit in (2, 3, None):
        run(source="in.csv", output="out.csv", rejects="rejects", model="b", limit=limit)
    assert content(bad_files / "rejects") == content(bad_files / "whole")
    assert content(bad_files / "out.csv") == content(bad_files / "whole.csv")
