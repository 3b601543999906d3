"""Recurrent networks that learn on live streams: forecast each row, see the truth, learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoints.file import CheckpointError
    from .learner import Learner
    from .records.metrics import Metrics, Score
    from .records.record import Record
    from .settings import Settings, SettingsError
    from .shards.sharded import ShardedLearner

__version__ = "0.1.0"

_HOME = {
    "CheckpointError": "checkpoints.file",
    "Learner": "learner",
    "Metrics": "records.metrics",
    "Record": "records.record",
    "Score": "records.metrics",
    "Settings": "settings",
    "SettingsError": "settings",
    "ShardedLearner": "shards.sharded",
}
__all__ = [
    "CheckpointError", "Learner", "Metrics", "Record", "Score", "Settings", "SettingsError", "ShardedLearner",
    "__version__",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import what is asked for: a script that only reads settings does not load the compiler."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)
