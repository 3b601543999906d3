"""What a kind of learner decides is not compiled into its kernels."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import TypingError

from streamrnn import Learner
from streamrnn.kernels.arrays.kind import Kind
from streamrnn.kernels.arrays.views import open_lane, open_model
from streamrnn.kernels.machine.jit import kernel, uncached_entry

GRU, LSTM = 1, 2


@kernel
def by_field(model, lane):
    """What none but an LSTM has would fail to compile."""
    return 1 if model.sizes.cell == GRU else lane.nothing


@kernel
def by_field_of_a_local(model, lane):
    sizes, rates = model.sizes, model.rates
    if sizes.cell == LSTM and rates.drift == 0.0:
        return lane.nothing
    return 1


@kernel
def by_field_of_many_locals(model, lane):
    sizes, _, ring, counts = model.sizes, model.rates, lane.ring, lane.counts
    if sizes.cell != GRU:
        return lane.nothing
    return 1 + 0 * counts[0] + 0 * ring.graded[0, 0]


@kernel
def after_a_call(model, lane):
    return by_field(model, lane)


def entry_of(function, kind):
    @uncached_entry
    def enter(real, double, integer, answer):
        answer[0] = function(open_model(real, double, integer, kind, 0), open_lane(real, double, integer, kind, 0))

    return enter


@pytest.mark.parametrize("function", [by_field, by_field_of_a_local, by_field_of_many_locals, after_a_call])
def test_a_branch_that_the_kind_rules_out_is_not_compiled(function):
    state, answer = Learner("a", hidden=2)._state, np.zeros(1)
    entry_of(function, Kind(GRU))(*state, answer)
    assert answer[0] == 1.0
    for other in (Kind(), Kind(LSTM)):
        with pytest.raises(TypingError, match="nothing"):
            entry_of(function, other)(*state, answer)


def test_a_number_that_is_fixed_need_not_be_read():
    @kernel
    def cell(model):
        return model.sizes.cell

    @uncached_entry
    def enter(real, double, integer, answer):
        answer[0] = cell(open_model(real, double, integer, kind, 0))

    kind, answer = Kind(LSTM), np.zeros(1)
    enter(*Learner("a", hidden=2, cell="gru")._state, answer)
    assert answer[0] == LSTM
