"""`streamrnn replay`: a recorded stream, once more, at its own pace or at another one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from streamrnn.streams.formats import WRITABLE

from .config import config_option
from .errors import FAILED
from .help import CONTEXT, HelpfulCommand
from .options import flag, is_named, option
from .reading import READING_OPTIONS, read_options
from .values import Number, Text, Value, Whole

if TYPE_CHECKING:
    from streamrnn.streams.replay import Replay, ReplayOutcome, ReplayPlan

EXAMPLES = """
streamrnn replay plant.csv | streamrnn run --targets temp
streamrnn replay ticks.parquet --time at --speed 100 -o ticks.arrows
streamrnn replay load.ndjson --rate 50 --limit 1000 | jq .load
streamrnn replay plant.csv --since 2024-08-01 --until 2024-08-02 --speed max
"""

NOTES = """
Rows go out when they are due, those with equal times together; a row whose time goes back, or that has none, goes out
with the row before it. After a stall the schedule stays: rows that are overdue go out as fast as they can be written.

Text that keeps its format is written line by line as it was. In another format each column keeps its kind and its
values, with these exceptions: rows that could not be read are left out; what CSV and NDJSON have as numbers is float64
in Arrow; CSV shows no difference between missing and empty text, nor between numbers and text that looks like them.
"""


class Speed(Value):
    """``100`` times as fast, or ``max``."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the factor, infinity for ``max``."""
        if value == "max":
            return math.inf
        try:
            return Number().convert(value, param, ctx)
        except click.BadParameter:
            raise click.BadParameter(f"{value!r} is neither a number nor max", ctx, param) from None


SOURCE = click.Argument(["source"], type=Text(), metavar="SOURCE", envvar="STREAMRNN_SOURCE")

REPLAY_OPTIONS = [
    option("--time", name="time", group="Pace", type=Text(), metavar="COLUMN",
           text="the time of each row [the only one that holds times, or is called so]"),
    option("--time-format", name="time_format", group="Pace", type=Text(), metavar="FORMAT",
           text="s, ms, us or ns, or a pattern such as %d.%m.%Y [ISO 8601, or a number]"),
    option("--speed", name="speed", group="Pace", type=Speed(), metavar="X|max", default=1.0,
           text="so many times as fast as it was recorded; max: as fast as it can be written"),
    option("--rate", name="rate", group="Pace", type=Number(), metavar="N",
           text="rows a second, whatever their times"),
    option("--since", name="since", group="Part", type=Text(), metavar="TIME",
           text="begin with the first row of this time or later"),
    option("--until", name="until", group="Part", type=Text(), metavar="TIME",
           text="end before the first row of this time or later"),
    option("--limit", name="limit", group="Part", type=Whole(1), metavar="ROWS", text="stop after so many rows"),
    option("-o", "--output", name="output", group="In and out", type=Text(), default="-", metavar="FILE",
           text="write there; - is stdout"),
    option("--output-format", name="output_format", group="In and out", type=click.Choice(WRITABLE),
           text="[by extension; else that of the source, and arrow for parquet]"),
    flag("--overwrite", name="overwrite", group="In and out", text="replace an output file that exists"),
    config_option(),
    flag("--quiet", name="quiet", group="In and out", text="no summary: errors and warnings only"),
]  # fmt: skip


def replay(source: str, **values: Any) -> int:
    """Carry out the command."""
    context = click.get_current_context()
    from streamrnn.streams.replay import Replay, ReplayError

    from .terminal import Terminal

    terminal = Terminal(quiet=values["quiet"], records_on_stdout=True)
    try:
        replay = Replay(plan_of(context, source, values))
        if replay.time is not None and not values["time"]:
            terminal.say(f"the time is column {replay.time!r}")
        outcome = replay.run(terminal)
    except ReplayError as error:
        raise click.UsageError(str(error), context) from None
    terminal.tell(summary(replay))
    if outcome.signal is not None:
        return 128 + outcome.signal
    return 0 if outcome.complete else FAILED


def plan_of(context: click.Context, source: str, values: dict[str, Any]) -> ReplayPlan:
    """Put what was named into a plan."""
    from streamrnn.streams.replay import ReplayPlan

    if is_named(context, "speed") and is_named(context, "rate"):
        raise click.UsageError("--speed and --rate are two ways to set the pace: name one of them", context)
    return ReplayPlan(
        source=source,
        output=values["output"] or "-",
        time=values["time"],
        time_format=values["time_format"],
        speed=1.0 if values["speed"] is None else values["speed"],
        rate=values["rate"],
        since=values["since"],
        until=values["until"],
        limit=values["limit"],
        input_format=values["input_format"],
        output_format=values["output_format"],
        overwrite=values["overwrite"],
        reading=read_options(values),
    )


def summary(replay: Replay) -> list[str]:
    """Sum up a replay."""
    outcome = replay.outcome
    return [_headline(replay), *(f"{name:<16} {text}" for name, text in _facts(outcome).items() if text)]


def _headline(replay: Replay) -> str:
    outcome, plan = replay.outcome, replay.plan
    rate = f", {outcome.rows / outcome.seconds:,.0f} rows/s" if outcome.seconds > 0.0 else ""
    pace = "" if plan.rate is not None or plan.speed in (1.0, math.inf) else f", {plan.speed:g} times as fast"
    stopped = "; stopped by a signal" if outcome.signal is not None else ""
    return f"streamrnn: {outcome.rows:,} rows in {outcome.seconds:.1f} s{rate}{pace}{stopped}"


def _facts(outcome: ReplayOutcome) -> dict[str, str]:
    errors = f"mean {1e3 * outcome.mean_error:.2f} ms, largest {1e3 * outcome.largest_error:.1f} ms"
    return {
        "pacing error": errors if outcome.paced else "",
        "left out": f"{outcome.left_out:,} rows that could not be read" if outcome.left_out else "",
        "back in time": f"{outcome.backwards:,} rows" if outcome.backwards else "",
        "without a time": f"{outcome.untimed:,} rows" if outcome.untimed else "",
    }


command = HelpfulCommand(
    "replay",
    params=[SOURCE, *REPLAY_OPTIONS, *READING_OPTIONS],
    callback=replay,
    context_settings=CONTEXT,
    help="Write a recorded stream at its own pace, or faster. SOURCE is a file, or -: Arrow, Parquet, CSV or NDJSON.",
    short_help="write a recorded stream at its own pace, or faster",
    examples=EXAMPLES,
    epilog=NOTES,
)
