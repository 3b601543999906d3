"""What the user decides: one frozen dataclass, checked here and nowhere else.

Every field of `Settings` is a keyword of `Learner`, a flag of ``streamrnn run``, a key of a TOML file and a line of
``streamrnn inspect``, under one name and with one default. What those faces need beyond the name stands in the field's
metadata, an `Option`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from itertools import combinations
from numbers import Real
from typing import Any

from .times import TIME_FEATURES
from .times.pattern import check_time_format

CELLS = ("elman", "gru", "lstm", "coupled-lstm")
NORMS = ("none", "layer", "rms")
HEADS = ("top", "all")
NONLINEARITIES = ("tanh", "relu")
LOSSES = ("squared", "absolute", "huber", "quantile")
OPTIMIZERS = ("sgd", "rmsprop", "adam", "adamw")
SCHEDULES = ("constant", "inverse-sqrt")
CLASS_WEIGHTS = ("none", "balanced")
SEQUENCE_FORECASTS = ("last", "mean")
HORIZON_UNITS = ("rows", "values")
DRIFT = ("off", "rate")
COLUMN_ROLES = ("time", "key", "sequence", "label_id")  # each of one column, which is neither feature nor target
EXPERTS = ("last", "seasonal", "linear", "joint", "readout", "network")  # of the mix

RATE = 1e-3  # one row ahead
MAX_HORIZON = 10_000
MAX_SIZE = 1 << 20
MAX_SEASON = 100_000


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it, its value and what would do."""


@dataclass(frozen=True)
class Option:
    """How a setting is shown to a person: its group, its help, and whether a saved model may change it."""

    group: str
    help: str
    choices: tuple[str, ...] = ()
    structure: bool = False  # fixed for the life of a model: it decides the shapes or the meaning of the arrays
    metavar: str = ""


def _option(default: Any, group: str, help: str, **more: Any) -> Any:
    return field(default=default, metadata={"option": Option(group, help, **more)})


