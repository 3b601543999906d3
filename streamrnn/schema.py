"""Names, roles and kinds of columns, and the columns of the record that is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .settings import EXPERTS, Settings, SettingsError
from .times import TIME_FEATURES

if TYPE_CHECKING:
    import pyarrow


def numeric_columns(settings: Settings) -> tuple[str, ...]:
    """The columns that a learner reads, in its order: the features, then the targets that are not features."""
    return (*settings.features, *(name for name in settings.targets if name not in settings.features))


def network_features(settings: Settings) -> tuple[str, ...]:
    """The columns that the network sees: the features, then what the learner makes of the time."""
    return (*settings.features, *(TIME_FEATURES if settings.time_features else ()))


def matrix_columns(settings: Settings) -> tuple[str, ...]:
    """The columns of a row as the kernels have it: what the network sees, then the targets that it does not see."""
    others = (name for name in settings.targets if name not in settings.features)
    return (*network_features(settings), *others)


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


def quantile_suffix(level: float) -> str:
    """``q05`` for 0.05, ``q2_5`` for 0.025: the name of a quantile's column."""
    percent = f"{level * 100:.10g}".replace(".", "_")
    return f"q{percent.zfill(2) if '_' not in percent else percent}"


def forecast_names(settings: Settings) -> list[str]:
    """Names of the record's forecast columns, target by target: ``t_h1``, its quantiles, ``t_h2``, ..."""
    names = []
    for target in settings.targets:
        for horizon in settings.horizons:
            names.append(f"{target}_h{horizon}")
            if settings.emit_weights:
                names += [f"{target}_h{horizon}_w_{expert}" for expert in EXPERTS]
            if settings.loss == "quantile":
                names += [f"{target}_h{horizon}_{quantile_suffix(level)}" for level in settings.levels]
    return names


def record_names(settings: Settings) -> list[str]:
    """Every column of the record, in order; see ``docs/record.md``."""
    names = ["row", *(getattr(settings, role) for role in ("time", "sequence") if getattr(settings, role))]
    per_target = len(forecast_names(settings)) // max(1, len(settings.targets))
    forecasts = iter(forecast_names(settings))
    for target in settings.targets:
        names.append(target)
        if settings.horizons != (0,):
            names.append(f"{target}_expected")
        names += [next(forecasts) for _ in range(per_target)]
    return [*names, "loss", "event"]


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
        Arrow types of the time and sequence columns, as the source has them.
    """
    import pyarrow

    kinds = {"row": pyarrow.int64(), "event": pyarrow.string(), **passed_through}
    return pyarrow.schema([(name, kinds.get(name, pyarrow.float64())) for name in record_names(settings)])
