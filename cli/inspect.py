"""`streamrnn inspect`: what is in a model file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from streamrnn.settings import shown

from .help import CONTEXT, GroupedOption, HelpfulCommand
from .report import counts, learning, listed, temperatures
from .table import class_table, score_table
from .values import Text

if TYPE_CHECKING:
    from streamrnn.description import Description

EXAMPLES = """
streamrnn inspect bid.safetensors
streamrnn inspect bid.safetensors --json | jq .settings
"""
WIDTH = 17  # of the longest name of a setting


def inspect(model: str, as_json: bool) -> None:
    """Carry out the command."""
    from streamrnn.description import describe_model

    description = describe_model(model)
    if as_json:
        import orjson

        click.echo(orjson.dumps(as_dict(description), option=orjson.OPT_INDENT_2))
        return
    for line in as_lines(model, description):
        click.echo(line)


def as_dict(description: Description) -> dict[str, Any]:
    """Everything, to be written as JSON, where a number that does not exist is null."""
    scores = [asdict(score) | {"skill": score.skill} for score in description.metrics.scores]
    of_classes = [asdict(score) | {"bits": score.bits} for score in description.metrics.class_scores]
    metrics = asdict(description.metrics) | {
        "scores": scores,
        "class_scores": of_classes,
        "skill": description.metrics.skill,
    }
    return {
        "settings": description.settings.to_dict(),
        "shards": description.shards,
        "columns": description.columns,
        "parameters": {name: view.shape for name, view in description.parameters.items()},
        "metrics": metrics,
        "health": asdict(description.health),
        "session": description.session,
        "file_bytes": description.file_bytes,
        "memory_bytes": description.memory_bytes,
    }


def as_lines(model: str, description: Description) -> list[str]:
    """Everything, for a person."""
    from streamrnn.settings import in_force

    metrics = description.metrics
    size = sum(view.size for view in description.parameters.values())
    lines = [f"{model}: {description.file_bytes:,} bytes; in memory {description.memory_bytes:,} bytes", ""]
    lines += [f"{name:<{WIDTH}} {shown(value) or '-'}" for name, value in in_force(description.settings).items()]
    if description.shards is not None:
        lines.append(f"{'shards':<{WIDTH}} {description.shards}")
    lines += ["", f"{'columns':<{WIDTH}} {listed(description.columns)}", f"{'parameters':<{WIDTH}} {size:,}"]
    lines += [
        f"  {name:<{WIDTH - 2}} {' x '.join(map(str, view.shape))}" for name, view in description.parameters.items()
    ]
    lines += ["", f"{'rows':<{WIDTH}} {metrics.rows:,}", f"{'updates':<{WIDTH}} {metrics.updates:,}"]
    happened = counts(metrics) | temperatures(metrics) | learning(description.health, description.settings)
    lines += [f"{name:<{WIDTH}} {text}" for name, text in happened.items()]
    from streamrnn.session.note import Note

    note = Note.from_dict(description.session)
    if note.source and note.consumed:
        lines.append(f"{'source':<{WIDTH}} {note.source}, {note.consumed.rows.count:,} rows of it")
    if note.written:
        lines.append(f"{'output':<{WIDTH}} {note.written.path}")
    if any(score.count for score in metrics.scores):
        lines += ["", *score_table(metrics)]
    if any(score.count for score in metrics.class_scores):
        lines += ["", *class_table(metrics)]
    return lines


command = HelpfulCommand(
    "inspect",
    params=[
        click.Argument(["model"], type=Text(), metavar="MODEL"),
        GroupedOption(["--json", "as_json"], group="Output", is_flag=True, help="write one JSON object"),
    ],
    callback=inspect,
    context_settings=CONTEXT,
    help="Show what is in a model file: settings, columns, parameters, rows seen, errors, counts and size.",
    short_help="what is in a model file",
    examples=EXAMPLES,
)
