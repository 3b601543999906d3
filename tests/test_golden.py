"""Checkpoints of every released version stay loadable, and go on as they did.

`python tests/test_golden.py` writes those of the version that is being made; a released one is never written again.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from streamrnn import Learner
from streamrnn.checkpoints.file import VERSION

FOLDER = Path(__file__).parent / "golden"
SMALL: dict[str, Any] = {"hidden": 2, "window": 3}
KINDS: dict[str, dict[str, Any]] = {
    "numbers": {"targets": "a", "horizon": 2, "intervals": [0.9], "alert": 0.999, "season": 0},
    "categories": {"targets": ["s", "a"], "cell": "lstm", "sequence": "q", "max_categories": 4, "experts": False},
    "keys": {"targets": "a", "cell": "elman", "key": "k", "max_keys": 3, "stride": 2},
    "networks": {"targets": ["a", "b"], "horizon": 2, "channels": "independent", "lr_pool": [0.5, 2], "season": 0},
    "batches": {"targets": "a", "key": "k", "max_keys": 4, "batch_keys": 3},
}


def rows(first: int, last: int) -> list[dict[str, Any]]:
    """Rows with something for every kind."""
    return [
        {
            "a": math.sin(i / 3.0) + i % 4,
            "b": math.cos(i / 5.0),
            "s": "xyzxw"[i % 5],
            "q": i // 25,
            "k": f"pump {i % 4}",
        }
        for i in range(first, last)
    ]


def new(kind: str) -> Learner:
    settings = dict(KINDS[kind])
    targets = settings.pop("targets")
    features = ["a", "b", "s"] if kind == "categories" else ["a", "b"]
    learner = Learner(targets, features, **SMALL, **settings)
    for row in rows(0, 120):
        learner.step(row)
    return learner


def next_records(learner: Learner) -> list[dict[str, Any]]:
    return [learner.step(row).to_dict() for row in rows(120, 140)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.safetensors")), ids=lambda path: path.stem)
def test_a_checkpoint_of_any_version_is_loaded_and_goes_on_as_it_did(path):
    expected = json.loads(path.with_suffix(".json").read_text())
    for now, then in zip(next_records(Learner.load(path)), expected, strict=True):
        assert list(now) == list(then)
        for name, value in then.items():
            close = pytest.approx(value, rel=1e-3, abs=1e-3) if isinstance(value, float) else value
            assert now[name] == close, name  # other processors round otherwise


def test_this_version_has_its_checkpoints():
    assert {path.stem for path in FOLDER.glob(f"version-{VERSION}-*.safetensors")} == {
        f"version-{VERSION}-{kind}" for kind in KINDS
    }


if __name__ == "__main__":
    for kind in KINDS:
        path = FOLDER / f"version-{VERSION}-{kind}.safetensors"
        learner = new(kind)
        learner.save(path)
        path.with_suffix(".json").write_text(json.dumps(next_records(learner), indent=0) + "\n")
