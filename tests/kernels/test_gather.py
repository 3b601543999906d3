"""Answers of several networks become one, as in the reference."""

import numpy as np
from learners import COLUMNS
from reference import gathered

from streamrnn import Learner
from streamrnn.kernels.arrays.places import EVENT, LOSS, REVEALED
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.gather import gather_rows


def test_answers_are_gathered_as_in_the_reference():
    learner = Learner(["a", "c"], COLUMNS, hidden=3, window=2, horizon=2, channels="independent", lr_pool=(1, 3))
    state, random = learner._engine.state, np.random.default_rng(0)
    told, copies, leads = (named_view(state, name) for name in ("told", "told_copies", "told_leads"))
    told[:] = random.standard_normal(told.shape)
    told[:, :, EVENT] = random.integers(0, 32, told.shape[:2])
    told[:, :, REVEALED] = random.integers(0, 3, told.shape[:2])
    told[:, :, LOSS][told[:, :, REVEALED] == 0] = np.nan
    answers = np.zeros((40, learner._intake.layout.answer_width))
    gather_rows(state.double, state.integer, answers)
    np.testing.assert_allclose(answers, gathered(told[:, :40], copies, leads, answers.shape[1]), rtol=1e-12)
    assert np.isnan(answers[:, LOSS]).any() and leads.tolist() == [0, 0, 1, 1]
