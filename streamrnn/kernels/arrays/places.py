"""What stands where in an array: names for its numbers, and for what they may be."""

from __future__ import annotations

from typing import NamedTuple

# places in `lane_counts`
STEPS = 0  # accepted rows
SEQUENCE_START = 1  # step that began this sequence
SINCE = 2  # steps since the last update
LEVEL_SHIFTS = 3
DIVERGED = 4
UNLEARNED = 5  # slopes written since the last update
RENEWED = 6  # step that began with weights of before; nothing older teaches
RETURNS_SEEN = 7  # `RETURNS` as it was after the lane's last row

# places in `class_before`: what was known when a forecast was made
KNOWN, MAJORITY, LAST_LABEL = 0, 1, 2  # codes so far; the most frequent one, the last one

# places in a row of `class_sequences`: of this sequence's last forecast, then of all that have ended
SEQUENCE_GRADED, SEQUENCE_HIT, SEQUENCES, SEQUENCE_HITS = 0, 1, 2, 3

# places in `late_counts`: labels that graded something, that graded nothing, and that are of no row that is known
LATE, IDLE, LOST = 0, 1, 2

# places in `updates`
MADE, SKIPPED, SKIPPED_IN_A_ROW = 0, 1, 2
LEARNED = 3  # rows that are in the moments, since those were last cleared
RETURNS = 4  # how often weights were gone back to

# places in a row of `records`, the kernel's answer; each target's expected value follows, then the forecasts, then
# each categorical target's expected code, then `top` codes and their probabilities for each of its forecasts
EVENT, LOSS, REVEALED, EXPECTED = 0, 1, 2, 3  # bits; mean loss of what was revealed, NaN if nothing; how many outputs

# bits of an event
LEVEL_SHIFT, UPDATE_SKIPPED, DIVERGENCE, EVICTION, DRIFT = 1, 2, 4, 8, 16

# places in a row of `marks`
LANE, BOUNDARY = 0, 1  # the row's lane, and what it begins there:
GOES_ON, NEW_SEQUENCE, NEW_KEY, EVICTS = 0, 1, 2, 3  # the last: a key, in the lane of another one


class Rates(NamedTuple):
    """Numbers that steer learning; they may change while a model lives. Stored in this order."""

    lr: float
    inverse_sqrt: float  # 1: the rate decays with the root of the updates
    warmup: float
    clip: float
    momentum: float
    alpha: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float
    huber_delta: float
    stride: float
    guard: float  # 1: weights that have diverged are taken back
    tolerance: float  # units beyond which an error, or a change, is learned from as one of so many
    alert: float  # score at which a row is told
    focal: float  # how much less a category counts that is forecast well
    balances: float  # 1: rare categories count more
    drift: float  # 1: a rise of the losses raises the rate for a while
    paced: float  # 1: an update goes the further, the more rows have come since the last one


RATE_COUNT = len(Rates._fields)
