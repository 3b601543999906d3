"""`streamrnn evaluate`: how good would it have been?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from .config import config_option
from .errors import FAILED
from .help import CONTEXT, GroupedOption, HelpfulCommand
from .options import flag, named_settings, option, setting_options
from .reading import BAD_ROW_OPTIONS, EVERY, LIMIT, READING_OPTIONS, TEXT, read_options
from .values import Text

if TYPE_CHECKING:
    from streamrnn.evaluation.results import Evaluation
    from streamrnn.session import Plan

EXAMPLES = """
streamrnn evaluate load.csv --horizon 24
streamrnn evaluate load.csv -t load --horizon 24 --report report.html
zcat ticks.ndjson.gz | streamrnn evaluate - -t bid --json | jq .scores
"""

NOTES = """
One pass: every row is first forecast by everybody, then learned from, so every row is a test. Nothing is saved. MASE is
the error in units of the stream's own moves from one value to the next: the last value has 1 one row ahead, and less is
better. Skill is 1 - error / error of the last value. DM is Diebold and Mariano's statistic against the best of the
others, in squared error: negative where the learner is better; p is how likely so much would be luck.
"""

SOURCE = click.Argument(["source"], required=False, type=Text(), metavar="[SOURCE]", envvar="STREAMRNN_SOURCE")

EVALUATE_OPTIONS = [
    option("--report", name="report", group="In and out", type=Text(), metavar="FILE",
           text="draw everything on one page of HTML"),
    GroupedOption(["--json", "as_json"], group="In and out", is_flag=True,
                  help="write one JSON object with every target, horizon and forecaster"),
    flag("--overwrite", name="overwrite", group="In and out", text="replace a report that exists"),
    LIMIT,
    *READING_OPTIONS,
    TEXT,
    EVERY,
    *BAD_ROW_OPTIONS,
    config_option(),
    flag("--quiet", name="quiet", group="In and out", text="no progress: errors and warnings only"),
]  # fmt: skip


def evaluate(source: str | None, **values: Any) -> int:
    """Carry out the command."""
    context = click.get_current_context()
    plan = plan_of(context, source, values)
    report = values["report"]
    if report is not None:
        plan.check_files()
        from streamrnn.streams.sinks.output import check_writable, refuse_existing

        refuse_existing(report, values["overwrite"])
        check_writable(report)
    from streamrnn.evaluation.prequential import Prequential

    from .terminal import Terminal

    terminal = Terminal(quiet=values["quiet"], records_on_stdout=False)
    prequential = Prequential(plan)
    from .report import beginning

    terminal.tell(beginning(prequential))
    try:
        evaluation = prequential.run(terminal)
    finally:
        terminal.close()
    if evaluation.outcome.rows:
        show(evaluation, values["as_json"])
        if report is not None:
            draw(report, evaluation)
            terminal.say(f"the report is in {report}")
    if evaluation.outcome.signal is not None:
        return 128 + evaluation.outcome.signal
    return 0 if evaluation.outcome.complete else FAILED


def plan_of(context: click.Context, source: str | None, values: dict[str, Any]) -> Plan:
    """Put what was named into a plan."""
    from streamrnn.session import Plan
    from streamrnn.streams.bad_rows import MaxBad

    if source is None:
        if os.isatty(0):
            raise click.UsageError("name a SOURCE, or pipe rows in: cat load.csv | streamrnn evaluate", context)
        source = "-"
    return Plan(
        source=source,
        output=values["report"] or "-",
        settings=named_settings(context, values),
        input_format=values["input_format"],
        limit=values["limit"],
        every=values["every"],
        reading=read_options(values),
        on_bad=values["on_bad"] or "null",
        max_bad=values["max_bad"] or MaxBad(),
    )


def show(evaluation: Evaluation, as_json: bool) -> None:
    """Write the figures to stdout: they are what was asked for."""
    if as_json:
        import orjson

        click.echo(orjson.dumps(evaluation.to_dict(), option=orjson.OPT_INDENT_2))
        return
    from .evaluation_table import lines_of

    click.echo("\n".join(lines_of(evaluation)))


def draw(path: str, evaluation: Evaluation) -> None:
    """Write the report."""
    from streamrnn.evaluation.report import page_of
    from streamrnn.files import replace_content

    replace_content(path, page_of(evaluation).encode())


command = HelpfulCommand(
    "evaluate",
    params=[SOURCE, *setting_options(), *EVALUATE_OPTIONS],
    callback=evaluate,
    context_settings=CONTEXT,
    help="Say how good the forecasts would have been, beside simple ones. SOURCE is a file, or - for stdin.",
    short_help="how good would it have been? beside simple forecasts, with pictures",
    examples=EXAMPLES,
    epilog=NOTES,
)
