"""When kernels are started: not for a short stream, and not where they would have to be compiled first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streamrnn.kernels.text.start import COMPILED_FROM, LOADED_FROM, KernelStart

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("is_kept", "rows"), [(True, LOADED_FROM), (False, COMPILED_FROM)])
def test_a_kernel_is_due_later_where_it_must_be_compiled(monkeypatch, is_kept, rows):
    monkeypatch.setattr("streamrnn.kernels.cache.is_kept", lambda name: is_kept and name == "some_kernel")
    kernel = KernelStart("some_kernel")
    due = [kernel.is_due(number) for number in (0, LOADED_FROM - 1, LOADED_FROM, rows - 1, rows, rows + 1)]
    assert due == [False, False, is_kept, False, True, True]


def test_it_is_looked_for_once(monkeypatch):
    asked = []
    monkeypatch.setattr("streamrnn.kernels.cache.is_kept", asked.append)
    kernel = KernelStart("some_kernel")
    for rows in range(0, 10 * LOADED_FROM, 100):
        kernel.is_due(rows)
    assert asked == ["some_kernel"]


def test_the_compiler_is_not_loaded_for_a_kernel_that_a_stream_can_do_without(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba")
    monkeypatch.setattr("streamrnn.kernels.cache.is_kept", lambda name: pytest.fail("the cache is the compiler's"))
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
