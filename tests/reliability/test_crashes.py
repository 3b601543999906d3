"""Killed at any instant and started again, a run leaves the bytes of one that was never killed."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from reliability.crashes import (
    MODEL,
    Operations,
    die,
    die_half_written,
    left_behind,
    run_in_child,
    start_child,
)

KILLED = signal.SIGKILL
SOAK = bool(os.environ.get("STREAMRNN_SOAK"))
RANDOM_KILLS = 125 if SOAK else 3  # for each format
EVERY = 1 if SOAK else 17  # how many of the operations are tried: coprime to the lengths of the loops in a run


@pytest.mark.parametrize("death", [die, die_half_written])
def test_killed_before_an_operation_on_a_file(whole, death):
    plan, left, count = whole.plan, whole.left, whole.operations
    for number in range(death is die_half_written, count, EVERY):
        whole.begin_again()
        status, _ = run_in_child(plan, Operations(number, death))
        assert status == KILLED
        assert run_in_child(plan)[0] == 0, f"after operation {number} of {count}"
        assert left_behind(whole.folder) == left, f"after operation {number} of {count}"


def test_killed_again_and_again(whole):
    plan, left, count = whole.plan, whole.left, whole.operations
    generator = random.Random(0)
    for _ in range(20 if SOAK else 1):
        whole.begin_again()
        kills = 0
        while run_in_child(plan, Operations(generator.randrange(count), die))[0] == KILLED:
            kills += 1
            assert kills < 1000
        assert left_behind(whole.folder) == left


def test_killed_at_any_time(whole):
    plan, left = whole.plan, whole.left
    generator = random.Random(1)
    started = time.monotonic()
    run_in_child(plan)
    usual = time.monotonic() - started
    for _ in range(RANDOM_KILLS):
        whole.begin_again()
        pid, told = start_child(plan, Operations())
        time.sleep(generator.uniform(0.0, usual))
        os.kill(pid, KILLED)
        os.waitpid(pid, 0)
        os.close(told)
        assert run_in_child(plan)[0] == 0
        assert left_behind(whole.folder) == left


def test_the_same_command_again_changes_nothing(whole):
    plan, left = whole.plan, whole.left
    assert run_in_child(plan)[0] == 0
    assert left_behind(whole.folder) == left


def test_with_the_last_checkpoint_damaged_the_one_before_it_leads_to_the_same(whole):
    plan, left, count = whole.plan, whole.left, whole.operations
    whole.begin_again()
    assert run_in_child(plan, Operations(2 * count // 3, die))[0] == KILLED
    damaged = (whole.folder / MODEL).read_bytes()[:-1]
    (whole.folder / MODEL).unlink()  # at that moment it may be one file with the previous one
    (whole.folder / MODEL).write_bytes(damaged)
    assert run_in_child(plan)[0] == 0
    now = left_behind(whole.folder)
    assert now.pop("model.damaged")
    assert now == left
