"""Killed at any instant and started again, a run leaves the bytes of one that was never killed."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from reliability.crashes import (
    OUTPUTS,
    Operations,
    die,
    die_half_written,
    left_behind,
    plan_of,
    run_in_child,
    start_child,
    write_source,
)

from streamrnn.kernels.learn import learn_rows

KILLED = signal.SIGKILL
SOAK = bool(os.environ.get("STREAMRNN_SOAK"))
RANDOM_KILLS = 125 if SOAK else 3  # for each format
EVERY = 1 if SOAK else 17  # how many of the operations are tried: coprime to the lengths of the loops in a run


@pytest.fixture(scope="module", autouse=True)
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the kernels in this process, so that no child compiles them."""
    folder = tmp_path_factory.mktemp("warm")
    write_source(folder)
    assert learn_rows is not None
    from streamrnn.session import Session

    Session(plan_of(folder, "out.csv")).run()


@pytest.fixture(params=OUTPUTS)
def whole(request, tmp_path):
    """A folder to run in, a plan, what an uninterrupted run leaves there, and how many operations it takes."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_source(folder)
    plan = plan_of(folder, request.param)
    status, count = run_in_child(plan)
    assert status == 0
    left = left_behind(folder)
    assert len(left) == 3
    return folder, plan, left, count


def begin_again(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    write_source(folder)


@pytest.mark.parametrize("death", [die, die_half_written])
def test_killed_before_an_operation_on_a_file(whole, death):
    folder, plan, left, count = whole
    for number in range(death is die_half_written, count, EVERY):
        begin_again(folder)
        status, _ = run_in_child(plan, Operations(number, death))
        assert status == KILLED
        assert run_in_child(plan)[0] == 0, f"after operation {number} of {count}"
        assert left_behind(folder) == left, f"after operation {number} of {count}"


def test_killed_again_and_again(whole):
    folder, plan, left, count = whole
    generator = random.Random(0)
    for _ in range(20 if SOAK else 1):
        begin_again(folder)
        kills = 0
        while run_in_child(plan, Operations(generator.randrange(count), die))[0] == KILLED:
            kills += 1
            assert kills < 1000
        assert left_behind(folder) == left


def test_killed_at_any_time(whole):
    folder, plan, left, _ = whole
    generator = random.Random(1)
    started = time.monotonic()
    run_in_child(plan)
    usual = time.monotonic() - started
    for _ in range(RANDOM_KILLS):
        begin_again(folder)
        pid, told = start_child(plan, Operations())
        time.sleep(generator.uniform(0.0, usual))
        os.kill(pid, KILLED)
        os.waitpid(pid, 0)
        os.close(told)
        assert run_in_child(plan)[0] == 0
        assert left_behind(folder) == left


def test_the_same_command_again_changes_nothing(whole):
    folder, plan, left, _ = whole
    assert run_in_child(plan)[0] == 0
    assert left_behind(folder) == left


def test_with_the_last_checkpoint_damaged_the_one_before_it_leads_to_the_same(whole):
    folder, plan, left, count = whole
    begin_again(folder)
    assert run_in_child(plan, Operations(2 * count // 3, die))[0] == KILLED
    damaged = (folder / "model").read_bytes()[:-1]
    (folder / "model").unlink()  # at that moment it may be one file with the previous one
    (folder / "model").write_bytes(damaged)
    assert run_in_child(plan)[0] == 0
    now = left_behind(folder)
    assert now.pop("model.damaged")
    assert now == left
