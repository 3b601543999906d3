"""Times in a run: rows that go back are told, and an irregular stream can be put on a grid."""

import json

import pytest
from sessions import Heard, content

from streamrnn import SettingsError

IRREGULAR = b"time,load\n" + b"".join(b"2024-05-01T00:00:%06.3f,%d\n" % (t, i) for i, t in enumerate(
    [0.01, 0.04, 0.13, 0.35, 0.36, 0.41, 0.52, 0.58, 0.61, 0.75]))  # fmt: skip
TIME = {"time": "time", "targets": ("load",)}


def records_of(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_rows_that_go_back_in_time_are_counted_and_told_once(files, run):
    seconds = [1, 2, 3, 2, 3, 4, 1]
    (files / "in.csv").write_bytes(b"time,load\n" + b"".join(b"%d,1\n" % second for second in seconds))
    heard = Heard()
    outcome = run(heard, source="in.csv", output="out.csv", settings=TIME).outcome
    assert outcome.backward == 2
    (warning,) = heard.warned
    assert warning.startswith(f"{files / 'in.csv'}: among rows 0 to 6 the time goes back")


def test_rows_of_many_keys_that_go_back_are_told_once_with_the_first_key(files, run):
    rows = [(second, key) for second in (1, 2, 3) for key in "abc"] + [(1, key) for key in "bcabca"]
    (files / "in.csv").write_bytes(b"time,pump,load\n" + b"".join(b"%d,%s,1\n" % (t, k.encode()) for t, k in rows))
    heard = Heard()
    outcome = run(heard, source="in.csv", output="out.csv", settings={**TIME, "key": "pump"}).outcome
    assert outcome.backward == 3
    (warning,) = heard.warned
    assert warning.startswith(f"{files / 'in.csv'}: among rows 0 to 14 the time of key 'b' goes back")


def test_a_new_sequence_may_begin_at_an_earlier_time(files, run):
    rows = [(1, "a"), (2, "a"), (1, "b"), (2, "b"), (1, "b")]
    (files / "in.csv").write_bytes(b"time,clip,load\n" + b"".join(b"%d,%s,1\n" % (t, c.encode()) for t, c in rows))
    outcome = run(source="in.csv", output="out.csv", settings={**TIME, "sequence": "clip"}).outcome
    assert outcome.backward == 1


def test_a_time_that_cannot_be_read_is_passed_on_and_nothing_is_counted(files, run):
    outcome = run(source="in.csv", output="out.csv", settings={"time": "time"}).outcome
    assert (outcome.rows, outcome.backward) == (50, 0)


def test_on_a_grid_a_row_is_a_stretch_of_time(files, run):
    (files / "in.csv").write_bytes(IRREGULAR)
    run(source="in.csv", output="out.ndjson", settings=TIME, every=100_000_000)
    records = records_of(files / "out.ndjson")
    assert [record["load"] for record in records] == [1.0, 2.0, None, 4.0, 5.0, 7.0, 8.0, 9.0]
    assert [record["time"] for record in records[:3]] == [
        "2024-05-01T00:00:00.0",
        "2024-05-01T00:00:00.1",
        "2024-05-01T00:00:00.2",
    ]


def test_a_bad_row_that_is_left_out_of_a_cell_takes_no_good_one_along(files, run):
    (files / "in.csv").write_bytes(b"time,load,wind\n0,1,1\n1,2,oops\n10,x,3\n20,4,4\n")
    plan = {"source": "in.csv", "output": "out.ndjson", "every": 10 * 10**9}
    plan["settings"] = {"time": "time", "targets": ("load", "wind")}
    outcome = run(**plan, on_bad="skip", rejects="rejects").outcome
    cells = [(record["load"], record["wind"]) for record in records_of(files / "out.ndjson")]
    assert cells == [(1.0, 1.0), (None, None), (4.0, 4.0)]
    assert [record["line"] for record in records_of(files / "rejects")] == [3, 4]
    assert sum(trouble.count for trouble in outcome.refused.values()) == 2


def test_a_model_goes_on_with_its_grid(files, run):
    (files / "in.csv").write_bytes(IRREGULAR)
    run(source="in.csv", output="whole.csv", settings=TIME, every=100_000_000)
    run(source="in.csv", output="out.csv", model="model", settings=TIME, every=100_000_000, limit=3)
    session = run(source="in.csv", output="out.csv", model="model")
    assert (session.plan.every, session.outcome.resumed, session.outcome.rows) == (100_000_000, True, 5)
    assert content(files / "out.csv") == content(files / "whole.csv")


def test_a_grid_needs_a_time(files, run):
    with pytest.raises(SettingsError, match=r"^a grid needs the times of the rows: name their column with --time$"):
        run(source="in.csv", every=1_000_000)


def test_a_column_that_the_first_line_lacked_can_be_named(files, run):
    lines = [{"load": 1.0}, {"load": 2.0, "wind": 3.0}, {"wind": 4.0}]
    (files / "in.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    heard = Heard()
    session = run(heard, source="in.ndjson", output="out.ndjson", settings={"targets": ("wind",)})
    assert [record["wind"] for record in records_of(files / "out.ndjson")] == [None, 3.0, 4.0]
    assert any("'wind'" in warning for warning in session.source.warnings)
