"""What a run starts from: a model file, or the settings that were named and columns chosen from the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..checkpoints.file import decode
from ..checkpoints.saved import changed_settings, holds_shards, settings_and_session
from ..kernels.machine.cache import is_kept
from ..model.kind import kind_of, late_kind_of
from ..schema import check_categories_are_used, check_columns_exist, other_columns
from ..settings import Settings, SettingsError, check_needs_of_categories
from .note import Note
from .plan import Plan

if TYPE_CHECKING:
    from ..shards.sharded import AnyLearner
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
    shards : int, optional
        Among how many learners the keys are shared out.
    """

    settings: Settings
    checkpoint: bytes | None = None
    note: Note = field(default_factory=Note)
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    shards: int | None = None

    def learner(self, name: str) -> AnyLearner:
        """Build the learner; `name` is the model's, for messages."""
        changed = {key: new for key, (_, new) in self.changed.items()}
        if self.shards is not None:
            from ..shards.sharded import ShardedLearner

            if self.checkpoint is None:
                return ShardedLearner(**self.settings.to_dict(), shards=self.shards)
            return ShardedLearner.from_bytes(self.checkpoint, name, **changed)
        from ..learner import Learner

        if self.checkpoint is None:
            return Learner(**self.settings.to_dict())
        return Learner.from_bytes(self.checkpoint, name, **changed)


def kernels_are_kept(settings: Settings) -> bool:
    """Whether all the kernels that such a learner calls have been compiled on this machine before."""
    needed = {
        f"learn_rows.{kind_of(settings)}": True,
        "gather_rows": settings.has_several_networks,
        "score_rows": settings.alert is not None,
        "mix_rows": settings.mixes,
        "bound_rows": settings.intervals,
        f"learn_late_rows.{late_kind_of(settings)}": settings.label_id is not None,
    }
    return all(is_kept(name) for name, is_needed in needed.items() if is_needed)


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
        start = _go_on(plan.model, checkpoint, plan.settings, plan.shards)
        _expect(source, start.settings, plan.echo)
        return start
    if plan.model is not None and not plan.save:
        raise SettingsError(f"there is no model {plan.model}, and --no-save would keep no new one")
    settings = with_columns(Settings(**plan.settings), source, plan.echo)
    if plan.shards is not None and settings.key is None:
        raise SettingsError("--shards shares out keys: name the column that tells them with --key")
    return Start(settings, shards=plan.shards)


def _go_on(name: str, checkpoint: bytes, named: Mapping[str, Any], shards: int | None) -> Start:
    description, _ = decode(checkpoint, name)
    before, session = settings_and_session(description, name)
    kept = len(description["shards"]) if holds_shards(description) else None
    if shards not in (None, kept):
        raise SettingsError(f"{name} has {kept or 'no'} shards, which cannot become {shards}")
    now = changed_settings(before, dict(named), name)
    pairs = {key: (getattr(before, key), getattr(now, key)) for key in named}
    changed = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    if changed:
        check_needs_of_categories(now)
    return Start(now, checkpoint, Note.from_dict(session), changed, kept)


def with_columns(settings: Settings, source: Source, echo: tuple[str, ...]) -> Settings:
    """Fill in the targets and features that nobody named: every number column without another role; a text's symbols.

    Columns of text among those that were named hold categories. They are learned from, too, if they are forecast.
    """
    _expect(source, settings, echo)
    named = (*settings.targets, *settings.features, *settings.categorical, *other_columns(settings))
    check_columns_exist(named, list(source.columns), source.name)
    if source.format == "text" and not settings.targets:
        settings = replace(settings, targets=tuple(source.columns))
    if settings.label_id is not None and not settings.features:
        raise SettingsError("label_id needs features: a row of labels is one that has none of them, so name them")
    settings = _with_categories(settings, source)
    if settings.horizons == (0,) and not settings.targets:
        raise SettingsError("horizon 0 predicts a label from the other columns: name it with --targets")
    targets, features = _chosen(settings, source, echo)
    for role, chosen in (("forecast", targets), ("learn from", features)):
        if not chosen:
            columns = ", ".join(f"{name} ({kind})" for name, kind in source.columns.items())
            hints = "".join(f"; {warning}" for warning in source.warnings)
            raise SettingsError(f"{source.name} has no column of numbers to {role}; its columns are {columns}{hints}")
    settings = replace(settings, targets=targets, features=features)
    check_categories_are_used(settings)
    check_needs_of_categories(settings)
    return settings


def _chosen(settings: Settings, source: Source, echo: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The targets and the features."""
    taken = (*other_columns(settings), *settings.categorical)
    numbers = tuple(name for name, kind in source.columns.items() if kind == "number" and name not in taken)
    targets = settings.targets or tuple(name for name in numbers if name not in echo)
    if settings.features:
        return targets, settings.features
    if settings.horizons == (0,):  # a label is no feature
        return targets, tuple(name for name in numbers if name not in targets)
    return targets, (*numbers, *(name for name in targets if name in settings.categorical))


def _expect(source: Source, settings: Settings, echo: tuple[str, ...]) -> None:
    """Tell the source which columns are wanted: a row may bring one that the first row lacked."""
    others = [*other_columns(settings), *echo]
    numbers = [name for name in (*settings.targets, *settings.features) if name not in settings.categorical]
    source.expect(numbers, [*settings.categorical, *others])


def _with_categories(settings: Settings, source: Source) -> Settings:
    """Take those of the named columns for categorical that hold text; none may hold times."""
    texts: list[str] = []
    for role in ("targets", "features", "categorical"):
        for name in getattr(settings, role):
            if source.columns[name] == "time":
                raise SettingsError(f"{source.name}: column {name!r} holds times, not numbers; it cannot be in {role}")
            if source.columns[name] == "text" and name not in (*settings.categorical, *texts):
                texts.append(name)
    return replace(settings, categorical=(*settings.categorical, *texts))
