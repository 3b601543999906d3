"""The progress bar: on a terminal that can move its cursor back, and it says how the forecasts do."""

import io
import sys

import pytest
from streamrnn_cli.terminal import Terminal

from streamrnn import Learner

SMALL = {"hidden": 2, "window": 2, "experts": False}


class Screen(io.StringIO):
    def isatty(self):
        return True


def terminal_after(learner, rows, monkeypatch, term="xterm"):
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("TERM", term)
    terminal = Terminal(quiet=False, records_on_stdout=False)
    for row in rows:
        learner.step(row)
    terminal.advance(len(rows), learner)
    return terminal


@pytest.mark.parametrize(("values", "word"), [([0.0, 1.0, 3.0, 2.0], "skill "), (["x", "y"], "hits ")])
def test_a_bar_tells_the_skill_of_numbers_and_the_hits_of_categories(monkeypatch, values, word):
    rows = [{"a": values[row % len(values)]} for row in range(50)]
    terminal = terminal_after(Learner("a", **SMALL), rows, monkeypatch)
    assert sys.stderr.getvalue().startswith("\r0 rows")
    assert terminal._bar.postfix.startswith(word)
    terminal.close()
    assert sys.stderr.getvalue().endswith(" \r")


def test_a_terminal_that_cannot_move_its_cursor_gets_no_bar(monkeypatch):
    terminal_after(Learner("a", **SMALL), [{"a": 1.0}] * 5, monkeypatch, term="dumb").close()
    assert sys.stderr.getvalue() == ""
