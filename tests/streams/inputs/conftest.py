"""A log that grows, for the tests of what follows it."""

import os

import pytest

from streamrnn.streams.inputs import following
from streamrnn.streams.inputs.input import Input


class Log:
    """A file that is written to and moved about while `stream` follows it."""

    def __init__(self, folder, data, promptly):
        self.path = folder / "log"
        self.path.write_bytes(data)
        self.stream = Input(str(self.path), follow=True)
        self._promptly = promptly

    def append(self, data, name="log"):
        with open(self.path.with_name(name), "ab") as file:
            file.write(data)

    def replace(self, data):
        """Put another file under the name."""
        self.path.with_name("next").write_bytes(data)
        os.replace(self.path.with_name("next"), self.path)

    def read(self, length):
        """Return exactly so many bytes; fail if they do not come."""
        data = self._promptly(lambda: self.stream.read_fully(length))
        assert self.stream.following._read_what_is_there(100) == b"", "more came than was written"
        return data

    @property
    def told(self):
        return [warning.removeprefix(str(self.path)).strip() for warning in self.stream.warnings]


@pytest.fixture
def log_of(tmp_path, promptly, monkeypatch):
    monkeypatch.setattr(following, "LONGEST_PAUSE", 0.0)  # every read looks up the name
    logs = []

    def make(data):
        logs.append(Log(tmp_path, data, promptly))
        return logs[-1]

    yield make
    for log in logs:
        log.stream.close()
