"""Whatever the disk refuses, a run ends with a message, and the next one goes on to the same bytes."""

from __future__ import annotations

import errno
import os

import pytest
from reliability.crashes import CLEAN_ERROR, Operations, left_behind, run_in_child

SOAK = bool(os.environ.get("STREAMRNN_SOAK"))
EVERY = 1 if SOAK else 13


def fail_with(number):
    def fail(name, arguments, original):
        raise OSError(number, os.strerror(number), *(arguments[:1] if name in ("open_file", "replace", "link") else ()))

    return fail


def write_less(name, arguments, original):
    if name != "write":
        return original(*arguments)
    descriptor, data = arguments
    return original(descriptor, data[: (len(data) + 1) // 2])


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EACCES"])
def test_an_operation_that_fails_ends_the_run_with_a_message_and_the_next_run_goes_on(whole, error):
    first = ["ENOSPC", "EIO", "EACCES"].index(error)
    for number in range(first, whole.operations, EVERY):
        whole.begin_again()
        status, _ = run_in_child(whole.plan, Operations(number, fail_with(getattr(errno, error))))
        where = f"operation {number} of {whole.operations}"
        assert os.waitstatus_to_exitcode(status) in (0, CLEAN_ERROR), where
        assert not [path.name for path in whole.folder.rglob(".*")], where
        assert run_in_child(whole.plan)[0] == 0, where
        assert left_behind(whole.folder) == whole.left, where


def test_a_write_that_takes_less_than_it_was_given_is_gone_on_with(whole):
    for number in range(0, whole.operations, EVERY):
        whole.begin_again()
        assert run_in_child(whole.plan, Operations(number, write_less))[0] == 0
        assert left_behind(whole.folder) == whole.left
