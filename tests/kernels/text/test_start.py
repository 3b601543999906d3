"""When kernels are started: not for a short stream, and not where they would have to be compiled first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streamrnn.kernels.text.start import COMPILED_FROM, LOADED_FROM, MANY, KernelStart

ROOT = Path(__file__).parents[3]


@pytest.fixture
def kept(monkeypatch):
    """Decide whether kernels are compiled; what was asked for is in the list."""
    asked = []

    def keep(is_kept):
        monkeypatch.setattr("streamrnn.kernels.machine.cache.is_kept", lambda name: asked.append(name) or is_kept)
        return asked

    return keep


def rows_before_it_is_due(at_once):
    kernel = KernelStart("some_kernel")
    return at_once * next(count for count in range(1, 10**6) if kernel.is_due(at_once))


@pytest.mark.parametrize("at_once", [MANY, 100])
def test_a_compiled_kernel_is_due_soon_and_looked_for_once(kept, at_once):
    asked = kept(True)
    assert LOADED_FROM <= rows_before_it_is_due(at_once) < LOADED_FROM + at_once
    assert asked == ["some_kernel"]


def test_one_that_must_be_compiled_is_due_later(kept):
    kept(False)
    assert COMPILED_FROM <= rows_before_it_is_due(MANY) < COMPILED_FROM + MANY


@pytest.mark.parametrize("is_kept", [True, False])
def test_rows_that_come_one_by_one_never_wait_for_a_kernel(kept, is_kept):
    asked = kept(is_kept)
    kernel = KernelStart("some_kernel")
    assert not any(kernel.is_due(MANY - 1) for _ in range(2 * COMPILED_FROM // MANY))
    assert asked == []


def test_once_due_it_stays_so(kept):
    kept(True)
    kernel = KernelStart("some_kernel")
    assert [kernel.is_due(rows) for rows in (LOADED_FROM, 1, 0)] == [True] * 3


def test_the_compiler_is_not_loaded_for_a_kernel_that_a_stream_can_do_without(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba")
    monkeypatch.setattr(
        "streamrnn.kernels.machine.cache.is_kept", lambda name: pytest.fail("the cache is the compiler's")
    )
    assert not KernelStart("some_kernel").is_due(LOADED_FROM)


def test_a_short_stream_is_read_and_written_without_the_compiler(tmp_path):
    for suffix, line in ((".csv", "1.5,a\n"), (".ndjson", '{"x":1.5,"y":"a"}\n')):
        (tmp_path / f"in{suffix}").write_text(("x,y\n" if suffix == ".csv" else "") + line * 20_000)
        code = "import sys; from streamrnn.streams import open_sink, open_source\n"
        code += f"source = open_source({str(tmp_path / f'in{suffix}')!r})\n"
        code += f"sink = open_sink({str(tmp_path / f'out{suffix}')!r}, source.schema(['x'], ['y']))\n"
        code += "for batch in source.batches(['x'], ['y']): sink.write(batch.table)\n"
        code += "sink.close(); print('numba' in sys.modules)"
        answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert answer.stdout == "False\n"
        assert (tmp_path / f"out{suffix}").read_bytes() == (tmp_path / f"in{suffix}").read_bytes()
