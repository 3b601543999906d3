"""Three flat arrays are a learner: ``real`` (the network's dtype), ``double`` (float64) and ``integer`` (int64).

What lies in them stands in ``fields.py``. ``integer`` begins with the table of offsets and shapes, then the sizes, so
three arrays are all that has to cross from Python at a call.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..machine.vector import LANES
from .field import Field
from .fields import FIELDS
from .sizes import Sizes

NAMES = [field.name for field in FIELDS]
AT: Any = namedtuple("Index", NAMES)(*range(len(FIELDS)))  # noqa: PYI024  # each field's row in the table
FIRST_OF_LANE = {  # where a lane begins in each flat array
    flat: next(index for index, field in enumerate(FIELDS) if field.lane and field.flat == flat)
    for flat in ("real", "double", "integer")
}
ENTRY = 5  # offset, three dimensions, distance between lanes, or between those of a group
SIZES_AT = ENTRY * len(FIELDS)
SIZE_COUNT = len(Sizes._fields)
LANES_AT = SIZES_AT + Sizes._fields.index("lanes")
OWN_AT = SIZES_AT + Sizes._fields.index("own")
HEADER = SIZES_AT + SIZE_COUNT
TALLIES = 2  # that of all lanes, that of the spare one


class State(NamedTuple):
    """The three flat arrays of a learner."""

    real: np.ndarray
    double: np.ndarray
    integer: np.ndarray


def padded(size: int) -> int:
    """Round up to whole vectors."""
    return -(-size // LANES) * LANES


def shape_of(field: Field, sizes: Sizes) -> tuple[int, ...]:
    """A field's shape in numbers."""
    return tuple(size if isinstance(size, int) else getattr(sizes, size) for size in field.shape)


def _lay_out(sizes: Sizes) -> tuple[np.ndarray, dict[str, int]]:
    """Place every field: shared ones first, then the tallies, then lane after lane.

    Returns the table and each flat array's length.
    """
    table = np.zeros((len(FIELDS), ENTRY), np.int64)
    ends = {"real": 0, "double": 0, "integer": padded(HEADER)}
    for of_lane, of_tally, copies in ((False, False, 1), (False, True, TALLIES), (True, False, sizes.lanes)):
        starts = dict(ends)
        placed = [
            (index, field)
            for index, field in enumerate(FIELDS)
            if (field.is_of_lane(sizes.own), field.tally) == (of_lane, of_tally)
        ]
        if of_lane:  # what its own weights need lies at a lane's end, so `FIRST_OF_LANE` is always its beginning
            placed.sort(key=lambda place: place[1].own)
        for index, field in placed:
            shape = shape_of(field, sizes)
            length = math.prod(shape)
            table[index, 0] = ends[field.flat]
            table[index, 1 : 1 + len(shape)] = shape
            table[index, 4] = length if field.grouped else 0
            ends[field.flat] += padded(length * (sizes.group if field.grouped else 1))
        for index, field in placed if copies > 1 else ():
            table[index, 4] = ends[field.flat] - starts[field.flat]
        ends = {flat: starts[flat] + copies * (ends[flat] - starts[flat]) for flat in ends}
    return table, ends


def _aligned_zeros(length: int, dtype: Any) -> np.ndarray:
    """Zeros that begin on a cache line, so that no vector straddles two.

    They are written here: memory that could not be had is missed now, and a large array gets large pages, which
    many lanes need (NumPy asks for them unless the system is to bring zeros).
    """
    item = np.dtype(dtype).itemsize
    spare = np.empty(length + 64 // item, dtype)
    spare[:] = 0
    start = (-spare.ctypes.data % 64) // item
    return spare[start : start + length]


def nbytes(sizes: Sizes, dtype: Any) -> int:
    """Bytes of the three arrays, known before any is made."""
    _, lengths = _lay_out(sizes)
    return lengths["real"] * np.dtype(dtype).itemsize + 8 * (lengths["double"] + lengths["integer"])


def allocate(sizes: Sizes, dtype: Any) -> State:
    """Make the arrays of a new learner, with the header written and all else zero."""
    table, lengths = _lay_out(sizes)
    state = State(
        _aligned_zeros(lengths["real"], dtype),
        _aligned_zeros(lengths["double"], np.float64),
        _aligned_zeros(lengths["integer"], np.int64),
    )
    state.integer[:SIZES_AT] = table.ravel()
    state.integer[SIZES_AT:HEADER] = sizes
    return state


def named_view(state: State, name: str, lane: int | None = None) -> np.ndarray:
    """View one field; what is written to it is written to the learner.

    Without a lane it is that of the first; of what belongs to weights it is that of no key, which new keys begin with.
    """
    field = FIELDS[getattr(AT, name)]
    if lane is None:
        lane = int(state.integer[LANES_AT]) - 2 if field.own else 0
    start, *shape, stride = state.integer[ENTRY * getattr(AT, name) :][:ENTRY].tolist()
    shape = shape[: len(field.shape)]
    start += lane * stride
    flat: np.ndarray = getattr(state, field.flat)
    return flat[start : start + math.prod(shape)].reshape(shape)


def lanes_view(state: State, name: str, lanes: int) -> np.ndarray:
    """View one field of the first lanes: (lanes, ...)."""
    first = named_view(state, name, 0)
    distance = int(state.integer[ENTRY * getattr(AT, name) + 4]) * first.itemsize
    return np.lib.stride_tricks.as_strided(first, (lanes, *first.shape), (distance, *first.strides))


def of_lanes(state: State, name: str, lanes: Sequence[int]) -> np.ndarray:
    """Copy one field of some lanes: (len(lanes), ...)."""
    fields: np.ndarray = lanes_view(state, name, max(lanes, default=-1) + 1)[list(lanes)]
    return fields


def lane_block(state: State, lane: int) -> list[np.ndarray]:
    """All that belongs to one lane: a slice of each flat array."""
    blocks = []
    for flat, index in FIRST_OF_LANE.items():
        start, stride = state.integer[ENTRY * index], state.integer[ENTRY * index + 4]
        blocks.append(getattr(state, flat)[start + lane * stride : start + (lane + 1) * stride])
    return blocks
