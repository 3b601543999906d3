"""Which lane each key has, and where its stream stands; the key least recently seen gives way to a new one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from ..kernels.arrays.places import EVICTS, GOES_ON, NEW_KEY, NEW_SEQUENCE
from ..rows.tables import Cells
from ..times import MISSING
from ..times.order import times_before


@dataclass(slots=True)
class KeyState:
    """Where one key's stream stands.

    Attributes
    ----------
    lane : int
        Number of its lane.
    sequence : object
        Its last row's value of the sequence column, as `tables.plain` gives it.
    goes_on : bool
        Whether its next row goes on with that sequence, unless the sequence column says that it does not.
    time : int
        The last time of this sequence; MISSING before any.
    has_rows : bool
    """

    lane: int
    sequence: Any = None
    goes_on: bool = False
    time: int = MISSING
    has_rows: bool = False

    def starts(self, sequence: Any) -> bool:
        """Whether a row with this value of the sequence column begins a sequence."""
        return self.has_rows and not (self.goes_on and sequence == self.sequence)

    def take(self, sequence: Any, time: int) -> None:
        """Take note of a row, or of the last of several."""
        self.sequence, self.goes_on, self.time, self.has_rows = sequence, True, time, True


class Keys:
    """The keys that have a lane, the one least recently seen first.

    Parameters
    ----------
    most : int or None
        How many there can be; None for a learner without keys, whose rows are all of the key None, in lane 0.

    Examples
    --------
    >>> keys = Keys(2)
    >>> for key in ("a", "b", "a", "c"):
    ...     state, begins = keys.look(key)
    ...     keys.take(key, state)
    >>> list(keys.states), state.lane
    (['a', 'c'], 1)
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self.states: OrderedDict[Any, KeyState] = OrderedDict()
        if most is None:
            self.states[None] = KeyState(0)

    @property
    def lanes(self) -> list[int]:
        """Their lanes, in the order of the keys."""
        return [state.lane for state in self.states.values()]

    def look(self, key: Any) -> tuple[KeyState, int]:
        """Return where a key's stream stands, and what its next row begins: GOES_ON, NEW_KEY or EVICTS."""
        state = self.states.get(key)
        if state is not None:
            return state, GOES_ON
        if self._most is None or len(self.states) < self._most:
            return KeyState(len(self.states)), NEW_KEY
        return KeyState(next(iter(self.states.values())).lane), EVICTS

    def take(self, key: Any, state: KeyState) -> None:
        """Take note that a row of this key has come; `state` is what `look` gave."""
        if self._most is None:
            return
        if key not in self.states:
            if len(self.states) == self._most:
                self.states.popitem(last=False)
            self.states[key] = state
        self.states.move_to_end(key)

    def begin_sequence(self) -> None:
        """Let every key's next row begin a sequence."""
        for state in self.states.values():
            state.goes_on = False

    def take_rows(self, keys: Cells, sequences: Cells, count: int) -> Arrivals:
        """Take note of many rows, as `take` would one by one."""
        if self._most is None or keys.codes is None:
            arrivals = Arrivals(list(self.states.values()), np.zeros(count, np.int64), np.zeros(count, np.int64))
        else:
            _, firsts, places = np.unique(keys.codes, return_index=True, return_inverse=True)
            distinct = keys.values(firsts)
            known = [self.states.get(key) for key in distinct]
            new = [place for place, state in enumerate(known) if state is None]
            if len(self.states) + len(new) <= self._most:
                arrivals = self._take_all(distinct, new, firsts, places)
            else:
                arrivals = self._take_one_by_one([distinct[place] for place in places.tolist()])
        arrivals.begin_sequences(sequences)
        return arrivals

    def _take_all(
        self, distinct: Sequence[Any], new: Sequence[int], firsts: np.ndarray, places: np.ndarray
    ) -> Arrivals:
        """Take rows whose keys all have, or get, a lane; new: which of the distinct keys get one."""
        lasts = np.zeros(len(distinct), np.int64)
        lasts[places] = np.arange(len(places))
        begins = np.zeros(len(places), np.int64)
        for place in sorted(new, key=firsts.tolist().__getitem__):
            state, begins[firsts[place]] = self.look(distinct[place])
            self.take(distinct[place], state)
        for place in np.argsort(lasts).tolist():
            self.states.move_to_end(distinct[place])
        return Arrivals([self.states[key] for key in distinct], places, begins)

    def _take_one_by_one(self, keys: Sequence[Any]) -> Arrivals:
        """Take rows among which keys give way to others; one that comes again is a new one."""
        states: list[KeyState] = []
        places: dict[int, int] = {}  # of each state, by its identity
        which, begins = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
        for row, key in enumerate(keys):
            state, begins[row] = self.look(key)
            self.take(key, state)
            which[row] = places.setdefault(id(state), len(states))
            if which[row] == len(states):
                states.append(state)
        return Arrivals(states, which, begins)

    def to_list(self) -> list[list[Any]]:
        """Each key and where its stream stands, as JSON holds it."""
        return [
            [
                key,
                state.sequence,
                state.has_rows and not state.goes_on,
                None if state.time == MISSING else state.time,
                state.has_rows,
            ]
            for key, state in self.states.items()
        ]

    def restore(self, saved: Sequence[Sequence[Any]]) -> None:
        """Take the keys that `to_list` gave, into the first lanes in their order."""
        self.states = OrderedDict(
            (key, KeyState(lane, sequence, has_rows and not begins, MISSING if time is None else time, has_rows))
            for lane, (key, sequence, begins, time, has_rows) in enumerate(saved)
        )


