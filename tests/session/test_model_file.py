"""One writer per model file, and a damaged one is not the end."""

import signal
import subprocess
import sys

import pytest
from sessions import Heard

from streamrnn import CheckpointError, Learner
from streamrnn import files as files_of_the_house
from streamrnn.checkpoints import file as checkpoint
from streamrnn.session import Plan, Session, SessionError
from streamrnn.session.model_file import ModelFile

HOLDER = """
import sys, time
from streamrnn.session.model_file import ModelFile
held = ModelFile(sys.argv[1], is_written=True)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def model(files, run):
    """A model that was saved at row 20 and at row 40."""
    for _ in range(2):
        run(source="in.csv", output="out.csv", model="model", limit=20)
    return files / "model"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: data[:-1] + b"x"]
)
def test_a_damaged_model_is_set_aside_and_the_one_before_it_goes_on(model, run, files, damage):
    damaged = damage(model.read_bytes())
    model.write_bytes(damaged)
    session = Session(Plan(str(files / "in.csv"), str(files / "out.csv"), model=str(model)))
    (warning,) = session._model.warnings
    session.close()
    assert "is damaged" in warning or "is not a streamrnn model" in warning
    assert warning.endswith(
        "going on with model.previous, which was saved before it; the damaged file is now model.damaged"
    )
    assert (files / "model.damaged").read_bytes() == damaged


def test_the_output_after_a_damaged_model_is_that_of_one_run(model, run, files):
    model.write_bytes(b"")
    run(source="in.csv", output="out.csv", model="model")
    run(source="in.csv", output="whole.csv", model="whole")
    assert (files / "out.csv").read_bytes() == (files / "whole.csv").read_bytes()


def test_without_a_good_one_before_it_a_damaged_model_stays_and_is_an_error(model, run, files):
    for path in (model, files / "model.previous"):
        path.write_bytes(path.read_bytes()[:-1])
    before = names(files)
    with pytest.raises(CheckpointError, match=r"model is damaged: its content does not match its checksum$"):
        run(source="in.csv", model="model")
    assert names(files) == before


def test_a_model_of_an_unknown_version_is_no_damaged_one(model, run, files, monkeypatch):
    monkeypatch.setattr(checkpoint, "VERSION", 2)
    model.write_bytes(Learner("load", hidden=2).to_bytes())
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match=r"has format version 2; this streamrnn reads version 1$"):
        run(source="in.csv", model="model")
    assert "model.damaged" not in names(files)


def test_a_run_that_does_not_save_changes_nothing(model, run, files):
    model.write_bytes(b"")
    before = names(files)
    session = run(source="in.csv", model="model", save=False)
    assert session.learner.rows > 20
    assert names(files) == before


def test_a_second_writer_is_told_who_the_first_is_and_may_write_once_that_has_died(tmp_path):
    path = str(tmp_path / "model")
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SessionError, match=rf"model is being written by process {holder.pid} on "):
            ModelFile(path, is_written=True)
        ModelFile(path, is_written=False)
        holder.send_signal(signal.SIGKILL)
    ModelFile(path, is_written=True).release()
    assert names(tmp_path) == []


def test_a_lock_is_released_when_the_run_ends_or_cannot_begin(files, run):
    run(source="in.csv", model="model")
    with pytest.raises(SessionError, match="no rows"):
        (files / "empty.csv").write_bytes(b"load\n")
        run(source="empty.csv", model="other")
    assert not list(files.glob(".*"))


def test_what_a_killed_run_left_half_written_is_removed(files, run):
    (files / ".model.123.tmp").write_bytes(b"half")
    (files / ".model.previous.123.tmp").write_bytes(b"half")
    run(source="in.csv", model="model")
    assert not list(files.glob(".*"))


def test_a_model_that_cannot_be_saved_ends_the_run_or_is_told(files, run, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", str(files / "model"))

    run(source="in.csv", model="model", output="out.csv", limit=10)
    before = (files / "model").read_bytes()
    monkeypatch.setattr(files_of_the_house, "replace_content", full)
    with pytest.raises(SessionError, match=r"the model cannot be saved: .*model: No space left on device$"):
        run(source="in.csv", model="model", output="-", checkpoint_every=10)
    assert (files / "model").read_bytes() == before
    heard = Heard()
    with pytest.raises(SessionError, match=r"cannot be saved: .*: No space left on device$"):
        run(heard, source="in.csv", model="model", output="-", checkpoint_every=10, on_checkpoint_error="warn")
    assert heard.rows == 40
    assert heard.warned[0].endswith("No space left on device; the stream goes on")
