"""Files to read, and a way to run a session over them."""

import pytest
from commands import csv_of
from sessions import SMALL, Heard

from streamrnn.session import Plan, Session


@pytest.fixture
def run(tmp_path):
    """Run a session over files in `tmp_path`; returns the session."""

    def run(listener=None, settings=None, **plan):
        for name in ("source", "output", "model", "rejects"):
            if plan.get(name) not in (None, "-"):
                plan[name] = str(tmp_path / plan[name])
        session = Session(Plan(settings={**SMALL, **(settings or {})}, **plan))
        session.run(listener or Heard())
        return session

    return run


@pytest.fixture
def files(tmp_path):
    (tmp_path / "in.csv").write_bytes(csv_of(50))
    return tmp_path
