"""What a model remembers of a source."""

import json

import pytest
from commands import csv_of
from sessions import SMALL

from streamrnn import Learner
from streamrnn.session.note import Consumed, Note
from streamrnn.streams import Cause, open_source


def test_a_checksum_does_not_depend_on_how_rows_are_cut(files):
    (files / "in.csv").write_bytes(
        csv_of(30) + b"only,two\n" + csv_of(20, start=30).partition(b"\n")[2] + b"bad,x,1,a\n"
    )
    source = open_source(str(files / "in.csv"))
    (batch,) = source.batches(["load", "wind"], ["time", "site"])
    whole = Consumed()
    whole.add(batch, ["load", "wind"], ["time", "site"])
    assert whole.rows == 52
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
    assert consumed[0] != consumed[1]


def test_a_note_survives_json():
    note = Note("/a", Consumed(1, 2, 3, 4), None)
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
