"""What a replay is told: which recording, how fast, which part of it, and where to."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field

from ..options import ReadOptions
from ..sinks import checked_format, written_format
from ..sinks.output import refuse_existing

STANDARD = "-"


class ReplayError(Exception):
    """A replay cannot be done as it was asked for; the message is one line."""


@dataclass(frozen=True)
class ReplayPlan:
    """What a replay is told; nothing is opened yet.

    Attributes
    ----------
    source, output : str
        A path, or ``-`` for stdin and stdout.
    time : str, optional
        The column that holds each row's time. By default the only one that holds times, or that is called so.
    time_format : str, optional
        How the times are written, where it cannot be guessed.
    speed : float
        So many times as fast as the recording; infinity is as fast as it can be written.
    rate : float, optional
        Rows a second, whatever their times.
    since, until : str, optional
        Begin with the first row of this time or later; end before the first row of this time or later.
    limit : int, optional
        Stop after so many rows.
    input_format, output_format : str, optional
        By default the input's is found from its name or its first bytes, the output's from its name; where a name tells
        none, it is the input's, with Arrow for Parquet.
    overwrite : bool
        Whether an output file that exists may be replaced.
    reading : ReadOptions
        How the source is read.
    """

    source: str
    output: str = STANDARD
    time: str | None = None
    time_format: str | None = None
    speed: float = 1.0
    rate: float | None = None
    since: str | None = None
    until: str | None = None
    limit: int | None = None
    input_format: str | None = None
    output_format: str | None = None
    overwrite: bool = False
    reading: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        if not self.speed > 0.0:
            raise ReplayError(f"speed must be more than 0, not {self.speed:g}")
        if self.rate is not None and not 0.0 < self.rate < math.inf:
            raise ReplayError(f"rate must be a number of rows a second, more than 0, not {self.rate:g}")

    @property
    def needs_times(self) -> bool:
        """Whether it cannot be done without a time column."""
        by_time = self.rate is None and self.speed < math.inf
        return by_time or self.since is not None or self.until is not None

    def check_files(self) -> None:
        """Raise if the output may not be written, or would destroy the source."""
        if self.output == STANDARD:
            return
        if os.path.isfile(self.output) and os.path.exists(self.source) and os.path.samefile(self.source, self.output):
            raise ReplayError(f"source and output are the same file, {self.output}: name another one")
        refuse_existing(self.output, self.overwrite)

    def format_for(self, input_format: str) -> str:
        """Return the format to write when this one is read."""
        by_name = None if self.output == STANDARD else written_format(self.output)
        chosen = self.output_format or by_name or ("arrow" if input_format == "parquet" else input_format)
        return checked_format(self.output, chosen)
