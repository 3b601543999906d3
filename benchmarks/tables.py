"""Recorded streams in Arrow, as files or as streams."""

from __future__ import annotations

from pathlib import Path

import pyarrow
import pyarrow.ipc


def read_table(path: Path) -> pyarrow.Table:
    """An Arrow file or stream."""
    with pyarrow.OSFile(str(path)) as file:
        is_file = file.read(6) == b"ARROW1"
    source = pyarrow.memory_map(str(path))
    return (pyarrow.ipc.open_file if is_file else pyarrow.ipc.open_stream)(source).read_all()
