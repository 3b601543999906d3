"""Names, roles and kinds of columns, and the columns of the record that is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .settings import Settings, SettingsError
from .times import TIME_FEATURES

if TYPE_CHECKING:
    import pyarrow


def columns_read(settings: Settings) -> tuple[str, ...]:
    """The columns that a learner reads, in its order: the features, then the targets that are not features."""
    return (*settings.features, *(name for name in settings.targets if name not in settings.features))


def numeric_columns(settings: Settings) -> tuple[str, ...]:
    """Those of them that hold numbers."""
    return tuple(name for name in columns_read(settings) if name not in settings.categorical)


def categorical_columns(settings: Settings) -> tuple[str, ...]:
    """Those of them that hold categories; a row's codes stand in this order."""
    return tuple(name for name in columns_read(settings) if name in settings.categorical)


def numeric_targets(settings: Settings) -> tuple[str, ...]:
    """The targets that hold numbers."""
    return tuple(name for name in settings.targets if name not in settings.categorical)


def categorical_targets(settings: Settings) -> tuple[str, ...]:
    """The targets that hold categories."""
    return tuple(name for name in settings.targets if name in settings.categorical)


def categorical_features(settings: Settings) -> tuple[str, ...]:
    """The features that hold categories."""
    return tuple(name for name in settings.features if name in settings.categorical)


def network_features(settings: Settings) -> tuple[str, ...]:
    """The numbers that the network sees: the features, then what the learner makes of the time."""
    numbers = (name for name in settings.features if name not in settings.categorical)
    return (*numbers, *(TIME_FEATURES if settings.sees_time else ()))


def matrix_columns(settings: Settings) -> tuple[str, ...]:
    """The numbers of a row as the kernels have it: what the network sees, then the targets that it does not see."""
    others = (name for name in numeric_targets(settings) if name not in settings.features)
    return (*network_features(settings), *others)


def passed_columns(settings: Settings) -> dict[str, str]:
    """The columns that are passed through, by role, in the order of the record."""
    roles = {role: getattr(settings, role) for role in ("time", "key", "sequence")}
    return {role: name for role, name in roles.items() if name is not None}


def other_columns(settings: Settings) -> tuple[str, ...]:
    """The columns of a source that are read as they come: what is passed through, and what names a row."""
    return (*passed_columns(settings).values(), *([settings.label_id] if settings.label_id is not None else []))


def check_columns_exist(wanted: Iterable[str], present: Sequence[str], where: str) -> None:
    """Raise a SettingsError that names what is missing, and what it might have been; or what is there twice."""
    for name in wanted:
        if present.count(name) > 1:
            raise SettingsError(f"{where} has {present.count(name)} columns named {name!r}; rename all but one")
        if name not in present:
            near = get_close_matches(name, present, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else f"; it has {_listed(present)}"
            raise SettingsError(f"{where} has no column {name!r}{hint}")


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(map(repr, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "no columns"


def check_categories_are_used(settings: Settings) -> None:
    """Raise a SettingsError if a column is named as categorical and has no role."""
    for name in settings.categorical:
        if name not in (*settings.targets, *settings.features):
            raise SettingsError(f"categorical column {name!r} is neither a target nor a feature")


def percent_text(share: float) -> str:
    """``90`` for 0.9, ``99_9`` for 0.999."""
    return f"{share * 100:.10g}".replace(".", "_")


def quantile_suffix(level: float) -> str:
    """``q05`` for 0.05, ``q2_5`` for 0.025: the name of a quantile's column."""
    percent = percent_text(level)
    return f"q{percent.zfill(2) if '_' not in percent else percent}"


def forecast_names(settings: Settings, target: str) -> list[str]:
    """Names of a target's forecast columns: ``t_h1``, its quantiles, ``t_h2``, ...; see `category_names`."""
    names = []
    for horizon in settings.horizons:
        if target in settings.categorical:
            names += [name for pair in category_names(settings, target, horizon) for name in pair]
            names += sequence_names(settings, target)
            continue
        names.append(f"{target}_h{horizon}")
        for share in settings.intervals:
            names += [f"{target}_h{horizon}_{side}{percent_text(share)}" for side in ("lo", "hi")]
        if settings.emit_weights:
            names += [f"{target}_h{horizon}_w_{expert}" for expert in settings.expert_names]
        if settings.loss == "quantile":
            names += [f"{target}_h{horizon}_{quantile_suffix(level)}" for level in settings.levels]
    return names


def category_names(settings: Settings, target: str, horizon: int) -> list[tuple[str, str]]:
    """Names of what a record says of one forecast of a category: ``t_h1`` and ``t_h1_p``, then ``t_h1_top2``, ..."""
    best = f"{target}_h{horizon}"
    names = [best, *(f"{best}_top{place}" for place in range(2, settings.top + 1))]
    return [(name, f"{name}_p") for name in names]


def sequence_names(settings: Settings, target: str) -> list[str]:
    """Names of what a record says of a whole sequence so far: ``t_sequence`` and ``t_sequence_p``; or none."""
    return [f"{target}_sequence", f"{target}_sequence_p"] if settings.sequence_forecast == "mean" else []


def record_names(settings: Settings) -> list[str]:
    """Every column of the record, in order; see ``docs/record.md``."""
    names = ["row", *passed_columns(settings).values()]
    for target in settings.targets:
        names.append(target)
        if settings.horizons != (0,):
            names.append(f"{target}_expected")
        if scores_each_target(settings) and target not in settings.categorical:
            names.append(f"{target}_anomaly")
        names += forecast_names(settings, target)
    return [*names, "loss", *(("anomaly", "alert") if settings.alert is not None else ()), "event"]


def scores_each_target(settings: Settings) -> bool:
    """Whether targets have anomaly scores of their own: one alone has that of the row."""
    return settings.alert is not None and len(numeric_targets(settings)) > 1


def text_names(settings: Settings) -> set[str]:
    """The record's columns that hold categories."""
    names = set()
    for target in categorical_targets(settings):
        names |= {target, f"{target}_expected", *sequence_names(settings, target)[:1]}
        for horizon in settings.horizons:
            names |= {name for name, _ in category_names(settings, target, horizon)}
    return names


def check_record_names(names: Sequence[str]) -> None:
    """Raise a SettingsError if two columns of a record would have one name."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            f"the record would have two columns named {', '.join(map(repr, twice))}; rename the source's"
        )


def record_schema(settings: Settings, passed_through: dict[str, pyarrow.DataType]) -> pyarrow.Schema:
    """The record as an Arrow schema.

    Parameters
    ----------
    settings : Settings
    passed_through : dict
        Arrow types of the time, key and sequence columns, as the source has them.
    """
    import pyarrow

    kinds = {**fixed_types(settings), **passed_through}
    return pyarrow.schema([(name, kinds.get(name, pyarrow.float64())) for name in record_names(settings)])


def fixed_types(settings: Settings) -> dict[str, pyarrow.DataType]:
    """Arrow types of the record's own columns that are not float64."""
    import pyarrow

    kinds = {name: pyarrow.string() for name in ("event", *text_names(settings))}
    return {**kinds, "row": pyarrow.int64(), "alert": pyarrow.bool_()}
