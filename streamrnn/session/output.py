"""Which files a run writes its records and rejects to: new ones, or those that its model was writing."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import SettingsError
from ..streams import open_sink, prepare_output
from ..streams.rejects import Rejects
from .note import Written
from .plan import STANDARD
from .records import Records, held_table

if TYPE_CHECKING:
    import pyarrow

    from .plan import Plan


def output_of(plan: Plan, columns: list[str], before: Written | None, resumes: bool) -> Written | None:
    """Decide where the records go on, and make sure that they can be written there; no byte is written yet.

    Parameters
    ----------
    plan : Plan
    columns : list of str
        Of the records.
    before : Written, optional
        The file that the model was writing before.
    resumes : bool
        Whether the run goes on in the same source: then the file is added to even if it may be replaced.

    Returns
    -------
    Written or None
        The file and its position, 0 for one that begins anew; None for stdout, pipes and devices.

    Raises
    ------
    SettingsError
        If the file would have to change its columns or its format.
    StreamError
        If it exists and this model was not writing it, or if it cannot be written.
    """
    if not _is_file(plan.output):
        return None
    if before is None or not _goes_on(plan, plan.output, before, resumes):
        format = prepare_output(plan.output, plan.output_format, plan.overwrite)
        return Written(_identity(plan.output), format, columns, 0)
    if plan.output_format not in (None, before.format):
        raise _unlike(f"{plan.output} was begun as {before.format} and cannot go on as {plan.output_format}")
    if before.columns != columns:
        difference = ", ".join(_difference(before.columns, columns))
        raise _unlike(f"{plan.output} has other columns than the records would have now: {difference}")
    return before


def rejects_of(plan: Plan, before: Written | None, resumes: bool) -> Written | None:
    """Decide the same for the rejects."""
    if plan.rejects is None or not _is_file(plan.rejects):
        return None
    if before is None or not _goes_on(plan, plan.rejects, before, resumes):
        prepare_output(plan.rejects, "ndjson", plan.overwrite)
        return Written(_identity(plan.rejects), "ndjson", [], 0)
    return before


def open_records(plan: Plan, schema: pyarrow.Schema, written: Written | None) -> Records:
    """Open what `output_of` decided."""
    if written is None:
        sink = open_sink(plan.output, schema, plan.output_format)
        in_batches = sink.format == "arrow"
        is_file = plan.output == STANDARD and stat.S_ISREG(os.fstat(1).st_mode)
        return Records(sink, "as they come" if not in_batches else "by row number" if is_file else "by batch")
    position = written.position or None
    sink = open_sink(plan.output, schema, written.format, overwrite=position is None, position=position)
    return Records(sink, "by row number" if sink.format == "arrow" else "as they come", held_table(written.held))


def open_rejects(plan: Plan, written: Written | None) -> Rejects | None:
    """Open what `rejects_of` decided."""
    if plan.rejects is None:
        return None
    position = written.position or None if written else None
    return Rejects(plan.rejects, overwrite=position is None, position=position)


def _is_file(path: str) -> bool:
    """Whether a path is one of a regular file, or of none yet."""
    return path != STANDARD and (Path(path).is_file() or not Path(path).exists())


def _goes_on(plan: Plan, path: str, before: Written, resumes: bool) -> bool:
    is_there = Path(path).is_file() or Path(f"{path}.partial").is_file()
    return before.path == _identity(path) and is_there and (resumes or not plan.overwrite)


def _identity(path: str) -> str:
    return str(Path(path).resolve())


def _difference(before: list[str], now: list[str]) -> list[str]:
    return [name for name in (*before, *now) if (name in before) != (name in now)] or ["their order"]


def _unlike(what: str) -> SettingsError:
    return SettingsError(f"{what}; choose another name for the output")
