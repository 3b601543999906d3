"""Recordings in every format, and replays of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest

from streamrnn.streams.replay import Replay, ReplayOutcome, ReplayPlan


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def replayed(tmp_path: Path, heard: Heard) -> Callable[..., tuple[Path, ReplayOutcome]]:
    """Replay a file into another one, as fast as can be unless a pace is named."""

    def replay(source: Path, format: str = "csv", clock: Any = None, **named: Any) -> tuple[Path, ReplayOutcome]:
        output = tmp_path / f"replayed.{ {'arrow': 'arrows'}.get(format, format) }"
        named.setdefault("speed", float("inf"))
        plan = ReplayPlan(str(source), str(output), overwrite=True, **named)
        replay = Replay(plan) if clock is None else Replay(plan, clock)
        return output, replay.run(heard)

    return replay


@pytest.fixture
def recording(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a file of a format; text as JSON has it, tables as they are."""

    def write(rows: list[dict[str, Any]], format: str, schema: pa.Schema | None = None) -> Path:
        path = tmp_path / f"recording.{format}"
        if format == "ndjson":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            return path
        table = pa.Table.from_pylist(rows, schema=schema)
        if format == "parquet":
            pa.parquet.write_table(table, path, row_group_size=3)
            return path
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=3)
        return path

    return write
