"""What a run starts from: a model file, or the settings that were named and columns chosen from the source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoint import decode
from ..restore import changed_settings
from ..schema import check_columns_exist
from ..settings import Settings, SettingsError
from .note import Note
from .plan import Plan, SessionError

if TYPE_CHECKING:
    from ..learner import Learner
    from ..streams import Source


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    Attributes
    ----------
    settings : Settings
        As they are from now on.
    checkpoint : bytes, optional
        The content of the model file, if there was one.
    note : Note
        What the model file tells of earlier runs.
    changed : dict of str to tuple
        Training settings that have another value from now on: the one before, and the new one.
    """

    settings: Settings
    checkpoint: bytes | None = None
    note: Note = field(default_factory=Note)
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def learner(self, name: str) -> Learner:
        """Build the learner; `name` is the model's, for messages."""
        from ..learner import Learner

        if self.checkpoint is None:
            return Learner(**self.settings.to_dict())
        return Learner.from_bytes(self.checkpoint, name, **{key: new for key, (_, new) in self.changed.items()})


def start_of(plan: Plan, source: Source) -> Start:
    """Read the model file, or choose the columns of a new learner.

    Raises
    ------
    SettingsError
        If a column does not exist or cannot be used so, or a setting is named that the model has otherwise.
    CheckpointError
        If the model file is damaged, or is none.
    SessionError
        If the model could not be saved.
    """
    if plan.model is not None:
        if plan.save:
            _check_can_be_saved(plan.model)
        try:
            start = _go_on(plan.model, Path(plan.model).read_bytes(), plan.settings)
            _expect(source, start.settings, plan.echo)
            return start
        except FileNotFoundError:
            if not plan.save:
                raise SettingsError(f"there is no model {plan.model}, and --no-save would keep no new one") from None
    return Start(with_columns(Settings(**plan.settings), source, plan.echo))


def _go_on(name: str, checkpoint: bytes, named: Mapping[str, Any]) -> Start:
    description, _ = decode(checkpoint, name)
    before = Settings(**description["settings"])
    now = changed_settings(before, dict(named), name)
    pairs = {key: (getattr(before, key), getattr(now, key)) for key in named}
    changed = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    return Start(now, checkpoint, Note.from_dict(description["session"]), changed)


def _check_can_be_saved(path: str) -> None:
    """Find out now, not after hours of learning."""
    directory = Path(path).parent
    if not directory.is_dir():
        raise SessionError(f"the model cannot be saved: there is no directory {directory}")
    if Path(path).is_dir():
        raise SessionError(f"{path} is a directory: name a file for the model")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise SessionError(f"the model cannot be saved: the directory {directory} cannot be written to")


def with_columns(settings: Settings, source: Source, echo: tuple[str, ...]) -> Settings:
    """Fill in the targets and features that nobody named: every number column without another role."""
    _expect(source, settings, echo)
    named = (*settings.targets, *settings.features, *filter(None, (settings.time, settings.sequence)))
    check_columns_exist(named, list(source.columns), source.name)
    _check_hold_numbers(settings, source)
    is_label = settings.horizons == (0,)
    if is_label and not settings.targets:
        raise SettingsError("horizon 0 predicts a label from the other columns: name it with --targets")
    numbers = [
        name
        for name, kind in source.columns.items()
        if kind == "number" and name not in (settings.time, settings.sequence)
    ]
    targets = settings.targets or tuple(name for name in numbers if name not in echo)
    features = settings.features or tuple(name for name in numbers if not (is_label and name in targets))
    for role, chosen in (("forecast", targets), ("learn from", features)):
        if not chosen:
            columns = ", ".join(f"{name} ({kind})" for name, kind in source.columns.items())
            raise SettingsError(f"{source.name} has no column of numbers to {role}; its columns are {columns}")
    return replace(settings, targets=targets, features=features)


def _expect(source: Source, settings: Settings, echo: tuple[str, ...]) -> None:
    """Tell the source which columns are wanted: a row may bring one that the first row lacked."""
    others = [*filter(None, (settings.time, settings.sequence)), *echo]
    source.expect([*settings.targets, *settings.features], others)


def _check_hold_numbers(settings: Settings, source: Source) -> None:
    for role in ("targets", "features"):
        for name in getattr(settings, role):
            kind = source.columns[name]
            if kind != "number":
                what = {"text": "text", "time": "times"}[kind]
                raise SettingsError(f"{source.name}: column {name!r} holds {what}, not numbers; it cannot be in {role}")
