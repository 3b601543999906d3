"""A source that is read several times, and a memory that is emptied."""

import pytest
from sessions import SMALL, content, model_of

from streamrnn import Learner, SettingsError


def columns_of(path):
    return [line.split(b",", 1)[1] for line in path.read_bytes().splitlines()]


def test_each_pass_begins_a_sequence_and_learning_goes_on(files, run):
    session = run(source="in.csv", output="out.csv", model="model", passes=2)
    assert (session.outcome.rows, session.learner.rows) == (100, 100)
    learner = Learner(["load", "wind"], **SMALL)
    first = run(source="in.csv", output="first.csv", model="first")
    learner = Learner.load(files / "first")
    learner.begin_sequence()
    learner.save(files / "second")
    (files / "again.csv").write_bytes((files / "in.csv").read_bytes())
    run(source="again.csv", output="second.csv", model="second")
    lines = (files / "out.csv").read_bytes().splitlines(keepends=True)
    assert b"".join(lines[:51]) == content(files / "first.csv")
    assert b"".join([lines[0], *lines[51:]]) == content(files / "second.csv")
    assert first.learner.rows == 50


@pytest.mark.parametrize("limits", [(50, 50), (20, 30, 10, 40), (99, 1)])
def test_runs_that_go_on_over_passes_are_as_one_run(files, run, limits):
    run(source="in.csv", output="whole.csv", model="whole", passes=2)
    for limit in limits:
        run(source="in.csv", output="out.csv", model="model", passes=2, limit=limit)
    assert content(files / "out.csv") == content(files / "whole.csv")
    assert model_of(files / "model") == model_of(files / "whole")
    assert run(source="in.csv", output="out.csv", model="model", passes=2).outcome.rows == 0
    assert run(source="in.csv", output="out.csv", model="model", passes=3).outcome.rows == 50


def test_what_comes_once_cannot_be_read_twice(run):
    with pytest.raises(SettingsError, match=r"--passes 2 needs a file: - cannot be read again$"):
        run(source="-", passes=2)


def test_a_model_can_go_on_with_an_empty_memory(files, run):
    run(source="in.csv", model="model")
    (files / "more.csv").write_bytes((files / "in.csv").read_bytes())
    run(source="more.csv", output="out.ndjson", model="model", reset_state=True)
    first = (files / "out.ndjson").read_bytes().splitlines()[0]
    assert b'"row":50,' in first
    assert b'"load_expected":null' in first
