"""What a run starts from: a model file, or the settings that were named and columns chosen from the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..checkpoint import decode
from ..restore import changed_settings
from ..schema import check_columns_exist
from ..settings import Settings, SettingsError
from .note import Note
from .plan import Plan

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


def start_of(plan: Plan, checkpoint: bytes | None, source: Source) -> Start:
    """Take what the model file holds, or choose the columns of a new learner.

    Raises
    ------
    SettingsError
        If a column does not exist or cannot be used so, or a setting is named that the model has otherwise.
    CheckpointError
        If the model file is damaged, or is none.
    """
    if checkpoint is not None and plan.model is not None:
        start = _go_on(plan.model, checkpoint, plan.settings)
        _expect(source, start.settings, plan.echo)
        return start
    if plan.model is not None and not plan.save:
        raise SettingsError(f"there is no model {plan.model}, and --no-save would keep no new one")
    return Start(with_columns(Settings(**plan.settings), source, plan.echo))


def _go_on(name: str, checkpoint: bytes, named: Mapping[str, Any]) -> Start:
    description, _ = decode(checkpoint, name)
    before = Settings(**description["settings"])
    now = changed_settings(before, dict(named), name)
    pairs = {key: (getattr(before, key), getattr(now, key)) for key in named}
    changed = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    return Start(now, checkpoint, Note.from_dict(description["session"]), changed)


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
            hints = "".join(f"; {warning}" for warning in source.warnings)
            raise SettingsError(f"{source.name} has no column of numbers to {role}; its columns are {columns}{hints}")
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
