"""Text on the command line <-> values; what comes from a TOML file has its type already."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from streamrnn.streams.bad_rows import MaxBad

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
NANOSECONDS = {
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9,
}  # fmt: skip
LONGEST = 36_500 * NANOSECONDS["d"]


class Value(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """One value; an environment variable holds one, too, whatever characters it has."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Leave it whole."""
        return [rv]


class Whole(Value):
    """A whole number."""

    name = "integer"

    def __init__(self, least: int | None = None) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        is_text = isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value.strip(), re.ASCII)
        if not is_text and (isinstance(value, bool) or not isinstance(value, int)):
            raise click.BadParameter(f"{value!r} is not a whole number", ctx, param)
        if self._least is not None and int(value) < self._least:
            raise click.BadParameter(f"{int(value)} is less than {self._least}", ctx, param)
        return int(value)


class WholeOrAuto(Value):
    """A whole number, or the word auto."""

    name = "integer or auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Return the number, or the word."""
        return "auto" if value == "auto" else Whole().convert(value, param, ctx)


class Number(Value):
    """A number."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        if not isinstance(value, bool):
            try:
                return float(value)
            except (TypeError, ValueError):
                pass
        raise click.BadParameter(f"{value!r} is not a number", ctx, param)


class NumberOrAuto(Value):
    """A number, or the word auto."""

    name = "number or auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or ``"auto"``."""
        return "auto" if value == "auto" else Number().convert(value, param, ctx)


class Text(Value):
    """A name or a path."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        if not isinstance(value, str):
            raise click.BadParameter(f"{value!r} is not text; put it in quotes", ctx, param)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Offer paths, or columns of the source."""
        from .suggestions import suggestions

        return suggestions(ctx, param, incomplete)


class List(Value):
    """Items, separated by commas where they come as text; an item with a comma in it stands in quotes."""

    name = "list"

    def __init__(self, item: Value) -> None:
        self._item = item

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """Return the items as a tuple."""
        if isinstance(value, str):
            items: Sequence[Any] = [item.strip() for item in next(csv.reader([value], skipinitialspace=True), [])]
        else:
            items = value if isinstance(value, list | tuple) else [value]
        if not items or "" in items:
            raise click.BadParameter(f"{value!r} has an empty item", ctx, param)
        return tuple(self._item.convert(item, param, ctx) for item in items)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Offer what could be an item."""
        return self._item.shell_complete(ctx, param, incomplete)


class ClassWeights(Value):
    """``none``, ``balanced``, or weights by name, ``beat=5,other=1``."""

    name = "class weights"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | tuple[tuple[str, float], ...]:
        """Return the word, or pairs of name and weight."""
        from streamrnn.settings import SettingsError, class_weights_of

        try:
            return class_weights_of(value)
        except SettingsError as error:
            raise click.BadParameter(str(error).removeprefix("class_weights "), ctx, param) from None


class Horizon(Value):
    """``24``: the next 1..24; ``6,12``: those alone."""

    name = "horizon"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | tuple[int, ...]:
        """Return one number, or a tuple of single horizons."""
        if isinstance(value, int | float) or (isinstance(value, str) and "," not in value):
            return Whole().convert(value, param, ctx)
        single = value.rstrip(", ") if isinstance(value, str) else value
        return List(Whole()).convert(single, param, ctx)


class RowsOrShare(Value):
    """``100`` rows, or ``1%`` of them."""

    name = "rows or share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> MaxBad:
        """Return a bound on bad rows."""
        from streamrnn.streams.bad_rows import MaxBad

        if isinstance(value, MaxBad):
            return value
        text = str(value).strip()
        if re.fullmatch(r"\d+", text, re.ASCII):
            return MaxBad(count=int(text))
        share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text, re.ASCII)
        if share and float(share[1]) <= 100.0:
            return MaxBad(share=float(share[1]) / 100.0)
        raise click.BadParameter(f"{value!r} is neither a number of rows nor a share such as 1%", ctx, param)


class Duration(Value):
    """``100ms``, ``1.5s``, ``5m``, ``2h``: exactly, in nanoseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of nanoseconds."""
        match = re.fullmatch(r"(\d{1,30}(?:\.\d{1,30})?)\s*(ns|us|ms|s|m|h|d)", str(value).strip(), re.ASCII)
        if match is None:
            raise click.BadParameter(f"{value!r} is not a duration such as 100ms, 1.5s, 5m or 2h", ctx, param)
        exact = Fraction(match[1]) * NANOSECONDS[match[2]]
        if exact.denominator != 1 or not 0 < exact <= LONGEST:
            raise click.BadParameter(f"{value!r} is not from 1ns to 36500d, in whole nanoseconds", ctx, param)
        return exact.numerator


class RowsOrTime(Value):
    """``5000`` rows, or ``30s``, ``5m``, ``2h``."""

    name = "rows or time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | timedelta:
        """Return a number of rows, or a duration."""
        if isinstance(value, timedelta):
            return value
        text = str(value).strip()
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", text, re.ASCII)
        if match and match[2] and float(match[1]) > 0.0:
            return timedelta(seconds=float(match[1]) * SECONDS[match[2]])
        if match and not match[2] and text.isdecimal() and int(text) > 0:
            return int(text)
        raise click.BadParameter(
            f"{value!r} is neither a number of rows nor a duration such as 30s, 5m or 2h", ctx, param
        )
