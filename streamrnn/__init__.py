"""Recurrent networks that learn on live streams: forecast each row, see the truth, learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoint import CheckpointError
    from .learner import Learner
    from .metrics import Metrics, Score
    from .record import Record
    from .settings import Settings, SettingsError
    from .sharded import ShardedLearner

__version__ = "0.1.0"

_HOME = {
    "CheckpointError": "checkpoint",
    "Learner": "learner",
    "Metrics": "metrics",
    "Record": "record",
    "Score": "metrics",
    "Settings": "settings",
    "SettingsError": "settings",
    "ShardedLearner": "sharded",
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
