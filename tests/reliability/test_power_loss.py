"""Whatever a power failure leaves of a run, at any moment of it, the next run makes the same bytes of it."""

from __future__ import annotations

import os
import random

import pytest
from reliability.crashes import ROWS_PER_BATCH, left_behind, run_in_child
from reliability.power_loss import Disk, patch

from streamrnn.session import Session, records

SOAK = bool(os.environ.get("STREAMRNN_SOAK"))
STATES = 10**9 if SOAK else 25  # that are tried for each format
State = tuple[tuple[str, bytes], ...]


def run_on(disk, whole, monkeypatch, look) -> None:
    """Run on a disk; `look` is called at every moment."""
    with monkeypatch.context() as patched:
        patched.setattr(records, "ROWS_PER_BATCH", ROWS_PER_BATCH)
        patch(patched, disk, look)
        Session(whole.plan).run()
        look()


def as_key(state: dict[str, bytes]) -> State:
    return tuple(sorted(state.items()))


def goes_on_from(whole, state) -> bool:
    whole.begin_again()
    for name, content in state:
        (whole.folder / name).write_bytes(content)
    return run_in_child(whole.plan)[0] == 0 and left_behind(whole.folder) == whole.left


def test_whatever_is_left_leads_to_the_same_bytes(whole, monkeypatch):
    whole.begin_again()
    disk, states = Disk(whole.folder), set()
    run_on(disk, whole, monkeypatch, lambda: states.update(as_key(state) for state in disk.states()))
    tried = sorted(states)
    random.Random(0).shuffle(tried)
    bad = [dict(state) for state in tried[:STATES] if not goes_on_from(whole, state)]
    assert bad == []


@pytest.mark.skipif(not SOAK, reason="takes minutes: make soak")
def test_no_flush_can_be_done_without(whole, monkeypatch):
    generator = random.Random(0)
    whole.begin_again()
    disk = Disk(whole.folder)
    run_on(disk, whole, monkeypatch, lambda: None)
    assert len(disk.syncs) > 3
    for place in sorted(disk.syncs):
        whole.begin_again()
        states = States(Disk(whole.folder, place), generator)
        run_on(states.disk, whole, monkeypatch, states.look)
        assert any(not goes_on_from(whole, state) for state in states.shuffled()), f"{place} makes no difference"


class States:
    """Some of the states that a disk may be left in, at every moment of a run."""

    def __init__(self, disk: Disk, generator: random.Random) -> None:
        self.disk = disk
        self._generator = generator
        self._found: set[State] = set()

    def look(self) -> None:
        self._found.update(as_key(self.disk.some_state(self._generator)) for _ in range(4))

    def shuffled(self) -> list[State]:
        found = sorted(self._found)
        self._generator.shuffle(found)
        return found