@dataclass(frozen=True)
class Settings:
    """All that decides how a learner behaves; see ``docs/options.md`` for the table.

    Parameters
    ----------
    targets, features : str or sequence of str, optional
        Names of columns. ``features`` defaults to the targets.
    horizon : int or sequence of int
        ``h >= 1`` forecasts the next 1..h; a sequence names single horizons; 0 predicts this row's own targets.

    Raises
    ------
    SettingsError
        If a value is of the wrong kind, out of its range, or at odds with another one.
    """

    targets: tuple[str, ...] = _option(
        (), "Columns", "columns to forecast [every numeric column]", structure=True, metavar="COLUMNS"
    )
    features: tuple[str, ...] = _option(
        (), "Columns", "columns to learn from [run: every numeric column; Python: the targets]", structure=True,
        metavar="COLUMNS",
    )  # fmt: skip
    categorical: tuple[str, ...] = _option(
        (), "Columns", "those of them that hold categories, and not numbers [whose first value is text]",
        structure=True, metavar="COLUMNS",
    )  # fmt: skip
    max_categories: int = _option(
        256, "Columns", "categories of a column that are told apart; further ones count as one", structure=True,
        metavar="N",
    )  # fmt: skip
    evict_categories: bool = _option(
        False, "Columns", "let a new category take the place of the one least recently seen, when all are taken",
        structure=True,
    )  # fmt: skip
    time: str | None = _option(None, "Columns", "column passed through as the time", structure=True, metavar="COLUMN")
    time_format: str | None = _option(
        None, "Columns", "of the time: iso, s, ms, us, ns, or a pattern like %m/%d/%Y %H:%M [told by the first value]",
        structure=True, metavar="FORMAT",
    )  # fmt: skip
    time_features: bool | None = _option(
        None, "Columns", "learn from the time too: since the last row, hour of day, day of week [with experts]",
        structure=True,
    )  # fmt: skip
    key: str | None = _option(
        None, "Columns", "column that tells which of many interleaved streams a row belongs to", structure=True,
        metavar="COLUMN",
    )  # fmt: skip
    max_keys: int = _option(
        1000, "Columns", "keys that are kept; beyond them the one least recently seen gives way", structure=True,
        metavar="N",
    )  # fmt: skip
    sequence: str | None = _option(
        None, "Columns", "column whose change of value starts a new sequence", structure=True, metavar="COLUMN"
    )
    label_id: str | None = _option(
        None, "Columns", "column that names a row, so that its labels may come up to max_delay rows later, in a row of "
        "their own",
        structure=True, metavar="COLUMN",
    )  # fmt: skip

    horizon: int | tuple[int, ...] = _option(
        1, "Forecast", "N: forecast the next 1..N; 6,12: those alone; 0: this row's targets", structure=True,
        metavar="N",
    )  # fmt: skip
    horizon_unit: str = _option(
        "rows", "Forecast", "count a horizon in rows, or in values of the target", choices=HORIZON_UNITS, structure=True
    )
    max_delay: int | None = _option(
        None, "Forecast", "rows that a label may be late (horizon 0); with values: that a forecast is kept beyond its "
        "horizon [4 horizons, at least 32]",
        structure=True, metavar="ROWS",
    )  # fmt: skip
    skip: bool | None = _option(
        None, "Forecast", "forecast the change from the last value [yes, unless horizon is 0]", structure=True
    )

    shrink: bool | None = _option(
        None, "Forecast", "shrink forecasts to their base as far as their past deserves [yes, unless quantiles]",
        structure=True,
    )  # fmt: skip

    temperature: float | str = _option(
        1.0, "Forecast", "that the logits of categories are divided by; auto: learned, so that probabilities are right",
        structure=True, metavar="X|auto",
    )  # fmt: skip
    sequence_forecast: str = _option(
        "last", "Forecast", "of a sequence's category: that of its last row, or the mean of all rows' (horizon 0)",
        choices=SEQUENCE_FORECASTS, structure=True,
    )  # fmt: skip
    count_order: int = _option(
        0, "Forecast", "mix forecasts of categories with counts of what followed the last 1..N of them; 0 for none",
        structure=True, metavar="N",
    )  # fmt: skip
    count_contexts: int = _option(
        32768, "Forecast", "room for contexts of each length in the counts", structure=True, metavar="N"
    )
    top: int = _option(1, "Forecast", "categories to name in a record, the most probable first", metavar="N")
    experts: bool | None = _option(
        None, "Forecast", "mix the network with linear and seasonal forecasters [yes, but for labels, quantiles, keys]",
        structure=True,
    )  # fmt: skip
    season: int | str = _option(
        "auto", "Forecast", "for the experts: rows until a stream repeats itself; 0: it does not", structure=True,
        metavar="N|auto",
    )  # fmt: skip
    mix_network: bool = _option(
        True, "Forecast", "let the network take part in the experts' mix; without it the mix shows what is linear",
        structure=True,
    )  # fmt: skip
    intervals: tuple[float, ...] = _option(
        (), "Forecast", "intervals that will hold the value with these probabilities, like 0.5,0.9", structure=True,
        metavar="P,..",
    )  # fmt: skip
    alert: float | None = _option(
        None, "Forecast", "score how surprising each row is, 0 to 1, and tell where that is at least P, as 0.999",
        structure=True, metavar="P",
    )  # fmt: skip
    emit_weights: bool = _option(
        False, "Forecast", "show in each record how far each expert is believed", structure=True
    )

    cell: str = _option("gru", "Network", "recurrent cell", choices=CELLS, structure=True)
    nonlinearity: str = _option("tanh", "Network", "of the Elman cell", choices=NONLINEARITIES, structure=True)
    hidden: int = _option(32, "Network", "units per layer", structure=True, metavar="N")
    layers: int = _option(1, "Network", "recurrent layers", structure=True, metavar="N")
    norm: str = _option(
        "none", "Network", "bring the sums of each gate to unit size: by mean and deviation, or by root mean square",
        choices=NORMS, structure=True,
    )  # fmt: skip
    head: str = _option(
        "top", "Network", "layers that forecasts are read from: the top one, or all", choices=HEADS, structure=True
    )
    embedding: int = _option(16, "Network", "numbers that stand for a category", structure=True, metavar="N")
    window: int = _option(32, "Network", "rows that a gradient flows back (k2)", structure=True, metavar="ROWS")
    loss: str = _option("squared", "Network", "what an error costs", choices=LOSSES, structure=True)
    huber_delta: float = _option(
        1.0, "Network", "where the Huber loss turns linear, in scaled units", structure=True, metavar="X"
    )
    quantiles: tuple[float, ...] = _option(
        (0.05, 0.5, 0.95), "Network", "quantiles of the quantile loss; 0.5 among them", structure=True, metavar="Q,.."
    )
    expected_lag: int | None = _option(
        None, "Network", "rows that the memory should span at first (chrono initialisation)", structure=True,
        metavar="ROWS",
    )  # fmt: skip
    seed: int = _option(0, "Network", "of the first weights", structure=True, metavar="N")

    stride: int = _option(1, "Training", "rows between two updates (k1)", metavar="ROWS")
    batch_keys: int = _option(
        1, "Training", "rows of different keys that are learned together, in one update", structure=True, metavar="ROWS"
    )
    optimizer: str = _option("adam", "Training", "update rule", choices=OPTIMIZERS, structure=True)
    lr: float | None = _option(
        None, "Training", "learning rate [0.001; for numbers h ahead 0.001 / h^(1/4)]", metavar="X"
    )
    schedule: str = _option("constant", "Training", "of the learning rate", choices=SCHEDULES)
    warmup: int = _option(0, "Training", "updates over which the rate rises to lr", metavar="N")
    clip: float = _option(1.0, "Training", "largest global norm of a gradient; 0 for none", metavar="X")
    momentum: float = _option(0.9, "Training", "of sgd", metavar="X")
    alpha: float = _option(0.99, "Training", "decay of rmsprop's mean square", metavar="X")
    beta1: float = _option(0.9, "Training", "decay of adam's mean", metavar="X")
    beta2: float = _option(0.999, "Training", "decay of adam's mean square", metavar="X")
    eps: float = _option(1e-8, "Training", "added to the root mean square", metavar="X")
    weight_decay: float = _option(0.01, "Training", "of adamw", metavar="X")
    target_weights: tuple[float, ...] = _option(
        (), "Training", "how much each target's loss counts, in their order [1 each]", metavar="X,.."
    )
    class_weights: str = _option(
        "none", "Training", "how much a label counts: each the same, or the more the rarer its category is",
        choices=CLASS_WEIGHTS,
    )  # fmt: skip
    focal: float = _option(
        0.0, "Training", "gamma of the focal loss: how much less a category counts that is forecast well", metavar="X"
    )
    learn_on_anomaly: bool | None = _option(
        None, "Training", "learn from errors beyond five usual ones in full, not as if they were five "
        "[yes, unless alert]",
    )  # fmt: skip
    drift: str = _option(
        "off", "Training", "rate: where the losses have risen, raise the learning rate for a while", choices=DRIFT
    )
    guard: bool = _option(True, "Training", "take weights that have diverged back, and lower the rate")

    def __post_init__(self) -> None:
        for name in ("targets", "features", "categorical"):
            self._set(name, _names(name, getattr(self, name)))
        self._set("horizon", _horizon(self.horizon))
        self._set("quantiles", _quantiles(self.quantiles))
        self._set("intervals", _intervals(self.intervals))
        self._set("target_weights", _weights(self.target_weights))
        self._set("season", _season(self.season))
        self._set("temperature", _temperature(self.temperature))
        for option in fields(self):
            _check_kind(option.name, getattr(self, option.name), option.metadata["option"])
        for name in TRUTH_VALUES:  # NumPy's are not JSON
            self._set(name, None if getattr(self, name) is None else bool(getattr(self, name)))
        for name, (low, high) in INTEGER_RANGES.items():
            self._set(name, _check_integer(name, getattr(self, name), low, high))
        for name, (least, most) in NUMBER_RANGES.items():
            if getattr(self, name) is not None or default(name) is not None:
                self._set(name, _check_number(name, getattr(self, name), least, most))
        self._check_together()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_together(self) -> None:
        if self.horizons == (0,):
            both = [name for name in self.targets if name in self.features]
            if both:
                raise SettingsError(f"at horizon 0 a target cannot be a feature: {', '.join(both)}")
            if self.skip:
                raise SettingsError("skip needs a horizon of 1 or more: at horizon 0 there is no last value to go on")
        if self.shrink and self.loss == "quantile":
            raise SettingsError("shrink is for one forecast per horizon; shrunk quantiles would not be quantiles")
        self._check_experts()
        if self.batch_keys > 1 and self.key is None:
            raise SettingsError("batch_keys needs key: rows of one stream are learned one after the other")
        if self.batch_keys > self.max_keys:
            raise SettingsError(
                f"batch_keys = {self.batch_keys} is more than max_keys = {self.max_keys}: so many keys are never there"
            )
        for role, other in combinations(COLUMN_ROLES, 2):
            if getattr(self, role) is not None and getattr(self, role) == getattr(self, other):
                raise SettingsError(f"column {getattr(self, role)!r} cannot be both {role} and {other}")
        for role in COLUMN_ROLES:
            if getattr(self, role) in (*self.targets, *self.features, *self.categorical):
                raise SettingsError(f"column {getattr(self, role)!r} cannot be {role} and feature or target")
        if self.target_weights and self.targets and len(self.target_weights) != len(self.targets):
            raise SettingsError(
                f"target_weights takes a number for each of the {len(self.targets)} targets, not {self.target_weights}"
            )
        self._check_time()
        if self.expected_lag is not None and self.cell == "elman":
            raise SettingsError("expected_lag needs a cell with a forget gate: lstm, gru or coupled-lstm")
        if self.max_delay is not None and self.horizon_unit == "rows" and self.horizons != (0,):
            raise SettingsError(
                "max_delay is for late labels, at horizon 0, and for horizon_unit='values'; in rows a forecast is "
                "graded on time or never"
            )
        if self.evict_categories and self.count_order:
            raise SettingsError("evict_categories and count_order do not go together: counts cannot forget a category")
        if self.sequence_forecast == "mean" and (self.horizons != (0,) or self.sequence is None):
            raise SettingsError(
                "sequence_forecast of mean needs horizon 0 and a sequence: it is one label for all rows"
            )
        if self.label_id is not None and (self.horizons != (0,) or not self.max_delay):
            raise SettingsError("label_id is for late labels: it needs horizon 0, and max_delay of 1 or more")

    def _check_experts(self) -> None:
        if self.experts and self.horizons == (0,):
            raise SettingsError("experts need a horizon of 1 or more: at horizon 0 there is no past of the target")
        if self.experts and self.targets and all(target in self.categorical for target in self.targets):
            raise SettingsError("experts need a target of numbers; all targets are categorical")
        if self.experts and self.key is not None:
            raise SettingsError("experts follow one stream: with keys the network forecasts alone")
        if self.experts and self.loss == "quantile":
            raise SettingsError("experts forecast one value per horizon, no quantiles; use another loss")
        if not self.mix_network and not self.mixes:
            raise SettingsError("without experts the network cannot be left out: mix_network needs experts")
        if self.intervals and self.horizons == (0,):
            raise SettingsError("intervals need a horizon of 1 or more")
        if self.emit_weights and not self.mixes:
            raise SettingsError("emit_weights needs experts: without them there is no mix")

    def _check_time(self) -> None:
        for name in ("time_format", "time_features"):
            if getattr(self, name) and self.time is None:
                raise SettingsError(f"{name} needs time: name the column that holds it")
        taken = self._taken_by_columns
        if self.time_features and taken:
            raise SettingsError(
                f"time_features makes a column {taken[0]!r}, which is a feature or target already: rename that one"
            )

    @property
    def _taken_by_columns(self) -> list[str]:
        return [name for name in TIME_FEATURES if name in (*self.targets, *self.features)]

    @property
    def sees_time(self) -> bool:
        """Whether the time is among the inputs."""
        if self.time_features is not None:
            return self.time_features
        return self.time is not None and self.mixes and not self._taken_by_columns

    @property
    def horizons(self) -> tuple[int, ...]:
        """Single horizons, ascending: ``3`` means ``(1, 2, 3)``."""
        if isinstance(self.horizon, tuple):
            return self.horizon
        return tuple(range(1, self.horizon + 1)) if self.horizon else (0,)

    @property
    def uses_skip(self) -> bool:
        """Whether a forecast starts from the last value."""
        return self.horizons != (0,) if self.skip is None else self.skip

    @property
    def shrinks(self) -> bool:
        """Whether forecasts are shrunk to their base."""
        return self.loss != "quantile" if self.shrink is None else self.shrink

    @property
    def has_numbers(self) -> bool:
        """Whether a target is not categorical, as far as the settings tell."""
        return not self.targets or any(target not in self.categorical for target in self.targets)

    @property
    def mixes(self) -> bool:
        """Whether the network is one of several experts."""
        if self.experts is not None:
            return self.experts
        return self.has_numbers and self.key is None and self.horizons != (0,) and self.loss != "quantile"

    @property
    def learning_rate(self) -> float:
        """The rate: lower far ahead, where errors overlap, so that many updates in a row say the same."""
        if self.lr is not None:
            return self.lr
        return RATE / max(self.horizons[-1], 1) ** 0.25 if self.has_numbers else RATE

    @property
    def learns_on_anomaly(self) -> bool:
        """Whether a value far from what was expected is learned from in full."""
        return self.alert is None if self.learn_on_anomaly is None else self.learn_on_anomaly

    @property
    def delay(self) -> int:
        """Rows that a forecast stays gradable beyond its horizon."""
        if self.horizons == (0,):
            return self.max_delay or 0
        if self.horizon_unit == "rows":
            return 0
        return max(32, 4 * self.horizons[-1]) if self.max_delay is None else self.max_delay

    @property
    def levels(self) -> tuple[float, ...]:
        """Quantiles that are forecast; a single 0.5 for every other loss."""
        return self.quantiles if self.loss == "quantile" else (0.5,)

    def to_dict(self) -> dict[str, Any]:
        """Every setting by name, with lists for tuples, as JSON and TOML hold them."""
        values = {option.name: getattr(self, option.name) for option in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


INTEGER_RANGES = {
    "hidden": (1, 8192),
    "layers": (1, 64),
    "max_categories": (1, 100_000),
    "max_keys": (1, 1_000_000),
    "embedding": (1, 1024),
    "top": (1, 100),
    "count_order": (0, 16),
    "count_contexts": (4, 1 << 24),
    "window": (1, MAX_SIZE),
    "stride": (1, MAX_SIZE),
    "batch_keys": (1, 1_000_000),
    "max_delay": (0, MAX_SIZE),
    "expected_lag": (2, MAX_SIZE),
    "seed": (0, 2**63 - 1),
    "warmup": (0, 2**62),
}
NUMBER_RANGES: dict[str, tuple[float, float]] = {
    "huber_delta": (1e-12, 1e12),
    "lr": (0.0, 1e6),
    "clip": (0.0, 1e30),
    "momentum": (0.0, 1.0),
    "alpha": (0.0, 1.0),
    "beta1": (0.0, 0.999999),
    "beta2": (0.0, 0.99999999),
    "eps": (1e-30, 1.0),
    "weight_decay": (0.0, 1e6),
    "alert": (0.9, 1.0),
    "focal": (0.0, 10.0),
}


TRUTH_VALUES = (
    "evict_categories",
    "time_features",
    "skip",
    "shrink",
    "guard",
    "learn_on_anomaly",
    "experts",
    "mix_network",
    "emit_weights",
)


def options() -> dict[str, Option]:
    """Each setting's `Option`, in the order of the documentation."""
    return {option.name: option.metadata["option"] for option in fields(Settings)}


def default(name: str) -> Any:
    """The default of one setting."""
    return Settings.__dataclass_fields__[name].default


def check_option_names(names: Iterable[str]) -> None:
    """Raise a SettingsError for a name that is no setting, with the nearest one."""
    for name in names:
        if name not in Settings.__dataclass_fields__:
            near = get_close_matches(name, Settings.__dataclass_fields__, n=1)
            raise SettingsError(f"there is no setting {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _names(name: str, value: Any) -> tuple[str, ...]:
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


def _horizon(value: Any) -> int | tuple[int, ...]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        horizons = tuple(value)
        if not horizons:
            raise SettingsError("horizon takes at least one number of rows")
        for single in horizons:
            _check_integer("horizon", single, 0, MAX_HORIZON)
        if sorted(set(horizons)) != list(horizons):
            raise SettingsError(f"horizon takes ascending numbers, each once, not {','.join(map(str, horizons))}")
        if horizons[0] == 0 and len(horizons) > 1:
            raise SettingsError("horizon 0 stands alone: use one learner for labels, another one for forecasts")
        return tuple(int(single) for single in horizons)
    _check_integer("horizon", value, 0, MAX_HORIZON)
    return int(value)


def _season(value: Any) -> int | str:
    if value == "auto":
        return "auto"
    if not isinstance(value, str):
        return _check_integer("season", value, 0, MAX_SEASON) or 0
    raise SettingsError(f"season must be a whole number or auto, not {value!r}")


def _temperature(value: Any) -> float | str:
    if value == "auto":
        return "auto"
    if not isinstance(value, str):
        return _check_number("temperature", value, 0.05, 20.0)
    raise SettingsError(f"temperature must be a number or auto, not {value!r}")


def _intervals(value: Any) -> tuple[float, ...]:
    shares = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    numbers = [_check_number("intervals", share, 1e-3, 1 - 1e-3) for share in shares]
    if sorted(set(numbers)) != numbers:
        raise SettingsError(f"intervals takes ascending probabilities, each once, not {','.join(map(str, shares))}")
    return tuple(numbers)


def _quantiles(value: Any) -> tuple[float, ...]:
    levels = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    ascending = [_check_number("quantiles", level, 1e-6, 1 - 1e-6) for level in levels]
    if sorted(set(ascending)) != ascending or 0.5 not in ascending:
        raise SettingsError(f"quantiles takes ascending numbers with 0.5 among them, not {levels}")
    return tuple(ascending)


def _weights(value: Any) -> tuple[float, ...]:
    weights = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    return tuple(_check_number("target_weights", weight, 0.0, 1e6) for weight in weights)


def _check_kind(name: str, value: Any, option: Option) -> None:
    if option.choices and value not in option.choices:
        raise SettingsError(f"{name} must be one of {', '.join(option.choices)}, not {value!r}")
    if name in COLUMN_ROLES and not (value is None or (isinstance(value, str) and value)):
        raise SettingsError(f"{name} takes one column name, not {value!r}")
    if name in TRUTH_VALUES and value not in (default(name), True, False):
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


def _check_integer(name: str, value: Any, low: int, high: int) -> int | None:
    if value is None and default(name) is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise SettingsError(f"{name} must be a whole number, not {value!r}")
    if not low <= value <= high:
        raise SettingsError(f"{name} must be from {low} to {high}, not {value}")
    return int(value)  # NumPy's integers are not JSON


def _check_number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise SettingsError(f"{name} must be a finite number, not {value!r}")
    number = float(value)
    if not low <= number <= high:
        raise SettingsError(f"{name} must be from {low:g} to {high:g}, not {number:g}")
    return number
