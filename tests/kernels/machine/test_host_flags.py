"""The host's floating-point environment is the host's: a call leaves it as it was, whatever it was."""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from streamrnn import Learner

UPWARD = {"x86_64": 0x800, "aarch64": 0x400000}  # FE_UPWARD
ALL_EXCEPTIONS = {"x86_64": 0x3D, "aarch64": 0x1F}  # FE_ALL_EXCEPT
MACHINE = platform.machine()

pytestmark = pytest.mark.skipif(
    MACHINE not in UPWARD or platform.system() != "Linux", reason="constants are known of glibc on x86-64 and arm64"
)


@pytest.fixture
def libm() -> Iterator[ctypes.CDLL]:
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    before = ctypes.create_string_buffer(64)
    library.fegetenv(before)
    yield library
    library.fesetenv(before)


def environment(libm: ctypes.CDLL) -> bytes:
    """Rounding, masks, what was raised, how denormals are taken."""
    content = ctypes.create_string_buffer(64)
    libm.fegetenv(content)
    return content.raw


def calls(learner: Learner) -> list[Callable[[], object]]:
    """Every way into the kernels: that overflow, that divide by zero, that round."""
    hostile = np.array([[1e300], [np.nan], [1e-310], [3.0], [1e29], [-2.0]])
    return [
        lambda: learner.step([1.1]),
        lambda: learner.predict([1e-310]),
        lambda: learner.run(hostile),
        lambda: learner.run(hostile, learn=False),
    ]


@pytest.mark.parametrize("rounding", ["nearest", "upward"])
def test_every_call_leaves_the_floating_point_environment_as_it_was(libm, rounding):
    learner = Learner("a", hidden=4, lr=1.0)
    learner.run(np.random.default_rng(0).standard_normal((50, 1)))
    for call in calls(learner):
        if rounding == "upward":
            libm.fesetround(UPWARD[MACHINE])
        libm.feclearexcept(ALL_EXCEPTIONS[MACHINE])
        portion = learner._row_by_row.portion(learn=True)
        before = environment(libm)
        learner._engine.take(portion)
        assert environment(libm) == before  # to the last flag that arithmetic has raised
        mode = libm.fegetround()
        call()
        assert libm.fegetround() == mode


def test_denormals_that_the_host_flushes_stay_flushed(libm):
    """Bit 15 and 6 of MXCSR, which stands at byte 28 of glibc's environment."""
    if MACHINE != "x86_64":
        pytest.skip("MXCSR is of x86-64")
    changed = bytearray(environment(libm))
    changed[28:32] = (int.from_bytes(changed[28:32], "little") | 0x8040).to_bytes(4, "little")
    libm.fesetenv(bytes(changed))
    tiny = np.full(16, 1e-310)
    learner = Learner("a", hidden=4)
    for call in calls(learner):
        call()
        assert not (tiny * 1.0).any()


def test_the_entry_for_categories_leaves_it_as_it_was(libm):
    learner = Learner("kind", categorical="kind", hidden=4)
    for kind in "abcab":
        learner.step({"kind": kind})
    libm.feclearexcept(ALL_EXCEPTIONS[MACHINE])
    portion = learner._row_by_row.portion(learn=True)
    before = environment(libm)
    learner._engine.take(portion)
    assert environment(libm) == before
