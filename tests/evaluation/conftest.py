"""Evaluations of a small stream."""

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import csv_of

from streamrnn.evaluation.prequential import Prequential
from streamrnn.evaluation.results import Evaluation
from streamrnn.session import Plan

SMALL = {"hidden": 4, "window": 4, "horizon": 3}


@pytest.fixture
def evaluate(tmp_path: Path) -> Callable[..., Evaluation]:
    """Evaluate a source with these settings."""

    def evaluate(source: Path, settings: dict | None = None, **plan: object) -> Evaluation:
        return Prequential(Plan(source=str(source), settings={**SMALL, **(settings or {})}, **plan)).run()

    return evaluate


@pytest.fixture
def load(tmp_path: Path) -> Path:
    path = tmp_path / "load.csv"
    path.write_bytes(csv_of(200))
    return path
