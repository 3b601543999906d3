"""Groups of views: what a kernel writes through one stands in the learner's own array, in the lane that it opened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import compiled

from streamrnn import Learner
from streamrnn.kernels.arrays.group import Group, GroupType, opener
from streamrnn.kernels.arrays.kind import Kind
from streamrnn.kernels.arrays.sizes import Sizes
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.experts.views import Experts


class Part(Group):
    """A group in a group, whose fields may be those of another name."""

    values: Any = "mean"
    number: Any = 0


def part(**fields: Any) -> Any:
    """Say what another part holds."""
    return fields


class Whole(Group):
    """Every kind of field but those of the network."""

    sizes: Sizes
    held: Any
    counted: Any = "errors"
    one: Part
    other: Part = part(values="m2", number=7)


open_whole = opener(Whole)


@compiled
def write(double, integer, lane, out):
    whole = open_whole(double, integer, lane)
    whole.held[1] = 1.0
    whole.one.values[0] = 2.0
    whole.other.values[0] = 3.0
    whole.counted[0, 2] = 4.0
    out[0], out[1], out[2] = whole.sizes.columns, whole.one.number, whole.other.number
    out[3], out[4] = whole.counted.shape[0], whole.counted.shape[1]


@pytest.mark.parametrize(("lane", "tally"), [(1, 0), (-1, 1)], ids=["a key", "the spare lane"])
def test_what_is_written_through_a_group_stands_in_the_lane_that_was_opened(lane, tally):
    learner, out = Learner(targets=["a", "b"], key="k", max_keys=3, hidden=2, window=2, experts=False), np.zeros(5)
    state, lane = learner._state, lane % learner._engine.sizes.lanes
    write(state.double, state.integer, lane, out)
    assert named_view(state, "held", lane)[1] == 1.0
    assert named_view(state, "mean", lane)[0] == 2.0
    assert named_view(state, "m2", lane)[0] == 3.0
    assert named_view(state, "mean", 0)[0] == 0.0
    assert named_view(state, "errors", tally)[0, 2] == 4.0
    assert named_view(state, "errors", 1 - tally)[0, 2] == 0.0
    assert out.tolist() == [2, 0, 7, *named_view(state, "errors").shape]


def test_all_regressions_have_one_type_so_that_their_kernels_are_compiled_once():
    members = GroupType(Experts, None, Kind()).members
    assert members["linear"] == members["joint"] == members["readout"]