class Arrivals:
    """Rows of several keys, key by key.

    Parameters
    ----------
    states : sequence of KeyState
        Of the keys, before these rows.
    which : numpy.ndarray
        (n,) the place of each row's state among them.
    begins : numpy.ndarray
        (n,) what each row begins, as `Keys.look` told.

    Attributes
    ----------
    lanes, begins : numpy.ndarray
        (n,) as a kernel's marks have them.
    """

    def __init__(self, states: Sequence[KeyState], which: np.ndarray, begins: np.ndarray) -> None:
        self.begins = begins
        self.lanes = np.array([state.lane for state in states], np.int64)[which]
        self._states = states
        self._order = np.argsort(which, kind="stable")
        sizes = np.bincount(which, minlength=len(states))
        ends = np.cumsum(sizes)
        self._firsts, self._lasts = ends - sizes, ends - 1  # of each key's rows, in that order
        self._times: list[int] | None = None  # the last one after these rows

    def begin_sequences(self, sequences: Cells) -> None:
        """Mark the rows that begin a sequence of their key."""
        self._sequences = sequences
        starts = np.zeros(len(self._order), bool)
        if sequences.codes is not None:
            ordered = sequences.codes[self._order]
            starts[1:] = ordered[1:] != ordered[:-1]
            begun = sequences.values(self._order[self._firsts])
            starts[self._firsts] = [state.starts(value) for state, value in zip(self._states, begun, strict=True)]
        else:
            starts[self._firsts] = [state.has_rows and not state.goes_on for state in self._states]
        rows = self._order[starts]
        self.begins[rows] = np.maximum(self.begins[rows], NEW_SEQUENCE)

    def times_before(self, times: np.ndarray) -> np.ndarray:
        """Return the last time of the same key's sequence before each row; times: (n,)."""
        known = np.array([state.time for state in self._states], np.int64)
        starts = np.insert(self.begins[self._order], self._firsts, NEW_SEQUENCE)
        ordered, _ = times_before(np.insert(times[self._order], self._firsts, known), starts, MISSING)
        before = np.empty_like(times)
        before[self._order] = np.delete(ordered, self._firsts + np.arange(len(self._states)))
        last_rows = self._order[self._lasts]
        self._times = np.where(times[last_rows] == MISSING, before[last_rows], times[last_rows]).tolist()
        return before

    def rows_behind(self) -> np.ndarray:
        """Return how many rows of the same key follow each; -1 where the key has given way to another since."""
        behind = np.empty_like(self._order)
        behind[self._order] = np.repeat(self._lasts, self._lasts - self._firsts + 1) - np.arange(len(behind))
        last_of_lane = {state.lane: state for state in self._states}
        for state, first, last in zip(self._states, self._firsts.tolist(), self._lasts.tolist(), strict=True):
            if last_of_lane[state.lane] is not state:
                behind[self._order[first : last + 1]] = -1
        return behind

    def take(self) -> None:
        """Let every key's state be that after its last row."""
        states = self._states
        times = repeat(MISSING) if self._times is None else self._times
        values: Iterable[Any] = repeat(None)
        if self._sequences.codes is not None:
            values = self._sequences.values(self._order[self._lasts])
        elif self._times is None:  # the others stay as they are, and thousands of them would have to come from memory
            states = [state for state in states if not state.goes_on]
        for state, value, time in zip(states, values, times, strict=False):
            state.take(value, time)
