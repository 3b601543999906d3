"""What a setting needs: without it the setting would change nothing, and so it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from .option import SettingsError
from .shown import shown

if TYPE_CHECKING:
    from .settings import Settings


class Need(NamedTuple):
    """What there must be, in words, and whether it is there."""

    words: str
    is_met: Callable[[Settings], bool]


AHEAD = Need("a horizon of 1 or more", lambda settings: settings.horizons != (0,))
CLIPS = Need("horizon 0 and a sequence", lambda settings: settings.horizons == (0,) and settings.sequence is not None)
COUNTS = Need("count_order", lambda settings: settings.count_order > 0)
DELAY = Need("horizon 0 and max_delay", lambda settings: settings.horizons == (0,) and bool(settings.max_delay))
ELMAN = Need("a cell of elman", lambda settings: settings.cell == "elman")
FORGETS = Need("a cell of lstm, gru or coupled-lstm", lambda settings: settings.cell != "elman")
HUBER = Need("a loss of huber", lambda settings: settings.loss == "huber")
KEY = Need("key", lambda settings: settings.key is not None)
LATE = Need(
    "horizon 0, or a horizon_unit of values",
    lambda settings: settings.horizons == (0,) or settings.horizon_unit == "values",
)
MIX = Need("experts", lambda settings: settings.mixes)
NUMBERS = Need("a target of numbers", lambda settings: settings.has_numbers)
ONE_VALUE = Need("another loss than quantile", lambda settings: settings.loss != "quantile")
QUANTILE = Need("a loss of quantile", lambda settings: settings.loss == "quantile")
SEASON = Need("a season", lambda settings: settings.season != 0)
SEASONAL = Need("experts or season_lags", lambda settings: settings.mixes or settings.season_lags)
TIME = Need("time", lambda settings: settings.time is not None)

CATEGORY = Need("a column of categories", lambda settings: bool(settings.categorical))
CATEGORY_FEATURE = Need(
    "a feature of categories", lambda settings: any(name in settings.categorical for name in settings.features)
)
CATEGORY_TARGET = Need(
    "a target of categories", lambda settings: any(name in settings.categorical for name in settings.targets)
)


def _optimizer(*names: str) -> Need:
    return Need(f"an optimizer of {', '.join(names)}", lambda settings: settings.optimizer in names)


Rule = tuple[str, Need, str]  # a setting, what it needs, and why

RULES: tuple[Rule, ...] = (
    ("time_format", TIME, "name the column that holds it"),
    ("time_features", TIME, "name the column that holds it"),
    ("max_keys", KEY, "without it all rows are of one stream"),
    ("batch_keys", KEY, "rows of one stream are learned one after the other"),
    ("weights", KEY, "name the column that tells streams apart"),
    ("label_id", DELAY, "it names the row that a late label is of"),
    ("horizon_unit", AHEAD, "a label is of its own row"),
    ("max_delay", LATE, "a forecast of a row is graded on time or never"),
    ("skip", AHEAD, "at horizon 0 there is no last value to go on"),
    ("skip", NUMBERS, "categories do not change by so much"),
    ("shrink", NUMBERS, "categories have no base to shrink to"),
    ("shrink", ONE_VALUE, "shrunk quantiles would not be quantiles"),
    ("sequence_forecast", CLIPS, "it is one label for all rows"),
    ("count_contexts", COUNTS, "without counts there is nothing to have room for"),
    ("experts", AHEAD, "at horizon 0 there is no past of the target"),
    ("experts", NUMBERS, "all targets are categorical"),
    ("experts", ONE_VALUE, "they forecast one value per horizon"),
    ("season_lags", AHEAD, "at horizon 0 there is no past of the target"),
    ("season_lags", NUMBERS, "all targets are categorical"),
    ("season_lags", SEASON, "name its rows, or let auto find it, instead of season 0"),
    ("season", SEASONAL, "nobody else looks a season back"),
    ("mix_network", MIX, "without them the network cannot be left out"),
    ("emit_weights", MIX, "without them there is no mix"),
    ("intervals", AHEAD, "a label comes with its row"),
    ("intervals", NUMBERS, "all targets are categorical"),
    ("alert", NUMBERS, "all targets are categorical"),
    ("nonlinearity", ELMAN, "other cells have theirs"),
    ("expected_lag", FORGETS, "elman has no gate that keeps"),
    ("loss", NUMBERS, "categories have the cross-entropy"),
    ("huber_delta", HUBER, "no other one has that corner"),
    ("quantiles", QUANTILE, "any other forecasts one value per horizon"),
    ("learn_on_anomaly", NUMBERS, "all targets are categorical"),
    ("momentum", _optimizer("sgd"), "adam has beta1"),
    ("alpha", _optimizer("rmsprop"), "adam has beta2"),
    ("beta1", _optimizer("adam", "adamw"), "sgd has momentum"),
    ("beta2", _optimizer("adam", "adamw"), "rmsprop has alpha"),
    ("eps", _optimizer("rmsprop", "adam", "adamw"), "sgd divides by nothing"),
    ("weight_decay", _optimizer("adamw"), "no other one decays weights"),
)

_TEXT = "a column is one if its first value is text, or if categorical names it"
RULES_OF_CATEGORIES: tuple[Rule, ...] = (
    ("max_categories", CATEGORY, _TEXT),
    ("evict_categories", CATEGORY, _TEXT),
    ("embedding", CATEGORY_FEATURE, _TEXT),
    ("temperature", CATEGORY_TARGET, _TEXT),
    ("sequence_forecast", CATEGORY_TARGET, _TEXT),
    ("count_order", CATEGORY_TARGET, _TEXT),
    ("top", CATEGORY_TARGET, _TEXT),
    ("class_weights", CATEGORY_TARGET, _TEXT),
    ("focal", CATEGORY_TARGET, _TEXT),
)

# What a switch that follows from others may always be told, beside to follow: it asks for nothing.
IDLE = {"time_features": False, "skip": False, "shrink": False, "experts": False, "learn_on_anomaly": True}


def check_needs(settings: Settings) -> None:
    """Raise a SettingsError for a setting without what it needs, as far as that is known before the first row."""
    _check(settings, RULES)


def check_needs_of_categories(settings: Settings) -> None:
    """Raise a SettingsError for one that needs categories where there are none: once all kinds are decided."""
    _check(settings, RULES_OF_CATEGORIES)


def _check(settings: Settings, rules: Iterable[Rule]) -> None:
    for name, need, why in rules:
        if _is_asked(settings, name) and not need.is_met(settings):
            value = shown(getattr(settings, name))
            raise SettingsError(f"{name} = {value} needs {need.words}: {why}")


def _is_asked(settings: Settings, name: str) -> bool:
    """Whether a setting has another value than its default, and asks for something."""
    default = type(settings).__dataclass_fields__[name].default
    return getattr(settings, name) not in (default, IDLE.get(name, default))
