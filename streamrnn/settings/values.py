"""One value, as a user wrote it -> as the learner takes it, or a `SettingsError`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from ..times.pattern import check_time_format
from .choices import CLASS_WEIGHTS, COLUMN_ROLES, MAX_HORIZON, MAX_SEASON, TRUTH_VALUES
from .option import Option, SettingsError


def names_of(name: str, value: Any) -> tuple[str, ...]:
    """Read names of columns, each once."""
    if value is not None and not isinstance(value, Iterable):
        raise SettingsError(f"{name} takes column names, not {value!r}")
    names = (value,) if isinstance(value, str) else tuple(value or ())
    for column in names:
        if not isinstance(column, str) or not column:
            raise SettingsError(f"{name} takes column names, not {column!r}")
    if len(set(names)) < len(names):
        twice = sorted({column for column in names if names.count(column) > 1})
        raise SettingsError(f"{name} names a column twice: {', '.join(twice)}")
    return names


def horizon_of(value: Any) -> int | tuple[int, ...]:
    """Read a number of rows, or several in ascending order."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        horizons = tuple(value)
        if not horizons:
            raise SettingsError("horizon takes at least one number of rows")
        for single in horizons:
            integer_of("horizon", single, 0, MAX_HORIZON)
        if sorted(set(horizons)) != list(horizons):
            raise SettingsError(f"horizon takes ascending numbers, each once, not {','.join(map(str, horizons))}")
        if horizons[0] == 0 and len(horizons) > 1:
            raise SettingsError("horizon 0 stands alone: use one learner for labels, another one for forecasts")
        return tuple(int(single) for single in horizons)
    integer_of("horizon", value, 0, MAX_HORIZON)
    return int(value)


def season_of(value: Any) -> int | str:
    """Read a number of rows, or auto."""
    if value == "auto":
        return "auto"
    if not isinstance(value, str):
        return integer_of("season", value, 0, MAX_SEASON) or 0
    raise SettingsError(f"season must be a whole number or auto, not {value!r}")


def temperature_of(value: Any) -> float | str:
    """Read a number, or auto."""
    if value == "auto":
        return "auto"
    if not isinstance(value, str):
        return number_of("temperature", value, 0.05, 20.0)
    raise SettingsError(f"temperature must be a number or auto, not {value!r}")


def intervals_of(value: Any) -> tuple[float, ...]:
    """Read ascending probabilities."""
    shares = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    numbers = [number_of("intervals", share, 1e-3, 1 - 1e-3) for share in shares]
    if sorted(set(numbers)) != numbers:
        raise SettingsError(f"intervals takes ascending probabilities, each once, not {','.join(map(str, shares))}")
    return tuple(numbers)


def quantiles_of(value: Any) -> tuple[float, ...]:
    """Read ascending quantiles, the middle one among them."""
    levels = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    ascending = [number_of("quantiles", level, 1e-6, 1 - 1e-6) for level in levels]
    if sorted(set(ascending)) != ascending or 0.5 not in ascending:
        raise SettingsError(f"quantiles takes ascending numbers with 0.5 among them, not {levels}")
    return tuple(ascending)


def multiples_of(value: Any) -> tuple[float, ...]:
    """Read ascending multiples of the learning rate: two or more, or none."""
    shown = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    multiples = [number_of("lr_pool", multiple, 1e-6, 1e6) for multiple in shown]
    if sorted(set(multiples)) != multiples or len(multiples) == 1:
        raise SettingsError(
            f"lr_pool takes two or more ascending multiples, each once, not {','.join(map(str, shown))}"
        )
    return tuple(multiples)


def weights_of(value: Any) -> tuple[float, ...]:
    """Read a weight for each target."""
    weights = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    return tuple(number_of("target_weights", weight, 0.0, 1e6) for weight in weights)


def class_weights_of(value: Any) -> str | tuple[tuple[str, float], ...]:
    """Read a word, or a weight for each category: a mapping, pairs, or text like ``beat=5,other=1``."""
    if isinstance(value, str) and value in CLASS_WEIGHTS:
        return value
    try:
        named = [(name, float(weight)) for name, weight in _items_of(value)]
    except (TypeError, ValueError):
        named = []
    names = {name for name, _ in named if isinstance(name, str) and name}
    if not named or len(names) < len(named):
        raise SettingsError(
            f"class_weights takes none, balanced, or weights like beat=5,other=1, each category once, not {value!r}"
        )
    return tuple((name, number_of("class_weights", weight, 0.0, 1e6)) for name, weight in named)


def _items_of(value: Any) -> Iterable[Any]:
    if isinstance(value, str):
        return [item.strip().rpartition("=")[::2] for item in value.split(",")]
    return value.items() if isinstance(value, Mapping) else value


def check_kind(name: str, value: Any, option: Option, default: Any) -> None:
    """Check what a setting may be, short of its range."""
    if option.choices and value not in option.choices:
        raise SettingsError(f"{name} must be one of {', '.join(option.choices)}, not {value!r}")
    if name in COLUMN_ROLES and not (value is None or (isinstance(value, str) and value)):
        raise SettingsError(f"{name} takes one column name, not {value!r}")
    if name in TRUTH_VALUES and value not in (default, True, False):
        raise SettingsError(f"{name} must be true or false, not {value!r}")
    if name == "time_format" and value is not None:
        _check_format(name, value)


def _check_format(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise SettingsError(f"{name} takes text, not {value!r}")
    try:
        check_time_format(value)
    except ValueError as error:
        raise SettingsError(f"{name} {error}") from None


def integer_of(name: str, value: Any, low: int, high: int, default: Any = 0) -> int | None:
    """Read a whole number; None where that is the default."""
    if value is None and default is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise SettingsError(f"{name} must be a whole number, not {value!r}")
    if not low <= value <= high:
        raise SettingsError(f"{name} must be from {low} to {high}, not {value}")
    return int(value)  # NumPy's integers are not JSON


def number_of(name: str, value: Any, low: float, high: float) -> float:
    """Read a finite number within its range."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise SettingsError(f"{name} must be a finite number, not {value!r}")
    number = float(value)
    if not low <= number <= high:
        raise SettingsError(f"{name} must be from {low:g} to {high:g}, not {number:g}")
    return number
