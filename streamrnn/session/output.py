"""Where a run's records go: a new file, or the one that its model was writing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import SettingsError
from ..streams import open_sink
from .note import Written

if TYPE_CHECKING:
    import pyarrow

    from ..streams import Sink
    from .plan import Plan


def open_output(plan: Plan, schema: pyarrow.Schema, written: Written | None, resumes: bool) -> Sink:
    """Open the output.

    Parameters
    ----------
    plan : Plan
    schema : pyarrow.Schema
        Of the records.
    written : Written, optional
        The file that the model was writing before.
    resumes : bool
        Whether the run goes on in the same source: then the file is added to even if it may be replaced.

    Raises
    ------
    SettingsError
        If the file would have to change its columns or its format.
    StreamError
        If it exists and this model was not writing it, or if it cannot be written.
    """
    if written is None or not _is_there(plan.output, written) or (plan.overwrite and not resumes):
        return open_sink(plan.output, schema, plan.output_format, plan.overwrite)
    if plan.output_format not in (None, written.format):
        raise _unlike(f"{plan.output} was begun as {written.format} and cannot go on as {plan.output_format}")
    if written.columns != schema.names:
        difference = ", ".join(_difference(written.columns, schema.names))
        raise _unlike(f"{plan.output} has other columns than the records would have now: {difference}")
    return open_sink(plan.output, schema, written.format, position=written.position)


def _is_there(path: str, written: Written) -> bool:
    same = path != "-" and str(Path(path).resolve()) == written.path
    return same and (Path(path).is_file() or Path(f"{path}.partial").is_file())


def _difference(before: list[str], now: list[str]) -> list[str]:
    return [name for name in (*before, *now) if (name in before) != (name in now)] or ["their order"]


def _unlike(what: str) -> SettingsError:
    return SettingsError(f"{what}; choose another name for the output")
