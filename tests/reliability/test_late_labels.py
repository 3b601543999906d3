"""Killed and started again, a run over labels in rows of their own leaves the bytes of one that was never killed."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from reliability.crashes import (
    MODEL,
    Operations,
    die_half_written,
    files_in,
    left_behind,
    plan_of,
    run_in_child,
)

from streamrnn.session import Session

LATE = {
    "hidden": 2, "window": 2, "targets": ("y",), "features": ("x",), "horizon": 0, "max_delay": 4, "label_id": "id",
}  # fmt: skip


def write_labels(folder):
    """Labels two rows late, some of them of rows that are long gone; and lines that cannot be read."""
    lines = ["id,x,y"]
    for row in range(40):
        lines += [f"n{row},{row % 7},", f"n{row - 2 - 9 * (row % 11 == 10)},,{row % 3}"]
        lines += ["not,a,row,at all"] if row % 13 == 5 else []
    (folder / "in.csv").write_text("\n".join([*lines, ""]))
    (folder / MODEL).parent.mkdir(exist_ok=True)


@pytest.mark.parametrize("output", ["out.ndjson", "out.arrow"])
def test_killed_in_the_middle_of_a_write(tmp_path, output):
    write_labels(tmp_path)
    plan = replace(plan_of(tmp_path, output), settings=LATE)
    Session(plan).run()  # has the kernels in this process, so that no child compiles them
    for path in files_in(tmp_path):
        path.unlink()
    write_labels(tmp_path)
    _, count = run_in_child(plan)
    left = left_behind(tmp_path)
    for number in range(5, count, count // 6):
        for path in files_in(tmp_path):
            path.unlink()
        write_labels(tmp_path)
        assert run_in_child(plan, Operations(number, die_half_written))[0] == signal.SIGKILL
        assert run_in_child(plan)[0] == 0
        assert left_behind(tmp_path) == left, f"after operation {number} of {count}"
