"""Whatever a power failure leaves of a run, at any moment of it, the next run makes the same bytes of it."""

from __future__ import annotations

import os
import random

import pytest
from reliability.crashes import ROWS_PER_BATCH, left_behind, run_in_child, write_source
from reliability.power_loss import Disk, patch

from streamrnn.session import Session, records

SOAK = bool(os.environ.get("STREAMRNN_SOAK"))
STATES = 10**9 if SOAK else 25  # that are tried for each format
States = set[tuple[tuple[str, bytes], ...]]


def states_of(whole, monkeypatch, forget=None) -> tuple[States, set[str]]:
    """Everything that may be left at any moment of a run, and where in the code something was flushed."""
    whole.begin_again()
    disk, states = Disk(whole.folder, forget), set()

    def look():
        states.update(tuple(sorted(state.items())) for state in disk.states())

    with monkeypatch.context() as patched:
        patched.setattr(records, "ROWS_PER_BATCH", ROWS_PER_BATCH)
        patch(patched, disk, look)
        Session(whole.plan).run()
        look()
    return states, disk.syncs


def goes_on_from(whole, state) -> bool:
    for path in whole.folder.iterdir():
        path.unlink()
    write_source(whole.folder)
    for name, content in state:
        (whole.folder / name).write_bytes(content)
    return run_in_child(whole.plan)[0] == 0 and left_behind(whole.folder) == whole.left


def test_whatever_is_left_leads_to_the_same_bytes(whole, monkeypatch):
    states, _ = states_of(whole, monkeypatch)
    tried = sorted(states)
    random.Random(0).shuffle(tried)
    bad = [dict(state) for state in tried[:STATES] if not goes_on_from(whole, state)]
    assert bad == []


@pytest.mark.skipif(not SOAK, reason="takes minutes: make soak")
def test_no_flush_can_be_done_without(whole, monkeypatch):
    states, syncs = states_of(whole, monkeypatch)
    assert len(syncs) > 3
    for place in sorted(syncs):
        worse = sorted(states_of(whole, monkeypatch, place)[0] - states)
        random.Random(0).shuffle(worse)
        assert any(not goes_on_from(whole, state) for state in worse), f"{place} makes no difference"
