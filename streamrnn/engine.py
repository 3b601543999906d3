"""The arrays of one learner, and the kernels that go over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .kernels.arrays.state import (
    BOUNDARY,
    EVENT,
    NEW_KEY,
    Sizes,
    State,
    allocate,
    lane_block,
    lanes_view,
    named_view,
    nbytes,
)
from .kernels.batched import learn_batched_coded_rows, learn_batched_rows
from .kernels.learn import learn_coded_rows, learn_keyed_coded_rows, learn_keyed_rows, learn_rows
from .mixture import write_season, write_wanted
from .network import (
    lanes_of,
    parameter_views,
    sizes_of,
    write_first_weights,
    write_rates,
    write_roles,
    write_scales_of_cycles,
    write_sharpness,
)
from .restore import restore_tensors, saved_tensors
from .schema import kernels_of
from .settings import Settings

NETWORK_ENTRIES = {
    "plain": learn_rows,
    "coded": learn_coded_rows,
    "keyed": learn_keyed_rows,
    "keyed_coded": learn_keyed_coded_rows,
    "batched": learn_batched_rows,
    "batched_coded": learn_batched_coded_rows,
}
Take = Callable[..., None]  # as `Engine.take`
Entry = Callable[[np.ndarray, np.ndarray, np.ndarray, bool, np.ndarray], None]

WORK_PER_SLICE = 50_000_000  # multiplications in one kernel call: the time that Ctrl-C may have to wait


class Engine:
    """Takes all the memory of a learner, and takes rows of numbers through its kernels.

    Parameters
    ----------
    settings : Settings
    dtype : type
        Of the network.

    Attributes
    ----------
    sizes : Sizes
    state : State
    spare : int
        The lane in which forecasts leave no trace.
    """

    def __init__(self, settings: Settings, dtype: Any) -> None:
        self._settings = settings
        self._dtype = dtype
        self.spare = lanes = lanes_of(settings)
        self.sizes: Sizes = sizes_of(settings, lanes)
        self.state: State = allocate(self.sizes, dtype)
        write_roles(self.state, settings)
        write_rates(self.state, settings)
        write_scales_of_cycles(self.state, settings, lanes)
        write_season(self.state, settings, lanes)
        write_wanted(self.state, settings, lanes)
        named_view(self.state, "known")[:] = 1  # the reserved code
        lanes_view(self.state, "held", lanes + 1)[:] = np.nan
        lanes_view(self.state, "settled", lanes + 1)[:] = 1
        lanes_view(self.state, "class_weights", lanes + 1)[:] = 0.5
        named_view(self.state, "importance")[:] = 1.0
        write_sharpness(self.state, settings)
        self._entries = [self._first_entry(), *self._later_entries()]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return nbytes(self.sizes, self._dtype)

    @property
    def rows_per_slice(self) -> int:
        """How many rows take some milliseconds."""
        work = self.sizes.parameters * (2 + self._settings.window // self._settings.stride)
        return max(1, WORK_PER_SLICE // work)

    def views(self, name: str = "weights") -> dict[str, np.ndarray]:
        """View the weights or the gradient under PyTorch's names."""
        return parameter_views(self.state, self._settings, name)

    def draw_weights(self) -> None:
        """Draw the first weights."""
        write_first_weights(self.state, self._settings)

    def tensors(self, lanes: Sequence[int]) -> dict[str, np.ndarray]:
        """All that decides how it goes on, with these lanes of keys."""
        return saved_tensors(self.state, lanes, self.views())

    def restore(self, tensors: dict[str, np.ndarray], keeps_rate: bool) -> None:
        """Go on from what `tensors` gave; another rate than before lifts what the guard has made of that one."""
        restore_tensors(self.state, self.views(), tensors)
        if not keeps_rate:
            named_view(self.state, "rate_cap")[:] = 0.0

    def copy_to_spare(self, lane: int) -> None:
        """Let the spare lane go on where another one stands."""
        for source, spare in zip(lane_block(self.state, lane), lane_block(self.state, self.spare), strict=True):
            spare[:] = source

    def slices(self, span: slice) -> Iterator[slice]:
        """Cut rows so that one part takes some milliseconds."""
        for start in range(span.start, span.stop, self.rows_per_slice):
            yield slice(start, min(start + self.rows_per_slice, span.stop))

    def take(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        marks: np.ndarray,
        learn: bool,
        answers: np.ndarray,
        note: Callable[[], None] | None = None,
    ) -> None:
        """Take rows through the kernels, then let the caller note that they were taken.

        Ctrl-C is heard when a kernel returns, or between two parts. What the first kernel has begun to take all kernels
        take to its end, and it is noted, before the interruption is passed on; so nothing is taken by halves.

        rows: (n, columns); codes: (n, coded); marks: (n, 2); answers: (n, answer_width), written
        """
        first, *others = self._parts(rows, codes, marks, answers)
        interruption = _enter(self._entries, learn, *first)
        for part in others:
            try:
                heard = _enter(self._entries, learn, *part)
            except KeyboardInterrupt as before_it:
                heard = _enter(self._entries, learn, *part) or before_it
            interruption = heard or interruption
        if note is not None:
            note()
        if interruption is not None:
            raise interruption

    def take_labels(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        marks: np.ndarray,
        learn: bool,
        answers: np.ndarray,
        note: Callable[[], None],
    ) -> None:
        """Let labels grade what was predicted at rows of before, as `take` takes rows.

        marks: (n, 2) of each label's row: its lane, and how many steps of it have been taken from that row on
        """
        from .kernels.late import learn_late_rows  # compiled when a learner first needs it

        state, has_keys = self.state, bool(self._settings.key)
        interruption = None
        if len(rows):
            interruption = _enter(
                [lambda *given: learn_late_rows(*state, *given[:3], has_keys, *given[3:])],
                learn, rows, codes, marks, answers,
            )  # fmt: skip
        note()
        if interruption is not None:
            raise interruption

    def _parts(
        self, rows: np.ndarray, codes: np.ndarray, marks: np.ndarray, answers: np.ndarray
    ) -> Iterable[tuple[np.ndarray, ...]]:
        """A row that begins a key clears what the later kernels know of its lane, so it comes first in a part."""
        given = rows, codes, marks, answers
        if not self._settings.key or len(self._entries) == 1:
            return (given,)
        starts = [0, *(1 + np.flatnonzero(marks[1:, BOUNDARY] >= NEW_KEY)).tolist(), len(marks)]
        return (tuple(array[start:stop] for array in given) for start, stop in pairwise(starts))

    def _first_entry(self) -> Entry:
        """The network's kernel, for what these settings need of it."""
        state, kind = self.state, kernels_of(self._settings)
        enter: Callable[..., None] = NETWORK_ENTRIES[kind]
        if kind.endswith("coded"):
            return lambda rows, codes, marks, learn, answers: enter(*state, rows, codes, marks, learn, answers)
        return lambda rows, codes, marks, learn, answers: enter(*state, rows, marks, learn, answers)

    def _later_entries(self) -> Iterator[Entry]:
        """The kernels that read what the first has answered; each is compiled when a learner first needs it."""
        double, integer = self.state.double, self.state.integer
        if self.sizes.watched:
            from .kernels.surprise.anomaly import score_rows

            yield lambda rows, codes, marks, learn, answers: score_rows(double, integer, rows, marks, answers)
        if self._settings.mixes:
            from .kernels.experts.mix import mix_rows

            yield lambda rows, codes, marks, learn, answers: mix_rows(double, integer, marks, learn, answers)
        if self._settings.intervals:
            from .kernels.surprise.conformal import bound_rows

            yield lambda rows, codes, marks, learn, answers: bound_rows(double, integer, marks, learn, answers)


def _enter(
    entries: Sequence[Entry], learn: bool, rows: np.ndarray, codes: np.ndarray, marks: np.ndarray, answers: np.ndarray
) -> KeyboardInterrupt | None:
    """Take rows through kernels; return Ctrl-C if it was heard on the way, raise it if nothing was taken."""
    heard = None
    answers[-1, EVENT] = np.nan  # the first kernel writes a number there
    for enter in entries:
        try:
            enter(rows, codes, marks, learn, answers)
        except KeyboardInterrupt as interruption:
            if np.isnan(answers[-1, EVENT]):
                raise
            heard = interruption
    return heard
