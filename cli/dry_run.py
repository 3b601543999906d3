"""`run --dry-run`: what would be done, with which settings, and where each of them comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from streamrnn.settings import default, in_force, shown

from .options import is_named, origin

if TYPE_CHECKING:
    from streamrnn.session import Session

OPTIONS = (
    "shards", "learn", "reset_state", "save", "checkpoint_every", "overwrite", "echo", "emit", "limit", "passes",
    "every", "on_bad", "max_bad", "rejects",
)  # fmt: skip
USUAL = {"learn": True, "passes": 1, "save": True, "emit": "all", "on_bad": "null"}


def show_plan(context: click.Context, session: Session) -> None:
    """Write everything to stdout: it is what was asked for."""
    from streamrnn.model.parts import memory_of, parts_of
    from streamrnn.shards.shares import share_of

    settings, plan, source = session.start.settings, session.plan, session.source
    shards = session.start.shards or 1
    blocks = [block for part in parts_of(settings, lanes=0) for block in part.blocks]
    parameters = sum(block.rows * max(1, block.columns) for block in blocks)
    model = (
        "none" if plan.model is None else f"{plan.model} ({'new' if session.start.checkpoint is None else 'goes on'})"
    )
    facts = {
        "source": f"{source.name} ({source.format})",
        "columns": ", ".join(f"{name} ({kind})" for name, kind in source.columns.items()),
        "output": "stdout" if plan.output == "-" else plan.output,
        "record": ", ".join(session.layout.names),
        "model": model,
        "memory": f"{shards * memory_of(share_of(settings, shards), 'float32'):,} bytes",
        "parameters": f"{parameters:,}" + (f", in each of {shards} shards" if session.start.shards else ""),
    }
    width = max(map(len, facts))
    for name, text in facts.items():
        click.echo(f"{name:<{width}}  {text}")
    click.echo()
    for line in aligned_left([["setting", "value", "from"], *_settings(context, session), *_options(context)]):
        click.echo(line)


def aligned_left(rows: list[list[str]]) -> list[str]:
    """Columns of one width each."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _settings(context: click.Context, session: Session) -> list[list[str]]:
    has_model = session.start.checkpoint is not None
    rows = []
    for name, value in in_force(session.start.settings).items():
        if is_named(context, name):
            where = origin(context, name)
        elif has_model:
            where = "model"
        else:
            chosen = name in ("targets", "features") and shown(value) != shown(default(name))
            where = "default: every number column" if chosen else "default"
        rows.append([name, shown(value), where])
    return rows


def _options(context: click.Context) -> list[list[str]]:
    rows = []
    for name in OPTIONS:
        value = context.params[name]
        rows.append([name, shown(USUAL.get(name) if value is None else value), origin(context, name)])
    return rows
