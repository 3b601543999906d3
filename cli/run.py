"""`streamrnn run`: forecast each row, then learn from it."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

import click

from streamrnn.streams.formats import WRITABLE

from .config import config_option
from .errors import FAILED
from .help import CONTEXT, HelpfulCommand
from .options import flag, named_settings, option, setting_options
from .reading import BAD_ROW_OPTIONS, EVERY, GROUP, LIMIT, READING_OPTIONS, TEXT, read_options
from .values import List, RowsOrTime, Text, Whole

if TYPE_CHECKING:
    from streamrnn.session import Plan

EXAMPLES = """
streamrnn run load.csv
tail -n +1 -f plant.csv | streamrnn run --targets temp --horizon 12
streamrnn run ticks.arrow -t bid -m bid.safetensors -o out.arrow
"""

SOURCE = click.Argument(["source"], required=False, type=Text(), metavar="[SOURCE]", envvar="STREAMRNN_SOURCE")

RUN_OPTIONS = [
    option(
        "--emit", name="emit", group="Forecast", type=List(Whole()), multiple=True, metavar="K,..",
        text="write the forecasts of these horizons only [all]",
    ),
    flag("--only-alerts", name="only_alerts", group="Forecast", text="write the records of rows with an alert only"),
    option("-m", "--model", name="model", group="Model", type=Text(), metavar="FILE",
           text="go on with this model, or save a new one there [none is kept]"),
    option("--shards", name="shards", group="Training", type=Whole(1), metavar="N",
           text="so many learners, each in a thread of its own and with its share of the keys [one, of all keys]"),
    option("--checkpoint-every", name="checkpoint_every", group="Model", type=RowsOrTime(), metavar="N|T",
           text="save the model every N rows, or every 30s, 5m, 2h [at the end only]"),
    flag("--reset-state", name="reset_state", group="Model",
         text="begin with an empty memory: weights and statistics stay, state and pending forecasts go"),
    option("--on-checkpoint-error", name="on_checkpoint_error", group="Model", type=click.Choice(("stop", "warn")),
           default="stop", text="if the model cannot be saved on the way: end the run, or tell and go on"),
    option("--learn", name="learn", group="Model", type=click.BOOL, default=True, text="go on learning"),
    option("--save", name="save", group="Model", type=click.BOOL, default=True, text="write the model file"),
    option("-o", "--output", name="output", group="In and out", type=Text(), default="-", metavar="FILE",
           text="write records there; - is stdout"),
    flag("--overwrite", name="overwrite", group="In and out", text="replace an output file that exists"),
    option("--output-format", name="output_format", group="In and out", type=click.Choice(WRITABLE),
           text="[by extension; ndjson on stdout, pipes and devices]"),
    option("--echo", name="echo", group="In and out", type=List(Text()), multiple=True, metavar="COLUMNS",
           text="columns of the source to repeat in each record"),
    LIMIT,
    *READING_OPTIONS,
    TEXT,
    option("--passes", name="passes", group=GROUP, type=Whole(1), default=1, metavar="N",
           text="read the source so often; each pass begins a sequence"),
    EVERY,
    flag("--follow", name="follow", group=GROUP,
         text="at the end of a file wait for more, through rotation, as tail -F does"),
    *BAD_ROW_OPTIONS,
    option("--rejects", name="rejects", group=GROUP, type=Text(), metavar="FILE",
           text="write down, as NDJSON, every row and cell that could not be used, and why"),
    config_option(),
    flag("--dry-run", name="dry_run", group="In and out",
         text="show the columns, the settings and where each comes from, and do nothing"),
    flag("--quiet", name="quiet", group="In and out", text="no progress and no summary: errors and warnings only"),
]  # fmt: skip


def run(source: str | None, **values: Any) -> int:
    """Carry out the command."""
    context = click.get_current_context()
    plan = plan_of(context, source, values)
    from streamrnn.session import Session

    from .terminal import Terminal

    terminal = Terminal(quiet=values["quiet"], records_on_stdout=plan.output == "-")
    session = Session(plan, is_dry=values["dry_run"])
    if values["dry_run"]:
        from .dry_run import show_plan

        show_plan(context, session)
        session.close()
        return 0
    from .report import beginning, ending

    terminal.tell(beginning(session))
    gc.collect()
    gc.freeze()  # all that was imported stays: to look through it again and again would hold live rows up
    try:
        outcome = session.run(terminal)
    finally:
        terminal.close()
    terminal.tell(ending(session))
    if outcome.signal is not None:
        return 128 + outcome.signal
    return 0 if outcome.complete else FAILED


def plan_of(context: click.Context, source: str | None, values: dict[str, Any]) -> Plan:
    """Put what was named into a plan."""
    from streamrnn.session import Plan
    from streamrnn.streams.bad_rows import MaxBad

    if source is None:
        if os.isatty(0):
            example = "tail -n +1 -f plant.csv | streamrnn run --targets temp"
            raise click.UsageError(f"name a SOURCE, or pipe rows in: {example}", context)
        source = "-"
    return Plan(
        source=source,
        output=values["output"] or "-",
        settings=named_settings(context, values),
        model=values["model"],
        shards=values["shards"],
        learn=values["learn"] is not False,
        save=values["save"] is not False,
        checkpoint_every=values["checkpoint_every"],
        reset_state=values["reset_state"],
        on_checkpoint_error=values["on_checkpoint_error"] or "stop",
        overwrite=values["overwrite"],
        input_format=values["input_format"],
        output_format=values["output_format"],
        echo=values["echo"] or (),
        emit=values["emit"] or (),
        only_alerts=values["only_alerts"],
        limit=values["limit"],
        passes=values["passes"] or 1,
        every=values["every"],
        reading=read_options(values, follow=values["follow"]),
        on_bad=values["on_bad"] or "null",
        max_bad=values["max_bad"] or MaxBad(),
        rejects=values["rejects"],
    )


command = HelpfulCommand(
    "run",
    params=[SOURCE, *setting_options(), *RUN_OPTIONS],
    callback=run,
    context_settings=CONTEXT,
    help="Forecast each row, then learn from it. SOURCE is a file, or - for stdin: Arrow, Parquet, CSV or NDJSON.",
    short_help="forecast each row, then learn from it",
    examples=EXAMPLES,
)
