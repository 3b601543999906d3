"""What a model remembers of a source."""

import json

import pytest
from commands import csv_of
from sessions import SMALL, Heard

from streamrnn import Learner
from streamrnn.session.note import Consumed, Note, Rows
from streamrnn.streams import Cause, open_source


def test_a_checksum_does_not_depend_on_how_rows_are_cut(files):
    (files / "in.csv").write_bytes(
        csv_of(30) + b"only,two\n" + csv_of(20, start=30).partition(b"\n")[2] + b"bad,x,1,a\n"
    )
    source = open_source(str(files / "in.csv"))
    (batch,) = source.batches(["load", "wind"], ["time", "site"])
    whole = Consumed()
    whole.add(batch, ["load", "wind"], ["time", "site"])
    assert (whole.rows.count, whole.before_last.count) == (52, 51)
    for size in (1, 7, 30, 31):
        parts, rest = Consumed(), batch
        while rest.arrivals:
            part, rest = rest.split(size)
            parts.add(part, ["load", "wind"], ["time", "site"])
        assert parts == whole


@pytest.mark.parametrize(
    "change",
    [
        (b"t3,", b"t4,"),
        (b"3.046875", b"3.0"),
        (b"only,two", b"only,2"),
        (b"only,two\n", b"only,two\nonly,two\n"),
        (b"t4,4.0625,0.625,a\nonly,two\n", b"only,two\nt4,4.0625,0.625,a\n"),
    ],
)
def test_a_checksum_depends_on_every_cell_and_every_refused_row(files, change):
    data = csv_of(5) + b"only,two\n" + csv_of(5, start=5).partition(b"\n")[2]
    consumed = []
    for content in (data, data.replace(*change)):
        (files / "in.csv").write_bytes(content)
        (batch,) = open_source(str(files / "in.csv")).batches(["load", "wind"], ["time"])
        consumed.append(Consumed())
        consumed[-1].add(batch.split(8)[0], ["load", "wind"], ["time"])
    assert consumed[0].rows != consumed[1].rows


def test_a_note_survives_json():
    note = Note("/a", Consumed(Rows(1, 2, 3, 4), Rows(0, 5, 6, 7)), None)
    assert Note.from_dict(json.loads(json.dumps(note.to_dict()))) == note
    assert Note.from_dict({}) == Note()


def test_records_are_numbered_as_if_rows_were_refused_one_by_one(files, run):
    (files / "in.csv").write_bytes(b"load\n1,1\n1\n2\n3,3\n3,3\n3\n4,4\n")
    session = run(source="in.csv", output="out.ndjson")
    learner = Learner("load", **SMALL)
    expected = []
    for load in (None, 1.0, 2.0, None, None, 3.0, None):
        if load is None:
            learner.refuse()
        else:
            expected.append(learner.step({"load": load}).to_dict())
    assert [json.loads(line) for line in (files / "out.ndjson").read_text().splitlines()] == expected
    assert (session.learner.rows, session.learner.refused_rows) == (7, 4)
    assert session.outcome.refused[Cause.RAGGED].first == "line 2: the row has 2 cells, the header 1"


@pytest.mark.parametrize("half", [b"load\n1\n2\n3", b"load\n1\n2\n3,"])
def test_a_last_line_that_was_half_does_not_make_a_growing_file_another_one(files, run, half):
    (files / "in.csv").write_bytes(half)
    run(source="in.csv", model="model", output="out.ndjson")
    (files / "in.csv").write_bytes(half.rstrip(b",") + b"5.5\n4\n5\n")
    heard = Heard()
    again = run(heard, source="in.csv", model="model", output="out.ndjson")
    assert (again.outcome.resumed, again.outcome.rows) == (True, 2)
    assert any("was not whole then" in warning for warning in heard.warned)
    rows = [json.loads(line)["row"] for line in (files / "out.ndjson").read_text().splitlines()]
    assert rows == ([0, 1, 2, 3, 4] if half.endswith(b"3") else [0, 1, 3, 4])
    (files / "in.csv").write_bytes((files / "in.csv").read_bytes() + b"6\n")
    heard = Heard()
    assert run(heard, source="in.csv", model="model", output="out.ndjson").outcome.rows == 1
    assert heard.warned == []


def test_a_change_before_the_last_row_makes_a_file_another_one(files, run):
    (files / "in.csv").write_bytes(b"load\n1\n2\n3\n")
    run(source="in.csv", model="model")
    (files / "in.csv").write_bytes(b"load\n1\n2.5\n3\n4\n")
    again = run(source="in.csv", model="model")
    assert (again.outcome.resumed, again.outcome.rows) == (False, 4)


def test_a_file_that_grows_within_the_last_cell_of_its_grid_goes_on_with_the_next_cell(files, run):
    (files / "in.csv").write_bytes(b"at,load\n0,1\n10,2\n20,3\n")
    plan = {"source": "in.csv", "model": "model", "every": 10 * 10**9, "output": "out.ndjson"}
    plan["settings"] = {"time": "at"}
    run(**plan)
    (files / "in.csv").write_bytes(b"at,load\n0,1\n10,2\n20,3\n25,4\n30,5\n")
    again = run(**plan)
    assert (again.outcome.resumed, again.outcome.rows) == (True, 1)
    loads = [json.loads(line)["load"] for line in (files / "out.ndjson").read_text().splitlines()]
    assert loads == [1, 2, 3, 5]
