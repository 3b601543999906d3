"""A folder to run in, and what a run that nothing disturbs leaves there."""

from pathlib import Path
from typing import NamedTuple

import pytest
from reliability.crashes import OUTPUTS, files_in, left_behind, plan_of, run_in_child, write_source

from streamrnn.session import Plan, Session


class Whole(NamedTuple):
    folder: Path
    plan: Plan
    left: dict[str, bytes]
    operations: int  # on files, from beginning to end

    def begin_again(self) -> None:
        for path in files_in(self.folder):
            path.unlink()
        write_source(self.folder)


@pytest.fixture(scope="session")
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the kernels in this process, so that no child compiles them."""
    folder = tmp_path_factory.mktemp("warm")
    write_source(folder)
    Session(plan_of(folder, "out.csv")).run()


@pytest.fixture(params=OUTPUTS)
def whole(request: pytest.FixtureRequest, tmp_path: Path, _compiled: None) -> Whole:
    """A run that was not disturbed."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_source(folder)
    plan = plan_of(folder, request.param)
    status, count = run_in_child(plan)
    assert status == 0
    left = left_behind(folder)
    assert len(left) == 3
    return Whole(folder, plan, left, count)
