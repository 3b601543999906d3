"""A learner that two threads use at once says so, and neither row is spoiled."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
import pytest

from streamrnn import Learner

PATIENCE = 30.0  # seconds


class SlowRow(Mapping[str, float]):
    """A row whose number does not come before it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()

    def __getitem__(self, name: str) -> float:
        self.asked.set()
        assert self.let_go.wait(PATIENCE)
        return 3.0

    def __iter__(self):
        return iter(("a",))

    def __len__(self) -> int:
        return 1


CALLS = {
    "step": lambda learner: learner.step({"a": 4.0}),
    "predict": lambda learner: learner.predict({"a": 4.0}),
    "run": lambda learner: learner.run(np.ones((3, 1))),
    "to_bytes": lambda learner: learner.to_bytes(),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_second_thread_is_refused_and_the_first_goes_on(name):
    learner, alone, row = Learner("a", hidden=2, window=2), Learner("a", hidden=2, window=2), SlowRow()
    for each in (learner, alone):
        each.run(np.arange(5.0)[:, None])
    first = threading.Thread(target=learner.step, args=(row,))
    first.start()
    assert row.asked.wait(PATIENCE)
    with pytest.raises(RuntimeError, match=f"{name}: this Learner is in use by another thread; give each"):
        CALLS[name](learner)
    row.let_go.set()
    first.join(PATIENCE)
    alone.step({"a": 3.0})
    assert learner.to_bytes() == alone.to_bytes()


def test_a_call_that_fails_leaves_the_learner_free():
    learner = Learner("a", hidden=2, window=2)
    learner.step({"a": 1.0})
    with pytest.raises(TypeError):
        learner.step({"a": "x"})
    assert learner.step({"a": 1.0}).row == 1
