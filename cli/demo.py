"""`streamrnn demo`: the main job on a recording that ships inside the package."""

from __future__ import annotations

import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamrnn.evaluation.figures import figure, percent

from .errors import complain
from .help import CONTEXT, HelpfulCommand
from .table import aligned

if TYPE_CHECKING:
    import pyarrow

    from streamrnn import Learner
    from streamrnn.evaluation.history import History

TARGETS = ("load", "network_sent")
HORIZON = 10
SHOWN = (1, 5, 10)
ROWS_AT_A_TIME = 200
PICTURES = (".png", ".svg", ".pdf")

EXAMPLES = """
streamrnn demo
streamrnn demo --picture /tmp/forecast.svg
"""


@click.command(
    "demo",
    cls=HelpfulCommand,
    context_settings=CONTEXT,
    examples=EXAMPLES,
    help="Learn on a recording that ships with streamrnn: one machine's metrics, a row a second.",
    short_help="the whole thing, on a recording that ships with it",
)
@click.option("--picture", default="forecast.png", show_default=True, metavar="FILE", help="where to draw it")
def command(picture: str) -> None:
    """Run the demo."""
    check_picture(picture)
    recording = read_recording()
    minutes = recording.num_rows / 60
    click.echo(f"{minutes:.0f} minutes of one machine's metrics, a row a second: {recording.num_rows:,} rows.")
    click.echo(f"For every row, a learner that knows nothing at first forecasts {' and '.join(TARGETS)}")
    click.echo(f"for each of the next {HORIZON} seconds, then sees what came, then learns from it.\n")
    learner, records, seconds = learn(recording)
    show_table(learner, seconds)
    show_course(records)
    draw(picture, learner, records)


def check_picture(path: str) -> None:
    """Raise if no picture can be drawn there: nobody wants to hear so at the end."""
    picture, option = Path(path), "'--picture'"
    if picture.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{path!r} ends in none of {', '.join(PICTURES)}", param_hint=option)
    if picture.is_dir():
        raise click.BadParameter(f"{path} is a directory: name a file in it", param_hint=option)
    if not picture.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no directory {picture.parent}", param_hint=option)


def read_recording() -> pyarrow.Table:
    """The recording, as a table."""
    import pyarrow

    content = files("streamrnn").joinpath("recordings/host.arrow").read_bytes()
    return pyarrow.ipc.open_file(pyarrow.py_buffer(content)).read_all()


def learn(recording: pyarrow.Table) -> tuple[Learner, pyarrow.Table, float]:
    """Run a learner over the recording once; return it, its records, and the seconds that it took."""
    import pyarrow
    from tqdm import tqdm

    from streamrnn import Learner
    from streamrnn.learner import learner_settings
    from streamrnn.session.start import kernels_are_kept

    features = [name for name in recording.column_names if name != "time"]
    options = {"time": "time", "horizon": HORIZON, "loss": "huber"}
    if not kernels_are_kept(learner_settings(TARGETS, features, options)):
        click.echo("Compiling the kernels, once on this machine: some fifteen seconds ...", err=True)
    learner = Learner(TARGETS, features, **options)
    started, parts = time.perf_counter(), []
    with tqdm(total=recording.num_rows, unit=" rows", leave=False, disable=None) as bar:
        for start in range(0, recording.num_rows, ROWS_AT_A_TIME):
            parts.append(learner.run(recording.slice(start, ROWS_AT_A_TIME)))
            bar.update(parts[-1].num_rows)
    return learner, pyarrow.concat_tables(parts), time.perf_counter() - started


def show_table(learner: Learner, seconds: float) -> None:
    """Mean absolute and root mean squared errors beside those of the last-value forecast."""
    rows = learner.rows
    click.echo(f"Done in {seconds:.1f} s: {rows / seconds:,.0f} rows a second, each forecast before it was seen.\n")
    lines = [["target", "seconds ahead", "MAE", "last value", "skill", "RMSE", "last value", "skill"]]
    for score in learner.metrics.scores:
        if score.horizon in SHOWN:
            absolute = figure(score.mae), figure(score.last_value_mae), percent(score.skill)
            squared = figure(score.rmse), figure(score.last_value_rmse), percent(1 - score.rmse / score.last_value_rmse)
            lines.append([score.target, str(score.horizon), *absolute, *squared])
    click.echo("\n".join(aligned(lines)))
    click.echo(
        "\nThe load is told anew every five seconds: one second ahead the last value is mostly exact, and then far off."
    )


def show_course(records: pyarrow.Table) -> None:
    """The error from the first row to the last, as a line of text."""
    from streamrnn.evaluation.history import history_of
    from streamrnn.evaluation.picture import sparkline

    ours, last = history_of(records, TARGETS[0], HORIZON).rolling_errors(600)
    click.echo(
        f"\nerror of {TARGETS[0]}, {HORIZON} seconds ahead, over that of the last value, from first row to last:"
    )
    click.echo(f"  {sparkline(ours / last)}  {ours[-1] / last[-1]:.2f} at the end\n")


def draw(path: str, learner: Learner, records: pyarrow.Table) -> None:
    """Draw the run, or say what is missing for it."""
    from streamrnn.evaluation.history import history_of
    from streamrnn.evaluation.picture import PictureError, draw_run

    histories: dict[str, History] = {target: history_of(records, target, HORIZON) for target in TARGETS}
    skills: dict[str, Any] = {
        target: [s.skill for s in learner.metrics.scores if s.target == target] for target in TARGETS
    }
    title = f"{learner.rows:,} seconds of a machine, learned as they came"
    try:
        draw_run(path, histories, skills, list(range(1, HORIZON + 1)), title, "s")
    except PictureError as error:
        complain(f"no picture: {error}")
    else:
        click.echo(f"The picture is in {path}.")
