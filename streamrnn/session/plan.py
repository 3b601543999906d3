"""What a run is told: where rows come from, where records go, and what becomes of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from ..settings import SettingsError
from ..streams import ReadOptions
from ..streams.bad_rows import MaxBad, OnBad

STANDARD = "-"


class SessionError(Exception):
    """A run cannot be done, or cannot go on; the message is one line."""


@dataclass(frozen=True)
class Plan:
    """What a run is told; nothing is opened yet.

    Attributes
    ----------
    source, output : str
        A path, or ``-`` for stdin and stdout.
    settings : mapping
        The settings that somebody named, and no others: a model file decides the rest, or else the defaults.
    model : str, optional
        Model file: absent, a new learner is saved there; present, it goes on.
    shards : int, optional
        Share the keys out among so many learners, each in a thread of its own. A model file has its number.
    learn, save : bool
        Whether weights may change, and whether the model file may.
    checkpoint_every : int or timedelta, optional
        Save the model after so many rows, or when so much time has passed.
    reset_state : bool
        Whether the first row begins a sequence, even if the model goes on.
    on_checkpoint_error : {'stop', 'warn'}
        What happens if the model cannot be saved on the way; at the end it is an error in any case.
    overwrite : bool
        Whether an output file that the model was not writing may be replaced.
    input_format, output_format : str, optional
        By default found from the name, or from the first bytes.
    echo : tuple of str
        Columns of the source that the record repeats.
    emit : tuple of int
        The horizons that the record shows; all if empty.
    only_alerts : bool
        Whether only the records of rows with an alert are written.
    limit : int, optional
        Stop after so many rows.
    passes : int
        How often the source is read; each pass begins a sequence.
    every : int, optional
        Put the source on a regular grid of so many nanoseconds.
    reading : ReadOptions
        How the source is read.
    on_bad : {'null', 'skip', 'stop'}
        What becomes of a row with a cell that cannot be read.
    max_bad : MaxBad
        Stop when more rows than this are bad.
    rejects : str, optional
        Path of a file in which all that could not be used is written down.
    """

    source: str = "-"
    output: str = "-"
    settings: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    shards: int | None = None
    learn: bool = True
    save: bool = True
    checkpoint_every: int | timedelta | None = None
    reset_state: bool = False
    on_checkpoint_error: Literal["stop", "warn"] = "stop"
    overwrite: bool = False
    input_format: str | None = None
    output_format: str | None = None
    echo: tuple[str, ...] = ()
    emit: tuple[int, ...] = ()
    only_alerts: bool = False
    limit: int | None = None
    passes: int = 1
    every: int | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    on_bad: OnBad = "null"
    max_bad: MaxBad = field(default_factory=MaxBad)
    rejects: str | None = None

    def check_model(self) -> None:
        """Raise a SettingsError for what is told of a model that is none, or that is not saved."""
        if self.checkpoint_every is not None and not self.saves:
            why = "name its file with --model" if self.model is None else "leave out --no-save"
            raise SettingsError(f"--checkpoint-every saves the model: {why}")
        if self.reset_state and self.model is None:
            raise SettingsError("--reset-state empties the memory of a model that goes on: name its file with --model")

    def check_files(self) -> None:
        """Raise a SettingsError if two of its files are one: one would destroy the other."""
        files = {"source": self.source, "output": self.output, "model": self.model, "rejects": self.rejects}
        named = [(role, Path(path)) for role, path in files.items() if path not in (None, STANDARD)]
        for (role, path), (other_role, other) in combinations(named, 2):
            if path.absolute() == other.absolute() or (path.is_file() and other.is_file() and path.samefile(other)):
                raise SettingsError(f"{role} and {other_role} are the same file, {other}: name another one")

    @property
    def saves(self) -> bool:
        """Whether a model file will be written."""
        return self.model is not None and self.save
