"""How a record is put together: which columns of the learner's record, and which of the source beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..schema import (
    categorical_columns,
    check_columns_exist,
    fixed_types,
    numeric_columns,
    other_columns,
    passed_columns,
    record_names,
)
from ..settings import Settings, SettingsError

if TYPE_CHECKING:
    import pyarrow

    from ..streams import Batch, Source


class Layout:
    """The columns of the records that a run writes; see ``docs/record.md``.

    Attributes
    ----------
    numbers, others : list of str
        What is asked of the source: the learner's columns of numbers, and those that come as they are: of categories,
        and what is passed through.
    known_by : list of str
        Those of the others that tell, beside the numbers, whether a source is the one that was read before.
    names : list of str
        The record's columns, in order.
    """

    def __init__(self, settings: Settings, source: Source, echo: tuple[str, ...], emit: tuple[int, ...]) -> None:
        self._settings = settings
        roles = list(passed_columns(settings).values())
        self.numbers = list(numeric_columns(settings))
        self.known_by = [*other_columns(settings), *categorical_columns(settings)]
        check_columns_exist((*self.numbers, *self.known_by, *echo), list(source.columns), source.name)
        self._echo = echo
        self._roles = roles
        self.others = [*self.known_by, *(name for name in echo if name not in (*self.numbers, *self.known_by))]
        self.names = _with_echo(record_names(_showing(settings, emit)), echo, 1 + len(roles))
        self._record_names = record_names(settings)
        self._is_record = self.names == self._record_names
        self._source = source

    def schema(self) -> pyarrow.Schema:
        """Return the records' schema; its metadata key ``streamrnn`` holds version and settings."""
        import pyarrow

        passed = self._source.schema(self.numbers, self.others)
        fixed = fixed_types(self._settings)
        fields = []
        for name in self.names:
            if name in (*self._roles, *self._echo):
                fields.append(passed.field(name))
            else:
                fields.append(pyarrow.field(name, fixed.get(name, pyarrow.float64())))
        about = {"version": __version__, "settings": self._settings.to_dict()}
        return pyarrow.schema(fields, metadata={"streamrnn": json.dumps(about, sort_keys=True)})

    def arrange_cells(self, record: list[Any], row: Mapping[str, Any]) -> list[Any]:
        """Put the cells of one record and the source's columns of its row together."""
        if self._is_record:
            return record
        cells = {**row, **dict(zip(self._record_names, record, strict=True))}
        return [cells[name] for name in self.names]

    def arrange(self, records: pyarrow.Table, batch: Batch, schema: pyarrow.Schema, first: int) -> pyarrow.Table:
        """Put the learner's records of a batch and the source's columns together.

        Parameters
        ----------
        records : pyarrow.Table
            Of the rows that are no labels of earlier ones.
        batch : Batch
            As the learner took it.
        schema : pyarrow.Schema
        first : int
            Number of the batch's first arrival.
        """
        import pyarrow

        columns, places = [], batch.places_of(records["row"].to_numpy() - first)
        for name in self.names:
            column = records[name] if name not in self._echo else batch.table[name]
            if len(column) > len(places):
                column = column.take(pyarrow.array(places))
            columns.append(column)
        return pyarrow.Table.from_arrays(columns, schema=schema)


def _showing(settings: Settings, emit: tuple[int, ...]) -> Settings:
    """The settings of a learner whose records have these horizons only."""
    for horizon in emit:
        if horizon not in settings.horizons:
            known = ", ".join(map(str, settings.horizons))
            raise SettingsError(f"--emit {horizon}: there is no forecast of that horizon; the horizons are {known}")
    return replace(settings, horizon=tuple(sorted(set(emit)))) if emit else settings


def _with_echo(names: list[str], echo: tuple[str, ...], place: int) -> list[str]:
    for name in echo:
        if name in names:
            raise SettingsError(f"--echo {name}: the record has a column {name!r} already")
    if len(set(echo)) < len(echo):
        raise SettingsError("--echo names a column twice")
    return [*names[:place], *echo, *names[place:]]
