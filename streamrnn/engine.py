"""The arrays of one learner, and the kernels that go over them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .checkpoints.tensors import restore_tensors, saved_tensors
from .kernels.arrays.places import BOUNDARY, EVENT, NEW_KEY
from .kernels.arrays.sizes import Sizes
from .kernels.arrays.state import State, lane_block, lanes_view, named_view
from .kernels.learn import learn_rows
from .kernels.machine.jit import ready
from .model.first_weights import write_first_weights
from .model.kind import kind_of, late_kind_of
from .model.members import members_of
from .model.parts import Arrays, memory_of, new_arrays, parameters_of
from .model.sizes import lanes_of
from .settings import Settings

Call = Callable[[], None]

WORK_PER_SLICE = 50_000_000  # multiplications in one kernel call: the time that Ctrl-C may have to wait


class Portion(NamedTuple):
    """Rows as the kernels take them, and room for what they answer."""

    rows: np.ndarray  # (n, columns) float64, NaN where null
    codes: np.ndarray  # (n, coded) int64, -1 where null
    marks: np.ndarray  # (n, 2) int64: a row's lane, and what it begins
    learn: bool
    answers: np.ndarray  # (n, answer_width) float64, written

    def part(self, rows: slice) -> Portion:
        """Some of them that follow each other."""
        return Portion(self.rows[rows], self.codes[rows], self.marks[rows], self.learn, self.answers[rows])


class Engine:
    """Takes all the memory of a learner, and takes rows of numbers through its kernels.

    Parameters
    ----------
    settings : Settings
    dtype : type
        Of the network.

    Raises
    ------
    MemoryError
        If the machine has less than what is needed.

    Attributes
    ----------
    arrays : Arrays
    state : State
        Of the learner's whole, see `Arrays`.
    sizes : Sizes
        The same.
    spare : int
        The lane in which forecasts leave no trace.
    """

    def __init__(self, settings: Settings, dtype: Any) -> None:
        self._settings = settings
        self._dtype = dtype
        _check_memory(self.nbytes)
        self.spare = lanes_of(settings)
        self.arrays: Arrays = new_arrays(settings, self.spare, dtype)
        self.state: State = self.arrays.whole
        self.sizes: Sizes = self.arrays.parts[0].sizes
        self._learn_rows = learn_rows(kind_of(settings))
        self._columns = [np.array(member.columns) for member in members_of(settings)]
        self._told = named_view(self.state, "told")
        self._has_later_kernels = bool(self.sizes.watched or settings.mixes or settings.intervals)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return memory_of(self._settings, self._dtype)

    @property
    def rows_per_slice(self) -> int:
        """How many rows take some milliseconds."""
        parameters = sum(part.sizes.parameters for part, _ in self.arrays.networks)
        rows = max(1, WORK_PER_SLICE // (parameters * (2 + self._settings.window // self._settings.stride)))
        return min(rows, self.sizes.told_rows or rows)

    def views(self, name: str = "weights") -> dict[str, np.ndarray]:
        """View the weights or the gradient under PyTorch's names."""
        return parameters_of(self.arrays, name)

    def draw_weights(self) -> None:
        """Draw the first weights."""
        for part, state in self.arrays.networks:
            write_first_weights(state, part.settings)

    def tensors(self, lanes: Sequence[int]) -> dict[str, np.ndarray]:
        """All that decides how it goes on, with these lanes of keys."""
        return saved_tensors(self.arrays, lanes)

    def restore(self, tensors: dict[str, np.ndarray], keeps_rate: bool) -> None:
        """Go on from what `tensors` gave; another rate than before lifts what the guard has made of that one."""
        restore_tensors(self.arrays, tensors)
        for state in self.arrays.states if not keeps_rate else ():
            lanes_view(state, "rate_cap", self.sizes.lanes)[:] = 0.0

    def copy_to_spare(self, lane: int) -> None:
        """Let the spare lane go on where another one stands."""
        for state in self.arrays.states:
            for source, spare in zip(lane_block(state, lane), lane_block(state, self.spare), strict=True):
                spare[:] = source

    def slices(self, span: slice) -> Iterator[slice]:
        """Cut rows so that one part takes some milliseconds."""
        for start in range(span.start, span.stop, self.rows_per_slice):
            yield slice(start, min(start + self.rows_per_slice, span.stop))

    def take(self, portion: Portion) -> KeyboardInterrupt | None:
        """Take rows through the kernels.

        Ctrl-C is heard when a kernel returns, or between two parts. What the first kernel has begun to take all kernels
        take to its end; then it is returned, so that the caller can note that the rows were taken, and raise it. If
        nothing was taken it is raised at once. So nothing is taken by halves.
        """
        first, *others = self._parts(portion)
        heard = _enter(self.calls(first), first.answers[-1])
        for part in others:
            heard = self._surely(part) or heard
        return heard

    def _surely(self, part: Portion) -> KeyboardInterrupt | None:
        """Take a part whose rows will be noted with others that have been taken, however often Ctrl-C comes."""
        heard = None
        while True:
            try:
                return _enter(self.calls(part), part.answers[-1]) or heard
            except KeyboardInterrupt as before_it:
                heard = before_it

    def take_labels(self, labels: Portion) -> KeyboardInterrupt | None:
        """Let labels grade what was predicted at rows of before, as `take` takes rows.

        The marks are of each label's row: its lane, and how many steps of it have been taken from that row on.
        """
        from .kernels.late import learn_late_rows  # compiled when a learner first needs it

        if not len(labels.rows):
            return None
        rows, codes, marks, learn, answers = labels
        entry, has_keys = learn_late_rows(late_kind_of(self._settings)), bool(self._settings.key)
        return _enter([partial(entry, *self.state, rows, codes, marks, has_keys, learn, answers)], answers[-1])

    def _parts(self, portion: Portion) -> Iterator[Portion]:
        """A row that begins a key clears what the later kernels know of its lane, so it comes first in a part."""
        if not self._settings.key or not self._has_later_kernels:
            return iter((portion,))
        starts = [0, *(1 + np.flatnonzero(portion.marks[1:, BOUNDARY] >= NEW_KEY)).tolist(), len(portion.marks)]
        return (portion.part(slice(start, stop)) for start, stop in pairwise(starts))

    def calls(self, portion: Portion) -> list[Call]:
        """The calls of kernels that take a portion, in their order: the networks', then those that read their answers.

        Each kernel is loaded, or compiled, when it is first called.
        """
        rows, _, marks, learn, answers = portion
        _, double, integer = self.state
        calls = self._network_calls(portion)
        if self.sizes.watched:
            from .kernels.surprise.anomaly import score_rows

            calls.append(partial(score_rows, double, integer, rows, marks, answers))
        if self._settings.mixes:
            from .kernels.experts.mix import mix_rows

            calls.append(partial(mix_rows, double, integer, marks, learn, answers))
        if self._settings.intervals:
            from .kernels.surprise.conformal import bound_rows

            calls.append(partial(bound_rows, double, integer, marks, learn, answers))
        return calls

    def ready_calls(self, portion: Portion) -> list[Call]:
        """The same, compiled now, and to be made again and again: a call is then a third shorter."""
        return [ready(call) for call in self.calls(portion)]

    def _network_calls(self, portion: Portion) -> list[Call]:
        """The call of the network's kernel; or of each network's, over its own columns, then that which gathers."""
        rows, codes, marks, learn, answers = portion
        if not self.sizes.networks:
            return [partial(self._learn_rows, *self.state, rows, codes, marks, learn, answers)]
        from .kernels.gather import gather_rows

        calls: list[Call] = [partial(_begin, answers)]
        for columns, told, state in zip(self._columns, self._told, self.arrays.states[1:], strict=True):
            own = np.empty((len(rows), len(columns)))
            calls += [
                partial(rows.take, columns, 1, own),
                partial(self._learn_rows, *state, own, codes, marks, learn, told[: len(rows)]),
            ]
        return [*calls, partial(gather_rows, self.state.double, self.state.integer, answers)]


def _check_memory(needed: int) -> None:
    """Raise before it is taken: the system may grant more than there is, and end the process when it is used."""
    if not hasattr(os, "sysconf"):
        return
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if 0 < there < needed:  # it may not be known
        raise MemoryError(
            f"{needed:,} bytes are needed, and the machine has {there:,}; fewer keys, or a smaller network, need less"
        )


def _begin(answers: np.ndarray) -> None:
    """From here on rows are taken by all of several networks."""
    answers[-1, EVENT] = 0.0


def _enter(calls: Iterable[Call], last_answer: np.ndarray) -> KeyboardInterrupt | None:
    """Take rows through kernels; return Ctrl-C if it was heard on the way, raise it if nothing was taken.

    last_answer: (answer_width,) float64 of the last row
    """
    heard = None
    last_answer[EVENT] = math.nan  # the first kernel writes a number there
    for call in calls:
        try:
            call()
        except KeyboardInterrupt as interruption:
            if math.isnan(last_answer[EVENT]):
                raise
            heard = interruption
    return heard
