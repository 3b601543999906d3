"""Variables of the environment that look as if they were meant for streamrnn, and are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

import click

PREFIX = "STREAMRNN_"
# Read elsewhere: where compiled kernels are kept, whether a bug shows its trace, where benchmarks find their streams.
OTHERS = ("STREAMRNN_CACHE_DIR", "STREAMRNN_TRACEBACK", "STREAMRNN_DATA")


def candidates(environment: Mapping[str, str]) -> list[str]:
    """The names that could be a mistyped option: most often none."""
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in OTHERS)


def strangers(names: Iterable[str], commands: Iterable[click.Command]) -> Iterator[str]:
    """Say of each name that belongs to no option of any command which one may be meant."""
    known = {str(parameter.envvar) for command in commands for parameter in command.params if parameter.envvar}
    endings = [name.removeprefix(PREFIX) for name in sorted({*known, *OTHERS})]
    for name in names:
        if name not in known:
            near = get_close_matches(name.removeprefix(PREFIX), endings, n=1)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else "it means nothing to streamrnn"
            yield f"no option is named by {name}: {hint}"
