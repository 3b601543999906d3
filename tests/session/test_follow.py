"""A log that grows and is rotated while its model is stopped, and while it runs."""

import os
import threading
import time

import pytest
from commands import PATIENCE, csv_of
from sessions import SMALL, Heard

from streamrnn import Learner
from streamrnn.session import Plan, Session
from streamrnn.streams import ReadOptions

FOLLOW = ReadOptions(follow=True)


class Watched(Heard):
    """A listener that lets others wait until so many rows were taken."""

    def wait_for(self, rows):
        end = time.monotonic() + PATIENCE
        while self.rows < rows:
            assert time.monotonic() < end, f"{self.rows} of {rows} rows came"
            time.sleep(0.005)


@pytest.fixture
def following(files):
    """Start a run over a growing file, in a thread; it ends after `limit` rows."""
    threads = []

    def start(limit):
        heard = Watched()
        plan = Plan(
            str(files / "in.csv"),
            str(files / "out.csv"),
            SMALL,
            model=str(files / "model"),
            reading=FOLLOW,
            limit=limit,
        )
        session = Session(plan)
        threads.append(threading.Thread(target=session.run, args=(heard,), daemon=True))
        threads[-1].start()
        return session, heard, threads[-1]

    yield start
    assert not any(thread.is_alive() for thread in threads)


def add(path, data):
    with open(path, "ab") as file:
        file.write(data)


def body_of(rows, start):
    return csv_of(rows, start).partition(b"\n")[2]


def test_rows_are_taken_as_they_come_also_from_the_file_after_a_rotation(files, following):
    _, heard, thread = following(limit=60)
    heard.wait_for(50)
    add(files / "in.csv", body_of(5, 50))
    heard.wait_for(55)
    os.rename(files / "in.csv", files / "in.csv.1")
    (files / "in.csv").write_bytes(csv_of(5, 55))
    thread.join(PATIENCE)
    assert Learner.load(files / "model").rows == 60
    assert (files / "out.csv").read_bytes().count(b"\n") == 61


def test_a_model_goes_on_behind_the_rows_that_it_has_taken_of_the_newest_file(files, following):
    _, heard, thread = following(limit=53)
    heard.wait_for(50)
    os.rename(files / "in.csv", files / "in.csv.1")
    (files / "in.csv").write_bytes(csv_of(3, 50))
    thread.join(PATIENCE)
    add(files / "in.csv", body_of(4, 53))
    session, _, thread = following(limit=4)
    thread.join(PATIENCE)
    assert session.outcome.resumed
    assert Learner.load(files / "model").rows == 57


def test_a_shorter_file_that_took_the_place_of_the_known_one_is_taken_as_new(files, following):
    _, _, thread = following(limit=50)
    thread.join(PATIENCE)
    (files / "in.csv").write_bytes(csv_of(3, 50))
    session, heard, thread = following(limit=3)
    thread.join(PATIENCE)
    assert not session.outcome.resumed
    assert "all its rows are taken as new" in heard.warned[0]
    assert Learner.load(files / "model").rows == 53


def test_a_new_file_of_other_columns_is_told_and_its_header_is_a_refused_row(files, following):
    _, heard, thread = following(limit=53)
    heard.wait_for(50)
    os.rename(files / "in.csv", files / "in.csv.1")
    (files / "in.csv").write_bytes(b"pressure,flow\n" + body_of(2, 50))
    thread.join(PATIENCE)
    learner = Learner.load(files / "model")
    assert (learner.rows, learner.refused_rows) == (53, 1)
    assert (
        f"{files / 'in.csv'}: line 1: the header of the new file has the columns pressure, flow, and not "
        in "".join(heard.warned)
    )
