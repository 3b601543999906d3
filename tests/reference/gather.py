"""Answers of several networks as one."""

from __future__ import annotations

import math

import numpy as np

EVENT, LOSS, REVEALED = 0, 1, 2


def gathered(told: np.ndarray, copies: np.ndarray, leads: np.ndarray, width: int) -> np.ndarray:
    """Gather them.

    told: (networks, rows, width of one); copies: (n, 3): place; network, place in its answer; leads: (networks,) 0 or 1
    """
    answers = np.full((told.shape[1], width), math.nan)
    for place, network, its in copies:
        answers[:, place] = told[network, :, its]
    leading = told[leads == 1]
    answers[:, EVENT] = np.bitwise_or.reduce(told[:, :, EVENT].astype(int), axis=0)
    answers[:, REVEALED] = leading[:, :, REVEALED].sum(axis=0)
    with np.errstate(invalid="ignore"):
        answers[:, LOSS] = np.nansum(leading[:, :, LOSS] * leading[:, :, REVEALED], axis=0) / answers[:, REVEALED]
    return answers
