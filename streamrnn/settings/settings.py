"""What the user decides: one frozen dataclass.

Every field of `Settings` is a keyword of `Learner`, a flag of ``streamrnn run``, a key of a TOML file and a line of
``streamrnn inspect``, under one name and with one default. What those faces need beyond the name stands in the field's
metadata, an `Option`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from ..times import TIME_FEATURES
from .choices import (
    CELLS,
    CHANNELS,
    DRIFT,
    EXPERTS,
    HEADS,
    HORIZON_UNITS,
    INTEGER_RANGES,
    LOSSES,
    NONLINEARITIES,
    NORMS,
    NUMBER_RANGES,
    OPTIMIZERS,
    QUANTILES,
    SCHEDULES,
    SEQUENCE_FORECASTS,
    TRUTH_VALUES,
    WEIGHTS,
)
from .defaults import clip_of, rate_of
from .option import Option, SettingsError, option
from .together import check_together
from .values import (
    check_kind,
    class_weights_of,
    horizon_of,
    integer_of,
    intervals_of,
    multiples_of,
    names_of,
    number_of,
    quantiles_of,
    season_of,
    temperature_of,
    weights_of,
)


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

    targets: tuple[str, ...] = option(
        (), "Columns", "columns to forecast [every numeric column]", structure=True, metavar="COLUMNS"
    )
    features: tuple[str, ...] = option(
        (), "Columns", "columns to learn from [run: every numeric column; Python: the targets]", structure=True,
        metavar="COLUMNS",
    )  # fmt: skip
    categorical: tuple[str, ...] = option(
        (), "Columns", "those of them that hold categories, and not numbers [whose first value is text]",
        structure=True, metavar="COLUMNS",
    )  # fmt: skip
    max_categories: int = option(
        256, "Columns", "categories of a column that are told apart; further ones count as one", structure=True,
        metavar="N",
    )  # fmt: skip
    evict_categories: bool = option(
        False, "Columns", "let a new category take the place of the one least recently seen, when all are taken",
        structure=True,
    )  # fmt: skip
    time: str | None = option(None, "Columns", "column passed through as the time", structure=True, metavar="COLUMN")
    time_format: str | None = option(
        None, "Columns", "of the time: iso, s, ms, us, ns, or a pattern like %m/%d/%Y %H:%M [told by the first value]",
        structure=True, metavar="FORMAT",
    )  # fmt: skip
    time_features: bool | None = option(
        None, "Columns", "learn from the time too: since the last row, hour of day, day of week [with experts]",
        structure=True,
    )  # fmt: skip
    key: str | None = option(
        None, "Columns", "column that tells which of many interleaved streams a row belongs to", structure=True,
        metavar="COLUMN",
    )  # fmt: skip
    max_keys: int = option(
        1000, "Columns", "keys that are kept; beyond them the one least recently seen gives way", structure=True,
        metavar="N",
    )  # fmt: skip
    weights: str = option(
        "shared", "Columns", "of the keys; per-key: each learns a network of its own", choices=WEIGHTS, structure=True
    )
    sequence: str | None = option(
        None, "Columns", "column whose change of value starts a new sequence", structure=True, metavar="COLUMN"
    )
    label_id: str | None = option(
        None, "Columns", "column that names a row, so that its labels may come up to max_delay rows later, in a row of "
        "their own",
        structure=True, metavar="COLUMN",
    )  # fmt: skip

    horizon: int | tuple[int, ...] = option(
        1, "Forecast", "N: forecast the next 1..N; 6,12: those alone; 0: this row's targets", structure=True,
        metavar="N",
    )  # fmt: skip
    horizon_unit: str = option(
        "rows", "Forecast", "count a horizon in rows, or in values of the target", choices=HORIZON_UNITS, structure=True
    )
    max_delay: int | None = option(
        None, "Forecast", "rows that a label may be late (horizon 0); with values: that a forecast is kept beyond its "
        "horizon [4 horizons, at least 32]",
        structure=True, metavar="ROWS",
    )  # fmt: skip
    skip: bool | None = option(
        None, "Forecast", "forecast the change from the last value [yes, unless horizon is 0]", structure=True
    )

    shrink: bool | None = option(
        None, "Forecast", "shrink forecasts to their base as far as their past deserves [yes, unless quantiles]",
        structure=True,
    )  # fmt: skip

    temperature: float | str = option(
        1.0, "Forecast", "that the logits of categories are divided by; auto: learned, so that probabilities are right",
        structure=True, metavar="X|auto",
    )  # fmt: skip
    sequence_forecast: str = option(
        "last", "Forecast", "of a sequence's category: that of its last row, or the mean of all rows' (horizon 0)",
        choices=SEQUENCE_FORECASTS, structure=True,
    )  # fmt: skip
    count_order: int = option(
        0, "Forecast", "mix forecasts of categories with counts of what followed the last 1..N of them; 0 for none",
        structure=True, metavar="N",
    )  # fmt: skip
    count_contexts: int = option(
        32768, "Forecast", "room for contexts of each length in the counts", structure=True, metavar="N"
    )
    top: int = option(1, "Forecast", "categories to name in a record, the most probable first", metavar="N")
    experts: bool | None = option(
        None, "Forecast", "mix the network with linear and seasonal forecasters; each key has its own [yes, but for "
        "labels, quantiles, keys]",
        structure=True,
    )  # fmt: skip
    season: int | str = option(
        "auto", "Forecast", "rows until a stream repeats itself, for experts and season_lags; 0: it does not",
        structure=True, metavar="N|auto",
    )  # fmt: skip
    season_lags: bool = option(
        False, "Forecast", "let the network see each target as it was a season before the row that it forecasts",
        structure=True,
    )  # fmt: skip
    mix_network: bool = option(
        True, "Forecast", "let the network take part in the experts' mix; without it the mix shows what is linear",
        structure=True,
    )  # fmt: skip
    intervals: tuple[float, ...] = option(
        (), "Forecast", "intervals that will hold the value with these probabilities, like 0.5,0.9", structure=True,
        metavar="P,..",
    )  # fmt: skip
    alert: float | None = option(
        None, "Forecast", "score how surprising each row is, 0 to 1, and tell where that is at least P, as 0.999",
        structure=True, metavar="P",
    )  # fmt: skip
    emit_weights: bool = option(
        False, "Forecast", "show in each record how far each expert is believed", structure=True
    )

    channels: str = option(
        "joint", "Network", "one network for all targets, or for each its own, which sees no other target",
        choices=CHANNELS, structure=True,
    )  # fmt: skip
    cell: str = option("gru", "Network", "recurrent cell", choices=CELLS, structure=True)
    nonlinearity: str = option("tanh", "Network", "of the Elman cell", choices=NONLINEARITIES, structure=True)
    hidden: int = option(32, "Network", "units per layer", structure=True, metavar="N")
    layers: int = option(1, "Network", "recurrent layers", structure=True, metavar="N")
    norm: str = option(
        "none", "Network", "bring the sums of each gate to unit size: by mean and deviation, or by root mean square",
        choices=NORMS, structure=True,
    )  # fmt: skip
    head: str = option(
        "top", "Network", "layers that forecasts are read from: the top one, or all", choices=HEADS, structure=True
    )
    embedding: int = option(16, "Network", "numbers that stand for a category", structure=True, metavar="N")
    window: int = option(32, "Network", "rows that a gradient flows back (k2)", structure=True, metavar="ROWS")
    loss: str = option("squared", "Network", "what an error costs", choices=LOSSES, structure=True)
    huber_delta: float = option(
        1.0, "Network", "where the Huber loss turns linear, in scaled units", structure=True, metavar="X"
    )
    quantiles: tuple[float, ...] = option(
        QUANTILES, "Network", "quantiles of the quantile loss; 0.5 among them", structure=True, metavar="Q,.."
    )
    expected_lag: int | None = option(
        None, "Network", "rows that the memory should span at first (chrono initialisation)", structure=True,
        metavar="ROWS",
    )  # fmt: skip
    seed: int = option(0, "Network", "of the first weights", structure=True, metavar="N")

    stride: int = option(1, "Training", "rows between two updates (k1)", metavar="ROWS")
    batch_keys: int = option(
        1, "Training", "rows of different keys that are learned together, in one update", structure=True, metavar="ROWS"
    )
    optimizer: str = option("adam", "Training", "update rule", choices=OPTIMIZERS, structure=True)
    lr: float | None = option(
        None, "Training", "learning rate [0.001; for numbers h ahead 0.001 / h^(1/4); for labels, at horizon 0, times "
        "the root of the rows since the last update, at most 0.01]",
        metavar="X",
    )  # fmt: skip
    lr_pool: tuple[float, ...] = option(
        (), "Training", "a network at each of these multiples of the rate, as 0.3,1,3; the experts' mix chooses",
        structure=True, metavar="X,..",
    )  # fmt: skip
    schedule: str = option("constant", "Training", "of the learning rate", choices=SCHEDULES)
    warmup: int = option(0, "Training", "updates over which the rate rises to lr", metavar="N")
    clip: float | None = option(
        None,
        "Training",
        "largest global norm of a gradient; 0 for none [1; for categories alone 10, but with sgd]",
        metavar="X",
    )
    momentum: float = option(0.9, "Training", "of sgd", metavar="X")
    alpha: float = option(0.99, "Training", "decay of rmsprop's mean square", metavar="X")
    beta1: float = option(0.9, "Training", "decay of adam's mean", metavar="X")
    beta2: float = option(0.999, "Training", "decay of adam's mean square", metavar="X")
    eps: float = option(1e-8, "Training", "added to the root mean square", metavar="X")
    weight_decay: float = option(0.01, "Training", "of adamw", metavar="X")
    target_weights: tuple[float, ...] = option(
        (), "Training", "how much each target's loss counts, in their order [1 each]", metavar="X,.."
    )
    class_weights: str | tuple[tuple[str, float], ...] = option(
        "none", "Training", "how much a label counts: each the same, the more the rarer its category is (balanced), or "
        "as named, and 1 where not", metavar="none|balanced|NAME=X,..",
    )  # fmt: skip
    focal: float = option(
        0.0, "Training", "gamma of the focal loss: how much less a category counts that is forecast well", metavar="X"
    )
    learn_on_anomaly: bool | None = option(
        None, "Training", "learn from errors beyond five usual ones in full, not as if they were five "
        "[yes, unless alert]",
    )  # fmt: skip
    drift: str = option(
        "off", "Training", "rate: where the losses have risen, raise the learning rate for a while", choices=DRIFT
    )
    guard: bool = option(True, "Training", "take weights that have diverged back, and lower the rate")

    def __post_init__(self) -> None:
        for name in ("targets", "features", "categorical"):
            self._set(name, names_of(name, getattr(self, name)))
        self._set("horizon", horizon_of(self.horizon))
        self._set("quantiles", quantiles_of(self.quantiles))
        self._set("intervals", intervals_of(self.intervals))
        self._set("lr_pool", multiples_of(self.lr_pool))
        self._set("target_weights", weights_of(self.target_weights))
        self._set("class_weights", class_weights_of(self.class_weights))
        self._set("season", season_of(self.season))
        self._set("temperature", temperature_of(self.temperature))
        for setting in fields(self):
            check_kind(setting.name, getattr(self, setting.name), setting.metadata["option"], setting.default)
        for name in TRUTH_VALUES:  # NumPy's are not JSON
            self._set(name, None if getattr(self, name) is None else bool(getattr(self, name)))
        for name, (low, high) in INTEGER_RANGES.items():
            self._set(name, integer_of(name, getattr(self, name), low, high, default(name)))
        for name, (least, most) in NUMBER_RANGES.items():
            if getattr(self, name) is not None or default(name) is not None:
                self._set(name, number_of(name, getattr(self, name), least, most))
        check_together(self)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def features_taken(self) -> list[str]:
        """Names of time features that are columns already."""
        return [name for name in TIME_FEATURES if name in (*self.targets, *self.features)]

    @property
    def sees_time(self) -> bool:
        """Whether the time is among the inputs."""
        if self.time_features is not None:
            return self.time_features
        return self.time is not None and self.mixes and not self.features_taken

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
    def has_own_weights(self) -> bool:
        """Whether each key learns a network of its own."""
        return self.weights == "per-key"

    @property
    def mixes(self) -> bool:
        """Whether the network is one of several experts."""
        if self.experts is not None:
            return self.experts
        return self.has_numbers and self.key is None and self.horizons != (0,) and self.loss != "quantile"

    @property
    def has_several_networks(self) -> bool:
        """Whether the learner is made of networks with arrays of their own."""
        return bool(self.lr_pool) or self.channels == "independent"

    @property
    def networks_in_mix(self) -> tuple[str, ...]:
        """Names of the experts that are networks."""
        return tuple(f"network_{multiple:g}".replace(".", "_") for multiple in self.lr_pool) or EXPERTS[-1:]

    @property
    def expert_names(self) -> tuple[str, ...]:
        """Names of all who take part in the mix."""
        return (*EXPERTS[:-1], *self.networks_in_mix)

    @property
    def learning_rate(self) -> float:
        """The rate; see `rate_of`."""
        return rate_of(self) if self.lr is None else self.lr

    @property
    def is_paced(self) -> bool:
        """Whether an update goes the further, the more rows have come since the last one."""
        return self.lr is None and self.horizons == (0,)

    @property
    def gradient_clip(self) -> float:
        """The largest global norm of a gradient; see `clip_of`."""
        return clip_of(self) if self.clip is None else self.clip

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
        values = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


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
