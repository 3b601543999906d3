"""Lines of text -> the same lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..batch import Cause
from ..sinks.output import Output

if TYPE_CHECKING:
    from ..batch import Batch, Refused
    from ..inputs.lines import LineBlock
    from ..sources import LineSource
    from .plan import ReplayPlan

# Stands for a line that is too long to be kept. Being no UTF-8 it is refused, too: later rows keep their numbers.
STAND_IN = b"\xff a line that was too long\n"


class LineWriter:
    """Writes text as it came, with all that a table would not hold, and with rows that could not be read."""

    _output: Output | None = None

    def __init__(self, source: LineSource, plan: ReplayPlan, time: str | None) -> None:
        self._source = source
        self._plan = plan
        self.numbers: list[str] = []
        self.others = [time or next(iter(source.columns))]  # one at least, so that rows are counted

    def open(self, warn: Callable[[str], None]) -> None:
        self._output = Output(self._plan.output, self._plan.overwrite)
        if self._source.header:
            self._output.write(self._source.header + b"\n")

    def write_of(self, batch: Batch) -> Callable[[int, int], None]:
        output, block = self._output, batch.block
        assert output is not None, "the output is open"
        assert block is not None, "text comes in lines"
        data = block.data if block.longer_than is None else STAND_IN
        starts: list[int] = []

        def write(start: int, stop: int) -> None:
            if (start, stop) == (0, batch.arrivals):
                output.write(data)
            else:
                starts[:] = starts or self._starts(block)
                output.write(data[starts[start] : starts[stop]])

        return write

    def leaves_out(self, row: Refused) -> bool:
        return row.cause is Cause.TOO_LONG

    def close(self) -> None:
        if self._output is not None:
            self._output.close()

    def _starts(self, block: LineBlock) -> list[int]:
        """Where each row starts, and where the last one ends; what is no row goes with the row before it."""
        starts = [raw.byte - block.byte for raw in self._source.raw_rows(block)]
        return [0, *starts[1:], len(block.data)]
