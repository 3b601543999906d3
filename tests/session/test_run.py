"""The model file: what goes on, what is taken again, and that nothing is lost between runs."""

import shutil
import signal
from pathlib import Path

import pytest
from commands import csv_of
from sessions import WRITTEN, Heard, check_runs_that_go_on, content, model_of

from streamrnn import CheckpointError, Learner, SettingsError
from streamrnn.session import run as session_run


def test_an_absent_model_is_saved_and_a_present_one_goes_on_behind_the_rows_it_has_taken(files, run):
    run(source="in.csv", output="out.csv", model="model", limit=20)
    session = run(source="in.csv", output="out.csv", model="model")
    assert (session.outcome.resumed, session.outcome.rows, session.learner.rows) == (True, 30, 50)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("cuts", [(20,), (1, 33), (0, 7, 8, 49)])
def test_the_output_of_runs_that_go_on_is_that_of_one_run(files, run, name, cuts):
    check_runs_that_go_on(run, files, name, [*cuts, 50], source="in.csv", echo=("site",))
    assert not list(files.glob("*.partial"))


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_killed_run_wrote_after_its_checkpoint_is_written_again(files, run, monkeypatch, name):
    monkeypatch.setattr(session_run, "ROWS", 10)
    run(source="in.csv", output=f"whole{Path(name).suffix}", model="whole")
    left = files / "left"

    def keep_what_is_on_disk():
        shutil.copytree(files, left)

    run(Heard(30, keep_what_is_on_disk), source="in.csv", output=name, model="model", checkpoint_every=20)
    for path in (files / name, files / "model"):
        path.unlink()
    for path in left.glob("*"):
        if path.name.startswith((name, "model")):
            shutil.copy(path, files / path.name)
    assert Learner.load(files / "model").rows == 20
    assert run(source="in.csv", output=name, model="model").outcome.rows == 30
    assert content(files / name) == content(files / f"whole{Path(name).suffix}")
    assert model_of(files / "model") == model_of(files / "whole")


@pytest.mark.parametrize("name", WRITTEN)
def test_rows_of_an_output_that_is_ahead_of_its_model_are_cut_off(files, run, name):
    run(source="in.csv", output=f"whole{Path(name).suffix}", limit=25)
    run(source="in.csv", output=name, model="model", limit=20)
    before = (files / "model").read_bytes()
    run(source="in.csv", output=name, model="model")
    (files / "model").write_bytes(before)
    run(source="in.csv", output=name, model="model", limit=5)
    assert content(files / name) == content(files / f"whole{Path(name).suffix}")


def test_the_handlers_of_signals_are_as_before(files, run):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    within = []
    run(Heard(1, lambda: within.append(signal.getsignal(signal.SIGTERM))), source="in.csv")
    assert within != [before[1]]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_at_the_end_of_the_source_nothing_changes(files, run):
    run(source="in.csv", output="out.csv", model="model")
    before = {path: path.read_bytes() for path in files.iterdir()}
    outcome = run(source="in.csv", output="out.csv", model="model").outcome
    assert (outcome.resumed, outcome.rows) == (True, 0)
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def test_rows_that_were_added_to_the_source_are_taken(files, run):
    run(source="in.csv", output="out.csv", model="model")
    (files / "in.csv").write_bytes(csv_of(70))
    assert run(source="in.csv", output="out.csv", model="model").outcome.rows == 20
    run(source="in.csv", output="whole.csv")
    assert content(files / "out.csv") == content(files / "whole.csv")


def test_another_source_goes_on_with_the_state_and_all_its_rows(files, run):
    run(source="in.csv", output="out.ndjson", model="model")
    (files / "more.csv").write_bytes(csv_of(10, start=50))
    session = run(source="more.csv", output="out.ndjson", model="model")
    assert (session.outcome.resumed, session.outcome.rows, session.learner.rows) == (False, 10, 60)
    (files / "all.csv").write_bytes(csv_of(60))
    run(source="all.csv", output="whole.ndjson")
    assert content(files / "out.ndjson") == content(files / "whole.ndjson")


@pytest.mark.parametrize("data", [csv_of(50).replace(b"t7,", b"x7,"), csv_of(30)], ids=["changed", "shorter"])
def test_a_source_that_changed_is_told_and_taken_as_a_new_one(files, run, data):
    run(source="in.csv", model="model", output="out.csv", settings={"time": "time"})
    (files / "in.csv").write_bytes(data)
    heard = Heard()
    session = run(heard, source="in.csv", model="model", output="out.csv")
    rows = data.count(b"\n") - 1
    assert (session.outcome.rows, session.learner.rows) == (rows, 50 + rows)
    what = f"{files / 'in.csv'} has changed within the 50 rows that {files / 'model'} has read"
    assert heard.warned == [f"{what}: all its rows are taken as new"]


def test_a_setting_of_structure_cannot_be_changed_and_one_of_training_can(files, run):
    run(source="in.csv", model="model", output="-", limit=10)
    with pytest.raises(SettingsError, match=r"model has hidden = 4, which cannot become 5$"):
        run(source="in.csv", model="model", settings={"hidden": 5})
    session = run(source="in.csv", model="model", settings={"lr": 0.5, "clip": 1.0}, limit=10)
    assert "lr" in session.start.changed
    assert session.start.changed["lr"][1] == 0.5
    assert Learner.load(files / "model").settings.lr == 0.5


def test_a_model_can_be_used_without_being_changed(files, run):
    run(source="in.csv", model="model", limit=30)
    before = (files / "model").read_bytes()
    weights = {name: view.copy() for name, view in Learner.load(files / "model").parameters.items()}
    session = run(source="in.csv", model="model", learn=False, save=False)
    assert session.outcome.rows == 20
    assert (files / "model").read_bytes() == before
    assert all((session.learner.parameters[name] == view).all() for name, view in weights.items())


def test_a_model_needs_its_columns(files, run):
    run(source="in.csv", model="model")
    (files / "other.csv").write_bytes(b"laod\n1\n")
    with pytest.raises(SettingsError, match=r"other.csv has no column 'load'; did you mean 'laod'\?"):
        run(source="other.csv", model="model")


def test_what_is_no_model_is_refused(files, run):
    (files / "other.csv").write_bytes((files / "in.csv").read_bytes())
    with pytest.raises(CheckpointError, match=r"other.csv is not a streamrnn model$"):
        run(source="in.csv", model="other.csv")


def test_checkpoints_are_taken_every_so_many_rows(files, run):
    rows = []

    def look():
        rows.append(Learner.load(files / "model").rows if (files / "model").exists() else 0)

    class Looking(Heard):
        def advance(self, rows, learner):
            look()

    run(Looking(), source="in.csv", model="model", checkpoint_every=15)
    assert rows == [0, 15, 30, 45]
    assert Learner.load(files / "model").rows == 50
